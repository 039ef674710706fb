"""The search of files for keys, while they are read for their hashes.

One automaton looks for all anchors and all spellings of the account's own secrets at once, at several GB/s; only
where it finds an anchor is the form of the key compared. What is looked for depends on the file: pages and
scripts may show the beginning of a key, or hold a key that is meant for everybody; pictures and films are searched
for the account's own secrets alone.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from enum import Enum

from sitepub.leaks import archives, binary, pem
from sitepub.leaks.forms import ASSIGNMENTS, DATA, EVERYWHERE, FORMS, SETTINGS, assigned_at, form_at
from sitepub.leaks.names import named_secret
from sitepub.leaks.spellings import spellings

RULES = 2
"""Raised when the forms change: files that were found harmless before are searched again."""
OWN_SECRET = "your account's SecretKey or token"
_KEY_WORDS = b"PRIVATE KEY"
_SEAM = pem.LONGEST
"""Bytes on each side of the border of two blocks that are searched once more, together."""
_MOST_UNPACKED = 32 << 20
"""Bytes of a gzip file's content that are searched."""
_UNPACKED_AT_ONCE = 1 << 20
_GZIP = b"\x1f\x8b\x08"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SPECIAL = frozenset({b"\x1f", b"\xff", b"\xfe", b"P"}) | binary.FIRST_BYTES
"""First bytes of what is not read as it stands."""
NOTHING = False, ""
"""The answer for almost every file."""


class Kind(Enum):
    """What a file is, by its name: how much in it is suspicious."""

    MEDIA = "media"
    PAGES = "pages"
    """Pages, scripts, styles, prose."""
    DATA = "data"
    """Data and texts that may belong to pages: small ones (most are) are searched more closely."""
    SETTINGS = "settings"
    """Everything else: what programs read and visitors have no use for."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MEDIA = _words(
    "png jpg jpeg jpe gif webp avif apng bmp ico cur tif tiff heic jxl psd mp4 m4v webm mov mkv avi ogv mp3 "
    "m4a aac ogg oga opus wav flac woff woff2 ttf otf eot ttc wasm pdf zip 7z rar xz bz2 zst br tar exe msi "
    "dmg apk aab iso docx xlsx pptx epub glb bin")
_PAGES = _words(
    "html htm xhtml shtml md mdx markdown rst adoc asciidoc tex js mjs cjs jsx ts mts cts tsx vue svelte astro "
    "css scss sass less styl map svg rss atom xsl ejs pug njk hbs mustache liquid srt vtt")
_DATA = _words("txt text json jsonld json5 geojson topojson webmanifest xml csv tsv ipynb lrc ics vcf pub")
_SMALL = 64 * 1024
"""Bytes of a file of data that is searched as closely as one of settings."""
_ASSIGNING = _words(
    "ini cfg conf config env properties yaml yml toml tfvars tfstate cnf rc sh bash zsh bat ps1 py rb php pl "
    "credential credentials secret secrets bak old orig save backup")
_OLD = re.compile(r"\.(?:bak|old|orig|save|backup|copy|swp|tmp|[0-9])\d?\Z|~\Z|_bak\Z|_old\Z")


def kind_of(name: str) -> Kind:
    """``name``: the last part of the path."""
    stem, dot, extension = name.lower().removesuffix(".gz").rpartition(".")
    if not dot or not stem:
        # Pages may have no extension; settings without one have a name of their own and are caught by it.
        return Kind.SETTINGS if dot else Kind.DATA
    if extension in _PAGES:
        return Kind.PAGES
    if extension in _DATA:
        return Kind.DATA
    return Kind.MEDIA if extension in _MEDIA else Kind.SETTINGS


class SecretSearch:
    """What is looked for: the forms of keys, and the account's own ``secrets``. Made ready when first used."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = frozenset(secrets)
        in_order = sorted(self.secrets)
        self.marks = tuple(hashlib.blake2b(secret.encode(), digest_size=8).digest() for secret in in_order)
        """One short mark for each secret, to write down what a file was searched for. Says nothing of it."""
        self._nets: dict[tuple[Kind, bool], _Net] = {}
        self._of_ending: dict[str, tuple[_Net, _Net]] = {}
        """By the end of a name, its dot included: the nets for a small and for a large file. For most files of a
        site the answer takes a microsecond, and so must the question."""

    def whole(self, name: str, data: bytes) -> tuple[bool, str]:
        """A file that was read as a whole: see :class:`FileSearch` for the answer."""
        nets = self._of_ending.get(name[name.rfind("."):])
        if nets is None:
            nets = self._both(name)
        if data[:1] in _SPECIAL and (data[:3] == _GZIP or data[:2] in _UTF16 or binary.key_in(data)
                                     or data[:4] == archives.SIGNATURE):
            search = self.file(name)
            search.feed(data, more=False)
            return search.own, search.found
        net = nets[len(data) > _SMALL]
        return net.look(data, name, 1) if net.find is not None and net.find(data) else NOTHING

    def _both(self, name: str) -> tuple[_Net, _Net]:
        nets = self.net(name, small=True), self.net(name, small=False)
        dot = name.rfind(".")
        if dot > 0 and not name.endswith(".gz"):
            self._of_ending[name[dot:]] = nets
        return nets

    def file(self, name: str) -> FileSearch:
        """The search of one file with this name, block by block."""
        return FileSearch(self, name)

    def net(self, name: str, *, small: bool) -> _Net:
        kind = kind_of(name)
        small = small and kind is Kind.DATA
        found = self._nets.get((kind, small))
        if found is None:
            needles = sorted(set().union(*map(spellings, self.secrets)))
            found = self._nets.setdefault((kind, small), _Net(kind, small, needles))
        return found


