"""Finds the action that answers a cloud API request (API 3.0, 213/30654 request, 213/30435 errors)."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Identity
from sitepub.local.base.messages import Request, Response
from sitepub.local.cloud_api import query
from sitepub.local.cloud_api.actions import Call, Service
from sitepub.local.cloud_api.cam.actions import CAM
from sitepub.local.cloud_api.cdn.actions import CDN
from sitepub.local.cloud_api.cls.actions import CLS
from sitepub.local.cloud_api.contract import contract
from sitepub.local.cloud_api.dnspod.actions import DNSPOD
from sitepub.local.cloud_api.errors import COMMON, ApiError
from sitepub.local.cloud_api.gateway.asked import Asked, read, resources
from sitepub.local.cloud_api.gateway.recording import Recorded, record
from sitepub.local.cloud_api.shapes import check_storable
from sitepub.local.cloud_api.ssl.actions import SSL
from sitepub.local.cloud_api.sts.actions import STS
from sitepub.local.cloud_api.tag.actions import TAG
from sitepub.local.cloud_api.teo.actions import TEO
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.store.storage import Storage
from sitepub.local.visits.packages import Addresses

SERVICES: tuple[Service, ...] = (CAM, CDN, CLS, DNSPOD, SSL, STS, TAG, TEO)
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
    storage: Storage
    access_log: AccessLog
    addresses: Addresses


async def handle(api: CloudApi, request: Request) -> Response:
    """Answer a request on a cloud API host or on loopback. Always HTTP 200; errors are in the body.

    The Content-Type has no charset: the official SDK reads errors only from the bare `application/json`.
    """
    call: Recorded | None = None
    try:
        asked = read(api.identity, request, await _body(request))
        service = _service(asked)
        call = Recorded(service.name, asked.version, asked.action, asked.language, asked.given or {})
        result = await _result(api, request, asked, service, call)
    except ApiError as error:
        result = {"Error": {"Code": error.code, "Message": error.message}}
    except Exception:
        traceback.print_exc(file=sys.stderr)
        result = {"Error": {"Code": "InternalError", "Message": COMMON["InternalError"]}}
    response = {**result, "RequestId": request.request_id}
    if call is not None:
        record(call, response)
    body = json.dumps({"Response": response}, ensure_ascii=False)
    return Response(200, {"Content-Type": "application/json"}, body.encode())


async def _body(request: Request) -> bytes:
    try:
        return await request.body.read(BODY_LIMIT)
    except ServiceError as error:
        code = "RequestSizeLimitExceeded" if error.code == "EntityTooLarge" else "InvalidParameter"
        raise ApiError(code, error.message) from None


async def _result(api: CloudApi, request: Request, asked: Asked, service: Service, call: Recorded) -> dict[str, Any]:
    name = _required(asked.action, "X-TC-Action")
    action = service.actions.get(name)
    if action is None:
        where = f"{service.name} {service.version}"
        if name in contract(service.name).others:
            raise ApiError("UnsupportedOperation", f"The embedded cloud does not answer {name} of {where}.")
        raise ApiError("InvalidAction", f"The action {name} of {where} is not found.")
    if service.regional:
        _required(asked.region, "X-TC-Region")
    if asked.signer is None and not action.unsigned:
        raise ApiError("AuthFailure.InvalidAuthorization")
    signer = asked.signer or api.identity.nobody
    given = query.parameters(contract(service.name), name, asked.pairs) if asked.given is None else asked.given
    call.parameters = given
    check_storable(given)
    if service.name in api.services.switches.forbidden_services:
        raise ApiError("UnauthorizedOperation", f"You are not authorized to perform {service.name}:{name}.")
    parameters = service.checked(name, given)
    if not signer.may(f"{service.name}:{name}", resources(service.name, signer.uin, parameters),
                      {"qcs:ip": request.remote}):
        raise ApiError("AuthFailure.UnauthorizedOperation",
                       f"The policy of the temporary key does not permit {service.name}:{name}.")
    return await action.handler(
        Call(api.services, api.storage, api.access_log, api.addresses, api.identity, signer, asked.region, parameters,
             request.time, request.request_id)
    )


def _service(asked: Asked) -> Service:
    """The interface in its version. On loopback a signature v1 names none: then the action says which."""
    product, version = asked.product, _required(asked.version, "X-TC-Version")
    if not product:
        of_version = [service for service in SERVICES if service.version == version]
        fitting = [service for service in of_version if asked.action in service.actions]
        if not of_version:
            raise ApiError("NoSuchVersion", f"No product has a version {version}.")
        return (fitting or of_version)[0]
    if product not in _NAMES:
        raise ApiError("NoSuchProduct", f"The embedded cloud has no product {product}.")
    service = _BY_NAME.get((product, version))
    if service is None:
        raise ApiError("NoSuchVersion", f"{product} has no version {version}.")
    return service


def _required(value: str, name: str) -> str:
    if not value:
        raise ApiError("MissingParameter", f"The request has no {name}.")
    return value
