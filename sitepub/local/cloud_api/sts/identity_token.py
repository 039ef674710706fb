"""An identity token (JWT, RFC 7519), judged as OpenID Connect says: signature, issuer, audience, times; and by the
trust policy of the role: issuer, audience and subject once more.

Of the trust policy, `string_equal` over `oidc:iss`, `oidc:aud` and `oidc:sub` is known, the conditions that CAM
documents for roles of identity providers. One without a condition trusts every token of its provider.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from sitepub.local.cloud_api.cam.oidc import key_set
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.roles import OidcProvider

_LEEWAY = 0.0
_ACTION = "sts:assumerolewithwebidentity"


def claims_of(token: str, provider: OidcProvider, now: float) -> Mapping[str, Any]:
    """What the token says, when it is the provider's, for us, and in time. Raises ApiError."""
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise _wrong("The token is not a JWT.")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "RS256":
        raise _wrong("The token is not signed with RS256.")
    if not _is_signed(parts, header, provider):
        raise _wrong("The signature of the token does not fit the keys of the identity provider.")
    if claims.get("iss") != provider.url:
        raise _wrong("The issuer of the token is not the identity provider.")
    if not set(_texts(claims.get("aud"))) & set(provider.client_ids):
        raise _wrong("The audience of the token is none of the client ids of the identity provider.")
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
    if not isinstance(expires, int | float) or not expires + _LEEWAY > now:
        raise _wrong("The token has expired.")
    if not isinstance(begins, int | float) or begins > now + 300:
        raise _wrong("The token is not valid yet.")
    return claims


def is_trusted(trust: str, provider: OidcProvider, uin: str, claims: Mapping[str, Any]) -> bool:
    """Whether a role's trust policy lets the holder of these claims take it."""
    facts = {"oidc:iss": _texts(claims.get("iss")), "oidc:aud": _texts(claims.get("aud")),
             "oidc:sub": _texts(claims.get("sub"))}
    name = f"qcs::cam::uin/{uin}:oidc-provider/{provider.name}"
    statements = json.loads(trust)["statement"]
    fitting = [one for one in statements if _names(one, name) and _holds(one.get("condition") or {}, facts)]
    return bool(fitting) and all(str(one.get("effect", "")).lower() == "allow" for one in fitting)


def _names(statement: Mapping[str, Any], provider: str) -> bool:
    actions = [one.lower().removeprefix("name/") for one in _texts(statement.get("action"))]
    principal = statement.get("principal")
    federated = _texts(principal.get("federated")) if isinstance(principal, dict) else []
    return _ACTION in actions and provider in federated


def _holds(condition: object, facts: Mapping[str, list[str]]) -> bool:
    if not isinstance(condition, dict):
        return False
    for operator, keys in condition.items():
        # Other operators: the stricter reading, nothing holds. `string_like` cannot hold a slash or a colon in CAM.
        if operator.lower() != "string_equal" or not isinstance(keys, dict):
            return False
        if not all(set(_texts(wanted)) & set(facts.get(key, [])) for key, wanted in keys.items()):
            return False
    return True


def _is_signed(parts: list[str], header: Mapping[str, Any], provider: OidcProvider) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256

    for key in key_set(provider.keys):
        if key.get("kty") != "RSA" or ("kid" in header and key.get("kid") != header["kid"]):
            continue
        try:
            public = RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
            public.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, KeyError, TypeError, ValueError):
            continue
        return True
    return False


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _wrong("The token is not a JWT.") from None


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _wrong("The token is not a JWT.")
    return found


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _wrong(message: str) -> ApiError:
    return ApiError("InvalidParameter.WebIdentityTokenError", message)
