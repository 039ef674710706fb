"""Signature Version 4, in the Authorization header or presigned (Amazon S3 API, "Authenticating requests").

Any region and any service that the scope names are taken: the key is derived from what it says.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Identity, Signer
from sitepub.local.base.messages import Request

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = 15 * 60
"""Seconds that a client's clock may be off."""
LONGEST = 7 * 24 * 3600
"""Seconds that a presigned URL may be good for."""
UNSIGNED = "UNSIGNED-PAYLOAD"
_HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})\s*\Z")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key is derived for."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    def key(self, secret_key: str) -> bytes:
        key = f"AWS4{secret_key}".encode()
        for part in (self.date, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is right."""

    signer: Signer
    key: bytes
    scope: Scope
    moment: str
    """``20130524T000000Z``."""
    signature: str
    payload: str
    """SHA-256 of the body in hex, ``UNSIGNED-PAYLOAD``, or the name of a form in chunks."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says about its signature."""

    credential: str
    headers: str
    signature: str
    moment: str
    lifetime: int | None
    """Seconds; None for a signature in the header."""


def carries(request: Request) -> bool:
    """Whether a request is signed in this way."""
    return request.headers.get("Authorization", "").startswith("AWS4-") or "X-Amz-Algorithm" in request.query


def verify(identity: Identity, request: Request) -> Signed:
    """Raises ServiceError (AuthorizationHeaderMalformed, InvalidAccessKeyId, SignatureDoesNotMatch,
    RequestTimeTooSkewed, InvalidToken, ExpiredToken, AccessDenied)."""
    claim = _from_query(request.query) if "X-Amz-Algorithm" in request.query else _from_header(request.headers)
    secret_id, *rest = claim.credential.split("/")
    if len(rest) != 4 or rest[3] != "aws4_request":
        raise _malformed("The credential is not of the form ID/DATE/REGION/SERVICE/aws4_request.")
    scope = Scope(*rest[:3])
    signer = identity.signer(secret_id)
    if signer is None:
        raise ServiceError("InvalidAccessKeyId")
    _check_token(request, signer)
    _check_time(request, claim, scope)
    payload = UNSIGNED if claim.lifetime is not None else request.headers.get("x-amz-content-sha256", "")
    if not payload:
        raise ServiceError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    key = scope.key(signer.secret_key)
    text = canonical_request(request.method, request.path, request.target.partition("?")[2], request.headers,
                             claim.headers, payload)
    if not hmac.compare_digest(signature(key, claim.moment, scope, text), claim.signature):
        raise ServiceError("SignatureDoesNotMatch")
    return Signed(signer, key, scope, claim.moment, claim.signature, payload)


def signature(key: bytes, moment: str, scope: Scope, canonical: str) -> str:
    """Of a canonical request, in hex."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.new(key, f"{ALGORITHM}\n{moment}\n{scope}\n{digest}".encode(), "sha256").hexdigest()


def canonical_request(method: str, path: str, query: str, headers: Mapping[str, str], signed: str, payload: str) -> str:
    """The text that is signed. `path` and `query` as they were sent: they are decoded and encoded anew, once.

    Raises ServiceError when `host` is not signed, or a header that is listed was not sent."""
    names = signed.split(";")
    if "host" not in names or names != sorted(names):
        raise _malformed("SignedHeaders must list host, in order.")
    lines = []
    for name in names:
        value = headers.get(name)
        if value is None:
            raise ServiceError("SignatureDoesNotMatch", f"The signed header {name} is missing.")
        lines.append(f"{name}:{' '.join(value.split())}\n")
    pairs = sorted((_encoded(name.replace("+", " ")), _encoded(value.replace("+", " ")))
                   for name, _, value in (item.partition("=") for item in query.split("&") if item))
    parameters = "&".join(f"{name}={value}" for name, value in pairs if name != "X-Amz-Signature")
    return "\n".join((method, _encoded(path, "/"), parameters, "".join(lines), signed, payload))


def _encoded(text: str, safe: str = "") -> str:
    return quote(unquote_to_bytes(text.encode("utf-8", "surrogateescape")), safe=f"-_.~{safe}")


def _from_header(headers: Mapping[str, str]) -> _Claim:
    found = _HEADER.match(headers.get("Authorization", "").strip())
    if found is None:
        raise _malformed("The Authorization header is not well formed.")
    moment = headers.get("x-amz-date", "")
    if not moment:
        raise ServiceError("AccessDenied", "AWS authentication requires a valid x-amz-date header.")
    return _Claim(found["credential"], found["headers"], found["signature"], moment, None)


def _from_query(query: Mapping[str, str]) -> _Claim:
    try:
        algorithm, credential, moment, lifetime, headers, given = (query[f"X-Amz-{name}"] for name in (
            "Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"))
    except KeyError as error:
        raise _bad_query(f"The query has no {error.args[0]}.") from None
    if algorithm != ALGORITHM:
        raise _bad_query(f"X-Amz-Algorithm only supports {ALGORITHM}.")
    if not (lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 8 and 1 <= int(lifetime) <= LONGEST):
        raise _bad_query(f"X-Amz-Expires must be from 1 to {LONGEST} seconds.")
    return _Claim(credential, headers, given, moment, int(lifetime))


def _check_token(request: Request, signer: Signer) -> None:
    token = request.headers.get("x-amz-security-token") or request.query.get("X-Amz-Security-Token") or None
    if not hmac.compare_digest((token or "").encode("utf-8", "replace"), (signer.token or "").encode()):
        raise ServiceError("InvalidToken", "The provided token is malformed or otherwise invalid.", status=400)
    if signer.expires is not None and request.time > signer.expires:
        raise ServiceError("ExpiredToken")


def _check_time(request: Request, claim: _Claim, scope: Scope) -> None:
    try:
        moment = calendar.timegm(time.strptime(claim.moment, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise ServiceError("AccessDenied", "The date must be of the form 20130524T000000Z.") from None
    if scope.date != claim.moment[:8]:
        raise _malformed("The date of the credential is not that of the request.")
    age = request.time - moment
    if claim.lifetime is None and abs(age) > MAX_SKEW:
        raise ServiceError("RequestTimeTooSkewed")
    if claim.lifetime is not None and age < -MAX_SKEW:
        raise ServiceError("AccessDenied", "Request is not valid yet")
    if claim.lifetime is not None and age > claim.lifetime:
        raise ServiceError("AccessDenied", "Request has expired")


def _malformed(message: str) -> ServiceError:
    return ServiceError("AuthorizationHeaderMalformed", message, status=400)


def _bad_query(message: str) -> ServiceError:
    return ServiceError("AuthorizationQueryParametersError", message, status=400)
