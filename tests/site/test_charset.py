"""The announced charset: UTF-8 only where it is true."""

from __future__ import annotations

import gzip
import time
from functools import partial
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.charset import UNKNOWN, UTF8, CharsetReader, charset_of, charset_of_packed, is_text, with_charset
from sitepub.site.content_types import ANNOUNCED
from tests.site.sample import project, write
from tests.site.test_scan import scanned

CHINESE = ["你好", "欢迎光临", "关于我们", "北京市朝阳区建国路88号", "公司简介", "姓名,年龄\n张三,28", "下载中心",
           "今天天气很好，我们去公园散步吧。", "版权所有 粤ICP备12345678号"]
TRADITIONAL = ["歡迎光臨", "關於我們", "今天天氣很好，我們去公園散步吧。"]
JAPANESE = ["こんにちは", "お問い合わせ", "今日は天気がいいので公園を散歩しましょう。"]
KOREAN = ["안녕하세요", "회사 소개", "오늘은 날씨가 좋아서 공원을 산책합시다."]
RUSSIAN = ["Привет", "О компании", "Сегодня хорошая погода, пойдем в парк"]
GUESSED = [(text, python, label) for texts, python, label in (
    (CHINESE, "gbk", "gb18030"), (TRADITIONAL, "big5", "big5"), (JAPANESE, "shift_jis", "shift_jis"),
    (JAPANESE, "euc_jp", "euc-jp"), (KOREAN, "euc_kr", "euc-kr"), (RUSSIAN, "cp1251", "windows-1251"),
    (RUSSIAN, "koi8_r", "koi8-r")) for text in texts]

packed = partial(gzip.compress, mtime=0)
"""Without the time: these bytes stand in the names of tests, and every worker must find the same."""


@pytest.mark.parametrize(("text", "python", "label"), GUESSED)
def test_bytes_alone_tell_the_encoding(text: str, python: str, label: str) -> None:
    for content in (text, f"<html><body><h1>{text}</h1></body></html>", f"title: {text}\n" * 20):
        assert charset_of(content.encode(python)) == label


@pytest.mark.parametrize(("content", "expected"), [
    ('<meta charset="gbk"><p>你好'.encode("gbk"), "gbk"),
    ("<META http-equiv=Content-Type content='text/html; charset=GB2312'><p>你好".encode("gbk"), "gb2312"),
    ('<?xml version="1.0" encoding="Big5"?><rss>歡迎</rss>'.encode("big5"), "big5"),
    ('@charset "shift_jis";a:before{content:"日本"}'.encode("shift_jis"), "shift_jis"),
    ('<meta charset="iso-8859-1"><p>Größe'.encode("latin-1"), "iso-8859-1"),
    ('<meta charset="windows-1250"><p>Zażółć'.encode("cp1250"), "windows-1250"),
    ('<meta charset="iso-2022-jp"><p>日本'.encode("iso-2022-jp"), "iso-2022-jp"),
    # A declaration that is wrong: the bytes decide.
    ('<meta charset="utf-8"><title>欢迎光临我们的网站</title>'.encode("gbk"), "gb18030"),
    ('<meta charset="gbk"><p>你好'.encode(), UTF8),
    ('<meta charset="no-such-thing"><title>欢迎光临我们的网站</title>'.encode("gbk"), "gb18030"),
    ("你好".encode("utf-16"), "utf-16le"), ("\ufeff你好".encode("utf-16-be"), "utf-16be"),
    (b"\xef\xbb\xbfa", UTF8), (b"", UTF8), (b"plain", UTF8), ("é 你好 👍".encode(), UTF8),
    ("Größe".encode("latin-1"), UNKNOWN), (b"\xff\x00\x80binary\x00", UNKNOWN), (b"caf\xe9", UNKNOWN),
    (b"\x1b[31mred\x1b[0m", UTF8),
    # UTF-8 with something wrong in it is nothing else.
    ("<meta charset=utf-8><p>欢迎光临我们的网站".encode() + b"\xff", UNKNOWN),
    ("欢迎光临我们的网站".encode()[:-1], UNKNOWN),
    (b"\xef\xbb\xbf" + "<meta charset=gbk><p>欢迎光临我们的网站".encode() + b"\x80", UNKNOWN),
    ("欢迎光临我们的网站，这里有最新的产品信息。".encode() * 9 + "联系".encode("gbk"), UNKNOWN),
    # A declaration in a comment is none.
    ("<!-- <meta charset=big5> --><meta charset=gbk><p>你好".encode("gbk"), "gbk"),
    ("<!-- <meta charset=iso-8859-1> --><title>欢迎光临我们的网站</title>".encode("gbk"), "gb18030"),
])
def test_the_file_says_what_it_is(content: bytes, expected: str) -> None:
    assert charset_of(content) == expected


