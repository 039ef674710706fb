"""Roles with policies of their own (CAM 2019-01-16). STS asks here what a temporary key of a role may do."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from typing import Any

from sitepub.local.base.grants import PolicyError, parse_session_policy
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.roles import Policy, Role

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}\Z")
_LONGEST = 43_200


async def create_role(call: Call) -> dict[str, Any]:
    """CreateRole (598)."""
    name, trust = call.parameters["RoleName"], call.parameters["PolicyDocument"]
    if not _NAME.match(name):
        raise ApiError("InvalidParameter.RoleNameError", "RoleName has other characters.")
    if any(role.name == name for role in call.services.roles.where(owner=call.owner)):
        raise ApiError("InvalidParameter.RoleNameInUse", "The role exists already.")
    if not 0 <= call.get("SessionDuration", 0) <= _LONGEST:
        raise ApiError("InvalidParameter.ParamError", f"SessionDuration is at most {_LONGEST}.")
    if not _principals(trust):
        raise ApiError("InvalidParameter.PolicyDocumentError", "The document does not name who may take the role.")
    id = str(4611686018427000000 + secrets.randbelow(387_904))
    call.services.roles.put(id, Role(id, name, call.owner, trust, call.get("Description", ""), call.time, call.time,
                                     call.get("SessionDuration", 0), call.get("ConsoleLogin", 0)))
    return {"RoleId": id}


async def get_role(call: Call) -> dict[str, Any]:
    """GetRole (598)."""
    role = _role(call, "Role")
    return {"RoleInfo": {
        "RoleId": role.id, "RoleName": role.name, "PolicyDocument": role.trust, "Description": role.description,
        "AddTime": local_time(role.created), "UpdateTime": local_time(role.updated), "ConsoleLogin": role.console,
        "RoleType": "user", "SessionDuration": role.longest, "DeletionTaskId": None, "Tags": [],
        "RoleArn": f"qcs::cam::uin/{call.signer.uin}:roleName/{role.name}"}}


async def delete_role(call: Call) -> dict[str, Any]:
    """DeleteRole (598)."""
    call.services.roles.remove(_role(call, "Role").id)
    return {}


async def update_assume_role_policy(call: Call) -> dict[str, Any]:
    """UpdateAssumeRolePolicy (598)."""
    role, trust = _role(call, "Role"), call.parameters["PolicyDocument"]
    if not _principals(trust):
        raise ApiError("InvalidParameter.PolicyDocumentError", "The document does not name who may take the role.")
    call.services.roles.put(role.id, replace(role, trust=trust, updated=call.time))
    return {}


async def create_policy(call: Call) -> dict[str, Any]:
    """CreatePolicy (598)."""
    name, document = call.parameters["PolicyName"], call.parameters["PolicyDocument"]
    if not _NAME.match(name):
        raise ApiError("InvalidParameter.PolicyNameError", "PolicyName has other characters.")
    if any(policy.name == name for policy in call.services.policies.where(owner=call.owner)):
        raise ApiError("FailedOperation.PolicyNameInUse", "The policy exists already.")
    try:
        parse_session_policy(document)
    except PolicyError as error:
        raise ApiError("InvalidParameter.PolicyDocumentError", str(error)) from None
    id = 1 + max((policy.id for policy in call.services.policies), default=100_000)
    call.services.policies.put(str(id), Policy(id, name, call.owner, document, call.get("Description", ""), call.time,
                                               call.time))
    return {"PolicyId": id}


async def update_policy(call: Call) -> dict[str, Any]:
    """UpdatePolicy (598)."""
    policy, document = _policy(call), call.get("PolicyDocument")
    if document is not None:
        try:
            parse_session_policy(document)
        except PolicyError as error:
            raise ApiError("InvalidParameter.PolicyDocumentError", str(error)) from None
    call.services.policies.put(str(policy.id), replace(
        policy, document=document or policy.document, description=call.get("Description", policy.description),
        updated=call.time))
    return {"PolicyId": policy.id}


async def get_policy(call: Call) -> dict[str, Any]:
    """GetPolicy (598)."""
    policy = _policy(call)
    return {"PolicyName": policy.name, "Description": policy.description, "Type": 1,
            "AddTime": local_time(policy.created), "UpdateTime": local_time(policy.updated),
            "PolicyDocument": policy.document, "PresetAlias": "", "IsServiceLinkedRolePolicy": 0, "Tags": []}


async def list_policies(call: Call) -> dict[str, Any]:
    """ListPolicies (598): the account's own; it has no preset ones here."""
    word, rows, page = str(call.get("Keyword", "")).lower(), int(call.get("Rp", 20)), int(call.get("Page", 1))
    if page < 1 or not 1 <= rows <= 200:
        raise ApiError("InvalidParameter.ParamError", "Page is from 1, Rp from 1 to 200.")
    found = [one for one in call.services.policies.where(owner=call.owner)
             if word in one.name.lower() and call.get("Scope", "All") != "QCS"]
    attached = [id for role in call.services.roles.where(owner=call.owner) for id in role.policies]
    return {"TotalNum": len(found), "ServiceTypeList": [], "List": [{
        "PolicyId": one.id, "PolicyName": one.name, "AddTime": local_time(one.created), "Type": 1,
        "Description": one.description, "CreateMode": 2, "Attachments": attached.count(one.id), "ServiceType": "",
        "IsAttached": 0, "Deactived": 0, "DeactivedDetail": [], "IsServiceLinkedPolicy": 0,
        "AttachEntityCount": attached.count(one.id), "AttachEntityBoundaryCount": 0,
        "UpdateTime": local_time(one.updated)} for one in found[(page - 1) * rows:page * rows]]}


