"""What of another publisher's settings file carries over is written, and the rest is listed with its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.load import load_project
from sitepub.errors import ConfigError, UsageError
from sitepub.site.address_rules.headers_file import read_headers
from sitepub.site.address_rules.redirects_file import read_redirects
from sitepub.site.globs import globs
from sitepub.site.moving.known import find_settings, read_settings
from sitepub.site.moving.moved import Moved, holds_secret
from sitepub.site.moving.regex_patterns import pattern_of
from tests.site.moving.shapes import TABLES, Case
from tests.terminal.screen import sitepub

CASES = [(name, case) for name, cases in TABLES.items() for case in cases]
IDS = [f"{name}-{number}" for name, cases in TABLES.items() for number in range(len(cases))]
SECRETS = ("s3cr3t-value", "me:pw", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3", "AKIAIOSFODNN7EXAMPLE", "abcdef0123")


def plain(moved: Moved, name: str) -> Any:
    value = getattr(moved, name)
    return [(one.files, dict(one.headers)) for one in value] if name == "headers" else value


@pytest.mark.parametrize(("name", "case"), CASES, ids=IDS)
def test_a_setting_carries_over_or_is_named(name: str, case: Case, tmp_path: Path) -> None:
    (tmp_path / name).write_text(case.text, encoding="utf-8")
    moved = read_settings(tmp_path / name)
    assert {key: plain(moved, key) for key in case.taken} == case.taken
    left = [one.what for one in moved.left]
    assert len(left) == len(case.left) and all(
        any(what in one for one in left) for what in case.left), [str(one) for one in moved.left]
    assert all(one.why and one.position is not None for one in moved.left)
    assert not any(secret in str(one) for one in moved.left for secret in SECRETS)


@pytest.mark.parametrize(("name", "case"), CASES, ids=IDS)
def test_what_is_written_is_a_project_and_holds_no_secret(name: str, case: Case, tmp_path: Path) -> None:
    (tmp_path / name).write_text(case.text, encoding="utf-8")
    (tmp_path / "index.html").write_text("")
    code, screen = sitepub("init", "--from", name, "--cwd", str(tmp_path))
    assert code == 0, screen.noted
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if path.name != name}
    assert not any(secret in text for secret in SECRETS for text in [*written.values(), screen.noted, screen.printed])
    project = load_project(tmp_path / "serverless.yml", environ={})
    assert project.warnings == ()
    moved = read_settings(tmp_path / name)
    assert project.key_prefix.strip("/") == (moved.prefix or "")
    assert [((rule.pattern, *(f"!{but}" for but, _place in rule.but)), dict(rule.headers))
            for rule in project.headers] == [(one.files, dict(one.headers)) for one in moved.headers]
    if moved.hook is not None:
        assert project.source.hook == moved.hook
    assert read_redirects(written.get("_redirects", ""), "")[1] == []
    assert read_headers(written.get("_headers", ""), "")[1] == []
    assert len(read_redirects(written.get("_redirects", ""), "")[0]) == len(moved.redirects)


@pytest.mark.parametrize(("name", "text", "line", "column"), [
    ("netlify.toml", "[build]\ncommand = \n", 2, 11), ("netlify.toml", "a = 1\na = 2\n", None, None),
    ("netlify.toml", "[a\n", 1, 3), ("wrangler.toml", 'a = "x', 1, 7), ("hugo.toml", "x = [1, 2\n", None, None),
    ("vercel.json", '{"a": 1,\n "a": 2}', 2, 2), ("vercel.json", '{"a": ', 1, None), ("vercel.json", "[1]", 1, 1),
    ("edgeone.json", '{"a" 1}', 1, None), ("wrangler.jsonc", '{/* x', 1, None),
    (".s3deploy.yml", "a: b: c\n", 1, None), (".s3deploy.yml", "\ta: 1\n", 1, None),
    ("cloudbaserc.json", "true", 1, 1), ("_config.yml", "a: [1\n", None, None),
    ("_config.yml", "a: &a [*a]\n", None, None), ("netlify.toml", "a" + ".a" * 5000 + "=1", 1, None),
    ("vercel.json", "[" * 5000, None, None), ("netlify.toml", "a = " + "[" * 20000, None, None),
])
def test_a_broken_file_is_an_error_with_its_place(
        name: str, text: str, line: int | None, column: int | None, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path / name)
    position = caught.value.position
    assert position is not None and position.file.endswith(name)
    assert line is None or position.line == line
    assert column is None or position.column == column
    code, screen = sitepub("init", "--from", name, "--cwd", str(tmp_path))
    assert code == 2 and name in screen.noted and "Traceback" not in screen.noted
    assert not (tmp_path / "serverless.yml").exists()


@pytest.mark.parametrize("content", [b"\xff\xfea\0", b'name = "\xb2\xa9"', b"x" * 300_000, b"\0\0"])
def test_a_file_that_is_no_text_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "netlify.toml").write_bytes(content)
    with pytest.raises(ConfigError):
        read_settings(tmp_path / "netlify.toml")
    (tmp_path / "netlify.toml").unlink()
    with pytest.raises(ConfigError, match="No such file"):
        read_settings(tmp_path / "netlify.toml")


@pytest.mark.parametrize(("name", "text"), [
    ("vercel.json", '{"buildCommand": 7, "outputDirectory": {}, "redirects": [1, {"source": 3}], "headers": "x"}'),
    ("netlify.toml", 'build = 1\nredirects = "x"\nheaders = [1]\ncontext = 3\n'),
    ("netlify.toml", '[[redirects]]\nfrom = 1\nto = true\nstatus = "301"\n[[headers]]\nfor = "/*"\nvalues = 3\n'),
    ("edgeone.json", '{"rewrites": [{"source": "/\\u0007", "destination": "/x\\n/y"}], "redirects": [null]}'),
    ("wrangler.toml", "assets = 1\nsite = []\nbuild = 'x'\npages_build_output_dir = 3\n"),
    ("cloudbaserc.json", '{"framework": {"plugins": [1]}, "functions": 1}'),
    (".s3deploy.yml", "routes:\n- 1\n- route: [x]\n- route: x\n  headers: 3\nignore: {a: 1}\n"),
    ("hugo.toml", "deployment = 1\n"), ("hugo.toml", "[deployment]\ntargets = 1\nmatchers = [1]\n"),
    ("_config.yml", "deploy: [1, {type: [cos]}, {type: cos, bucket: [x], secretKey: {a: b}}]\n"),
    ("_config.yml", "deploy: text\n"), ("vercel.json", ""), ("netlify.toml", ""),
])
def test_values_of_another_kind_break_nothing(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "index.html").write_text("")
    code, screen = sitepub("init", "--from", name, "--cwd", str(tmp_path))
    assert code == 0, screen.noted
    load_project(tmp_path / "serverless.yml", environ={})


def test_the_place_of_an_entry_is_its_line(tmp_path: Path) -> None:
    (tmp_path / "netlify.toml").write_text(
        '# a comment\n[build]\n  functions = "f"\n\n[[redirects]]\n  from = "/a"\n  to = "/b"\n[[redirects]]\n'
        '  from = "/gone"\n  to = "/x"\n  status = 410\n[context.staging]\ncommand = """\n[build]\nignore = 1\n"""\n'
        '[dev]\nport = 1\n')
    places = {one.what: one.position for one in read_settings(tmp_path / "netlify.toml").left}
    assert {what: (place.line if place else None) for what, place in places.items()} == {
        "build.functions": 3, "redirect /gone": 8, "context.staging": 12, "dev": 17}
    (tmp_path / "vercel.json").write_text('{\n  "crons": [1]\n}')
    (left,) = read_settings(tmp_path / "vercel.json").left
    assert left.position is not None and (left.position.line, left.position.column) == (2, 3)


def test_a_file_in_the_folder_is_found_and_the_next_one_named(tmp_path: Path) -> None:
    (tmp_path / "vercel.json").write_text('{"outputDirectory": "out", "cleanUrls": true}')
    (tmp_path / "edgeone.json").write_text("{}")
    code, screen = sitepub("init", "--json", "--cwd", str(tmp_path))
    assert code == 0
    found = screen.object
    assert found["from"] == {"tool": "Vercel", "file": "vercel.json", "left": [],
                             "taken": ["the folder", "addresses without .html"]}
    assert found["warnings"] == ["edgeone.json was not read: sitepub init --from edgeone.json takes that one instead."]
    project = load_project(tmp_path / "serverless.yml", environ={})
    assert project.website.ignore_html_ext and project.source.folder == tmp_path / "out"


@pytest.mark.parametrize(("name", "text"), [
    ("wrangler.toml", 'main = "src/worker.ts"\n'), ("hugo.toml", 'baseURL = "/"\n'), ("config.toml", "x = \n"),
    ("_config.yml", "title: x\n"), ("_config.yml", "a: [\n"), ("config.json", '{"a": 1}')])
def test_a_file_that_says_nothing_of_publishing_is_not_meant(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert find_settings(tmp_path) == (None, ())


def test_a_name_that_is_not_known_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(tmp_path / "netlfy.toml")
    assert caught.value.hint == "Did you mean netlify.toml?"
    assert sitepub("init", "website", "--from", "netlify.toml", "--cwd", str(tmp_path))[0] == 2


def test_the_frameworks_build_goes_on_where_the_file_names_none(tmp_path: Path) -> None:
    """Netlify keeps the command in its console when the file has none."""
    (tmp_path / "web" / "content").mkdir(parents=True)
    (tmp_path / "web" / "hugo.toml").write_text('title = "x"\n')
    (tmp_path / "netlify.toml").write_text('[build]\nbase = "web"\npublish = "public"\n')
    assert sitepub("init", "--cwd", str(tmp_path))[0] == 0
    source = load_project(tmp_path / "serverless.yml", environ={}).source
    assert (source.hook, source.dist) == ("hugo --minify --cleanDestinationDir", tmp_path / "web" / "public")
    assert source.folder == tmp_path / "web"


def test_rules_that_the_site_has_come_first_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "_redirects").write_text("/mine /here\n")
    (tmp_path / "index.html").write_text("")
    (tmp_path / "netlify.toml").write_text('[build]\npublish = "."\n[[redirects]]\nfrom = "/a"\nto = "/b"\n')
    assert sitepub("init", "--cwd", str(tmp_path))[0] == 0
    assert (tmp_path / "_redirects").read_text() == "/mine /here\n"
    rules, problems = read_redirects((tmp_path / "_redirects.moved").read_text(), "x")
    assert [str(rule) for rule in rules] == ["/mine /here 301", "/a /b 301"] and problems == []
    project = load_project(tmp_path / "serverless.yml", environ={})
    assert project.redirects_file == tmp_path / "_redirects.moved"


@pytest.mark.parametrize(("text", "expected"), [
    ("API_TOKEN=abcdef0123 npm run build", True), ("npm run build", False), ("SECRET=$SECRET make", False),
    ("curl -H 'Authorization: Bearer abcdefgh12' x && make", True), ("deploy --password hunter2", True),
    ("deploy --token $TOKEN", False), ("https://me:pw@x.test/:splat", True), ("https://x.test/:splat", False),
    ("https://x.test/?access_token=abc", True), ("npx tokens-studio build", False), ("/tokens/*", False),
    ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3abcdefg", True), ("MY_KEY='a' PASSWORD='b c' make", True)])
def test_texts_that_hold_a_secret_are_known(text: str, expected: bool) -> None:
    assert holds_secret(text) is expected


PATHS = ("a.js", "a.css", "x/a.js", "index.html", "x/index.html", "assets/a.css", "assets/x/a.css", "assets.css",
         "robots.txt", "robotsxtxt", "x/robots.txt", "sitemap.xml", "a.js.map", "img/a.png", "fonts/a.woff2", "feed",
         "x/feed/index.xml", "my-assets/b.css", "a.min.js", "deep/er/still/a.min.css")


@pytest.mark.parametrize("expression", [
    r"^.+\.(js|css)$", r".*\.js$", r"\.css$", r"^assets/.*$", r"^assets/.+\.css$", r"^robots\.txt$", r"^robots.txt$",
    r".*", r"^/?index\.html$", r"\.(?:png|woff2)$", r"^assets/", r"feed", r"^.+\.min\.js$", r"[^/]+\.html$",
    r"/index\.html$", r"^.*$", r"^feed", r"index.(html|xml)$", r"^[^/]+\.css$", r"\.js"])
def test_a_pattern_means_the_files_of_its_regular_expression(expression: str) -> None:
    pattern = pattern_of(expression)
    assert pattern is not None
    for path in PATHS:
        assert any(glob.match(path) for glob in globs(pattern)) == bool(re.search(expression, path)), (pattern, path)


@pytest.mark.parametrize("expression", [
    r"(?i)x", r"a{2}", r"a|b", r"(a|b)+", r"[a-z]+\.js", r"\d+", r"a.*b", r"^(?!x)", r"x/.*y.*z$", "(", "a" * 600])
def test_what_no_pattern_means_is_left(expression: str) -> None:
    assert pattern_of(expression) is None