@pytest.mark.parametrize("label", [
    "rot13", "base64", "hex", "zip", "bz2", "uu", "quopri", "idna", "punycode", "unicode_escape", "raw_unicode_escape",
    "undefined", "mbcs", "utf_8_sig", "cp65001", "cp437", "utf-7", "utf-32", "hz-gb-2312", "replacement", "x-foo", "u8",
])
def test_a_label_that_no_browser_knows_is_no_declaration(label: str) -> None:
    """Python knows some of them: codecs that take no bytes, that unpack, or that fail on everything."""
    page = f'<meta charset="{label}"><title>欢迎光临我们的网站，这里有最新的产品信息</title>'
    assert charset_of(page.encode("gbk")) == "gb18030"
    assert charset_of(page.encode()) == UTF8


@pytest.mark.parametrize(("label", "codec", "text"), [
    ("windows-874", "cp874", "ยินดีต้อนรับ"), ("tis-620", "cp874", "ยินดีต้อนรับ"),
    ("iso-8859-8-i", "iso8859_8", "ברוכים הבאים"),
    ("windows-31j", "cp932", "日本語"), ("x-sjis", "cp932", "日本語"), ("ks_c_5601-1987", "cp949", "환영합니다"),
    ("x-gbk", "gbk", "你好"), ("gb2312", "gb18030", "朱镕基"), ("iso_8859-1:1987", "latin-1", "Größe"),
    ("x-cp1251", "cp1251", "Привет"), ("koi8-u", "koi8_u", "Привіт"), ("iso88592", "iso8859_2", "Zażółć"),
    ("windows-1252", "cp1252", "déjà “vu”"), ("l9", "iso8859_15", "10 €"), ("macintosh", "mac_roman", "Größe"),
])
def test_every_label_of_browsers_is_known(label: str, codec: str, text: str) -> None:
    assert charset_of(f'<meta charset="{label}"><p>{text}'.encode(codec)) == label


@given(st.text(), st.integers(1, 7))
def test_utf8_is_known_however_it_is_cut_into_blocks(text: str, size: int) -> None:
    content = text.encode("utf-8", "ignore")
    reader = CharsetReader()
    for start in range(0, len(content), size):
        reader.feed(content[start:start + size], more=start + size < len(content))
    assert reader.charset == UTF8


@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    answer = charset_of(content)
    assert answer in (UTF8, UNKNOWN) or b"\n" not in answer.encode()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        assert answer != UTF8


@pytest.mark.parametrize(("kind", "charset", "expected"), [
    ("text/html; charset=utf-8", UTF8, "text/html; charset=utf-8"),
    ("text/html; charset=utf-8", "gbk", "text/html; charset=gbk"),
    ("text/csv; charset=utf-8", UNKNOWN, "text/csv"), ("image/png", "gbk", "image/png"),
])
def test_the_type_names_it(kind: str, charset: str, expected: str) -> None:
    assert with_charset(kind, charset) == expected


def test_a_site_in_gbk_is_announced_as_that_also_from_the_cache(tmp_path: Path) -> None:
    folder = write(tmp_path / "site", {
        "index.html": '<meta charset="gbk"><title>公司简介</title>'.encode("gbk"),
        "data.csv": "姓名,城市\n张三,深圳".encode("gbk"),
        "feed.xml": '<?xml version="1.0" encoding="gb2312"?><rss><title>新闻中心</title></rss>'.encode("gbk"),
        "readme.txt": "说明：请先阅读".encode("gbk"), "utf8.html": "你好", "photo.jpg": b"\xff\xd8\xff",
        "old.txt": "Größe".encode("latin-1"), "LICENSE": "版权所有，保留一切权利。".encode("gbk"),
        "long.html": b"<p>" + "欢迎光临我们的网站。".encode("gbk") * 80_000})
    expected = {
        "index.html": "text/html; charset=gbk", "data.csv": "text/csv; charset=gb18030",
        "feed.xml": "application/rss+xml; charset=gb2312", "readme.txt": "text/plain; charset=gb18030",
        "utf8.html": "text/html; charset=utf-8", "photo.jpg": "image/jpeg", "old.txt": "text/plain",
        "LICENSE": "text/plain; charset=gb18030", "long.html": "text/html; charset=gb18030"}
    for _ in range(2):
        snapshot = scanned(folder, cache=tmp_path / "cache")
        assert {file.key: file.headers["Content-Type"] for file in snapshot} == expected


