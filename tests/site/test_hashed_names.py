"""Which names carry a hash: judged by the output of real build tools, and by names that people gave.

``names/builds.tsv`` lists what each tool wrote for a small site; ``names/natural.txt`` real file names of packages
(those of Node and Debian), and names made of English words, pinyin, dates, numbers, cameras, phones and versions.
"""

from __future__ import annotations

import csv
import random
import string
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sitepub.site.hashed_names import find_hashed_names, may_have_hash

NAMES = Path(__file__).with_name("names")
NATURAL = (NAMES / "natural.txt").read_text(encoding="utf-8").splitlines()


@dataclass
class Build:
    """What a tool wrote."""

    paths: list[str] = field(default_factory=list)
    hashed: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def names_in(self, _page: str, names: Collection[str]) -> set[str]:
        return self.named.intersection(names)


def _builds() -> dict[str, Build]:
    builds: dict[str, Build] = defaultdict(Build)
    with (NAMES / "builds.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t")
        next(rows)
        for tool, path, is_hashed, is_named in rows:
            build = builds[tool]
            build.paths.append(path)
            if is_hashed == "hash":
                build.hashed.add(path)
            if is_named == "named":
                build.named.add(path.rpartition("/")[2])
    return builds


BUILDS = _builds()


@pytest.mark.parametrize("tool", sorted(BUILDS))
def test_what_a_build_tool_writes_is_found(tool: str) -> None:
    build = BUILDS[tool]
    names = find_hashed_names(build.paths, build.names_in)
    found = {path for path in build.paths if path in names}
    assert found <= build.hashed, "no file of a fixed name"
    assert len(found) >= 0.95 * len(build.hashed), sorted(build.hashed - found)


def test_over_95_percent_of_all_real_hashes_are_found() -> None:
    total = found = 0
    for build in BUILDS.values():
        names = find_hashed_names(build.paths, build.names_in)
        total += len(build.hashed)
        found += sum(path in names for path in build.hashed)
    assert total > 900
    assert found > 0.97 * total, (found, total)


def everything_is_named(_page: str, names: Collection[str]) -> set[str]:
    return set(names)


@pytest.mark.parametrize("folder", ["", "images/", "assets/", "static/media/", "2024/05/trip/"])
def test_no_natural_name_is_a_hash_though_pages_name_them_all(folder: str) -> None:
    assert len(NATURAL) > 10_000
    paths = ["index.html", *(folder + name for name in NATURAL)]
    names = find_hashed_names(paths, everything_is_named)
    assert [path for path in paths if path in names] == []


@pytest.mark.parametrize("tool", sorted(BUILDS))
def test_no_natural_name_is_a_hash_among_the_files_of_a_build_tool(tool: str) -> None:
    """As when a project copies a folder of pictures into the folder that its tool fills."""
    build = BUILDS[tool]
    places = {path.rpartition("/")[0] for path in build.hashed if not path.startswith(("_", "static/js"))}
    added = [f"{place}/{name}".lstrip("/") for place in places for name in NATURAL
             if not name.endswith((".js", ".css", ".mjs", ".cjs", ".map"))]
    names = find_hashed_names([*build.paths, *added], build.names_in)
    assert [path for path in added if path in names] == []


@pytest.mark.parametrize("name", [
    "office-ShenZhen.jpg", "case-iPhone15.jpg", "tel-13800138.jpg", "order-0a12b345.pdf", "room-b1234567.jpg",
    "IMG-20240501.jpg", "photo.2024a001.png", "bg-ff5733aa.png", "cert-ISO27001.pdf", "team-XiAnCity.png",
    "banner-Mate60Pr.webp", "chip-WD40EZAZ.jpg", "report-2024Q4V2.pdf", "logo-DarkMode.svg", "ticket-CA1234B7.jpg",
    "photo-of-a-Dog.jpg", "v1.2.3-beta1234.zip", "sn-00e04c68.png", "deadbeef.png", "office-XinJiang.jpg",
])
def test_a_name_that_people_give_is_cached_for_minutes_wherever_it_lies(name: str) -> None:
    for folder in ("", "assets/", "img/"):
        path = folder + name
        assert path not in find_hashed_names([path, "index.html"], everything_is_named)
        vite = BUILDS["vite"]
        assert path not in find_hashed_names([path, *vite.paths], everything_is_named)


