"""Which environment variables and values are secrets of the cloud account.

The hook gets an environment without them; env.js and the published files must not hold them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_ACCOUNT = r"(?:TENCENT|TENCENT_?CLOUD|QCLOUD|TCCLI|TKE|COS|COSCMD|DNSPOD|EDGEONE)"
_CREDENTIAL_NAME = re.compile(
    _ACCOUNT + r"_(?:SECRET_?ID|SECRET_?KEY|ACCESS_?KEY(?:_?ID)?|(?:SESSION_?|SECURITY_?)?TOKEN)(?:_.*)?",
    re.IGNORECASE)
"""Names that credentials are kept under: TENCENTCLOUD_SECRET_ID, TENCENT_TOKEN …"""
_SECRET_NAME = re.compile(
    _ACCOUNT + r"_(?:.*_)?(?:SECRET(?:_?(?:ID|KEY))?|(?:API|ACCESS)?_?KEY(?:_?ID)?|TOKEN(?:_FILE)?|"
    r"CREDENTIALS?(?:_(?:FILE|URI))?|PASSWORD)(?:_.*)?", re.IGNORECASE)
"""More widely, names that give access in any way: TKE_WEB_IDENTITY_TOKEN_FILE, TENCENTCLOUD_CREDENTIALS_URI,
TENCENT_MAP_KEY. An APPID or a region is no secret."""
_SECRET_ID = re.compile(r"AKID[0-9A-Za-z_-]{13,}")
"""The form of a SecretId. It gives a pair away under whatever names the pair is kept."""

_SHORTEST_EQUAL = 4
_SHORTEST_INSIDE = 12
"""Shorter values are only compared as a whole, and very short ones ("", "1", "no") not at all: they would
hide half of the environment and protect nothing."""


def is_secret_name(name: str) -> bool:
    return _SECRET_NAME.fullmatch(name) is not None


def secret_values(*environments: Mapping[str, str]) -> frozenset[str]:
    """The values of the credentials in these environments, those of a pair with unusual names included."""
    found: set[str] = set()
    for environ in environments:
        for name, value in environ.items():
            if _CREDENTIAL_NAME.fullmatch(name):
                found.add(value.strip())
            elif _SECRET_ID.fullmatch(value.strip()):
                found.add(value.strip())
                found.update(environ[other].strip() for other in _partners(name) if other in environ)
    return frozenset(value for value in found if len(value) >= _SHORTEST_EQUAL)


def keys_among(secrets: Iterable[str]) -> frozenset[str]:
    """The secrets to look for in files: keys and tokens, long enough to be no accident. A SecretId stands in
    signed addresses and does no harm there; elsewhere its form gives it away (see ``leaks.forms``)."""
    return frozenset(secret for secret in secrets if len(secret) >= 16 and not _SECRET_ID.fullmatch(secret))


def _partners(name: str) -> Iterator[str]:
    """Where the key may be when a SecretId is kept under this name: MY_SECRET_ID → MY_SECRET_KEY."""
    stem = re.sub(r"(?i)_?(?:secret_?)?id$", "", name)
    join = "_" if stem else ""
    for tail in ("SECRET_KEY", "SECRETKEY", "KEY", "TOKEN", "SECRET"):
        yield stem + join + tail
        yield stem + join + tail.lower()


def reveals(value: str, secrets: Iterable[str]) -> bool:
    """Is this value one of the secrets, or does it hold a long one, or any SecretId?"""
    if _SECRET_ID.search(value) is not None:
        return True
    whole = value.strip()
    return any(whole == secret or (len(secret) >= _SHORTEST_INSIDE and secret in value) for secret in secrets)


def revealing(value: object, secrets: Iterable[str], name: str = "") -> Iterator[str]:
    """The places (``a.b[0].c``) in a value of maps, lists and strings that hold one of these secrets."""
    known = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_INSIDE)
    if isinstance(value, str):
        if any(secret in value for secret in known):
            yield name
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from revealing(item, known, f"{name}.{key}" if name else str(key))
            if any(secret in str(key) for secret in known):
                yield name
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from revealing(item, known, f"{name}[{number}]")


def without_secrets(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The environment without every variable whose name or value reveals a secret."""
    known = tuple(secrets)
    return {name: value for name, value in environ.items()
            if not is_secret_name(name) and not reveals(value, known)}