async def delete_policy(call: Call) -> dict[str, Any]:
    """DeletePolicy (598): it is taken from the roles that have it."""
    for id in call.parameters["PolicyId"]:
        policy = _by_id(call, id)
        for role in call.services.roles.where(owner=call.owner):
            if policy.id in role.policies:
                _attach(call, role, tuple(one for one in role.policies if one != policy.id))
        call.services.policies.remove(str(policy.id))
    return {}


async def attach_role_policy(call: Call) -> dict[str, Any]:
    """AttachRolePolicy (598)."""
    role, policy = _role(call, "AttachRole"), _policy(call)
    if policy.id not in role.policies:
        _attach(call, role, (*role.policies, policy.id))
    return {}


async def detach_role_policy(call: Call) -> dict[str, Any]:
    """DetachRolePolicy (598)."""
    role, policy = _role(call, "DetachRole"), _policy(call)
    _attach(call, role, tuple(one for one in role.policies if one != policy.id))
    return {}


async def list_attached_role_policies(call: Call) -> dict[str, Any]:
    """ListAttachedRolePolicies (598)."""
    role, page, rows = _role(call, "Role"), call.parameters["Page"], call.parameters["Rp"]
    if page < 1 or not 1 <= rows <= 200:
        raise ApiError("InvalidParameter.ParamError", "Page is from 1, Rp from 1 to 200.")
    found = [policy for id in role.policies if (policy := call.services.policies.get(str(id))) is not None
             and call.get("Keyword", "") in policy.name and call.get("PolicyType", "User") in ("", "User")]
    return {"TotalNum": len(found), "List": [{
        "PolicyId": one.id, "PolicyName": one.name, "AddTime": local_time(one.created), "PolicyType": "User",
        "CreateMode": 2, "Deactived": 0, "DeactivedDetail": [], "Description": one.description,
    } for one in found[(page - 1) * rows:page * rows]]}


def _attach(call: Call, role: Role, policies: tuple[int, ...]) -> None:
    call.services.roles.put(role.id, replace(role, policies=policies, updated=call.time))


def _role(call: Call, prefix: str) -> Role:
    id, name = call.get(f"{prefix}Id"), call.get(f"{prefix}Name")
    if not id and not name:
        raise ApiError("InvalidParameter.ParamError", f"{prefix}Id or {prefix}Name is required.")
    for role in call.services.roles.where(owner=call.owner):
        if role.id == id or (not id and role.name == name):
            return role
    raise ApiError("InvalidParameter.RoleNotExist", "The role does not exist.")


def _policy(call: Call) -> Policy:
    if call.get("PolicyId") is not None:
        return _by_id(call, call.parameters["PolicyId"])
    for policy in call.services.policies.where(owner=call.owner):
        if policy.name == call.get("PolicyName"):
            return policy
    raise ApiError("InvalidParameter.PolicyIdNotExist", "The policy does not exist.")


def _by_id(call: Call, id: int) -> Policy:
    policy = call.services.policies.get(str(id))
    if policy is None or policy.owner != call.owner:
        raise ApiError("InvalidParameter.PolicyIdNotExist", "The policy does not exist.")
    return policy


def _principals(document: str) -> dict[str, list[str]]:
    """Who may take a role, by kind (``qcs``, ``service``, ``federated``). Empty for what is no such document."""
    found: dict[str, list[str]] = {}
    try:
        statements = json.loads(document)["statement"]
        for one in statements if isinstance(statements, list) else [statements]:
            if str(one["effect"]).lower() == "allow":
                for kind, names in one["principal"].items():
                    found.setdefault(kind, []).extend([names] if isinstance(names, str) else names)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def trusts(role: Role, uin: str) -> bool:
    """Whether a role may be taken with the keys of an account. An identity provider's token: `sts.identity_token`."""
    return any(f"uin/{uin}:" in name or name == "*" for name in _principals(role.trust).get("qcs", []))
