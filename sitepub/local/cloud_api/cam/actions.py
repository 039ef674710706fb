"""Cloud Access Management 2019-01-16: the own account, its roles, and who may take them."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.actions import Action, Call, Service
from sitepub.local.cloud_api.cam.oidc import create_oidc_config, describe_oidc_config, update_oidc_config
from sitepub.local.cloud_api.cam.roles import (
    attach_role_policy,
    create_policy,
    create_role,
    delete_policy,
    delete_role,
    detach_role_policy,
    get_policy,
    get_role,
    list_attached_role_policies,
    list_policies,
    update_assume_role_policy,
    update_policy,
)


async def get_user_app_id(call: Call) -> dict[str, Any]:
    """GetUserAppId (CAM API 2019-01-16): the account behind the key. The main account is its own owner."""
    return {"Uin": call.signer.uin, "OwnerUin": call.signer.uin, "AppId": int(call.signer.app_id)}


async def list_users(_: Call) -> dict[str, Any]:
    """ListUsers (598/34587): the accounts of the embedded cloud have no sub-users."""
    return {"Data": []}


CAM = Service("cam", "2019-01-16", {
    "AttachRolePolicy": Action(attach_role_policy), "CreatePolicy": Action(create_policy),
    "CreateRole": Action(create_role), "DeletePolicy": Action(delete_policy), "DeleteRole": Action(delete_role),
    "DetachRolePolicy": Action(detach_role_policy), "GetRole": Action(get_role),
    "GetUserAppId": Action(get_user_app_id), "ListAttachedRolePolicies": Action(list_attached_role_policies),
    "ListUsers": Action(list_users), "CreateOIDCConfig": Action(create_oidc_config),
    "DescribeOIDCConfig": Action(describe_oidc_config), "UpdateOIDCConfig": Action(update_oidc_config),
    "GetPolicy": Action(get_policy), "ListPolicies": Action(list_policies), "UpdatePolicy": Action(update_policy),
    "UpdateAssumeRolePolicy": Action(update_assume_role_policy),
})
