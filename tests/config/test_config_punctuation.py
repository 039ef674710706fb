"""Punctuation that is not YAML's, colons without a space, and paths that only a shell understands: each is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.errors import ConfigError, SiteError
from sitepub.site.build.env_js import env_file
from sitepub.site.error_page import error_page_problem
from sitepub.site.folder import publish_folder
from sitepub.site.headers import HeaderBook
from sitepub.site.secret_files import check_settings
from tests.config.loading import load, place, problems, site

HEAD = "component: website\nname: site\ninputs:\n"


@pytest.mark.parametrize(("text", "char", "line"), [
    ("component: website\nname: “site”\ninputs:\n  src: .\n", "U+201C", 2),
    ("component: website\nname: ‘site’\ninputs:\n  src: .\n", "U+2018", 2),
    ("component: website\nname: 「site」\ninputs:\n  src: .\n", "U+300C", 2),
    ("component: website\nname: ＂site＂\ninputs:\n  src: .\n", "U+FF02", 2),
    ("component: website\nname: site　＃名字\ninputs:\n  src: .\n", "U+FF03", 2),
    ("component: “website”\nname: site\ninputs:\n  src: .\n", "U+201C", 1),
    (HEAD + "  src: .\n  hosts:\n    － host: www.example.com\n", "U+FF0D", 6),
    (HEAD + "  src: .\n  hosts:\n    — host: www.example.com\n", "U+2014", 6),
    (HEAD + "  src: .\n  hosts:\n    – host: www.example.com\n", "U+2013", 6),
    (HEAD + "  src: .\n  tags: ［{key: a, value: b}］\n", "U+FF3B", 5),
    (HEAD + "  src: .\n  tags: 【{key: a, value: b}】\n", "U+3010", 5),
    (HEAD + "  src: .\n  env: ｛A: b｝\n", "U+FF5B", 5),
    (HEAD + "  src: .\n  region: “ap-beijing”\n", "U+201C", 5),
    (HEAD + "  src: .\n  replace: “true”\n", "U+201C", 5),
    (HEAD + "  src： .\n", "U+FF1A", 4),
    ("component： website\nname： site\n", "U+FF1A", 1),
])
def test_punctuation_of_an_input_method_is_named(tmp_path: Path, text: str, char: str, line: int) -> None:
    found = problems(tmp_path, text)
    assert (place(found[0])[0], char in (found[0].hint or "")) == (line, True), found[0]


@pytest.mark.parametrize("inputs", [
    "env: {A: “x”, B: ［1］, C: 「你好」，世界}", "env:\n  A: — dash\n  B: x ＃ y", "tags: [{key: a, value: 一：二}]",
])
def test_in_texts_it_stays(tmp_path: Path, inputs: str) -> None:
    load(tmp_path, site(inputs))


@pytest.mark.parametrize(("text", "key", "where"), [
    ("component:website\nname:a\ninputs:\n  src:./p\n", "component", (1, 10)),
    ("component: website\nname:a\ninputs:\n  src: ./p\n", "name", (2, 5)),
    ("component: website\nname: a\nstage:dev\ninputs:\n  src: ./p\n", "stage", (3, 6)),
    (HEAD + "  region:ap-beijing\n  src: ./p\n", "region", (4, 9)),
    (HEAD + "  src:./p\n  region: ap-beijing\n", "src", (4, 6)),
    (HEAD + "  src: .\n  hosts:\n    - host:a.example.com\n      edge: cos\n", "host", (6, 11)),
    ("component: website\r\nname:a\r\ninputs:\r\n  src: ./p\r\n", "name", (2, 5)),
])
def test_a_colon_without_a_space_is_named(tmp_path: Path, text: str, key: str, where: tuple[int, int]) -> None:
    found = problems(tmp_path, text)[0]
    assert found.message == f"no space follows the colon of `{key}`, so it is no key"
    assert place(found) == where


@pytest.mark.parametrize("inputs", [
    "env: {A: 'http://a:b'}", "env:\n  A: http://a.cn:80/x\n  B: a:b", "env:\n  A: note:x",
])
def test_a_colon_inside_of_a_text_is_left_alone(tmp_path: Path, inputs: str) -> None:
    load(tmp_path, site(inputs))


@pytest.mark.parametrize(("inputs", "meant"), [
    ("replace: yes", "true"), ("replace: on", "true"), ("replace: 1", "true"), ("ignoreHtmlExt: Y", "true"),
    ("accelerate: 'enabled'", "true"), ("replace: no", "false"), ("autoSetupAcl: off", "false"),
    ("autoSetupAcl: 0", "false"), ("disableErrorStatus: No", "false"), ("publish: 是", "true"),
    ("replace: 否", "false"),
])
def test_other_words_for_a_boolean_are_answered_with_ours(tmp_path: Path, inputs: str, meant: str) -> None:
    assert problems(tmp_path, site(inputs))[0].hint == f"Write `{meant}`."


@pytest.mark.parametrize("host", [
    "https://www.example.com/", "http://a.example.com", "a.example.com/blog", "a.cn:8080",
])
def test_an_address_for_a_host_is_answered_with_a_name(tmp_path: Path, host: str) -> None:
    assert "www.example.com" in (problems(tmp_path, site(f"hosts: [{{host: '{host}'}}]"))[0].hint or "")


@pytest.mark.parametrize("value", [r'"D:\public"', r'"C:\Users\me\site"', r'"a\q"'])
def test_a_path_of_windows_in_double_quotes_says_what_to_write(tmp_path: Path, value: str) -> None:
    assert "single quotes" in (problems(tmp_path, f"{HEAD}  src: {value}\n")[0].hint or "")


@pytest.mark.parametrize(("source", "words", "column"), [
    ("src: ~/site", "`~` is not", 8), ("src: '~/site'", "`~` is not", 8), ("src: ~\\site", "`~` is not", 8),
    ("src: $HOME/site", "${env:NAME}", 8), ("src: '%USERPROFILE%/site'", "${env:NAME}", 8),
    ("src: {src: ., hook: make, dist: ~/out}", "`~` is not", 35), ("src: ./pubilc", "", 8),
    ("src: {src: ./nowhere}", "src names", 14), ("src: {src: ., hook: make, dist: out}", "src.dist names", 35),
])
def test_a_folder_that_is_not_there_is_pointed_at(tmp_path: Path, source: str, words: str, column: int) -> None:
    project = load(tmp_path, f"{HEAD}  {source}\n")
    with pytest.raises(SiteError) as raised:
        publish_folder(project)
    assert words in (raised.value.hint or "")
    assert raised.value.position is not None
    assert (raised.value.position.line, raised.value.position.column) == (4, column)


@pytest.mark.parametrize(("inputs", "key"), [
    ("env:\n  A: x\n  B: 'the-key-of-the-account'", "env.B"),
    ("tags: [{key: a, value: the-key-of-the-account}]", "tags"),
    ("keyPrefix: the-key-of-the-account", "keyPrefix"), ("bucketName: the-key-of-the-account", "bucketName"),
    ("hosts:\n  - host: the-key-of-the-account.example.com", "hosts"),
    ("lifecycle: [{id: a, filter: {prefix: the-key-of-the-account}, expiration: {days: 1}}]", "lifecycle"),
])
def test_a_setting_that_holds_a_key_is_pointed_at(tmp_path: Path, inputs: str, key: str) -> None:
    project = load(tmp_path, site(f"region: ap-beijing\n{inputs}"))
    keys = frozenset({"the-key-of-the-account"})
    with pytest.raises(ConfigError) as raised:
        check_settings(project, keys)
        env_file(project, HeaderBook(), keys)
    where = raised.value.problems[0].position
    assert where is not None and (where.line, where.column) == (project.places[key].line, project.places[key].column)
    assert project.source.position is not None and where.line != project.source.position.line


def test_a_404_rule_that_leads_nowhere_is_pointed_at(tmp_path: Path) -> None:
    project = load(tmp_path, site("redirectRules:\n    - condition: {httpErrorCodeReturnedEquals: 404}\n"
                                  "      redirect: {replaceKeyWith: lost.html}"))
    problem = error_page_problem(project, {"index.html"})
    assert problem is not None and problem.position == project.places["redirectRules"]
