"""Files as editors and shells on Windows write them: a byte order mark, CRLF, UTF-16 from PowerShell 5."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.errors import ConfigError
from sitepub.site.detect.frameworks import detect
from sitepub.site.ignore import IgnoreRules
from sitepub.site.rules.defaults import IGNORE_FILE
from sitepub.tencent.account.credentials import find_credentials

SITE = """\
component: website
name: site
inputs:
  src:
    src: ./
    dist: ./public
    hook: |
      echo one
      echo two
    exclude:
      - drafts/
  region: ${env:REGION}
  redirectRules:
    - condition: {keyPrefixEquals: 旧/}
      redirect: {replaceKeyPrefixWith: 新/}
"""
DOTENV = 'REGION=ap-shanghai\nTITLE="中文\nzwei"\n# remark\nTOKEN=\'a b\'\n'
WRITINGS: dict[str, Callable[[str], bytes]] = {
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "both": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "no line end": lambda text: text.rstrip("\n").replace("\n", "\r\n").encode(),
    "Ctrl-Z": lambda text: text.replace("\n", "\r\n").encode() + b"\r\n\r\n",
}
UTF_16 = {"little endian": "utf-16-le", "big endian": "utf-16-be"}


def utf16(text: str, codec: str) -> bytes:
    return ("\ufeff" + text.replace("\n", "\r\n")).encode(codec)


def loaded(folder: Path, site: bytes, dotenv: bytes) -> Project:
    folder.mkdir()
    (folder / "serverless.yml").write_bytes(site)
    (folder / ".env").write_bytes(dotenv)
    return load_project(folder / "serverless.yml", environ={})


def read(project: Project) -> object:
    return (project.name, project.region, project.source.hook and project.source.hook.split(), project.source.exclude,
            project.website.redirect_rules)


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=list(WRITINGS))
def test_settings_are_read_as_if_linux_had_written_them(tmp_path: Path, writing: Callable[[str], bytes]) -> None:
    plain = loaded(tmp_path / "plain", SITE.encode(), DOTENV.encode())
    windows = loaded(tmp_path / "windows", writing(SITE), writing(DOTENV))
    assert read(windows) == read(plain)
    assert windows.region == "ap-shanghai"
    assert not windows.warnings


@pytest.mark.parametrize("codec", UTF_16.values(), ids=list(UTF_16))
@pytest.mark.parametrize("name", ["serverless.yml", ".env"])
def test_settings_in_utf_16_are_refused_with_what_to_do(tmp_path: Path, name: str, codec: str) -> None:
    files = {"serverless.yml": SITE.encode(), ".env": DOTENV.encode()}
    files[name] = utf16(files[name].decode(), codec)
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path / "p", files["serverless.yml"], files[".env"])
    problem = raised.value.problems[0]
    assert "UTF-16" in problem.message
    assert problem.position is not None
    assert problem.position.file.endswith(name)
    assert "-Encoding utf8" in (problem.hint or "")


@pytest.mark.parametrize("writing", [*WRITINGS.values(), *(lambda text, codec=codec: utf16(text, codec)
                                                           for codec in UTF_16.values())],
                         ids=[*WRITINGS, *UTF_16])
def test_patterns_and_keys(tmp_path: Path, writing: Callable[[str], bytes]) -> None:
    project = loaded(tmp_path / "p", SITE.encode(), DOTENV.encode())
    (project.root / IGNORE_FILE).write_bytes(writing("# remark\n*.psd\n草稿/\n!keep.psd\n"))
    rules = IgnoreRules(project, project.root)
    assert [rules.said(path) for path in ("a.psd", "草稿/", "keep.psd", "index.html")] == [True, True, False, None]

    home = tmp_path / "home"
    (home / ".tencentcloud").mkdir(parents=True)
    pair = "[default]\nsecret_id = AKIDexample\nsecret_key = not-a-real-key\n"
    (home / ".tencentcloud" / "credentials").write_bytes(writing(pair))
    environ = {"HOME": str(home), "USERPROFILE": str(home), "SITEPUB_HOME": str(tmp_path / "own")}
    found = find_credentials(profile=None, environ=environ, dotenv={})
    assert (found.secret_id, found.secret_key) == ("AKIDexample", "not-a-real-key")

    (home / ".tencentcloud" / "credentials").unlink()
    (home / ".tccli").mkdir()
    pair = json.dumps({"secretId": "AKIDother", "secretKey": "not-a-real-key"}, indent=2) + "\n"
    (home / ".tccli" / "default.credential").write_bytes(writing(pair))
    assert find_credentials(profile=None, environ=environ, dotenv={}).secret_id == "AKIDother"


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=list(WRITINGS))
@pytest.mark.parametrize("tool", ["Hexo", "Vite", "MkDocs"])
def test_projects_are_recognised(tmp_path: Path, tool: str, writing: Callable[[str], bytes]) -> None:
    files = {
        "Hexo": {"package.json": json.dumps({"dependencies": {"hexo": "^8.0.0"}}, indent=2) + "\n",
                 "_config.yml": "title: 博客\npublic_dir: out\nurl: https://example.com\n"},
        "Vite": {"package.json": json.dumps({"scripts": {"build": "vite build"},
                                             "devDependencies": {"vite": "^7.0.0"}}, indent=2) + "\n",
                 "vite.config.js": "export default {\n  build: {\n    outDir: 'out',\n  },\n}\n",
                 "index.html": "<p>\n"},
        "MkDocs": {"mkdocs.yml": "site_name: 文档\nsite_dir: out\n", "docs/index.md": "# a\n"},
    }[tool]
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(writing(text))
    found = detect(tmp_path)
    assert found is not None
    assert (found.id, found.dist) == (tool.lower(), "out")
