"""What a program prints on a console that is not UTF-8, read with the console's code page."""

from __future__ import annotations

import pytest

from sitepub.site.build.console import of_code_pages, of_names, other_encoding
from sitepub.site.build.lines import LineSplitter


def shown(data: bytes, other: str) -> list[str]:
    lines: list[str] = []
    splitter = LineSplitter(lines.append, other=other)
    for number in range(len(data)):
        splitter.feed(data[number:number + 1])
    splitter.end()
    return lines


@pytest.mark.parametrize(("console", "ansi", "codec"), [
    (936, "cp936", "gb18030"), (950, "cp950", "cp950"), (932, "cp932", "cp932"), (949, "cp949", "cp949"),
    (437, "cp1252", "cp437"), (850, "cp1252", "cp850"), (1252, "cp1252", "cp1252"), (866, "cp1251", "cp866"),
    (65001, "cp936", "gb18030"),  # chcp 65001: programs that ask for the ANSI code page still print GBK
    (65001, "cp1252", "cp1252"), (0, "cp950", "cp950"), (0, "utf-8", "gb18030"), (54936, "cp936", "gb18030"),
    (99999, "cp932", "cp932"),
])
def test_the_code_page_of_a_windows_console(console: int, ansi: str, codec: str) -> None:
    assert of_code_pages(console, ansi) == codec


@pytest.mark.parametrize(("name", "codec"), [
    ("UTF-8", "gb18030"), ("ANSI_X3.4-1968", "gb18030"), ("GBK", "gb18030"), ("GB2312", "gb18030"),
    ("BIG5", "big5"), ("eucJP", "euc_jp"), ("EUC-KR", "euc_kr"), ("ISO-8859-1", "iso8859-1"), ("", "gb18030"),
    ("no-such-encoding", "gb18030"),
])
def test_the_encoding_of_a_locale(name: str, codec: str) -> None:
    assert of_names(name) == codec


@pytest.mark.parametrize(("text", "codec"), [
    ("INFO  生成完毕：首页", "gb18030"), ("錯誤：找不到檔案", "cp950"), ("エラー: ファイルがありません", "cp932"),
    ("오류: 파일을 찾을 수 없습니다", "cp949"), ("Fehler: Datei für „Größe“ fehlt", "cp1252"), ("Größe", "cp850"),
    ("Ошибка: файл не найден", "cp866"), ("Ошибка", "cp1251"), ("Σφάλμα", "cp1253"), ("erreur à l'étape é", "cp1252"),
])
def test_a_build_speaks_its_own_code_page(text: str, codec: str) -> None:
    """Between lines in UTF-8, and byte by byte."""
    data = f"{text}\n".encode(codec) + "完成 ✓\n".encode() + f"{text}\r\n".encode(codec)
    assert shown(data, codec) == [text, "完成 ✓", text]


def test_bytes_that_no_encoding_knows_are_shown_as_such() -> None:
    assert shown(b"a\xff\xff\n", "gb18030") == ["a\ufffd\ufffd"]


def test_this_computer_has_one() -> None:
    assert b"x".decode(other_encoding()) == "x"
