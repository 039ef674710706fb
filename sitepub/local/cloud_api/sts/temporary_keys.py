"""Temporary keys: of a federated user, of a role, of a role for the holder of an identity provider's token.

A role that CAM has made may do what its policies permit, for the accounts that it trusts. Under any other name it may
do what its account may, so that clients can be tried without one. The policy of the call narrows both. With an identity
token only a role that CAM has made can be taken: `identity_token` judges the token.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import unquote

from sitepub.local.base.grants import PolicyError, SessionPolicy, parse_session_policy
from sitepub.local.base.identity import Account, Signer
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cam.roles import trusts
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.sts.identity_token import claims_of, is_trusted
from sitepub.local.services.roles import Role, provider_key

_ROLE = re.compile(r"qcs::cam::uin/(?P<uin>[0-9]+):(?:roleName|role)/(?P<name>[\w/.+=,@-]+)\Z")
_SESSION = re.compile(r"[\w+=,.@-]{2,128}\Z")


async def get_federation_token(call: Call) -> dict[str, Any]:
    """GetFederationToken (1312/48195): good for two hours at most with a main account's key."""
    if call.signer.token is not None:
        raise ApiError("FailedOperation.TempKeyNotAllowed", "A temporary key makes no other one.")
    name = call.parameters["Name"]
    if not re.fullmatch(r"[A-Za-z0-9_.@+=,-]{1,128}", name):
        raise ApiError("InvalidParameter.ParamError", "Name has letters.")
    policy = _policy(call.parameters["Policy"])
    seconds = _seconds(call, 1800, 7200)
    return _handed_out(call, call.owner, seconds, (policy,), session=name)


async def assume_role(call: Call) -> dict[str, Any]:
    """AssumeRole (1312/48197). A temporary key may do it, too: its own policies stay."""
    account, role = _role(call)
    if account.app_id != call.owner:
        raise ApiError("ResourceNotFound.RoleNotFound", "The role does not exist, or does not trust this account.")
    made = _made(call, account, role)
    if made is not None and not trusts(made, call.signer.uin):
        raise ApiError("ResourceNotFound.RoleNotFound", "The role does not exist, or does not trust this account.")
    policies = (*call.signer.policies, *_of_role(call, made))
    if call.get("Policy"):
        policies += (_policy(call.parameters["Policy"]),)
    return _handed_out(call, call.owner, _seconds(call, 7200, _longest(made)), policies, role=role,
                       session=_session(call))


async def assume_role_with_web_identity(call: Call) -> dict[str, Any]:
    """AssumeRoleWithWebIdentity (1312/73070): called without a signature."""
    account, name = _role(call)
    provider = call.services.oidc_providers.get(provider_key(account.app_id, call.get("ProviderId", "")))
    role = _made(call, account, name)
    if provider is None:
        raise ApiError("InvalidParameter.ParamError", "There is no such identity provider.")
    if role is None:
        raise ApiError("ResourceNotFound.RoleNotFound", "The role does not exist.")
    claims = claims_of(call.parameters["WebIdentityToken"], provider, call.time)
    if not is_trusted(role.trust, provider, account.uin, claims):
        raise ApiError("UnauthorizedOperation", "The role does not trust the holder of this token.")
    return _handed_out(call, account.app_id, _seconds(call, 7200, _longest(role)), _of_role(call, role), role=name,
                       session=_session(call))


def _made(call: Call, account: Account, name: str) -> Role | None:
    roles = call.services.roles.where(owner=account.app_id)
    return next((role for role in roles if name in (role.name, role.id)), None)


def _of_role(call: Call, role: Role | None) -> tuple[SessionPolicy, ...]:
    """What all its policies permit together: with none attached nothing."""
    if role is None:
        return ()
    found = [call.services.policies.get(str(id)) for id in role.policies]
    return (SessionPolicy(tuple(grant for one in found if one is not None
                                for grant in parse_session_policy(one.document).grants)),)


def _longest(role: Role | None) -> int:
    return role.longest if role is not None and role.longest else 43200


def caller(signer: Signer) -> dict[str, Any]:
    """GetCallerIdentity of a temporary key."""
    if signer.role:
        id = str(4611686000000000000 + sum(signer.role.encode()))
        return {"Type": "CAMRole", "UserId": f"{id}:{signer.session}",
                "Arn": f"qcs::sts:{signer.uin}:assumed-role/{id}"}
    return {"Type": "CAMUser", "UserId": f"{signer.uin}:{signer.session}",
            "Arn": f"qcs::sts:{signer.uin}:federated-user/{signer.uin}"}


def _handed_out(call: Call, app_id: str, seconds: int, policies: tuple[SessionPolicy, ...], *, role: str = "",
                session: str = "") -> dict[str, Any]:
    expires = int(call.time) + seconds
    made = call.identity.add_temporary(app_id, expires, policies=policies, role=role, session=session)
    return {
        "Credentials": {"Token": made.token, "TmpSecretId": made.secret_id, "TmpSecretKey": made.secret_key},
        "ExpiredTime": expires, "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)),
    }


def _policy(text: str) -> SessionPolicy:
    """The policy comes URL-encoded; one that is not is read as well."""
    try:
        return parse_session_policy(text if text.lstrip().startswith("{") else unquote(text), everyone=True)
    except PolicyError as error:
        raise ApiError("InvalidParameter.StrategyInvalid", str(error)) from None


def _seconds(call: Call, default: int, most: int) -> int:
    seconds = int(call.get("DurationSeconds", default))
    if not 1 <= seconds <= most:
        raise ApiError("InvalidParameter.OverTimeError", f"DurationSeconds is at most {most}.")
    return seconds


def _session(call: Call) -> str:
    name = str(call.parameters["RoleSessionName"])
    if not _SESSION.match(name):
        raise ApiError("InvalidParameter.ParamError", "RoleSessionName has 2 to 128 letters, digits and =,.@_-.")
    return name


def _role(call: Call) -> tuple[Account, str]:
    found = _ROLE.match(call.parameters["RoleArn"])
    if found is None:
        raise ApiError("InvalidParameter.ParamError", "RoleArn is qcs::cam::uin/<uin>:roleName/<name>.")
    for account in (call.identity.account, call.identity.other):
        if account.uin == found["uin"]:
            return account, found["name"].rpartition("/")[2]
    raise ApiError("ResourceNotFound.RoleNotFound", "The role does not exist.")
