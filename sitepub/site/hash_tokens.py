"""The part of a file name that may be a hash of the content: ``DiwrgTda`` in ``index-DiwrgTda.js``.

A name alone decides only how random a part looks. Whether it is a hash is decided by :mod:`sitepub.site.hashed_names`,
which knows the other files of the site.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum

from sitepub.site.written_words import PINYIN, RUN, is_word, is_written, words_in

CODE = frozenset({"js", "mjs", "cjs", "css", "map", "wasm"})


class Alphabet(StrEnum):
    HEX = "hex"
    """8 to 64 lower-case hexadecimal digits: webpack, Rspack, Parcel, Docusaurus, MkDocs Material, Hugo, Gatsby."""
    BASE64 = "base64"
    """8 characters of base64url: Rollup, Vite and what is built on them (``hashCharacters`` of Rollup's options)."""
    BASE32 = "base32"
    """8 capitals and digits 2 to 7: esbuild, Angular."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a name that has the form of a hash."""

    text: str
    alphabet: Alphabet
    separator: str
    """What stands before it: ``-``, ``.``, ``_``, ``~``; "" when the name begins with it."""

    @property
    def form(self) -> tuple[Alphabet, int, str]:
        """Equal for the names that one tool makes. A tool that makes long hexadecimal hashes has them in several
        lengths (Gatsby: 20 digits for scripts, 32 for pictures)."""
        if self.alphabet is Alphabet.HEX and len(self.text) >= LONG:
            return self.alphabet, LONG, ""
        return self.alphabet, len(self.text), self.separator


LONG = 16
"""Hexadecimal digits from which no date, number or word is as long."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_POSSIBLE = re.compile(r"[0-9a-f]{8}|(?:^|[-.])[0-9A-Za-z_-]{8}(?:\.|$)")
"""One of these stands in every name with a hash; most names are done with at once."""
_AFTER_THE_HASH = re.compile(
    r"\.(?:min|chunk|bundle|module|lean|esm|legacy|worker|LICENSE|modern|es|async|entry|js|mjs|css)$")
"""Parts between the hash and the extension: main.0253249f.min.css, 2.8e0d62a0.chunk.js, p.3f2a9c1b.async.js."""
_HEX_TOKEN = re.compile(r"(^|[-._~])([0-9a-f]{8,64})(?![^-._~])")
_TAIL = re.compile(r"(?:^|(?<=[-.]))[0-9A-Za-z_-]{8}$")
_BASE32 = re.compile(r"[A-Z2-7]{8}")


def token_of(name: str) -> Token | None:
    """``name``: the last part of a path, without its folders. Takes time that grows with its length only."""
    if len(name) > 255 or _POSSIBLE.search(name) is None:
        return None
    stem, _, extension = name.rpartition(".")
    while (shorter := _AFTER_THE_HASH.sub("", stem)) != stem:
        stem = shorter
    if len(stem) < 8 or _UUID.search(stem):
        return None
    hexadecimal = _HEX_TOKEN.findall(stem)
    if hexadecimal:
        # The last one: Docusaurus writes the id of a chunk before its hash, both hexadecimal.
        separator, text = hexadecimal[-1]
        if len(text) >= LONG or len(text) < len(stem) or extension in CODE:
            return Token(text, Alphabet.HEX, separator)
    tail = _TAIL.search(stem)
    if tail is None:
        return None
    separator = stem[tail.start() - 1] if tail.start() else ""
    if not separator and not tail[0].isalnum():
        return None
    alphabet = Alphabet.BASE32 if _BASE32.fullmatch(tail[0]) else Alphabet.BASE64
    return Token(tail[0], alphabet, separator)


def is_possible(token: Token, *, settled: bool) -> bool:
    """Not a word, a date, a number or a product's name: enough where other files of the folder carry hashes of this
    form. ``settled``: many others do, or a page names it, and this is a script or a stylesheet, which people rarely
    name with a word of just that length."""
    text = token.text
    if token.alphabet is Alphabet.HEX:
        if len(text) < LONG and _DATE.search(text):
            return False
        if (len(text) <= _LONGEST_NUMBER and text.isdigit()) or _HEX_YEAR.fullmatch(text):
            return False
        return settled or not (text.isalpha() or text.isdigit() or _HEX_WORD.fullmatch(text))
    if token.alphabet is Alphabet.BASE32:
        letters = text.rstrip("234567")
        if not letters or is_word(letters) or (letters.isalpha() and len(letters) <= 5) or (
                PINYIN.fullmatch(letters.lower())) or (not settled and re.search("[2-7]{3}", text)):
            return False
        return settled or letters == text or not letters.isalpha()
    if text.islower() or text.isdigit() or _DATE.search(text) or _NUMBERED.fullmatch(text) or (
            _PINYIN_WORDS.fullmatch(text) and PINYIN.fullmatch(text.lower())):
        return False
    words = words_in(text)
    has_word = len(words) <= 3 and text.isalnum() and any(len(word) >= 5 and is_word(word) for word in words)
    if settled:
        return not has_word and not (
            text.isalpha() and all(len(run) >= 3 and is_word(run) for run in RUN.findall(text)))
    return not (has_word or text.isupper() or is_written(text))


def runs_in(text: str) -> int:
    """How many words and numbers a reader sees: 3 in ``Win10x``."""
    return len(RUN.findall(text))


def is_random(token: Token) -> bool:
    """Not typed by a person: letters and digits alternate so often that the token must be random."""
    text = token.text
    if not is_possible(token, settled=False):
        return False
    digits = sum(char.isdigit() for char in text)
    if token.alphabet is Alphabet.HEX:
        least = 3 if len(text) >= LONG else 2
        changes = sum(one.isdigit() != other.isdigit() for one, other in itertools.pairwise(text))
        return digits >= least and len(text) - digits >= least and changes >= 3
    if token.alphabet is Alphabet.BASE32:
        return any(char.isdigit() for char in text[1:-1]) and len(RUN.findall(text)) >= 3
    mixed = any(char.islower() for char in text) and any(char.isupper() for char in text)
    if any(len(word) >= 4 and is_word(word) for word in words_in(text)):
        return False
    return mixed and len(RUN.findall(text)) >= (4 if digits else 5)


_HEX_WORD = re.compile(
    r"[a-f]{1,3}\d+|\d+[a-f]|(?:19|20)\d\d[a-f]\d+|fabaceae|"
    r"(?:cafe|face|facade|decade|dad|bad|bed|dead|deed|feed|fade|cab|ace|add|bee|beef|babe|dec|feb|fab|ed)\d+")
"""Words, dates and numbers that happen to be made of hexadecimal digits: cafe2024, feb20241, b1234567, 2024a001."""
_LONGEST_NUMBER = 11
"""Digits that may be a number with a meaning: a date, a phone number, an order."""
_NUMBERED = re.compile(r"[A-Za-z]+[0-9]{2,}|[A-Z]{2,4}[-_][0-9]+|(?:19|20)\d\d[A-Z][0-9]+")
"""JQuery36, Config01, ZhCN2024, IMG_2024, 2024B172: one in a hundred hashes looks like that, and many names."""
_PINYIN_WORDS = re.compile(r"(?:[A-Z][a-z]+){2,}[A-Z]?")
_HEX_YEAR = re.compile(r"(?:19|20)\d\d[a-f][0-9]{3}")
"""2024b338"""
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
