"""The character encoding of text files. What the header says wins over what a page says of itself (WHATWG Encoding
Standard, "decode"), so a GBK page that is announced as UTF-8 is garbled.

Bytes that are valid UTF-8 are UTF-8, with a few that are damaged nothing else. Of the others, a byte order mark
decides, then the file's own declaration if browsers know it and the bytes fit it, then a guess for the encodings of
East Asia and Cyrillic, which chardet distinguishes by a few words (the European ones it does not); else nothing is
announced, and the browser looks for itself.
"""

from __future__ import annotations

import codecs
import re
import zlib

from sitepub.site.content_types import ANNOUNCED

UTF8 = ""
"""The verdict for almost every file."""
UNKNOWN = "?"
"""Neither UTF-8 nor anything that can be named."""

_HEAD = 1024
"""Bytes that a browser searches for a declaration (HTML, "prescan a byte stream to determine its encoding")."""
_SAMPLE = 128 * 1024
"""Bytes that a guess is made from."""
_GZIP = b"\x1f\x8b"
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})
    | ^<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,40})
    | ^@charset\ "([\w.:-]{2,40})";""", re.IGNORECASE | re.VERBOSE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
"""One that is not closed goes to the end of what a browser reads."""
_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "gb18030": "gb18030 chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601"
             " windows-949",
    "cp866": "866 cp866 csibm866 ibm866",
    "koi8_r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8_u": "koi8-ru koi8-u",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "iso8859_2": "csisolatin2 iso-ir-101 l2 latin2 iso_8859-2:1987",
    "iso8859_3": "csisolatin3 iso-ir-109 l3 latin3 iso_8859-3:1988",
    "iso8859_4": "csisolatin4 iso-ir-110 l4 latin4 iso_8859-4:1988",
    "iso8859_5": "csisolatincyrillic cyrillic iso-ir-144 iso_8859-5:1988",
    "iso8859_6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i"
                 " iso-ir-127 iso_8859-6:1987",
    "iso8859_7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso_8859-7:1987 sun_eu_greek",
    "iso8859_8": "csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso_8859-8:1988 visual csiso88598i"
                 " iso-8859-8-i logical",
    "iso8859_10": "csisolatin6 iso-ir-157 l6 latin6",
    "iso8859_15": "csisolatin9 l9",
    "cp1254": "csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5",
    "latin_1": "ansi_x3.4-1968 cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1"
               " iso_8859-1:1987 l1 latin1 windows-1252 x-cp1252",
    **{f"iso8859_{number}": "" for number in (13, 14, 16)},
    **{f"cp{number}": "" for number in (1250, 1251, 1253, 1255, 1256, 1257, 1258)}}
"""Python's codecs → the labels that browsers know (Encoding Standard, "names and labels"). windows-1252 gives every
byte a meaning there, as latin_1 does here; GBK is read as GB18030."""
_STATEFUL = "iso-2022-jp"
"""Written in bytes of ASCII only: valid UTF-8, and not meant as that. The one of its kind that browsers read."""
_FOREIGN = re.compile(rb"(?:[\x80-\xff][\x40-\x7e\x80-\xff]?)+")
"""Runs of letters beyond ASCII; the second byte of a Chinese or Japanese one may be ASCII."""
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_BEYOND_ASCII = bytes(range(128, 256))
_ASCII = bytes(range(128))
_GUESSED = {"gb18030": "gb18030", "gbk": "gbk", "gb2312": "gb2312", "big5": "big5", "big5-hkscs": "big5",
            "cp932": "shift_jis", "shift_jis": "shift_jis", "shift-jis": "shift_jis", "euc-jp": "euc-jp",
            "cp949": "euc-kr", "euc-kr": "euc-kr", "windows-1251": "windows-1251", "koi8-r": "koi8-r"}
"""chardet's names → labels of the WHATWG Encoding Standard."""


def _codecs() -> dict[str, str]:
    """Label → Python's codec, those among them that follow from the codec's number."""
    found = {}
    for codec, labels in _LABELS.items():
        number = codec.removeprefix("iso8859_").removeprefix("cp125")
        if codec.startswith("iso8859_"):
            labels += f" iso-8859-{number} iso8859-{number} iso8859{number} iso_8859-{number}"
        elif codec.startswith("cp125"):
            labels += f" cp125{number} windows-125{number} x-cp125{number}"
        found.update(dict.fromkeys(labels.split(), codec))
    return found


_CODECS = _codecs()


def is_text(name: str) -> bool:
    """Is a file of this name served with a charset?"""
    return "." not in name or name.rpartition(".")[2].lower() in ANNOUNCED


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


def is_packed_text(name: str) -> bool:
    """Is this text in a file that a browser unpacks by itself (``page.html.gz``, ``app.js.br``, ``logo.svgz``)? Not for
    Zstandard: Python before 3.14 cannot read it, and no build tool writes such files of texts that are no UTF-8."""
    stem, _, extension = name.rpartition(".")
    return extension.lower() == "svgz" or (extension.lower() in ("gz", "br") and "." in stem and is_text(stem))


def charset_of_packed(block: bytes, name: str) -> str:
    """The encoding of the text in the file ``name``, packed with gzip or Brotli, that begins with ``block``; one that
    is not packed with gzip counts as the text itself."""
    if name.lower().endswith(".br"):
        sample = _unpacked_brotli(block)
    elif block.startswith(_GZIP):
        try:
            sample = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(block, _SAMPLE)
        except zlib.error:
            return UTF8  # damaged: no browser shows it whatever its header says
    else:
        sample = block
    reader = CharsetReader()
    reader.feed(sample, more=True)
    return reader.charset


def _unpacked_brotli(block: bytes) -> bytes:
    """The beginning, or nothing of a file that is damaged."""
    import brotli

    try:
        return bytes(brotli.Decompressor().process(block, output_buffer_limit=_SAMPLE))
    except brotli.error:
        return b""


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
    if _is_damaged_utf8(sample, declared=declared == "utf-8" or sample.startswith(codecs.BOM_UTF8)):
        return UNKNOWN
    if declared not in (None, "utf-8") and _fits(sample, declared):
        return declared
    return _guess(sample)


def _declared(sample: bytes) -> str | None:
    """The label that the file gives itself, if browsers know it; ``utf-8`` in one spelling."""
    found = _DECLARED.search(_COMMENT.sub(b"", sample[:_HEAD]))
    if found is None:
        return None
    label = next(group for group in found.groups() if group).decode("ascii", "replace").lower()
    codec = _CODECS.get(label)
    return codec if codec in (None, "utf-8") else label


def _fits(sample: bytes, label: str) -> bool:
    try:
        codecs.getincrementaldecoder(_CODECS[label])("strict").decode(sample, len(sample) < _SAMPLE)
    except UnicodeError:
        return False
    return True


def _is_damaged_utf8(sample: bytes, *, declared: bool) -> bool:
    """UTF-8 with a few bytes that are wrong (cut in the middle of a character, a line from elsewhere)? Any other name
    would garble all of it, and its own declaration is read when none is announced. Other encodings make few valid
    sequences by chance."""
    beyond = len(sample.translate(None, _ASCII))
    wrong = len(sample) - len(sample.decode("utf-8", "ignore").encode())
    return beyond - wrong > (0.5 if declared else 0.9) * beyond


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
