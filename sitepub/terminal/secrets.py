"""The register of secret values in use, and the scrubber that keeps them off the screen.

The register belongs to the process, as the values do: code that reads credentials registers them here, and
everything that is printed passes :func:`scrub`. Patterns catch what was not registered: key ids, signatures,
tokens in headers, passwords in proxy URLs, private keys.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

HIDDEN = "***"
_SHORTEST = 6
"""Shorter values are not registered: hiding them would only make the text unreadable."""

on_new: list[Callable[[str], None]] = []
"""Called with each value that is registered for the first time: a CI system can hide it, too."""
_lock = threading.Lock()
_values: set[str] = set()
_held: set[str] = set()
"""The registered values as they are: in ``_values`` they also stand URL-encoded."""
_known: re.Pattern[str] | None = None

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A SecretId: "AKID" and 32 letters and digits (temporary ones are longer). Its ends stay, to tell which.
    (re.compile(r"\b(AKID)[0-9A-Za-z_-]{8,}([0-9A-Za-z_-]{4})(?![0-9A-Za-z_-])"), r"\1…\2"),
    # COS signature, in a header or in a presigned URL (COS API 436/7778).
    (re.compile(r"(q-signature=)[0-9A-Fa-f]+"), rf"\1{HIDDEN}"),
    # Cloud API signature (TC3-HMAC-SHA256).
    (re.compile(r"(\bSignature=)[0-9A-Fa-f]{16,}"), rf"\1{HIDDEN}"),
    # Headers, as HTTP writes them and as a Python dict shows them.
    (re.compile(r"""(?ix)(["']?\b(?:proxy-)?authorization["']?\s*+[:=]\s*+)
                    (?:b?"[^"\n]*"|b?'[^'\n]*'|[^\n]+)"""), rf"\1{HIDDEN}"),
    (re.compile(r"""(?ix)(["']?\bx-(?:cos-security|tc)-token["']?\s*[:=]\s*)
                    (?:b?"[^"\n]*"|b?'[^'\n]*'|[^\s&]+)"""), rf"\1{HIDDEN}"),
    # Assignments, as .env, INI and JSON write them.
    (re.compile(r"""(?x)(\b(?:[A-Z0-9_]*(?:SECRET_KEY|SECRET_ID|PASSWORD|_TOKEN)|[sS]ecret_?[kK]ey
                    |[sS]ecurity_?[tT]oken|secret_key)["']?\s*[:=]\s*)
                    (?:b?"[^"\n]*"|b?'[^'\n]*'|[^\s,{}\[\]][^,}\]\n]*)"""), rf"\1{HIDDEN}"),
    # The password in a URL.
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
     rf"\1{HIDDEN}\2"),
)

_HINTS = ("AKID", "ignature=", "uthorization", "UTHORIZATION", "oken", "TOKEN", "ecret", "SECRET", "PASSWORD",
          "://", "PRIVATE KEY")
"""One of these stands in every text that a pattern can match; most lines have none and are done at once."""


def register(*secrets: str | None) -> None:
    """Hide these values wherever they would be printed from now on, also URL-encoded."""
    new: list[str] = []
    with _lock:
        for secret in secrets:
            if secret and len(secret) >= _SHORTEST:
                new += [] if secret in _held else [secret]
                _held.add(secret)
                _values.update({secret, quote(secret, safe="")})
        _compile()
    for secret in new:
        for tell in on_new:
            tell(secret)


def held() -> frozenset[str]:
    """Every value that is registered now: the credentials that this run holds, wherever they came from."""
    with _lock:
        return frozenset(_held)


def forget(*secrets: str) -> None:
    """Take values out of the register, when they are in use no longer."""
    with _lock:
        for secret in secrets:
            _held.discard(secret)
            _values.difference_update({secret, quote(secret, safe="")})
        _compile()


def _compile() -> None:
    global _known
    longest_first = sorted(_values, key=len, reverse=True)
    _known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def scrub(text: str) -> str:
    """The text without secrets."""
    known = _known
    if known is not None:
        text = known.sub(lambda found: _shortened(found[0]), text)
    if any(hint in text for hint in _HINTS):
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
    return text


def _shortened(secret: str) -> str:
    return f"{secret[:4]}…{secret[-4:]}" if secret.startswith("AKID") and len(secret) >= 12 else HIDDEN


def scrub_value(value: Any) -> Any:
    """A JSON value with every string in it scrubbed; keys stay as they are."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {key: scrub_value(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [scrub_value(item) for item in value]
    return value
