"""Security Token Service 2018-08-13."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.actions import Action, Call, Service
from sitepub.local.cloud_api.sts.temporary_keys import (
    assume_role,
    assume_role_with_web_identity,
    caller,
    get_federation_token,
)


async def get_caller_identity(call: Call) -> dict[str, Any]:
    """GetCallerIdentity (1312/66098). The keys of the embedded cloud belong to main accounts.

    What Type says for a main account is not documented; the one documented value is given.
    """
    uin = call.signer.uin
    if call.signer.session:
        return {"AccountId": uin, "PrincipalId": uin, **caller(call.signer)}
    return {
        "Arn": f"qcs::cam:{uin}:uin/{uin}",
        "AccountId": uin,
        "UserId": uin,
        "PrincipalId": uin,
        "Type": "CAMUser",
    }


STS = Service("sts", "2018-08-13", {
    "AssumeRole": Action(assume_role),
    "AssumeRoleWithWebIdentity": Action(assume_role_with_web_identity, unsigned=True),
    "GetCallerIdentity": Action(get_caller_identity),
    "GetFederationToken": Action(get_federation_token),
}, regional=True)
