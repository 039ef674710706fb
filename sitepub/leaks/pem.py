"""Private keys in text: a whole one, or one that was shortened to be shown in a text about keys."""

from __future__ import annotations

import base64
import binascii
import re

LONGEST = 16 * 1024
"""Bytes of a key in text that are read: an RSA key of 16,384 bits takes 13 kB."""

_BEGIN = re.compile(rb"-{4,5} ?BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_BEFORE = 80
"""Bytes before the words PRIVATE KEY in which the line begins."""
_END = re.compile(rb"-{4,5} ?END ")
_MARKUP = re.compile(rb"<[/a-zA-Z][^<>]{0,300}>|&(?:#\d{1,4}|#x[0-9a-fA-F]{1,4}|quot|nbsp);")
_ESCAPED_BREAK = re.compile(rb"\\{1,8}(?:[rnt]|u000[aAdD])|%0[ADad]|\\\r?\n")
_JOINED = re.compile(rb"[\"'`][ \t]{0,9}[+.,]?[ \t\r\n]{0,99}[\"'`]")
_HEADER = re.compile(rb"^[ \t]*(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash|Subject|MessageID):[^\r\n]*",
                     re.MULTILINE)
_CHECKSUM = re.compile(rb"[\r\n]=[A-Za-z0-9+/]{4}\s*\Z")
_AROUND = re.compile(rb"^[ \t]*(?:[#>*|;]+|//+[ \t]|--)[ \t]?", re.MULTILINE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_SPACE = re.compile(rb"[\s\"'`,]+")

_SHORTEST_BODY = 16
_SHORTEST_KEY = 48
"""Characters of base64. A key of Ed25519 takes 64, and shortened ones end long before."""


def key_at(data: bytes, words: int, *, whole: bool) -> tuple[int, int] | None:
    """The place (start, end) of a private key whose words PRIVATE KEY stand at ``words``.

    ``whole``: only if nothing of it is missing, which a text about keys does not show. Else the beginning of
    one is enough; a line without a key below it is not.
    """
    begin = _BEGIN.search(data, max(0, words - _BEFORE), min(len(data), words + 32))
    if begin is None or not begin.start() <= words < begin.end():
        return None
    upto = data.find(b"----", begin.end(), begin.end() + LONGEST)
    ended = upto >= 0 and _END.match(data, upto) is not None
    if whole and not ended:
        return None
    body = _plain(data[begin.end():upto if upto >= 0 else begin.end() + LONGEST])
    if whole:
        return (begin.start(), begin.end()) if _is_key(body) else None
    known = _BASE64.match(body)
    enough = known is not None and known.end() >= _SHORTEST_BODY and (known.end() == len(body) or not ended)
    return (begin.start(), begin.end()) if enough else None


def _plain(body: bytes) -> bytes:
    """The base64 of a key without what HTML, JSON, JavaScript and comments put around its lines."""
    body = _ESCAPED_BREAK.sub(b"\n", body)
    body = _JOINED.sub(b"\n", body)
    body = _MARKUP.sub(b"\n", body)
    body = _AROUND.sub(b"", body)
    body = _HEADER.sub(b"", body)
    body = _CHECKSUM.sub(b"", body)
    return _SPACE.sub(b"", body).rstrip(b"\\")


def _is_key(body: bytes) -> bool:
    if len(body) < _SHORTEST_KEY or _BASE64.fullmatch(body) is None:
        return False
    try:
        key = base64.b64decode(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return False
    if key.startswith(b"openssh-key-v1\0"):
        return True
    length = _der_length(key) if key[0] == 0x30 else None
    if length is not None:  # PKCS#1, PKCS#8, SEC 1: a sequence. Half of a key is enough to work out the rest.
        return 2 * len(key) >= length
    # An OpenPGP packet, a key encrypted as a whole, or something of that length that is no shorter text.
    return len(set(key)) > 48


def _der_length(key: bytes) -> int | None:
    """Bytes that the outermost sequence says it takes."""
    if len(key) < 4:
        return None
    if key[1] < 0x80:
        return 2 + key[1]
    count = key[1] & 0x7F
    return 2 + count + int.from_bytes(key[2:2 + count], "big") if 1 <= count <= 3 else None
