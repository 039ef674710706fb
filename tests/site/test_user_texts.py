"""Files that users write in editors of Windows and with Chinese input methods: what is wrong is said at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.errors import ConfigError, Problem, SiteError
from sitepub.site.address_rules.rule_files import RuleFiles
from sitepub.site.headers import HeaderBook
from sitepub.site.ignore import IgnoreRules
from sitepub.site.rules.defaults import IGNORE_FILE
from tests.config.loading import load, site

FILES = [IGNORE_FILE, "_headers", "_redirects"]
TEXTS = {IGNORE_FILE: "笔记.txt\n", "_headers": "/*\n  x-cos-meta-a: 笔记\n", "_redirects": "/笔记 /b 301\n"}


def read(folder: Path, name: str, data: bytes, inputs: str = "") -> list[Problem]:
    """The problems of a site with this file."""
    project = load(folder, site(inputs))
    (folder / "public").mkdir(exist_ok=True)
    (folder / ("public" if name.startswith("_") else ".") / name).write_bytes(data)
    try:
        IgnoreRules(project, folder / "public") if name == IGNORE_FILE else RuleFiles.read(project, folder / "public")
    except (ConfigError, SiteError) as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("before", "place"), [("", 1), ("# 一\n", 2)])
def test_a_file_in_gbk_is_named_with_the_byte(name: str, before: str, place: int, tmp_path: Path) -> None:
    data = before.encode() + TEXTS[name].encode("gbk")
    found = read(tmp_path, name, data)[0]
    assert "is not UTF-8" in found.message and "0x" in found.message
    assert found.position is not None and (found.position.line or 0) >= place
    assert found.hint is not None and "Save the file as UTF-8" in found.hint


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_editors_of_windows_write_is_read(name: str, encoding: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, TEXTS[name].replace("\n", "\r\n").encode(encoding)) == []


@pytest.mark.parametrize("name", FILES)
def test_half_a_file_in_utf_16_is_named(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, name, TEXTS[name].encode("utf-16")[:-1])[0]
    assert "UTF-16" in found.message and "UTF-8" in (found.hint or "")


@pytest.mark.parametrize(("name", "text", "char"), [
    ("_headers", "/*\n  Cache-Control： no-cache\n", "U+FF1A"),
    ("_headers", "／*\n  Cache-Control: no-cache\n", "U+FF0F"),
    ("_headers", "＃ note\n/*\n  Cache-Control: no-cache\n", "U+FF03"), ("_redirects", "＃ note\n/a /b\n", "U+FF03"),
    ("_redirects", "／a /b 301\n", "U+FF0F"), ("_headers", "/*\n　Cache-Control：no-cache\n", "U+FF1A"),
])
def test_full_width_punctuation_is_named(name: str, text: str, char: str, tmp_path: Path) -> None:
    assert char in (read(tmp_path, name, text.encode())[0].hint or "")


@pytest.mark.parametrize("pattern", ["drafts\\\\", "a\\\\b\\\\", "*.{map,md}\\\\"])
def test_folders_with_backslashes_are_answered_with_slashes(pattern: str, tmp_path: Path) -> None:
    found = read(tmp_path, IGNORE_FILE, pattern.replace("\\\\", "\\").encode() + b"\n")[0]
    assert "`/`" in (found.hint or "")
    headers = load(tmp_path, site(f'headers: [{{files: "{pattern}", set: {{Cache-Control: no-cache}}}}]')).headers
    with pytest.raises(ConfigError) as raised:
        HeaderBook(headers)
    assert "`/`" in (raised.value.problems[0].hint or "")
