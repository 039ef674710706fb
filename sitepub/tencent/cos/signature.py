"""The signature of COS requests (COS API 436/7778), our own."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha1
from urllib.parse import quote

from sitepub.tencent.cloud import Credentials

WINDOW_SECONDS = 3600
"""How long one signing key is valid, and so how many requests share its derivation."""
_EARLY_SECONDS = 60
_SIGNED = frozenset({"host", "content-md5", "content-type"})


_TO_ENCODE = re.compile(r"[^A-Za-z0-9_.~-]")
_TO_ENCODE_IN_PATH = re.compile(r"[^A-Za-z0-9_.~/-]")
_ENCODED = {chr(code): f"%{code:02X}" for code in range(128)}


def encoded(text: str) -> str:
    """Percent-encoded UTF-8: everything but ``A-Za-z0-9-_.~``."""
    # The library's own way looks at every character.
    return _TO_ENCODE.sub(_encoded_one, text) if text.isascii() else quote(text, safe="-_.~")


def encoded_path(path: str) -> str:
    """The same, but slashes stay."""
    return _TO_ENCODE_IN_PATH.sub(_encoded_one, path) if path.isascii() else quote(path, safe="/-_.~")


def _encoded_one(found: re.Match[str]) -> str:
    return _ENCODED[found[0]]


@lru_cache(maxsize=1024)
def _signed(name: str, value: str) -> tuple[str, str]:
    """The encoded name of a header or a parameter, and what is signed of it. Most come again in the next request."""
    name = encoded(name).lower()
    return name, f"{name}={encoded(value)}"


def is_signed(name: str) -> bool:
    """Whether a header (lowercase name) is part of our signature.

    The host, what guards the content, and everything that commands the service. The server checks exactly
    what the signature lists.
    """
    return name in _SIGNED or name.startswith("x-cos-")


def sign_key(secret_key: str, key_time: str) -> bytes:
    """The derived key, as the hex text that the next step uses."""
    return hmac.digest(secret_key.encode(), key_time.encode(), "sha1").hex().encode()


def signature(key: bytes, key_time: str, method: str, path: str, params: Iterable[tuple[str, str]],
              headers: Iterable[tuple[str, str]]) -> tuple[str, str, str]:
    """Signature, header list and parameter list.

    ``path`` is the decoded path with its leading slash; ``params`` and ``headers`` are what is signed, in any
    order and case, their values as text (signed as UTF-8).
    """
    signed_params = sorted([_signed(name, value) for name, value in params])
    signed_headers = sorted([_signed(name, value) for name, value in headers])
    http_string = "{}\n{}\n{}\n{}\n".format(
        method.lower(), path, "&".join([pair for _, pair in signed_params]),
        "&".join([pair for _, pair in signed_headers]))
    to_sign = f"sha1\n{key_time}\n{sha1(http_string.encode()).hexdigest()}\n"
    return (
        hmac.digest(key, to_sign.encode(), "sha1").hex(),
        ";".join([name for name, _ in signed_headers]),
        ";".join([name for name, _ in signed_params]),
    )


class Signer:
    """Signs for one key pair. Keeps the derived key for half its validity. Safe for many threads."""

    def __init__(self, credentials: Credentials) -> None:
        self._secret_id = credentials.secret_id
        self._secret_key = credentials.secret_key
        self._current: tuple[int, str, bytes] = (-WINDOW_SECONDS, "", b"")
        self._short: tuple[str, bytes] = ("", b"")

    def _key(self, now: int) -> tuple[str, bytes]:
        start, key_time, key = self._current
        # Also renewed when the clock was set back, else the key would be "not yet valid".
        if not start <= now - _EARLY_SECONDS < start + WINDOW_SECONDS // 2:
            start = now - _EARLY_SECONDS
            key_time = f"{start};{now + WINDOW_SECONDS}"
            key = sign_key(self._secret_key, key_time)
            self._current = (start, key_time, key)
        return key_time, key

    def _short_key(self, now: int, until: int) -> tuple[str, bytes]:
        key_time = f"{(now - _EARLY_SECONDS) // 10 * 10};{until}"
        found, key = self._short
        if found != key_time:
            key = sign_key(self._secret_key, key_time)
            self._short = (key_time, key)
        return key_time, key

    def authorization(self, method: str, path: str, params: Mapping[str, str],
                      headers: Iterable[tuple[str, str]], now: float, until: float | None = None) -> str:
        """The value of the Authorization header.

        ``headers`` are those that are signed (see :func:`is_signed`); ``now`` is the server's time in Unix
        seconds as well as we know it. After ``until`` the server refuses the request, if it is still under way then.
        """
        key_time, key = self._key(int(now)) if until is None else self._short_key(int(now), int(until))
        sig, names, param_names = signature(key, key_time, method, path, params.items(), headers)
        return (f"q-sign-algorithm=sha1&q-ak={self._secret_id}&q-sign-time={key_time}&q-key-time={key_time}"
                f"&q-header-list={names}&q-url-param-list={param_names}&q-signature={sig}")
