"""Files of a project that anybody may have written: none of them holds sitepub up, whatever it is or holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sitepub.actions.init import init
from sitepub.dev.loop_guard import stamps
from sitepub.domains.pem import Unreadable, blocks, read_pem
from sitepub.errors import SiteError, SitepubError
from sitepub.site.detect.frameworks import detect
from sitepub.site.detect.js_config import js_value
from sitepub.site.detect.project_files import MOST_BYTES, yaml_value
from sitepub.site.hash_cache import HashCache
from sitepub.site.scan import scan
from sitepub.tencent.account.credentials import find_credentials
from sitepub.tencent.account.profiles import read_profiles
from tests.config.test_config_bounds import make
from tests.site.sample import project, write

KINDS = {"pipe": "it is a named pipe", "device": "it is a device", "huge": "it is longer than",
         "socket": "it is a socket", "system": "it is a file of the system's", "folder": "it is a folder"}
CONFIGS = ["hugo.toml", "hugo.yaml", "mkdocs.yml", "_config.yml", "Gemfile", "vite.config.ts", "next.config.js",
           "docusaurus.config.js", "astro.config.mjs", "nuxt.config.ts", ".eleventy.js", "gatsby-config.js",
           "svelte.config.js", "vue.config.js", ".vitepress/config.ts", "go.mod", "angular.json"]
SIZE = MOST_BYTES - 100


def in_time(started: float, patience: float = 5.0) -> bool:
    return time.process_time() - started < patience


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["project", "site"])
def test_patterns_in_what_is_no_ordinary_file_are_an_error_that_names_it(tmp_path: Path, place: str, kind: str) -> None:
    site = write(tmp_path / "site", {"index.html": "hello"})
    make(tmp_path / ("" if place == "project" else "site") / ".sitepubignore", kind)
    with pytest.raises(SiteError) as raised:
        scan(project(tmp_path, source={"folder": site}), site, environ={})
    problem = raised.value.problems[0]
    assert KINDS[kind] in problem.message
    assert problem.position is not None
    assert problem.position.file.endswith(".sitepubignore")


def test_patterns_have_a_limit_in_number_also_with_braces(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "hello", ".sitepubignore": "".join(f"a{number}\n" for number in range(6000))})
    started = time.process_time()
    with pytest.raises(SiteError, match=r"5,000|not valid"):
        scan(project(tmp_path), tmp_path, environ={})
    braces = "{a,b}{c,d}{e,f}{g,h}{i,j}"
    write(tmp_path, {".sitepubignore": "".join(f"{braces}{number}\n" for number in range(3000))})
    with pytest.raises(SiteError, match="5,000"):
        scan(project(tmp_path), tmp_path, environ={})
    assert in_time(started, 20)


@pytest.mark.parametrize("kind", [*KINDS, "loop"])
def test_a_project_file_that_is_no_file_reads_as_empty(tmp_path: Path, kind: str) -> None:
    write(tmp_path, {"index.html": "hello"})
    for name in ("package.json", *CONFIGS):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        if kind == "loop":
            file.symlink_to(file.name)
        else:
            make(file, kind)
    found = detect(tmp_path)
    assert found is None or found.title


@pytest.mark.parametrize("text", [
    "[" * SIZE, '{"a":' * (SIZE // 5), '{"dependencies": {"hexo": ' + "9" * 5000 + "}}",
    '{"packageManager": ' + "[" * 900 + "]" * 900 + "}", '{"dependencies": {"hexo": ' + "[" * 900 + "]" * 900 + "}}",
    '{"scripts": {"build": ' + '{"a": ' * 900 + "1" + "}" * 902, '{"scripts": 1e999999, "dependencies": [NaN]}',
    "\0" * SIZE,
    '{"scripts": {"build": "' + "hexo " * (SIZE // 6) + '"}, "dependencies": {"hexo": "1"}}',
], ids=lambda text: text[:30].replace("\0", "0"))
def test_any_package_is_read_in_time(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"index.html": "hello", "_config.yml": "a: b", "package.json": text})
    started = time.process_time()
    assert detect(tmp_path) is not None
    assert in_time(started)


TEXTS = {
    "lines": "\n" * SIZE, "blanks": " " * SIZE,
    "a key and blanks": "publishDir" + " " * (SIZE - 10), "letters": "a" * SIZE,
    "escaped quotes": '\\"' * (SIZE // 2), "quotes": "'" * SIZE, "backticks": "\\`" * (SIZE // 2), "braces": "{" * SIZE,
    "keys": "outDir:" * (SIZE // 7), "keys in braces": "build:{outDir:" * (SIZE // 14), "comments": "/*" * (SIZE // 2),
    "dots": "a." * (SIZE // 2 - 2) + "b=1", "brackets": "a=" + "[" * (SIZE - 2),
    "a value and blanks": "dest: a" + " " * 90_000 + "x#",
    "gem": "gem " + " " * (SIZE - 4), "module": ("[" + "\t" * 40 + "\n") * (SIZE // 43),
    "calls": "setOutputDirectory(" * 6000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_configuration_is_read_in_time(tmp_path: Path, text: str) -> None:
    names = ("hugo.toml", "_config.yml", "Gemfile", "vite.config.ts", "next.config.js")
    write(tmp_path, dict.fromkeys(names, text) | {"index.html": "hello"})
    started = time.process_time()
    for name in names:
        detect(tmp_path)
        tmp_path.joinpath(name).unlink()
    js_value(text, "build", "outDir")
    yaml_value(text, "dest")
    assert in_time(started, 10)


@pytest.mark.parametrize("text", [
    "-----BEGIN A-----" * 15_000, "".join(f"-----BEGIN A{number}-----" for number in range(12_000)), "-" * 250_000,
    "-----BEGIN " * 20_000, "-----BEGIN A-----x-----END A-----" * 8000, "-----BEGIN " + "A" * 250_000,
], ids=lambda text: text[:20])
def test_any_pem_is_read_in_time(text: str) -> None:
    started = time.process_time()
    list(blocks(text))
    assert in_time(started)


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_profiles_and_credentials_are_ordinary_files(
    tmp_path: Path, home: Path, kind: str,
) -> None:
    make(tmp_path / "cert.pem", kind)
    with pytest.raises(Unreadable) as unreadable:
        read_pem("cert.pem", tmp_path)
    assert (KINDS[kind] if kind not in {"folder", "huge"} else "names a file that") in unreadable.value.why
    environ = {"SITEPUB_HOME": str(home / "own"), "HOME": str(home)}
    profiles = home / "own" / "config"
    for folder in (home / "own", profiles, home / ".tccli", home / ".tencentcloud"):
        folder.mkdir(parents=True)
    make(home / ".tencentcloud" / "credentials", kind)
    with pytest.raises(SitepubError, match=KINDS[kind]):
        find_credentials(profile=None, environ=environ, dotenv={})
    from sitepub.tencent.account.profiles import profiles_file

    profiles_file(environ).parent.mkdir(parents=True, exist_ok=True)
    make(profiles_file(environ), kind)
    with pytest.raises(SitepubError, match=r"profiles.ini cannot be read"):
        read_profiles(environ)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cache_that_is_no_file_is_an_empty_one_and_a_changed_pipe_is_not_read(tmp_path: Path, kind: str) -> None:
    make(tmp_path / "cache", kind)
    assert HashCache(tmp_path / "cache", tmp_path).known == {}
    assert list(stamps([tmp_path / "cache"])) == [tmp_path / "cache"]


def test_init_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    site = write(tmp_path / "site", {"index.html": "hello"})
    (site / ".sitepub-schema.json").symlink_to(precious)
    init(None, None, folder=site, here=site)
    assert precious.read_text() == "mine"
    assert '"$schema"' in (site / ".sitepub-schema.json").read_text()
    assert not (site / ".sitepub-schema.json").is_symlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    new = tmp_path / "new"
    new.mkdir()
    (new / "src").symlink_to(elsewhere)
    with pytest.raises(SitepubError, match="src"):
        init("website-starter", new, folder=tmp_path, here=tmp_path)
    assert not list(elsewhere.iterdir())