@pytest.mark.parametrize("name", [
    "three-Module3d.js", "lib-JQuery36.js", "font-Awesome5.css", "jquery-Mobile14.js", "vue-Router4x.js",
    "app-Config01.js", "page-Home2024.js", "lang-ZhCN2024.js", "bg-Blue2024.css", "viewer-PDFjs207.js",
    "ace-Theme123.css", "map-AMap2024.js", "es5-Shim4511.js", "region-CN202301.js", "lib-ZHONGWEN.js",
    "app-QQMAP222.js",
    "lib.12345678.js", "main.00000001.js", "data-13800138.js", "sdk.2024b338.js", "clip-IMG_2428.js", "map-2024B172.js",
    "city-XiWaiMen.js", "jquery.20240101.js", "jquery-3.7.1.min.js",
])
def test_a_script_with_a_name_that_people_give_is_none_among_those_of_a_build_tool(name: str) -> None:
    """As when a project copies its old scripts into the folder that its tool fills."""
    for tool, build in BUILDS.items():
        for place in {path.rpartition("/")[0] for path in build.hashed if not path.startswith("_")}:
            path = f"{place}/{name}".lstrip("/")
            names = find_hashed_names([path, *build.paths], everything_is_named)
            assert path not in names, tool


@pytest.mark.parametrize(("form", "letters"), [
    ("assets/index-{}.js assets/index-{}.css", string.ascii_letters + string.digits + "-_"),
    ("main-{}.js styles-{}.css", string.ascii_uppercase + "234567"),
    ("js/app.{}.js js/chunk-vendors.{}.js css/app.{}.css img/logo.{}.png", "0123456789abcdef"),
    ("umi.{}.js p__index.{}.async.js umi.{}.css", "0123456789abcdef"),
], ids=["vite", "esbuild", "webpack", "umi"])
def test_small_builds_whose_page_names_all_are_found(form: str, letters: str) -> None:
    drawn = random.Random(form)
    total = found = 0
    for _ in range(500):
        paths = form.format(*("".join(drawn.choices(letters, k=8)) for _ in range(4))).split()
        names = find_hashed_names([*paths, "index.html"], everything_is_named)
        total += len(paths)
        found += sum(path in names for path in paths)
    assert found > 0.95 * total, (found, total)


@pytest.mark.parametrize("path", [
    "css/main.3b4f6c8e9d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829304.css",
    "js/bundle.min.3b4f6c8e9d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829304.js",
    "photo_hu8e0d62a03f1b2c3d4e5f8e0d62a03f1b_12345_600x0_resize.jpg", "photo_hu_8e0d62a03f1b2c3d.webp",
])
def test_hugo_writes_its_fingerprints_into_any_folder(path: str) -> None:
    assert path in find_hashed_names([path, "index.html"], everything_is_named)


def test_one_script_with_a_random_name_needs_a_page_that_names_it() -> None:
    paths = ["assets/index-C0vGh6yI.js", "index.html"]
    assert paths[0] in find_hashed_names(paths, everything_is_named)
    assert paths[0] not in find_hashed_names(paths, lambda _page, _names: set())


def test_pages_and_feeds_never_have_a_hash() -> None:
    paths = ["app.3f2a9c1b.html", "feed.8e0d62a0.xml", "app.3f2a9c1b.js", "chunk.8e0d62a0.js", "index.html"]
    names = find_hashed_names(paths, everything_is_named)
    assert [path for path in paths if path in names] == ["app.3f2a9c1b.js", "chunk.8e0d62a0.js"]


@pytest.mark.parametrize(("path", "expected"), [
    ("_next/static/chunks/main.js", True), ("docs/_next/static/css/a.css", True), ("_next/data/abc/a.json", False),
    ("_nuxt/entry.js", True), ("_nuxt/builds/latest.json", False), ("_nuxt/builds/meta/a.json", False),
    ("_nuxt/static/1700000000/payload.js", False), ("_astro/a.css", True), ("_app/immutable/chunks/a.js", True),
    ("_app/version.json", False), ("static/8e0d62a03f1b2c3d4e5f8e0d62a03f1b/a.jpg", True), ("static/js/a.js", False),
    ("my_astro/a.js", False), ("_astronomy/a.js", False),
])
def test_folders_that_frameworks_fill_with_hashed_files(path: str, expected: bool) -> None:
    assert (path in find_hashed_names([path], everything_is_named)) is expected


@pytest.mark.parametrize(("name", "expected"), [
    ("index-C0vGh6yI.js", True), ("main.8e0d62a0.css", True), ("jquery-3.7.1.min.js", False), ("index.html", False),
    ("office-ShenZhen.jpg", False),
])
def test_a_name_seen_alone_may_have_a_hash(name: str, expected: bool) -> None:
    assert may_have_hash(name) is expected
