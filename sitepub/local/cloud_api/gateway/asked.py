"""What a request of the cloud API asks for, and who asks: read from one of the forms that API 3.0 takes.

- Signature v3 (213/30654): TC3-HMAC-SHA256 in the header, parameters as JSON (POST) or in the query (GET).
- Signature v1 (213/30653): HmacSHA1 or HmacSHA256 among the parameters, in the query or a form.
- None at all, where an action is called with `Authorization: SKIP`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sitepub.local.base.hosts import Kind
from sitepub.local.base.identity import Identity, Signer
from sitepub.local.base.messages import Request
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.gateway import tc3
from sitepub.local.cloud_api.shapes import check_storable

FORM = "application/x-www-form-urlencoded"
_HASHES = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}
_COMMON = frozenset({"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod",
                     "Token", "Language", "RequestClient"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, its signature verified, its action not looked up yet."""

    signer: Signer | None
    """None: not signed, which few actions allow."""
    product: str
    """What was signed for or what the host names; empty where only the action says it."""
    version: str
    action: str
    region: str
    language: str
    given: dict[str, Any] | None
    """Parameters that came as JSON."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Parameters that came as a query or a form."""


def read(identity: Identity, request: Request, body: bytes) -> Asked:
    """Raises ApiError."""
    query = request.target.partition("?")[2]
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.method == "GET":
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
    else:
        text = body.decode("utf-8", "replace") if media == FORM else ""
        pairs = tuple(parse_qsl(text, keep_blank_values=True))
    if "Authorization" not in request.headers and "X-TC-Action" not in request.headers and dict(pairs).get("Signature"):
        return _first(identity, request, pairs)
    headers, product = request.headers, request.service.product
    signer = None
    if headers.get("Authorization", "").strip() != "SKIP":
        signed = tc3.verify(request.method, query, headers, body, now=request.time, signer_of=identity.signer)
        if product and product != signed.service:
            message = f"The credential is for {signed.service}, the host is that of {product}."
            raise ApiError("AuthFailure.InvalidAuthorization", message)
        signer, product = signed.signer, _product(signed.service, request)
    if request.method not in ("GET", "POST") or (request.method == "POST" and media != "application/json"):
        raise ApiError("UnsupportedProtocol")
    version, action, region, language = (headers.get(f"X-TC-{name}", "") for name in (
        "Version", "Action", "Region", "Language"))
    return Asked(
        signer, product, version, action, region, language, None if request.method == "GET" else _json(body), pairs)


def _product(service: str, request: Request) -> str:
    """What a signature is for. Clients that were given an address take the beginning of it for the product, as the
    official SDK for Node.js does: then only the action says it."""
    if request.service.kind is Kind.LOOPBACK and service == request.headers.get("Host", "").partition(".")[0]:
        return ""
    return service


def _first(identity: Identity, request: Request, pairs: tuple[tuple[str, str], ...]) -> Asked:
    """Signature v1: over the method, the host and all other parameters in the order of their names."""
    common = dict(pairs)
    for name in ("Action", "Version", "Timestamp", "Nonce", "SecretId"):
        if not common.get(name):
            raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")
    kind = _HASHES.get(common.get("SignatureMethod", "HmacSHA1"))
    if kind is None:
        raise ApiError("InvalidParameter", "SignatureMethod must be HmacSHA1 or HmacSHA256.")
    if not (common["Timestamp"].isascii() and common["Timestamp"].isdigit()):
        raise ApiError("InvalidParameter", "Timestamp must be Unix seconds.")
    if abs(request.time - int(common["Timestamp"][:11])) > tc3.SKEW:
        raise ApiError("AuthFailure.SignatureExpire")
    signer = identity.signer(common["SecretId"])
    if signer is None:
        raise ApiError("AuthFailure.SecretIdNotFound")
    listed = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "Signature")
    text = f"{request.method}{request.host}/?{listed}".encode("utf-8", "surrogateescape")
    wanted = base64.b64encode(hmac.new(signer.secret_key.encode(), text, kind).digest())
    if not hmac.compare_digest(wanted, common["Signature"].encode("utf-8", "replace")):
        raise ApiError("AuthFailure.SignatureFailure")
    tc3.check_token(signer, common.get("Token"), request.time)
    return Asked(signer, request.service.product, common["Version"], common["Action"], common.get("Region", ""),
                 common.get("Language", ""), None, tuple(pair for pair in pairs if pair[0] not in _COMMON))


def _json(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ApiError("InvalidParameter", "The body is not JSON.") from None
    if not isinstance(parameters, dict):
        raise ApiError("InvalidParameter", "The body must be a JSON object.")
    check_storable(parameters)
    return parameters


def resources(product: str, uin: str, parameters: Mapping[str, Any]) -> list[str]:
    """The names under which a policy may mean what a call is about. Only those of a domain or a site are known here; a
    statement about other resources of a product applies to nothing."""
    names = [f"qcs::{product}::uin/{uin}:*"]
    for member, kind in (("Domain", "domain"), ("DomainName", "domain"), ("ZoneId", "zone"), ("DomainId", "domain"),
                         ("CertificateId", "certificate"), ("TopicId", "topic")):
        value = parameters.get(member)
        if isinstance(value, (str, int)):
            names.append(f"qcs::{product}::uin/{uin}:{kind}/{value}")
    return names[1:] or names
