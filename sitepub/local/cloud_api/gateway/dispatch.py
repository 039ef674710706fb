"""Finds the action that answers a cloud API request (API 3.0, 213/30654 request, 213/30435 errors)."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Identity
from sitepub.local.base.messages import Request, Response
from sitepub.local.cloud_api.actions import Call, Service
from sitepub.local.cloud_api.cam.actions import CAM
from sitepub.local.cloud_api.cdn.actions import CDN
from sitepub.local.cloud_api.cls.actions import CLS
from sitepub.local.cloud_api.dnspod.actions import DNSPOD
from sitepub.local.cloud_api.errors import COMMON, ApiError
from sitepub.local.cloud_api.gateway import tc3
from sitepub.local.cloud_api.gateway.recording import record
from sitepub.local.cloud_api.shapes import check_storable
from sitepub.local.cloud_api.ssl.actions import SSL
from sitepub.local.cloud_api.sts.actions import STS
from sitepub.local.cloud_api.teo.actions import TEO
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.visits.packages import Addresses

SERVICES: tuple[Service, ...] = (CAM, CDN, CLS, DNSPOD, SSL, STS, TEO)
"""Every product that is answered. A new one is a folder beside the others, and a name here."""

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request (API 3.0: 10 MB with signature v3)."""

_BY_NAME = {(service.name, service.version): service for service in SERVICES}
_NAMES = {service.name for service in SERVICES}


@dataclass(frozen=True, slots=True)
class CloudApi:
    """The state that the products work on."""

    identity: Identity
    services: Services
    access_log: AccessLog
    addresses: Addresses


async def handle(api: CloudApi, request: Request) -> Response:
    """Answer `POST /` on a cloud API host or on loopback. Always HTTP 200; errors are in the body.

    The Content-Type has no charset: the official SDK reads errors only from the bare `application/json`.
    """
    given = b""
    try:
        given = await _body(request)
        result = await _result(api, request, given)
    except ApiError as error:
        result = {"Error": {"Code": error.code, "Message": error.message}}
    except Exception:
        traceback.print_exc(file=sys.stderr)
        result = {"Error": {"Code": "InternalError", "Message": COMMON["InternalError"]}}
    response = {**result, "RequestId": request.request_id}
    record(request.headers, given, response)
    body = json.dumps({"Response": response}, ensure_ascii=False)
    return Response(200, {"Content-Type": "application/json"}, body.encode())


async def _body(request: Request) -> bytes:
    try:
        return await request.body.read(BODY_LIMIT)
    except ServiceError as error:
        code = "RequestSizeLimitExceeded" if error.code == "EntityTooLarge" else "InvalidParameter"
        raise ApiError(code, error.message) from None


async def _result(api: CloudApi, request: Request, body: bytes) -> dict[str, Any]:
    headers = request.headers
    query = request.target.partition("?")[2]
    signed = tc3.verify(
        request.method, query, headers, body, now=request.time, signer_of=api.identity.signer
    )
    service = _service(signed.service, request.service.product, headers)
    name = _required(headers, "X-TC-Action")
    action = service.actions.get(name)
    if action is None:
        where = f"{service.name} {service.version}"
        raise ApiError("InvalidAction", f"The action {name} of {where} is not found.")
    if service.regional:
        _required(headers, "X-TC-Region")
    if service.name in api.services.switches.forbidden_services:
        raise ApiError("UnauthorizedOperation", f"You are not authorized to perform {service.name}:{name}.")
    parameters = service.checked(name, _parameters(request.method, headers, body))
    region = headers.get("X-TC-Region", "")
    return await action.handler(
        Call(api.services, api.access_log, api.addresses, signed.signer, region, parameters, request.time,
             request.request_id)
    )


def _service(signed: str, product: str, headers: Mapping[str, str]) -> Service:
    """The interface that was signed for. `product` is what the host names, empty on loopback."""
    if product and product != signed:
        message = f"The credential is for {signed}, the host is that of {product}."
        raise ApiError("AuthFailure.InvalidAuthorization", message)
    if signed not in _NAMES:
        raise ApiError("NoSuchProduct", f"The embedded cloud has no product {signed}.")
    version = _required(headers, "X-TC-Version")
    service = _BY_NAME.get((signed, version))
    if service is None:
        raise ApiError("NoSuchVersion", f"{signed} has no version {version}.")
    return service


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise ApiError("MissingParameter", f"The request has no {name} header.")
    return value


def _parameters(method: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    media = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if method != "POST" or media != "application/json":
        raise ApiError("UnsupportedProtocol")
    try:
        parameters = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ApiError("InvalidParameter", "The body is not JSON.") from None
    if not isinstance(parameters, dict):
        raise ApiError("InvalidParameter", "The body must be a JSON object.")
    check_storable(parameters)
    return parameters
