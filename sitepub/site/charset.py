"""The character encoding of text files. What the header says wins over what a page says of itself (WHATWG Encoding
Standard, "decode"), so a GBK page that is announced as UTF-8 is garbled.

Bytes that are valid UTF-8 are UTF-8. Of the others, a byte order mark decides, then the file's own declaration if the
bytes fit it, then a guess for the encodings of East Asia and Cyrillic, which chardet tells apart in a few words (the
European ones it does not); else nothing is announced, and the browser looks for itself.
"""

from __future__ import annotations

import codecs
import re

UTF8 = ""
"""The verdict for almost every file."""
UNKNOWN = "?"
"""Neither UTF-8 nor anything that can be named."""

_TEXT = frozenset({
    "html", "htm", "xhtml", "xht", "css", "js", "mjs", "cjs", "txt", "text", "log", "conf", "ini", "cfg", "toml",
    "diff", "patch", "properties", "md", "markdown", "csv", "tsv", "yaml", "yml", "ics", "ifb", "vcf", "vcard", "vtt",
    "appcache", "htc", "json", "map", "json5", "xml", "xsd", "rng", "xsl", "xslt", "atom", "rss", "osdx", "kml", "gpx",
    "srt", "svg", "webmanifest", "jsonld", "geojson", "topojson", "ndjson", "jsonl", "jsonfeed"})
"""Extensions whose type is announced with a charset; see ``content_types``."""
_HEAD = 1024
"""Bytes that a browser searches for a declaration (HTML, "prescan a byte stream to determine its encoding")."""
_SAMPLE = 128 * 1024
"""Bytes that a guess is made from."""
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})
    | ^<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,40})
    | ^@charset\ "([\w.:-]{2,40})";""", re.IGNORECASE | re.VERBOSE)
_STATEFUL = "iso-2022-jp"
"""Written in bytes of ASCII only: valid UTF-8, and not meant as that. The one of its kind that browsers read."""
_FOREIGN = re.compile(rb"(?:[\x80-\xff][\x40-\x7e\x80-\xff]?)+")
"""Runs of letters beyond ASCII; the second byte of a Chinese or Japanese one may be ASCII."""
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_BEYOND_ASCII = bytes(range(128, 256))
_GUESSED = {"gb18030": "gb18030", "gbk": "gbk", "gb2312": "gb2312", "big5": "big5", "big5-hkscs": "big5",
            "cp932": "shift_jis", "shift_jis": "shift_jis", "shift-jis": "shift_jis", "euc-jp": "euc-jp",
            "cp949": "euc-kr", "euc-kr": "euc-kr", "windows-1251": "windows-1251", "koi8-r": "koi8-r"}
"""chardet's names → labels of the WHATWG Encoding Standard."""


def is_text(name: str) -> bool:
    """Is a file of this name served with a charset?"""
    return "." not in name or name.rpartition(".")[2].lower() in _TEXT


class CharsetReader:
    """Finds the encoding of one text file while it is read, block by block."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._head = b""
        self._valid = True
        self._ascii = True

    def feed(self, block: bytes, *, more: bool) -> None:
        if len(self._head) < _SAMPLE:
            self._head += block[:_SAMPLE - len(self._head)]
        if self._ascii and block.isascii():
            return
        self._ascii = False
        if self._valid:
            try:
                self._decode(block, not more)
            except UnicodeDecodeError:
                self._valid = False

    @property
    def charset(self) -> str:
        """``UTF8``, ``UNKNOWN``, or a label such as ``gbk``."""
        if self._valid:
            stateful = self._ascii and b"\x1b" in self._head and _declared(self._head) == _STATEFUL
            return _STATEFUL if stateful else UTF8
        return _other_than_utf8(self._head)


def charset_of(content: bytes) -> str:
    """The encoding of a whole file."""
    if content.isascii() and b"\x1b" not in content:
        return UTF8
    reader = CharsetReader()
    reader.feed(content, more=False)
    return reader.charset


def with_charset(kind: str, charset: str) -> str:
    """``text/html; charset=utf-8`` with another charset, or none."""
    if charset == UTF8 or not kind.endswith("; charset=utf-8"):
        return kind
    bare = kind.removesuffix("; charset=utf-8")
    return bare if charset == UNKNOWN else f"{bare}; charset={charset}"


def _other_than_utf8(sample: bytes) -> str:
    for mark, label in _BOMS:
        if sample.startswith(mark):
            return label
    if b"\0" in sample:
        return UNKNOWN  # not text, or UTF-16 that does not say so
    declared = _declared(sample)
    if declared is not None and _fits(sample, declared):
        return declared
    return _guess(sample)


def _declared(sample: bytes) -> str | None:
    found = _DECLARED.search(sample[:_HEAD])
    if found is None:
        return None
    label = next(group for group in found.groups() if group).decode("ascii", "replace").lower()
    try:
        return None if codecs.lookup(label).name in ("utf-8", "ascii", "utf-16", "utf-7") else label
    except LookupError:
        return None


def _fits(sample: bytes, label: str) -> bool:
    try:
        codecs.getincrementaldecoder(label)("strict").decode(sample, len(sample) < _SAMPLE)
    except (UnicodeError, LookupError):
        return False
    return True


def _is_western(sample: bytes) -> bool:
    """Are most words with a letter beyond ASCII made of ASCII letters else? "Größe" is, and no word of Chinese."""
    words = [word for word in _WORD.findall(sample) if not word.isascii()]
    western = sum(2 * len(word.translate(None, _BEYOND_ASCII)) >= len(word) for word in words)
    return 2 * western > len(words)


def _guess(sample: bytes) -> str:
    if _is_western(sample):
        return UNKNOWN
    import chardet

    # Markup and repetition drown the few words that tell: each run of letters that are not ASCII counts once.
    words = b"\n".join(dict.fromkeys(_FOREIGN.findall(sample)))
    try:
        said = chardet.detect(words, encoding_era=chardet.EncodingEra.MODERN_WEB)["encoding"] or ""
    except UnicodeError:  # not documented; a guess is not worth a failure
        return UNKNOWN
    label = _GUESSED.get(said.lower())
    return label if label is not None and _fits(sample, label) else UNKNOWN
