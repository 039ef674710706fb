"""A pattern that matches nothing is told with its place, and with what was probably meant."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.bucket_settings import HeaderRule
from sitepub.config.load import load_project
from sitepub.errors import Position, Problem
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.scan import scan
from tests.site.sample import project, write

FILES = ["index.html", "app.js", "app.js.map", "README.md", "docs/Guide.MD", "docs/a/b.txt", "drafts/one.html",
         "x/js/y.js", "images/a.png", "about/us.html", ".hidden/token", "旧/新.html", "posts/[slug].html"]


def warned(folder: Path, **source: Any) -> list[Problem]:
    values = {"headers": source.pop("headers", ())}
    made = project(folder.parent, source={"folder": folder, **source}, **values)
    return list(scan(made, folder, environ={}).warnings)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write(tmp_path / "work" / "public", dict.fromkeys(FILES, "x"))


MEANT = [
    ("public/*.map", "/*.map"), ("./public/*.map", "/*.map"), ("/public/drafts/", "/drafts/"),
    ("work/public/*.md", "/*.md"), ("public/docs/**", "docs/**"), ("**/public/*.js", "/*.js"),
    ("../public/app.js", "/app.js"), ("public/b.txt", "b.txt"), (r".*\.map$", "*.map"),
    (r"\.(map|md)$", "*.{map,md}"), (r"^drafts/", "/drafts/"), (r"^images/.*\.png$", "/images/*.png"),
    (r"(?:app)\.js", "*app.js*"), (r"/\.map$/", "*.map"), (r"[^/]+\.html$", "*.html"),
    (r"docs\a\b.txt", "docs/a/b.txt"), ("/us.html", "us.html"), ("js/*.js", "**/js/*.js"),
    ("app.js/", "app.js"), (".map", "*.map"), ("png", "*.png"), ("*.map, *.md", "{*.map,*.md}"),
    ("'*.map'", "*.map"), ("*.@(map|md)", "*.{map,md}"), ("*.map|*.md", "{*.map,*.md}"), ("drats/", "drafts"),
    ("READMEE.md", "README.md"), ("\u00a0*.map", "*.map"), ("public/旧/新.html", "旧/新.html"),
    (r"public\docs\a", "docs/a"), (r"D:\work\public\app.js", "/app.js"), ("posts/[slug].html", r"posts/\[slug].html"),
    ("[slug].html", r"\[slug].html"),
]


@pytest.mark.parametrize("option", ["exclude", "include", "allowSecrets", "headers", "!headers", "file"])
def test_what_was_probably_meant_is_said_wherever_it_stands(site: Path, option: str) -> None:
    patterns = [pattern for pattern, _ in MEANT]
    places = [Position("serverless.yml", line, 3) for line in range(4, 4 + len(MEANT))]
    if option == "file":
        write(site.parent, {".sitepubignore": "\n".join(["# notes", "", "*.js", *patterns])})
        places = [Position(str(site.parent / ".sitepubignore"), place.line, 1, pattern)
                  for place, pattern in zip(places, patterns, strict=True)]
        found = warned(site)
    elif option == "headers":
        found = warned(site, headers=[HeaderRule(pattern, {"Expires": "0"}, place)
                                      for pattern, place in zip(patterns, places, strict=True)])
    elif option == "!headers":
        but = tuple(zip(patterns, places, strict=True))
        found = warned(site, headers=(HeaderRule("*", {"Expires": "0"}, None, (("*.js", None), *but)),))
    else:
        key = "allow_secrets" if option == "allowSecrets" else option
        found = warned(site, **{key: ("app.js", *patterns)}, places={option: [Position("", 1, 1), *places]})
    sign = "!" if option == "!headers" else ""
    assert [one.position for one in found] == places
    for one, (pattern, meant) in zip(found, MEANT, strict=True):
        assert f"`{sign}{pattern}` matches no file" in one.message
        assert f"`{sign}{meant}`" in (one.hint or ""), one


@pytest.mark.parametrize(("pattern", "words"), [
    (r"^nothing/.*\.zip$", "regular expressions are not known"), (r"\d+\.zip", "regular expressions are not known"),
    (r"dist\js\*.zip", "folders are separated by /"), (r"C:\site\old", "folders are separated by /"),
    ("!(a|b).zip", "braces"), ("*.MAP", "there is app.js.map"), ("readme.md", "there is README.md"), ("*.zip", None),
    ("a" * 300, None),
])
def test_otherwise_the_kind_of_mistake_is_named_where_it_shows(site: Path, pattern: str, words: str | None) -> None:
    (warning,) = warned(site, exclude=(pattern,))
    assert (words is None and warning.hint is None) or (words is not None and words in (warning.hint or ""))


def test_an_address_and_what_no_path_can_match_are_told_too(site: Path) -> None:
    found = warned(site, exclude=("https://example.com/about/us.html", "docs//a/", "[a.txt"))
    assert [one.message for one in found] == [f"src.exclude: `{pattern}` matches no file" for pattern in (
        "https://example.com/about/us.html", "docs//a/", "[a.txt")]
    assert found[0].hint == "patterns count from the web root: write `/about/us.html`"


def test_patterns_that_match_are_no_news(site: Path) -> None:
    write(site.parent, {".sitepubignore": "*.map\n!app.js.map\n"})
    write(site, {".sitepubignore": "drafts/\n{a,b}.txt\n"})
    assert not warned(site, exclude=("*.{map,md}", "app.js", "*.js", "docs/", "images"), include=("app.js", "x/"),
                      allow_secrets=("*.png",), headers=(HeaderRule("*.html", {"Expires": "0"}), HeaderRule(
                          "*", {"Expires": "0"}, None, (("*.html", None),), no_extension=True)))


def test_a_pattern_that_another_one_overrules_has_matched(site: Path) -> None:
    assert not warned(site, exclude=("app.js.map", "*.map", "images/a.png", "images/"))
    assert not warned(site, exclude=("images/", "images/a.png", "images/*.png", "*.png"))


def test_what_may_match_in_a_folder_that_is_left_out_is_not_told(site: Path) -> None:
    write(site, {"node_modules/a/README.txt": "", "old/a/deep.zip": "", ".git/HEAD": ""})
    assert not warned(site, exclude=("node_modules/a/*.md", "*.zip", "old/", "old/b/*"))
    assert [one.message for one in warned(site, exclude=("old/", "*.rar"))] == ["src.exclude: `*.rar` matches no file"]


def test_what_is_left_out_anyway_may_be_listed_just_in_case(site: Path) -> None:
    write(site.parent, {".sitepubignore": "# all\n.DS_Store\nThumbs.db\nnode_modules/\n/.git/\n*~\n.env*\n.vscode\n"})
    assert not warned(site)


def test_headers_for_files_that_are_not_published_match_nothing(site: Path) -> None:
    found = warned(site, exclude=("*.map",), headers=(HeaderRule("*.map", {"Expires": "0"}),))
    assert [one.message for one in found] == ["headers: `*.map` matches no file"]


def test_env_js_is_a_file_that_headers_may_be_for(site: Path) -> None:
    made = project(site, source={"folder": site}, env={"A": 1}, headers=(HeaderRule("env.js", {"Expires": "0"}),))
    assert not scan(made, site, environ={}).warnings


def test_the_places_are_those_in_the_file(tmp_path: Path) -> None:
    write(tmp_path, {**{f"public/{name}": "x" for name in FILES}, "serverless.yml": """\
