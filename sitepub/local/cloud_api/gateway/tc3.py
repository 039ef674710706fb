"""Verifying the TC3-HMAC-SHA256 signature of a cloud API request (API 3.0, signature v3, 213/30654).

Verified is what SignedHeaders lists, over the bytes of the body that came. Pure: the time and the keys are
arguments.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sitepub.local.base.identity import Signer
from sitepub.local.cloud_api.errors import ApiError

ALGORITHM = "TC3-HMAC-SHA256"
SKEW = 300
"""Seconds that X-TC-Timestamp may differ from the server's clock."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<id>[^/,\s]+)/(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/(?P<service>[a-z0-9.:-]+)"
    r"/tc3_request\s*,\s*SignedHeaders=(?P<headers>[a-z0-9;-]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """The signer of a request, and the service that it was signed for."""

    signer: Signer
    service: str


def verify(
    method: str, query: str, headers: Mapping[str, str], body: bytes, *,
    now: float, signer_of: Callable[[str], Signer | None],
) -> Signed:
    """Check a request. `headers` are case-insensitive; `query` is the raw query string; `now` Unix seconds.

    Raises ApiError AuthFailure.*, MissingParameter, InvalidParameter.
    """
    authorization = headers.get("Authorization")
    if authorization is None:
        raise ApiError("MissingParameter", "The request has no Authorization header.")
    found = _AUTHORIZATION.fullmatch(authorization.strip())
    if found is None:
        raise ApiError("AuthFailure.InvalidAuthorization")
    timestamp = _timestamp(headers)
    if abs(now - timestamp) > SKEW:
        raise ApiError("AuthFailure.SignatureExpire")
    if found["date"] != datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d"):
        message = "The credential's date is not that of X-TC-Timestamp."
        raise ApiError("AuthFailure.InvalidAuthorization", message)
    signer = signer_of(found["id"])
    if signer is None:
        raise ApiError("AuthFailure.SecretIdNotFound")
    for host in _hosts(headers):
        request = canonical_request(method, query, headers, found["headers"], _digest(headers, body), host)
        wanted = signature(signer.secret_key, timestamp, found["date"], found["service"], request)
        if hmac.compare_digest(wanted, found["signature"]):
            break
    else:
        raise ApiError("AuthFailure.SignatureFailure")
    check_token(signer, headers.get("X-TC-Token"), now)
    return Signed(signer, found["service"])


def _hosts(headers: Mapping[str, str]) -> tuple[str | None, ...]:
    """What a client may have signed: the header, or the name alone where an address was given with a port (as the
    official SDK for Node.js does)."""
    name, colon, port = headers.get("Host", "").strip().rpartition(":")
    return (None, name) if colon and port.isdecimal() else (None,)


def _timestamp(headers: Mapping[str, str]) -> int:
    value = headers.get("X-TC-Timestamp")
    if value is None:
        raise ApiError("MissingParameter", "The request has no X-TC-Timestamp header.")
    if not re.fullmatch(r"[0-9]{1,11}", value):
        raise ApiError("InvalidParameter", "X-TC-Timestamp must be Unix seconds.")
    return int(value)


def _digest(headers: Mapping[str, str], body: bytes) -> str:
    if headers.get("X-TC-Content-SHA256") == "UNSIGNED-PAYLOAD":
        return hashlib.sha256(b"UNSIGNED-PAYLOAD").hexdigest()
    return hashlib.sha256(body).hexdigest()


def canonical_request(
    method: str, query: str, headers: Mapping[str, str], signed_headers: str, digest: str,
    host: str | None = None,
) -> str:
    """The text that is signed. Header values are trimmed and in lower case, as documented. ``host``: instead of that
    of the headers.

    Raises ApiError when a header that must be signed is not, or one that is listed was not sent.
    """
    names = signed_headers.split(";")
    if names != sorted(names) or not {"content-type", "host"} <= set(names):
        message = "SignedHeaders must list content-type and host, in order."
        raise ApiError("AuthFailure.InvalidAuthorization", message)
    lines = []
    for name in names:
        value = host if name == "host" and host is not None else headers.get(name)
        if value is None:
            raise ApiError("AuthFailure.InvalidAuthorization", f"The signed header {name} was not sent.")
        lines.append(f"{name}:{value.strip().lower()}\n")
    return "\n".join((method, "/", "" if method == "POST" else query, "".join(lines), signed_headers, digest))


def signature(secret_key: str, timestamp: int, date: str, service: str, request: str) -> str:
    """The signature of a canonical request, in hex."""
    scope = f"{date}/{service}/tc3_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def check_token(signer: Signer, token: str | None, now: float) -> None:
    """Raises ApiError AuthFailure.TokenFailure."""
    if signer.expires is not None and now > signer.expires:
        raise ApiError("AuthFailure.TokenFailure", "The token has expired.")
    if not hmac.compare_digest((signer.token or "").encode(), (token or "").encode()):
        raise ApiError("AuthFailure.TokenFailure")
