"""Does a file name carry a hash of the content, so that another content would have another name?

Such a file may be cached for ever. A wrong "yes" leaves visitors with an old file for a year, a wrong "no"
costs a request now and then: in doubt the answer is no.
"""

from __future__ import annotations

import re

_IMMUTABLE_FOLDER = re.compile(
    r"(?:^|/)(?:_next/static|_nuxt(?!/builds(?:/|$))|_astro|_app/immutable|static/[0-9a-f]{32})(?:/|$)")
"""Where frameworks put nothing but hashed files: Next, Nuxt (its builds/latest.json is fresh every time),
Astro, SvelteKit, Gatsby."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{8,64}")
_HEX_WORD = re.compile(
    r"[a-f]\d+|fabaceae|"
    r"(?:cafe|face|facade|decade|dad|bad|bed|dead|deed|feed|fade|cab|ace|add|bee|beef|babe|dec|feb|fab|ed)\d+")
"""Words and dates that happen to be made of hexadecimal digits: cafe2024, feb20241, b1234567."""
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_POSSIBLE = re.compile(r"[0-9a-f]{8}|[-.][0-9A-Za-z_-]{8}(?:\.|$)")
"""One of these stands in every name with a hash; most names are done with at once."""
_TOKENS = re.compile(r"[-._~]+")
_TAIL = re.compile(r"(?:^|.*[-.])([0-9A-Za-z_-]{8})", re.DOTALL)
_CODE = frozenset({"js", "mjs", "cjs", "css", "map", "wasm"})
_AFTER_THE_HASH = re.compile(r"\.(?:min|chunk|bundle|module|lean|esm|legacy|worker|LICENSE|modern|es)$")
"""Parts between the hash and the extension: main.0253249f.min.css, 2.8e0d62a0.chunk.js."""
_HUGO_IMAGE = re.compile(r"_hu_?[0-9a-f]{16,64}(?:_|$)")
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_ONSET = re.compile(
    r"(?:[bcdfghjklmnpqrstvwxz]|bl|br|ch|cl|cr|dr|dw|fl|fr|gh|gl|gn|gr|kn|ph|pl|pr|ps|rh|sc|sh|sk|sl|sm|sn|sp|sq"
    r"|st|sw|th|tr|tw|wh|wr|chr|phr|sch|scr|shr|spl|spr|str|thr)?[aeiouy]")
"""How an English word begins, its first vowel included."""
_CLUSTER = re.compile(r"[^aeiouy]{4}|[aeiouy]{4}|q(?!u)")


def in_immutable_folder(folder: str) -> bool:
    """``folder``: path below the web root, without a slash at either end."""
    return _IMMUTABLE_FOLDER.search(folder) is not None


def has_content_hash(name: str) -> bool:
    """``name``: the last part of the path.

    Known are hexadecimal hashes of 8 to 64 digits (webpack, Docusaurus, MkDocs Material, Hugo, Gatsby) and
    the 8 characters of Rollup, Vite, Parcel (base64url: ``index-DiwrgTda.js``) and esbuild (base32:
    ``main-JFXJIT7R.js``).
    """
    stem, _, extension = name.rpartition(".")
    if len(stem) < 8 or _POSSIBLE.search(name) is None:
        return False
    while (shorter := _AFTER_THE_HASH.sub("", stem)) != stem or stem.endswith((".js", ".css", ".mjs")):
        stem = shorter if shorter != stem else stem.rpartition(".")[0]
    if _UUID.search(stem):
        return False
    tokens = _TOKENS.split(stem)
    least = 8 if len(tokens) > 1 or extension in _CODE else 16
    if any(len(token) >= least and _is_hex_hash(token) for token in tokens):
        return True
    if _HUGO_IMAGE.search(stem):
        return True
    tail = _TAIL.fullmatch(stem)
    return tail is not None and len(stem) > 8 and _is_random(tail[1], code=extension in _CODE)


def _is_hex_hash(token: str) -> bool:
    return (_HEX.fullmatch(token) is not None and _HEX_WORD.fullmatch(token) is None
            and _DATE.match(token) is None)


def _is_random(token: str, *, code: bool) -> bool:
    """Do these 8 characters look drawn by lot, and not written by somebody?"""
    if token.islower() or token.isdigit() or _DATE.search(token):
        return False
    if code and re.fullmatch("[A-Z2-7]{8}", token):
        return re.fullmatch("[A-Z]+[0-9]+|[0-9]+[A-Z]+", token) is None and not _is_written(token)
    if token.isupper():
        return False
    return not all(_is_written(part) for part in re.split("[-_]+", token) if part)


def _is_written(part: str) -> bool:
    """Made of words and numbers: ``SemiBold``, ``Windows10``, ``v2``. Not: ``DiwrgTda``, ``9xP``."""
    if re.fullmatch(r"[A-Za-z]?[0-9]+|[A-Z]?[a-z]{0,2}|[A-Z]{1,3}", part):
        return True
    return all(run.isdigit() or (len(run) >= 3 and _is_pronounceable(run.lower()))
               for run in _RUN.findall(part))


def _is_pronounceable(word: str) -> bool:
    return _ONSET.match(word) is not None and _CLUSTER.search(word) is None
