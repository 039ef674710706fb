"""`init --hexo-deployer` and `--deploy-script` change people's own files in one place, and nothing else in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from sitepub.actions.moving.deploy_script import with_script
from sitepub.actions.moving.hexo_deployer import SCRIPT, with_deployer
from sitepub.config.document import Text
from sitepub.errors import ConfigError, Refused
from tests.terminal.screen import Screen, sitepub

CONFIGS = [
    ("title: x  # mine\n", "title: x  # mine\n\n# `hexo deploy` publishes with sitepub.\ndeploy:\n  type: sitepub\n"),
    ("# Hexo\ndeploy:\n  type: ''\n\n# end\n", "# Hexo\ndeploy:\n  type: sitepub\n\n# end\n"),
    ("deploy:\n  type:\na: 1\n", "deploy:\n  type: sitepub\na: 1\n"),
    ("deploy:\na: 1\n", "deploy: {type: sitepub}\na: 1\n"),
    ("deploy: ''\n", "deploy: {type: sitepub}\n"),
    ("deploy:\n  type: cos # old\n  bucket: b # mine\n", "deploy:\n  type: sitepub # old\n  bucket: b # mine\n"),
    ("deploy:\n  type: git\n  repo: x # a\n\n  branch: y\n# end\nz: 1\n",
     "deploy:\n  - type: git\n    repo: x # a\n\n    branch: y\n  - type: sitepub\n# end\nz: 1\n"),
    ("deploy:\n- type: git\n  repo: x\n- type: tencent-cos\n  bucket: y\n",
     "deploy:\n- type: git\n  repo: x\n- type: sitepub\n  bucket: y\n"),
    ("deploy: [git]\n", "deploy: [git, {type: sitepub}]\n"),
    ("deploy:\n- type: git\n  repo: x  # last\n# end\n",
     "deploy:\n- type: git\n  repo: x  # last\n- type: sitepub\n# end\n"),
    ("deploy: {type: git, repo: x} # one\n", "deploy: [{type: git, repo: x}, {type: sitepub}] # one\n"),
    ("deploy: [{type: git}]\nb: [1]\n", "deploy: [{type: git}, {type: sitepub}]\nb: [1]\n"),
    ("a: 1\r\ndeploy:\r\n  type: rsync\r\n  host: h\r\n",
     "a: 1\r\ndeploy:\r\n  - type: rsync\r\n    host: h\r\n  - type: sitepub\r\n"),
    ("deploy:\n  type: sitepub\n  stage: prod\n", "deploy:\n  type: sitepub\n  stage: prod\n"),
    ("标题: 博客\ndeploy:\n    type: sftp\n    path: '/a b'",
     "标题: 博客\ndeploy:\n    - type: sftp\n      path: '/a b'\n    - type: sitepub\n"),
    ("deploy:\n  type: git\n  message: |\n    two\n    lines\nz: 1\n",
     "deploy:\n  - type: git\n    message: |\n      two\n      lines\n  - type: sitepub\nz: 1\n"),
    ("a: 1", "a: 1\n\n# `hexo deploy` publishes with sitepub.\ndeploy:\n  type: sitepub\n"),
]


@pytest.mark.parametrize(("before", "after"), CONFIGS)
def test_the_deployer_is_named_in_the_config(before: str, after: str) -> None:
    found = with_deployer(Text("_config.yml", before))
    assert found == after
    assert with_deployer(Text("_config.yml", found)) == found
    deploy = yaml.safe_load(found)["deploy"]
    assert "sitepub" in [one["type"] for one in (deploy if isinstance(deploy, list) else [deploy]) if one != "git"]


@pytest.mark.parametrize("text", [
    "x: &d {type: git}\ndeploy: *d\n", "deploy: git\n", "deploy: 3\n", "a: {b: 1}\n...\n",
    "x: &d {type: cos}\ndeploy: *d\n"])
def test_what_cannot_be_changed_for_certain_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        with_deployer(Text("_config.yml", text))
    assert "type: sitepub" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["a: [1\n", "- a\n", "a: 1\na: 2\n"])
def test_a_broken_config_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_deployer(Text("_config.yml", text))
    assert caught.value.position is not None and caught.value.position.line is not None


PACKAGES = [
    ('{\n  "name": "x",\n  "scripts": {\n    "build": "vite build"\n  }\n}\n',
     '{\n  "name": "x",\n  "scripts": {\n    "build": "vite build",\n    "deploy": "sitepub deploy"\n  }\n}\n'),
    ('{\n\t"scripts": {\n\t\t"a": "b"\n\t},\n\t"x": [1, 2]\n}',
     '{\n\t"scripts": {\n\t\t"a": "b",\n\t\t"deploy": "sitepub deploy"\n\t},\n\t"x": [1, 2]\n}'),
    ('{"name":"x","scripts":{"a":"b"}}', '{"name":"x","scripts":{"a":"b", "deploy": "sitepub deploy"}}'),
    ('{\n    "name": "x"\n}\n',
     '{\n    "name": "x",\n    "scripts": {\n        "deploy": "sitepub deploy"\n    }\n}\n'),
    ('{"name": "x"}', '{"name": "x", "scripts": { "deploy": "sitepub deploy" }}'),
    ('{\n  "scripts": {},\n  "a": 1\n}\n', '{\n  "scripts": {\n    "deploy": "sitepub deploy"\n  },\n  "a": 1\n}\n'),
    ('{\r\n  "scripts": {\r\n    "a": "b"\r\n  }\r\n}\r\n',
     '{\r\n  "scripts": {\r\n    "a": "b",\r\n    "deploy": "sitepub deploy"\r\n  }\r\n}\r\n'),
    ('{\n  "scripts": {"a": "b"},\n  "c": 1\n}\n',
     '{\n  "scripts": {"a": "b", "deploy": "sitepub deploy"},\n  "c": 1\n}\n'),
    ('{"scripts": {"deploy": "sitepub deploy --stage prod"}}',
     '{"scripts": {"deploy": "sitepub deploy --stage prod"}}'),
    ('{\n  "a": {\n    "deploy": "x"\n  },\n  "b": "\\u00fc \\"scripts\\": {"\n}\n',
     '{\n  "a": {\n    "deploy": "x"\n  },\n  "b": "\\u00fc \\"scripts\\": {",\n  "scripts": {\n    "deploy": "sitepub'
     ' deploy"\n  }\n}\n'),
]


@pytest.mark.parametrize(("before", "after"), PACKAGES)
def test_the_script_is_added_in_the_style_of_the_file(before: str, after: str) -> None:
    assert with_script(Text("package.json", before)) == after
    assert with_script(Text("package.json", after)) == after
    assert json.loads(after)["scripts"]["deploy"].startswith("sitepub deploy")


@pytest.mark.parametrize("script", ["gh-pages -d dist", "sitepub deployment", "echo sitepub deploy", ""])
def test_another_deploy_script_is_never_replaced(script: str) -> None:
    with pytest.raises(Refused, match="already") as caught:
        with_script(Text("package.json", json.dumps({"scripts": {"deploy": script}})))
    assert caught.value.position is not None and caught.value.position.line == 1


@pytest.mark.parametrize("text", ['{"a": 1,}', "[]", '{"scripts": []}', "", '{"scripts": {"a": 1}', "[" * 9000])
def test_a_broken_package_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_script(Text("package.json", text))
    assert caught.value.position is not None


def blog(folder: Path) -> Path:
    (folder / "package.json").write_bytes(b'\xef\xbb\xbf{\n  "dependencies": {"hexo": "8"}\n}\n')
    (folder / "_config.yml").write_bytes(b"\xef\xbb\xbftitle: x\n")
    return folder


def test_both_are_added_to_a_blog_that_is_set_up_at_the_same_time(tmp_path: Path) -> None:
    folder = blog(tmp_path)
    os.chmod(folder / "_config.yml", 0o640)  # noqa: PTH101
    code, screen = sitepub("init", "--hexo-deployer", "--deploy-script", "--json", "--cwd", str(folder))
    assert code == 0, screen.noted
    assert screen.object["changed"] == [SCRIPT, "_config.yml", "package.json"]
    assert screen.object["next"] == [["hexo", "generate", "--deploy"], ["npm", "run", "deploy"]]
    assert (folder / "serverless.yml").is_file() and (folder / SCRIPT).is_file()
    for name in ("_config.yml", "package.json"):
        assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf")
    if os.name != "nt":
        assert (folder / "_config.yml").stat().st_mode & 0o777 == 0o640
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, screen = sitepub("init", "--hexo-deployer", "--deploy-script", "--json", "--cwd", str(folder))
    assert (code, screen.object["status"], screen.object["changed"]) == (0, "unchanged", [])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_refusal_comes_before_anything_is_written(tmp_path: Path) -> None:
    folder = blog(tmp_path)
    (folder / "package.json").write_text('{"dependencies": {"hexo": "8"}, "scripts": {"deploy": "mine"}}')
    code, screen = sitepub("init", "--hexo-deployer", "--deploy-script", "--cwd", str(folder))
    assert code == 5 and "package.json:1:" in screen.noted
    assert sorted(path.name for path in folder.iterdir()) == ["_config.yml", "package.json"]
    (folder / "scripts").mkdir()
    (folder / SCRIPT).write_text("// mine")
    code, screen = sitepub("init", "--hexo-deployer", "--cwd", str(folder))
    assert code == 5 and (folder / SCRIPT).read_text() == "// mine"


@pytest.mark.skipif(os.name == "nt", reason="symlinks need rights on Windows")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    folder = blog(tmp_path / "blog")
    (folder / "package.json").rename(tmp_path / "package.json")
    (folder / "package.json").symlink_to(tmp_path / "package.json")
    code, screen = sitepub("init", "--deploy-script", "--cwd", str(folder))
    assert code == 5 and "is a link" in screen.noted


def test_init_offers_both(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    code, screen = sitepub("init", "--cwd", str(blog(tmp_path / "one")))
    assert code == 0 and "sitepub init --hexo-deployer" in screen.noted and "--deploy-script" in screen.noted
    assert not (tmp_path / "one" / "scripts").exists()
    code, screen = sitepub("init", "--cwd", str(blog(tmp_path / "two")), screen=Screen(tty=True, typed="y\nn\n"))
    assert code == 0 and (tmp_path / "two" / SCRIPT).is_file()
    assert b"deploy" not in (tmp_path / "two" / "package.json").read_bytes()
