"""Roles of CAM: who may take one, and what its temporary keys may do."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.local.cloud_api.test_local_temporary_keys import Made, caller, error, policy, sdk, statement
from tests.local.cos_wire import Wire


def trust(principal: dict[str, Any]) -> str:
    return policy({"effect": "allow", "action": "name/sts:AssumeRole", "principal": principal})


@pytest.fixture
def role(local_cloud: LocalCloud) -> Iterator[str]:
    name = f"role-{uuid.uuid4().hex[:8]}"
    uin = caller(local_cloud)
    cam = sdk(local_cloud, "cam")
    cam.call_json("CreateRole", {"RoleName": name, "SessionDuration": 900,
                                 "PolicyDocument": trust({"qcs": [f"qcs::cam::uin/{uin}:root"]})})
    yield name
    error(cam, "DeleteRole", {"RoleName": name})


def taken(cloud: LocalCloud, name: str, **more: Any) -> Made:
    return Made(cloud, sdk(cloud, "sts").call_json("AssumeRole", {
        "RoleArn": f"qcs::cam::uin/{caller(cloud)}:roleName/{name}", "RoleSessionName": "tests", **more}))


def test_a_role_may_do_what_its_policies_permit_together(local_cloud: LocalCloud, role: str) -> None:
    bucket = f"roles-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
    owner = Wire(local_cloud, bucket)
    assert owner.call("PUT").status == owner.put("a", b"x").status == 200
    cam = sdk(local_cloud, "cam")

    def may() -> tuple[bool, bool]:
        key = taken(local_cloud, role, DurationSeconds=600)
        return key.status(bucket, "GET", "a") == 200, key.status(bucket, "PUT", "a", body=b"y") == 200

    assert may() == (False, False), "with no policy nothing is permitted"
    ids = []
    for action in ("name/cos:GetObject", "name/cos:PutObject"):
        name = f"policy-{uuid.uuid4().hex[:8]}"
        ids.append(cam.call_json("CreatePolicy", {"PolicyName": name, "PolicyDocument": policy(statement(action))})[
            "Response"]["PolicyId"])
        cam.call_json("AttachRolePolicy", {"PolicyName": name, "AttachRoleName": role})
    assert may() == (True, True)
    narrowed = taken(local_cloud, role, DurationSeconds=600, Policy=policy(statement("name/cos:GetObject")))
    assert narrowed.status(bucket, "GET", "a") == 200 and narrowed.status(bucket, "PUT", "a", body=b"z") == 403
    listed = cam.call_json("ListAttachedRolePolicies", {"Page": 1, "Rp": 20, "RoleName": role})["Response"]
    assert listed["TotalNum"] == 2 and [one["PolicyId"] for one in listed["List"]] == ids
    cam.call_json("DetachRolePolicy", {"PolicyId": ids[1], "DetachRoleName": role})
    assert may() == (True, False)
    cam.call_json("DeletePolicy", {"PolicyId": [ids[0]]})
    assert may() == (False, False)
    assert error(cam, "DeletePolicy", {"PolicyId": [ids[0]]}) == "InvalidParameter.PolicyIdNotExist"


def test_a_role_is_taken_by_those_whom_it_trusts_for_as_long_as_it_says(local_cloud: LocalCloud, role: str) -> None:
    cam, uin = sdk(local_cloud, "cam"), caller(local_cloud)
    info = cam.call_json("GetRole", {"RoleName": role})["Response"]["RoleInfo"]
    assert info["RoleArn"] == f"qcs::cam::uin/{uin}:roleName/{role}" and info["SessionDuration"] == 900
    asked = {"RoleArn": info["RoleArn"], "RoleSessionName": "tests"}
    sts = sdk(local_cloud, "sts")
    assert error(sts, "AssumeRole", {**asked, "DurationSeconds": 901}) == "InvalidParameter.OverTimeError"
    for principal in ({"service": "cvm.qcloud.com"}, {"qcs": ["qcs::cam::uin/1:root"]}):
        name = f"role-{uuid.uuid4().hex[:8]}"
        cam.call_json("CreateRole", {"RoleName": name, "PolicyDocument": trust(principal)})
        assert error(sts, "AssumeRole", {"RoleArn": f"qcs::cam::uin/{uin}:roleName/{name}",
                                         "RoleSessionName": "tests"}) == "ResourceNotFound.RoleNotFound"
        cam.call_json("DeleteRole", {"RoleName": name})
    assert error(cam, "CreateRole", {"RoleName": role, "PolicyDocument": trust({"service": "x"})}) == (
        "InvalidParameter.RoleNameInUse")
    for wrong in ("no JSON", "{}", policy(statement("*"))):
        assert error(cam, "CreateRole", {"RoleName": "new", "PolicyDocument": wrong}) == (
            "InvalidParameter.PolicyDocumentError")
    assert error(cam, "CreatePolicy", {"PolicyName": "new", "PolicyDocument": "{}"}) == (
        "InvalidParameter.PolicyDocumentError")
    assert error(cam, "GetRole", {"RoleName": "none"}) == "InvalidParameter.RoleNotExist"


def test_roles_do_not_reach_into_another_account(local_cloud: LocalCloud, role: str) -> None:
    other = json.loads((local_cloud.data / "identity.json").read_text())["other_account"]
    cam = sdk(local_cloud, "cam", secret_id=other["secret_id"], secret_key=other["secret_key"])
    assert error(cam, "GetRole", {"RoleName": role}) == "InvalidParameter.RoleNotExist"