component: website
name: a
inputs:
  src:
    src: ./public
    exclude: [app.js, public/app.js.map]
    include: nothing.zip
    allowSecrets:
      - "*.pem"
  headers:
    - files: ["*.html", "*.zip", "!*.rar"]
      set: {Expires: "0"}
    - files: "!*.tar"
      set: {Expires: "0"}
"""})
    made = load_project(tmp_path / "serverless.yml", environ={})
    found = scan(made, tmp_path / "public", environ={}).warnings
    assert [(one.position.line, one.position.column) for one in found if one.position] == [
        (6, 23), (7, 14), (9, 9), (11, 25), (11, 34), (13, 14)]
    assert found[0].hint == "patterns count from the web root: write `/app.js.map`"


def test_dev_tells_it_after_a_whole_scan_and_keeps_it(site: Path) -> None:
    kept = KeptSnapshot(project(site, source={"exclude": ("*.zip",)}), site, environ={})
    assert len(kept.snapshot().warnings) == 1
    write(site, {"a.zip": ""})
    kept.touch([site / "a.zip"])
    assert "a.zip" not in kept.snapshot().files
    kept.touch_all()
    assert not kept.snapshot().warnings


def test_many_useless_patterns_and_files_take_no_long(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"page-{number}.html").touch()
    patterns = tuple(f"public/{number}*.zip" for number in range(300))
    made = project(tmp_path, source={"exclude": patterns})
    started = time.process_time()
    assert len(scan(made, tmp_path, environ={}).warnings) == 300
    assert time.process_time() - started < 20