@pytest.mark.parametrize("extension", sorted(ANNOUNCED))
def test_no_text_is_announced_as_utf8_without_a_look(extension: str) -> None:
    assert is_text(f"a.{extension}") and is_text(f"A.{extension.upper()}")


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("run.sh", "# 公司简介 欢迎光临我们的网站".encode("gbk"), "application/x-sh; charset=gb18030"),
    ("scene.gltf", '{"a": "公司简介 欢迎光临"}'.encode("gbk"), "model/gltf+json; charset=gb18030"),
    ("lyrics.lrc", "[00:01]欢迎光临我们的网站".encode("gbk"), "text/plain; charset=gb18030"),
    ("old.html.gz", packed('<meta charset="gbk">公司简介'.encode("gbk")), "text/html; charset=gbk"),
    ("app.js.gz", packed("alert('公司简介欢迎光临')".encode("gbk")), "text/javascript; charset=gb18030"),
    ("app.mjs.gz", packed("alert('公司简介')".encode()), "text/javascript; charset=utf-8"),
    ("logo.svgz", packed('<?xml version="1.0" encoding="iso-8859-1"?><svg>é</svg>'.encode("latin-1")),
     "image/svg+xml; charset=iso-8859-1"),
    ("plain.svgz", '<?xml version="1.0" encoding="gb2312"?><svg>中</svg>'.encode("gbk"),
     "image/svg+xml; charset=gb2312"),
    ("large.css.gz", packed("/* 欢迎光临我们的网站 */\n".encode("gbk") * 60_000), "text/css; charset=gb18030"),
    ("broken.css.gz", packed("/* 欢迎光临我们 */".encode("gbk"))[:20] + b"\0" * 9, "text/css; charset=utf-8"),
    ("old.html.br", brotli.compress('<meta charset="gbk">公司简介'.encode("gbk")), "text/html; charset=gbk"),
    ("app.JS.BR", brotli.compress("alert('公司简介欢迎光临')".encode("gbk")), "text/javascript; charset=gb18030"),
    ("app.mjs.br", brotli.compress("alert('公司简介')".encode()), "text/javascript; charset=utf-8"),
    ("logo.svg.br", brotli.compress('<?xml version="1.0" encoding="big5"?><svg>中</svg>'.encode("big5")),
     "image/svg+xml; charset=big5"),
    ("large.css.br", brotli.compress("/* 欢迎光临我们的网站 */\n".encode("gbk") * 60_000), "text/css; charset=gb18030"),
    ("broken.css.br", b"/* no Brotli */", "text/css; charset=utf-8"), ("empty.css.br", b"", "text/css; charset=utf-8"),
    ("game.wasm.br", brotli.compress("公司简介".encode("gbk")), "application/wasm"),
    ("backup.sql.gz", packed("欢迎光临我们的网站".encode("gbk")), "application/gzip"),
])
def test_every_text_is_looked_into_packed_ones_too(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    folder = write(tmp_path / "site", {"index.html": "x", name: content})
    for _ in range(2):
        assert scanned(folder, cache=tmp_path / "cache").files[name].headers["Content-Type"] == expected


def test_a_packed_file_that_unpacks_to_very_much_is_not_unpacked_whole() -> None:
    assert charset_of_packed(packed(b"a" * 40_000_000), "a.js.gz") == UTF8
    bomb = brotli.compress(b"a" * 400_000_000, quality=5)
    before = time.process_time()
    assert charset_of_packed(bomb, "a.js.br") == UTF8
    assert time.process_time() - before < 0.2


def test_the_project_has_the_last_word(tmp_path: Path) -> None:
    from sitepub.config.bucket_settings import HeaderRule

    folder = write(tmp_path, {"a.txt": "你好".encode("gbk")})
    rule = HeaderRule("*.txt", {"Content-Type": "text/plain; charset=big5"})
    assert project(folder, headers=(rule,)).headers == (rule,)
    assert scanned(folder, headers=(rule,)).files["a.txt"].headers["Content-Type"] == "text/plain; charset=big5"
