"""Identity providers of roles (CAM API 2019-01-16): CreateOIDCConfig, DescribeOIDCConfig, UpdateOIDCConfig."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import urlsplit

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.roles import OidcProvider, provider_key

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_MOST = 10
"""Of an account; the documentation names no number for roles, this is the one for users (598/35253)."""


async def create_oidc_config(call: Call) -> dict[str, Any]:
    name = call.parameters["Name"]
    if not _NAME.fullmatch(name):
        raise ApiError("InvalidParameterValue.NameError", "Name has letters, digits and _.-")
    if call.services.oidc_providers.get(provider_key(call.owner, name)) is not None:
        raise ApiError("InvalidParameter.IdentityNameInUse", "An identity provider of this name exists.")
    if len(call.services.oidc_providers.where(owner=call.owner)) >= _MOST:
        raise ApiError("LimitExceeded.IdentityFull", f"An account has {_MOST} identity providers at most.")
    call.services.oidc_providers.put(provider_key(call.owner, name), _given(call))
    return {}


async def update_oidc_config(call: Call) -> dict[str, Any]:
    _found(call)
    call.services.oidc_providers.put(provider_key(call.owner, call.parameters["Name"]), _given(call))
    return {}


async def describe_oidc_config(call: Call) -> dict[str, Any]:
    found = _found(call)
    return {"ProviderType": 11, "IdentityUrl": found.url, "IdentityKey": found.keys, "ClientId": list(found.client_ids),
            "Status": 11, "Description": found.description, "Name": found.name, "AutoRotateKey": found.rotates}


def _found(call: Call) -> OidcProvider:
    found = call.services.oidc_providers.get(provider_key(call.owner, call.parameters["Name"]))
    if found is None:
        raise ApiError("ResourceNotFound.IdentityNotExist", "There is no such identity provider.")
    return found


def _given(call: Call) -> OidcProvider:
    given = call.parameters
    url = urlsplit(given["IdentityUrl"])
    # 598/58323: https, and neither query, fragment nor a user.
    if url.scheme != "https" or not url.hostname or url.query or url.fragment or "@" in url.netloc:
        raise ApiError("InvalidParameterValue.IdentityUrlError", "IdentityUrl is an https address without a query.")
    if not given["ClientId"] or not all(given["ClientId"]):
        raise ApiError("InvalidParameter.ParamError", "ClientId names at least one.")
    if not key_set(given["IdentityKey"]):
        raise ApiError("InvalidParameterValue.IdentityKeyError", "IdentityKey is a set of keys (JWKS) in Base64.")
    return OidcProvider(call.owner, given["Name"], given["IdentityUrl"], tuple(given["ClientId"]),
                        given["IdentityKey"], call.get("Description", ""), int(call.get("AutoRotateKey", 0)))


def key_set(encoded: str) -> list[dict[str, Any]]:
    """The keys of a JSON Web Key Set (RFC 7517) in Base64; [] when it is none. Missing padding is not minded: the
    documentation's own example has none."""
    try:
        found = json.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return []
    keys = found.get("keys") if isinstance(found, dict) else None
    return [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []
