"""The ways in which a known secret may stand in a file: as it is, escaped, or encoded."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

_ENOUGH = 64
"""Characters that are looked for. A session token is longer, and this much of it is no accident."""
_LEAST = 20
"""Letters and digits in a row that stand for the whole secret: no escaping changes them."""

_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda char: f"\\u{ord(char):04x}", lambda char: f"\\u{ord(char):04X}",
    lambda char: f"\\x{ord(char):02x}", lambda char: f"\\x{ord(char):02X}",
    lambda char: f"&#{ord(char)};", lambda char: f"&#x{ord(char):x};", lambda char: f"&#x{ord(char):X};",
    lambda char: f"%{ord(char):02x}", lambda char: f"%{ord(char):02X}",
    lambda char: f"\\{char}",
)
"""How JSON, JavaScript, HTML and URLs write a character that is neither a letter nor a digit."""


def spellings(secret: str) -> frozenset[bytes]:
    """What is looked for to find the secret as it is, in UTF-16, in base64, and escaped in any way.

    Few spellings, so that a search for all of them is quick: five for a secret of letters and digits."""
    plain = [part] if (part := _longest_run(secret)) else _escaped(secret)
    found = {text[:_ENOUGH].encode() for text in (*plain, *_in_base64(secret.encode()))}
    # UTF-16 without the last byte: the other byte order is the same, one byte later.
    return frozenset(found | {(part or secret)[:_ENOUGH].encode("utf-16-le")[:-1]})


def _longest_run(text: str) -> str:
    """The longest run of letters and digits, "" if none is long enough to stand for the whole."""
    run = max(re.findall("[0-9A-Za-z]+", text), key=len, default="")
    return run if len(run) >= _LEAST else ""


def _escaped(secret: str) -> set[str]:
    """Every usual way to write a secret with many signs in it."""
    in_json = json.dumps(secret)[1:-1]
    safe_in_html = "".join(f"\\u{ord(char):04x}" if char in "<>&" else char for char in in_json)  # as Go writes it
    texts = {secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret),
             in_json, in_json.replace("/", "\\/"), safe_in_html, safe_in_html.replace("/", "\\/"),
             secret.replace("/", "\\/")}
    for escape in _ESCAPES:
        texts.add("".join(char if char.isalnum() else escape(char) for char in secret))
        texts.add("".join(char if char.isalnum() or char in "-_.~" else escape(char) for char in secret))
    return texts


def _in_base64(secret: bytes) -> Iterator[str]:
    """The secret inside of a longer text in base64: it may begin at each of three places of a group, and only
    the characters that hold nothing else are the same in every text."""
    for before, spoilt in ((0, 0), (1, 2), (2, 3)):
        data = b"\0" * before + secret
        whole = len(data) * 8 // 6
        texts = [encode(data).decode()[spoilt:whole] for encode in (base64.b64encode, base64.urlsafe_b64encode)]
        part = _longest_run(texts[0])
        yield from [part] if part else texts
