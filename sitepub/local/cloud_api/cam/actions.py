"""Cloud Access Management 2019-01-16: the calls about the own account."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.actions import Action, Call, Service


async def get_user_app_id(call: Call) -> dict[str, Any]:
    """GetUserAppId (CAM API 2019-01-16): the account behind the key. The main account is its own owner."""
    return {"Uin": call.signer.uin, "OwnerUin": call.signer.uin, "AppId": int(call.signer.app_id)}


async def list_users(_: Call) -> dict[str, Any]:
    """ListUsers (598/34587): the accounts of the embedded cloud have no sub-users."""
    return {"Data": []}


CAM = Service("cam", "2019-01-16", {"GetUserAppId": Action(get_user_app_id), "ListUsers": Action(list_users)})