class FileSearch:
    """Takes a file block by block. ``own``: it holds one of the account's secrets; ``found``: what else it
    holds, as a noun phrase, "" for nothing."""

    def __init__(self, search: SecretSearch, name: str, *, unpack: bool = True) -> None:
        self._search = search
        self._name = name
        self._net: _Net | None = None
        self._unpack = unpack
        self._carried = b""
        self._unpacker: _Gunzip | None = None
        self.own = False
        self.found = ""

    def feed(self, block: bytes, *, more: bool) -> None:
        """The next block; ``more``: another one may follow."""
        first = self._net is None
        if self._net is None:
            self._net = self._search.net(self._name, small=len(block) <= _SMALL and not more)
            self._add(False, binary.key_in(block) if block[:1] in binary.FIRST_BYTES else "")
            if self._unpack and block[:3] == _GZIP:
                self._unpacker = _Gunzip(FileSearch(self._search, self._name, unpack=False))
            elif self._unpack and block[:4] == archives.SIGNATURE and not more and len(block) <= archives.LARGEST:
                self._archive(block)
        if self._unpacker is not None:
            self._unpacker.feed(block)
            self._add(self._unpacker.search.own, self._unpacker.search.found)
            return
        if self._carried:
            self._add(*self._net.look(self._carried + block[:_SEAM], self._name))
        self._add(*self._net.look(block, self._name, 1 if first else 0))
        if first and block[:2] in _UTF16:
            self._add(*self._net.look(block.decode("utf-16", "replace").encode(), self._name, 1))
        self._carried = block[-_SEAM:] if more else b""

    def _archive(self, data: bytes) -> None:
        """Only of archives that are called so: documents and programs are packed in the same way."""
        if not self._name.lower().endswith(".zip"):
            return
        for path, content in archives.entries(data):
            name = path.rpartition("/")[2]
            inner = FileSearch(self._search, name, unpack=False)
            inner.feed(content, more=False)
            found = inner.found or named_secret(name) or ""
            self._add(inner.own, f"{found}, in {path!a} of the archive" if found else "")

    def _add(self, own: bool, found: str) -> None:
        self.own = self.own or own
        self.found = self.found or found


class _Net:
    """The automaton for one kind of files."""

    def __init__(self, kind: Kind, small: bool, needles: Sequence[bytes]) -> None:
        import ahocorasick_rs as aho

        self._settings = kind is Kind.SETTINGS
        self._media = kind is Kind.MEDIA
        most = SETTINGS if self._settings else DATA if small else EVERYWHERE
        forms = [form for form in FORMS if form.where <= most]
        words = [_KEY_WORDS, *(ASSIGNMENTS if self._settings else ())]
        # In media, too, where none counts: for a few patterns alone the library chooses a slower way.
        self._anchors = list(dict.fromkeys([*(form.anchor for form in forms), *words]))
        self._forms = [[form for form in forms if form.anchor == anchor] for anchor in self._anchors]
        self._needles = needles
        self._longest = max(map(len, needles), default=0)
        self._first_needle = len(self._anchors)
        # The kind of match that lets the library compare many bytes at once, and take the first pattern.
        self.find = aho.BytesAhoCorasick(
            [*self._anchors, *needles], matchkind=aho.MATCHKIND_LEFTMOST_FIRST, implementation=aho.Implementation.DFA
        ).find_matches_as_indexes if needles or not self._media else None

    def look(self, data: bytes, name: str, line: int = 0) -> tuple[bool, str]:
        """Does the data hold one of the needles, and what else does it hold? ``line``: the number of its first
        line, 0 for unknown."""
        if self.find is None or not (hits := self.find(data)):
            return NOTHING
        own, found = False, ""
        for number, start, end in hits:
            if number >= self._first_needle:
                own = True
                continue
            if not own and self._needles:
                # A needle that begins within the anchor is not reported.
                around = data[max(0, start - self._longest):end + self._longest]
                own = any(needle in around for needle in self._needles)
            if not found and not self._media:
                found = self._at(number, data, start, name, line)
        return own, found

    def _at(self, number: int, data: bytes, start: int, name: str, line: int) -> str:
        anchor = self._anchors[number]
        for form in self._forms[number]:
            if place := form_at(form, data, start):
                return _described(form.what, data, place[0], line)
        if anchor == _KEY_WORDS and (place := pem.key_at(data, start, whole=not self._settings)):
            return _described("a private key", data, place[0], line)
        if self._settings and anchor in ASSIGNMENTS and _assigns(name) and (place := assigned_at(data, start)):
            return _described("a password or another secret", data, place[0], line)
        return ""


def _described(what: str, data: bytes, place: int, line: int) -> str:
    return f"{what} in line {line + data.count(10, 0, place)}" if line else what


def _assigns(name: str) -> bool:
    lower = _OLD.sub("", name.lower())
    return lower.startswith(".") or lower.rpartition(".")[2] in _ASSIGNING


class _Gunzip:
    """Unpacks a gzip file while it is searched, up to a limit; a damaged one as far as it goes."""

    def __init__(self, search: FileSearch) -> None:
        self.search = search
        self._stream: zlib._Decompress | None = zlib.decompressobj(31)
        self._room = _MOST_UNPACKED

    def feed(self, block: bytes) -> None:
        while block and self._stream is not None:
            try:
                data = self._stream.decompress(block, min(_UNPACKED_AT_ONCE, self._room))
            except zlib.error:
                self._stream = None
                return
            self._room -= len(data)
            if data:
                self.search.feed(data, more=True)
            block = self._stream.unconsumed_tail
            if self._stream.eof:
                block = self._stream.unused_data
                self._stream = zlib.decompressobj(31) if block[:2] == _GZIP[:2] else None
            if self._room <= 0:
                self._stream = None
