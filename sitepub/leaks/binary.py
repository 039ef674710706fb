"""Private keys in files that are no text, by their inner form: nothing in them is a word to look for.

ASN.1 in DER: PKCS#8 (RFC 5208, 5958), PKCS#1 (RFC 8017), SEC 1 (RFC 5915), DSA (OpenSSL), PKCS#12 (RFC 7292).
Others: the keystores of Java (JKS, JCEKS), openssh-key-v1 (PROTOCOL.key), secret keys of OpenPGP (RFC 9580 5.5.3),
KeePass databases. A certificate, a public key, a request or a signature has another form from its first bytes on.
"""

from __future__ import annotations

from collections.abc import Iterator

KEY = "a private key"
CONTAINER = "a container of private keys"
PASSWORDS = "a container of passwords"

_SEQUENCE, _INTEGER, _OCTETS, _NAME = 0x30, 0x02, 0x04, 0x06
_LEAST_NUMBER = 64
"""Bytes of a modulus: 512 bits. What is shorter is an exercise."""
_LEAST_EC = 20
"""Bytes of a key of an elliptic curve: 160 bits."""
_SEALED = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01")
"""The names of ways to encrypt with a password begin with PKCS#5's arc, or PKCS#12's."""
_DATA = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
"""PKCS#7: data, signed data."""
_OPENSSH = b"openssh-key-v1\0"
_LEAST_OPENSSH = 200
_KEEPASS = b"\x03\xd9\xa2\x9a"
_JAVA = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_OPENPGP_ALGORITHMS = frozenset({1, 2, 3, 16, 17, 18, 19, 20, 22, 25, 26, 27, 28})
_MOST_ENTRIES = 1000

FIRST_BYTES = frozenset({b"\x30", b"o", b"\x03", b"\xfe", b"\xce", b"\x94", b"\x95", b"\xc5"})
"""Of all of them: for most files this is all that is asked."""


def key_in(data: bytes) -> str:
    """What a file that begins so is, "" for nothing of that kind."""
    match data[:1]:
        case b"\x30":
            return _der(data)
        case b"o":
            return KEY if data.startswith(_OPENSSH) and len(data) >= _LEAST_OPENSSH else ""
        case b"\x03":
            return PASSWORDS if data.startswith(_KEEPASS) else ""
        case b"\xfe" | b"\xce":
            return CONTAINER if data[:4] in _JAVA and _java_keys(data) else ""
        case b"\x94" | b"\x95" | b"\xc5":
            return "a private key of OpenPGP" if _openpgp(data) else ""
    return ""


def _der(data: bytes) -> str:
    outer = next(_elements(data, 0, len(data)), None)
    if outer is None:
        return ""
    _tag, begin, end = outer
    if 2 * (len(data) - begin) < end - begin:
        return ""  # less than half of what it says: of a key that long the rest cannot be worked out
    parts = []
    for part in _elements(data, begin, min(end, len(data))):
        parts.append(part)
        if len(parts) == 4:
            break
    match [tag for tag, _begin, _end in parts]:
        case [0x02, 0x30, 0x04, *_]:
            return KEY if _value(data, parts[0]) in (b"\0", b"\1") and _first(data, parts[1])[0] == _NAME else ""
        case [0x02, 0x02, 0x02, *_]:
            # The first number is the version: of a public key it is the modulus, of a signature one of its two.
            return KEY if _value(data, parts[0]) in (b"\0", b"\1") and _long(parts[1], _LEAST_NUMBER) else ""
        case [0x02, 0x04, *_]:
            return KEY if _value(data, parts[0]) == b"\1" and _long(parts[1], _LEAST_EC) and _ends_as_ec(parts) else ""
        case [0x02, 0x30, *_]:
            tag, name = _first(data, parts[1])
            return CONTAINER if _value(data, parts[0]) == b"\3" and tag == _NAME and name in _DATA else ""
        case [0x30, 0x04]:
            tag, name = _first(data, parts[0])
            return KEY if tag == _NAME and name.startswith(_SEALED) and _long(parts[1], 32) else ""
    return ""


def _ends_as_ec(parts: list[tuple[int, int, int]]) -> bool:
    """Curve [0] and public key [1] are optional, and nothing else may follow."""
    return all(tag in (0xA0, 0xA1) for tag, _begin, _end in parts[2:])


def _long(part: tuple[int, int, int], least: int) -> bool:
    return part[2] - part[1] >= least


def _value(data: bytes, part: tuple[int, int, int]) -> bytes:
    return data[part[1]:part[2]] if part[2] - part[1] <= 64 else b""


def _first(data: bytes, part: tuple[int, int, int]) -> tuple[int, bytes]:
    """Tag and value of the first element within one."""
    inner = next(_elements(data, part[1], min(part[2], len(data))), None)
    return (inner[0], _value(data, inner)) if inner is not None else (0, b"")


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, and where the value begins and ends, of one element after the other. The last may reach past the end. A
    length that is not given (BER) is taken to be all that is left."""
    while at + 2 <= end:
        tag, length = data[at], data[at + 1]
        at += 2
        if length == 0x80:
            length = end - at
        elif length > 0x80:
            count = length & 0x7F
            if count > 4 or at + count > end:
                return
            length = int.from_bytes(data[at:at + count], "big")
            at += count
        yield tag, at, at + length
        at += length


def _java_keys(data: bytes) -> bool:
    """A store of certificates alone, which Java calls a truststore, holds none."""
    if int.from_bytes(data[4:8], "big") not in (1, 2):
        return False
    at = 12
    for _entry in range(min(int.from_bytes(data[8:12], "big"), _MOST_ENTRIES)):
        tag = int.from_bytes(data[at:at + 4], "big")
        if tag in (1, 3) and at + 4 <= len(data):
            return True
        if tag != 2:
            return False
        at = _behind_text(data, at + 4) + 8  # the alias, the date
        at = _behind_text(data, at)  # the type
        at += 4 + int.from_bytes(data[at:at + 4], "big")
    return False


def _behind_text(data: bytes, at: int) -> int:
    return at + 2 + int.from_bytes(data[at:at + 2], "big")


def _openpgp(data: bytes) -> bool:
    """The file begins with a secret key, as ``gpg --export-secret-keys`` writes it."""
    if data[0] == 0xC5:  # the newer form of a packet's head: a length of one, two or five bytes
        at = 2 if data[1:2] < b"\xc0" else 3 if data[1:2] < b"\xe0" else 6
    else:
        at = 2 if data[0] == 0x94 else 3
    version, algorithm = data[at:at + 1], data[at + 5:at + 6]
    return version in (b"\4", b"\5", b"\6") and algorithm != b"" and algorithm[0] in _OPENPGP_ALGORITHMS and len(
        data) > 60
