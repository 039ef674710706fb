"""Verification of request signatures (COS API 436/7778), in the Authorization header or presigned."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_to_bytes

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Identity, Signer
from sitepub.local.base.messages import Request
from sitepub.local.base.times import parse_http_date

MAX_SKEW = 15 * 60
"""Seconds that a client's clock may be off."""
_FIELDS = ("q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list",
           "q-signature")


def verify(identity: Identity, request: Request) -> Signer | None:
    """Whose key signed the request; ``None`` when it carries no signature.

    Exactly the headers and parameters that the signature names are verified. Raises ServiceError
    (AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, ExpiredToken)."""
    authorization = request.headers.get("Authorization")
    fields: Mapping[str, str]
    if authorization:
        fields = _parse(authorization)
        presigned = False
    elif "q-signature" in request.query or "q-sign-algorithm" in request.query:
        fields = request.query
        presigned = True
    elif request.query.get("sign"):
        # the whole of what the header would hold, in one parameter, as older clients sign URLs
        fields = _parse(request.query["sign"])
        presigned = True
    else:
        return None
    return verify_fields(identity, request, fields, presigned=presigned)


def verify_fields(identity: Identity, request: Request, fields: Mapping[str, str], *, presigned: bool) -> Signer:
    """Whose key made the signature that these fields hold. Raises what :func:`verify` does."""
    try:
        algorithm, secret_id, sign_time, key_time, header_list, parameter_list, given = (
            fields[name] for name in _FIELDS
        )
    except KeyError as error:
        raise ServiceError("AccessDenied", f"The authorization lacks {error.args[0]}.") from None
    if algorithm != "sha1":
        raise ServiceError("AccessDenied", f"Unknown q-sign-algorithm {algorithm}.")
    signer = identity.signer(secret_id)
    if signer is None:
        raise ServiceError("InvalidAccessKeyId")
    token = request.headers.get("x-cos-security-token") or request.query.get("x-cos-security-token") or None
    check_token(signer, token, request.time)
    check_period(request, sign_time, presigned)
    if key_time != sign_time:
        check_period(request, key_time, presigned)
    hosts = [request.host]
    name, colon, _ = request.host.rpartition(":")
    if colon and "host" in header_list.split(";"):
        # a client that was given host:port as its domain may sign the host alone
        hosts.append(name)
    for host in hosts:
        expected = _signature(request, signer.secret_key, sign_time, key_time, header_list, parameter_list,
                              host)
        if hmac.compare_digest(expected, given.encode("utf-8", "replace")):
            return signer
    raise ServiceError("SignatureDoesNotMatch")


def _parse(authorization: str) -> dict[str, str]:
    fields = {}
    for item in authorization.strip().split("&"):
        name, equals, value = item.partition("=")
        if not equals or name in fields:
            raise ServiceError("AccessDenied", "The Authorization header is not well formed.")
        fields[name] = value
    return fields


def _signature(request: Request, secret_key: str, sign_time: str, key_time: str, header_list: str,
               parameter_list: str, host: str) -> bytes:
    path = unquote_to_bytes(request.path.encode("utf-8", "surrogateescape"))
    parts = [request.method.lower().encode(), b"\n", path]
    if parameter_list:
        given = {encoded_name(name): value for name, value in request.query.items()}
        parts += (b"\n", _pairs(parameter_list, given))
    else:
        parts.append(b"\n")
    pairs = []
    if header_list:
        headers = request.headers
        # names come encoded and in lower case: "x-cos-meta-a!b" is listed as "x-cos-meta-a%21b"
        for name in sorted(header_list.split(";")):
            value = host if name == "host" else headers.get(name)
            if value is None and "%" in name:
                value = headers.get(unquote(name))
            if value is None:
                raise ServiceError("SignatureDoesNotMatch", f"The signed header {name} is missing.")
            pairs.append(f"{name}={encoded(value)}")
    parts += (b"\n", "&".join(pairs).encode(), b"\n")
    digest = hashlib.sha1(b"".join(parts), usedforsecurity=False).hexdigest()
    to_sign = f"sha1\n{sign_time}\n{digest}\n".encode()
    return hmac.digest(_sign_key(secret_key, key_time), to_sign, "sha1").hex().encode()


def _pairs(names: str, values: Mapping[str, str]) -> bytes:
    pairs = []
    for name in sorted(names.lower().split(";")):
        if name not in values:
            raise ServiceError("SignatureDoesNotMatch", f"The signed parameter {name} is missing.")
        pairs.append(f"{name}={encoded(values[name])}")
    return "&".join(pairs).encode()


@lru_cache(maxsize=4096)
def encoded(value: str) -> str:
    """URL-encoded for the signature: all but ``A-Za-z0-9-_.~``."""
    return quote(value.encode("utf-8", "surrogateescape"), safe="")


@lru_cache(maxsize=1024)
def encoded_name(name: str) -> str:
    """A parameter's name as the signature lists it."""
    return encoded(name).lower()


@lru_cache(maxsize=1024)
def _sign_key(secret_key: str, key_time: str) -> bytes:
    return hmac.digest(secret_key.encode(), key_time.encode(), "sha1").hex().encode()


def check_token(signer: Signer, token: str | None, now: float) -> None:
    """Raises ServiceError InvalidAccessKeyId, ExpiredToken."""
    if token is None and signer.token is None:
        return
    if token is None or signer.token is None or token != signer.token:
        # a temporary key is unknown without its token, and a token belongs to one temporary key
        raise ServiceError("InvalidAccessKeyId")
    if signer.expires is not None and now > signer.expires:
        raise ServiceError("ExpiredToken")


def check_period(request: Request, period: str, presigned: bool) -> None:
    """Raises ServiceError AccessDenied, RequestTimeTooSkewed."""
    start_text, _, end_text = period.partition(";")
    try:
        start, end = int(start_text), int(end_text)
    except ValueError:
        raise ServiceError("AccessDenied", "The signature's times are not start;end.") from None
    now = request.time
    if start - now > MAX_SKEW:
        raise ServiceError("RequestTimeTooSkewed")
    if now > end:
        # A header was signed for this very request, so a start far in the past means a slow clock; a
        # presigned URL that is old has simply expired.
        if not presigned and now - start > MAX_SKEW:
            raise ServiceError("RequestTimeTooSkewed")
        raise ServiceError("AccessDenied", "Request has expired")
    date = request.headers.get("Date") if not presigned else None
    if date is not None:
        sent = parse_http_date(date)
        if sent is not None and abs(now - sent) > MAX_SKEW:
            raise ServiceError("RequestTimeTooSkewed")
