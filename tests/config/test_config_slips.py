"""Slips that people make: slashes before keys, invisible characters, words of other tools, outputs of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.config.finding import look_for_projects
from tests.config.loading import load, only, place, problems, site


@pytest.mark.parametrize(("inputs", "read"), [
    ("redirectRules: [{condition: {keyPrefixEquals: /docs/}, redirect: {replaceKeyWith: a.html}}]", "docs/"),
    ("redirectRules: [{condition: {keyPrefixEquals: //old}, redirect: {replaceKeyWith: a.html}}]", "old"),
    ("redirectRules: [{condition: {keyPrefixEquals: a/}, redirect: {replaceKeyWith: /b/c.html}}]", "b/c.html"),
    ("redirectRules: [{condition: {keyPrefixEquals: a/}, redirect: {replaceKeyPrefixWith: /b/}}]", "b/"),
    ("redirectRules: [{Condition: {KeyPrefixEquals: /x}, Redirect: {ReplaceKeyWith: b}}]", "x"),
    ("lifecycle: [{id: a, filter: {prefix: /logs/}, expiration: {days: 1}}]", "logs/"),
    ("lifecycle: [{ID: a, Filter: {Prefix: '/tmp'}, Expiration: {Days: 1}}]", "tmp"),
    ("lifecycle: [{id: a, filter: {prefix: '${env:P}'}, expiration: {days: 1}}]", "v/"),
])
def test_a_slash_before_a_key_is_taken_away_with_a_warning(tmp_path: Path, inputs: str, read: str) -> None:
    project = load(tmp_path, site(inputs), environ={"P": "/v/"})
    warning = only(project.warnings)
    assert f"it is read as `{read}`" in warning.message
    assert place(warning)[0] == 5
    written = [rule.key_prefix for rule in project.website.redirect_rules]
    written += [rule.replace_key_with for rule in project.website.redirect_rules]
    written += [rule.replace_key_prefix_with for rule in project.website.redirect_rules]
    written += [rule.prefix for rule in project.lifecycle or ()]
    assert read in written
    assert not any(text.startswith("/") for text in written if text)


@pytest.mark.parametrize("inputs", [
    "redirectRules: [{condition: {keyPrefixEquals: /}, redirect: {replaceKeyWith: a.html}}]",
    "lifecycle: [{id: a, filter: {prefix: //}, expiration: {days: 1}}]",
])
def test_a_prefix_of_slashes_matches_nothing_and_is_refused(tmp_path: Path, inputs: str) -> None:
    assert "matches none" in only(problems(tmp_path, site(inputs))).message


@pytest.mark.parametrize(("text", "name", "where"), [
    ("component: website\n\u00a0name: site\ninputs:\n  src: .\n", "U+00A0 NO-BREAK SPACE", (2, 1)),
    ("component: website\nname:\u3000site\ninputs:\n  src: .\n", "U+3000 IDEOGRAPHIC SPACE", (2, 6)),
    ("component: website\nname: site\u00a0\ninputs:\n  src: .\n", "U+00A0 NO-BREAK SPACE", (2, 11)),
    ("component: website\nname: site\ninputs:\n\u3000\u3000src: .\n", "U+3000 IDEOGRAPHIC SPACE", (4, 1)),
    ("component: website\nname: site\ninputs:\n  src\u2003: .\n", "U+2003 EM SPACE", (4, 6)),
    ("component: website\nname: si\u200bte\ninputs:\n  src: .\n", "U+200B ZERO WIDTH SPACE", (2, 9)),
    ("component: website\nname: site\ninputs:\n  src: ./public\u200e\n", "U+200E LEFT-TO-RIGHT MARK", (4, 16)),
    ("component: website\nname: site\ninputs:\n  src: .\n  region: ap-\ufeffguangzhou\n", "U+FEFF ZERO WIDTH", (5, 14)),
    ("component: website\nname: site\ninputs:\n  src: .\n  hosts:\n  -\u00a0host: a.b.cn\n", "U+00A0 NO-BREAK", (6, 4)),
    ("component: website\nname：site\ninputs:\n  src: .\n", "U+FF1A FULLWIDTH COLON", (2, 5)),
    ("component: website\nname: site\ninputs:\n  src：.\n  region: ap-beijing\n", "U+FF1A FULLWIDTH COLON", (4, 6)),
])
def test_a_character_that_nobody_sees_is_named(tmp_path: Path, text: str, name: str, where: tuple[int, int]) -> None:
    found = problems(tmp_path, text)
    assert name in found[0].message
    assert place(found[0]) == where


@pytest.mark.parametrize("inputs", [
    'env: {A: "\u00a0x\u3000", B: a\u00a0b, C: 你好\u3000世界, D: "\u200b"}',
    "env:\n  A: |\n    text\u00a0\n    \u3000中文\n  B: x", "env:\n  A: 提示：你好", "# \u00a0 a comment\u3000",
    'env: {A: "👩\u200d💻", B: می\u200cخواهم}', "env:\n  A: 'Note：x'",
    "tags: [{key: a, value: 中文\u3000值}]",
])
def test_such_characters_inside_of_a_text_stay(tmp_path: Path, inputs: str) -> None:
    load(tmp_path, site(inputs))


@pytest.mark.parametrize(("key", "word"), [
    ("domain", "hosts"), ("domains", "hosts"), ("customDomain", "hosts"), ("hostname", "hosts"), ("cname", "hosts"),
    ("cdn", "hosts"), ("certificate", "https"), ("ssl", "https"), ("buildCommand", "hook"), ("outputDir", "src"),
    ("redirects", "redirectRules"), ("ignore", "exclude"), ("environment", "env"), ("errorPage", "error"),
])
def test_words_of_other_tools_point_to_ours(tmp_path: Path, key: str, word: str) -> None:
    problem = only(problems(tmp_path, site(f"{key}: x")))
    assert problem.message == f"unknown key `inputs.{key}`"
    assert word in (problem.hint or "")


@pytest.mark.parametrize("component", ["cos", "tencent-cos", "'@serverless/tencent-cos'", "cos@0.0.3"])
def test_a_bucket_that_says_it_is_a_website_is_a_site(tmp_path: Path, component: str) -> None:
    text = f"component: {component}\nname: site\ninputs:\n  src: ./public\n  website: true\n  bucket: my-bucket\n"
    project = load(tmp_path, text)
    assert (project.bucket_name, project.source.folder) == ("my-bucket", tmp_path / "public")
    folder = tmp_path / "many"
    for name, flag in (("a", "true"), ("b", "false")):
        (folder / name).mkdir(parents=True)
        (folder / name / "serverless.yml").write_text(text.replace("true", flag))
    found = look_for_projects(folder)
    assert found.files == [folder / "a" / "serverless.yml"]
    assert len(found.warnings) == 1


@pytest.mark.parametrize("line", ["", "  website: false\n", "  website: null\n"])
def test_a_bucket_that_is_no_website_is_refused(tmp_path: Path, line: str) -> None:
    found = problems(tmp_path, f"component: cos\nname: site\ninputs:\n  src: ./public\n{line}")
    assert "website: true" in (found[0].hint or "")


@pytest.mark.parametrize(("stage", "proposal"), [
    ("feature/login", "feature-login"), ("fix/#12 a", "fix-12-a"), ("功能/login", "login"), ("v1.2", "v1-2"),
    ("_x", "x"), ("a" * 70, "a" * 63), ("refs/heads/main", "refs-heads-main"),
])
def test_a_stage_that_is_no_name_proposes_one(tmp_path: Path, stage: str, proposal: str) -> None:
    problem = only(problems(tmp_path, site(), stage=stage))
    assert problem.hint == f"Did you mean `{proposal}`?"
    problem = only(problems(tmp_path, site(top=f"stage: '{stage}'")))
    assert problem.hint == f"Did you mean `{proposal}`?"


@pytest.mark.parametrize(("inputs", "assignment"), [
    ("env: {apiUrl: '${output:prod:my-app:api.url}'}", "--inputs env.apiUrl=VALUE"),
    ("env:\n  api:\n    base: ${api.url}", "--inputs env.api.base=VALUE"),
    ("env: {LIST: ['${scf-api.outputs.url}']}", "--inputs env.LIST.0=VALUE"),
    ("env: {a.b: '${component.url}'}", "--inputs env.a\\.b=VALUE"),
    ("hosts: [{host: '${output:dev:app:cdn.host}'}]", "--inputs hosts.0.host=VALUE"),
])
def test_an_output_of_another_project_is_replaced_by_an_input(tmp_path: Path, inputs: str, assignment: str) -> None:
    problem = only(problems(tmp_path, site(inputs)))
    assert assignment in (problem.hint or "")


@pytest.mark.parametrize(("inputs", "words"), [
    ("hosts: www.example.com", "- host: www.example.com"),
    ("hosts: [www.example.com]", "- host: www.example.com"),
    ("hosts: {host: www.example.com}", "- host: www.example.com"),
    ("env: [A=b]", "NAME: value"),
    ("env:\n  - A: b", "NAME: value"),
    ("env: A=b", "NAME: value"),
    ("tags: {a: b}", "key: NAME"),
    ("cors: {allowedOrigins: ['*']}", "put `- `"),
    ("redirectRules: {condition: {}}", "put `- `"),
])
def test_a_value_of_another_kind_gets_the_form_to_write(tmp_path: Path, inputs: str, words: str) -> None:
    problem = problems(tmp_path, site(inputs))[0]
    assert words in (problem.hint or "")
    assert place(problem)[0] in (5, 6)


@pytest.mark.parametrize(("source", "words"), [
    ("src: [./public]", "Write one folder, `src: ./public`"),
    ("src:\n    - ./public\n    - ./more", "Write one folder"),
    ("src:\n    hook: [npm ci, npm run build]\n    dist: ./dist", "`hook: |`"),
    ("src:\n    hook:\n      - npm ci\n      - npm run build\n    dist: ./dist", "one command a line"),
    ("src:\n    hook: {run: npm ci}\n    dist: ./dist", "hook: npm run build"),
])
def test_a_list_of_commands_or_folders_gets_the_form_to_write(tmp_path: Path, source: str, words: str) -> None:
    problem = only(problems(tmp_path, f"component: website\nname: site\ninputs:\n  {source}\n"))
    assert words in (problem.hint or "")


@pytest.mark.parametrize(("text", "words"), [
    ("component: website\nname: site\ninputs:\n  src：./public\n", "full-width colon U+FF1A"),
    ("component：website\nname：site\ninputs：\n  src：./public\n", "full-width colon U+FF1A"),
    ("component: website\nname: site\ninputs:\n  src:./public\n", "a space behind the colon of `src: `"),
    ("component:website\nname:site\n", "a space behind the colon of `component: `"),
    ("component: website\nname: site\ninputs:\n  src: .\n  hosts:\n    - host:www.example.com\n", "of `host: `"),
    ("component: website\nname: site\ninputs:\n  src: .\n  hosts:\n    - host：www.example.com\n", "full-width"),
    ("component: website\nname: site\ninputs:\n  src: .\n  env:\n    A:b\n", "of `A: `"),
])
def test_a_colon_that_makes_no_key_is_named(tmp_path: Path, text: str, words: str) -> None:
    found = problems(tmp_path, text)
    assert any(words in (problem.hint or "") for problem in found), found


@pytest.mark.parametrize("text", [
    "service: api\nprovider:\n  name: aws\nfunctions: {}\n", "service: api\nplugins: [a]\n",
    "org: a\nprovider: {name: tencent}\nresources: {}\n", "functions:\n  hello: {handler: a.b}\n",
])
def test_a_service_of_the_serverless_framework_is_one_mistake(tmp_path: Path, text: str) -> None:
    problem = only(problems(tmp_path, text))
    assert "sitepub publishes websites" in problem.message
    assert "sitepub init" in (problem.hint or "")


def test_what_is_missing_says_what_to_write(tmp_path: Path) -> None:
    hints = " ".join(problem.hint or "" for problem in problems(tmp_path, "app: a\n"))
    for words in ("`component: website`", "`name: my-site`", "src: ./public"):
        assert words in hints


@pytest.mark.parametrize("name", ["我的网站", "блог", "mein-grüner-blog", "ブログ"])
def test_a_name_in_other_letters_says_which_are_meant(tmp_path: Path, name: str) -> None:
    problem = only(problems(tmp_path, f"component: website\nname: {name}\ninputs:\n  src: .\n"))
    assert "Letters are a to z here" in (problem.hint or "")
