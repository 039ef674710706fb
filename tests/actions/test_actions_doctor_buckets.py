"""The doctor reports settings of the two buckets that break a site, whoever made them, with what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.settings.bucket_dangers import denied, lets_everybody_read
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.wire import Wire
from tests.conftest import LocalCloud
from tests.terminal.screen import sitepub

PREFIX = "shop/prod/doctored/"
EVERYBODY = {"qcs": ["qcs::cam::anyone:anyone"]}
SOMEBODY = {"qcs": ["qcs::cam::uin/100000000001:uin/100000000001"]}


def lifecycle(inner: str, prefix: str = "", status: str = "Enabled") -> bytes:
    return (f"<LifecycleConfiguration><Rule><ID>r1</ID><Status>{status}</Status><Filter><Prefix>{prefix}</Prefix>"
            f"</Filter>{inner}</Rule></LifecycleConfiguration>").encode()


def policy(effect: str, *actions: str, to: Mapping[str, Any] = EVERYBODY, condition: Any = None) -> Mapping[str, Any]:
    one = {"Effect": effect, "Principal": to, "Action": list(actions), "Resource": ["*"]}
    return {"version": "2.0", "Statement": [one | ({"Condition": condition} if condition else {})]}


DELETES = "<Expiration><Days>30</Days></Expiration>"
DATED = "<Expiration><Date>2031-01-01T00:00:00+08:00</Date></Expiration>"
ABORTS = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"


def moves(kind: str) -> str:
    return f"<Transition><Days>30</Days><StorageClass>{kind}</StorageClass></Transition>"


@dataclass(frozen=True)
class Case:
    """A setting, which of the two buckets gets it, and what the doctor says (nothing: all is well)."""

    where: str
    setting: str
    document: bytes
    says: str = ""
    verdict: str = "fail"


LIFECYCLE = [
    Case("state", "lifecycle", lifecycle(DELETES), "deletes what sitepub keeps of this site 30 days after"),
    Case("state", "lifecycle", lifecycle(DATED), "deletes what sitepub keeps of this site on 2031-01-01"),
    Case("state", "lifecycle", lifecycle(moves("ARCHIVE"), "shop/"), "to ARCHIVE 30 days after their upload: sitepub"),
    Case("state", "lifecycle", lifecycle(moves("DEEP_ARCHIVE"), f"{PREFIX}content/"),
         f"moves {PREFIX}content/… to DEEP_ARCHIVE"),
    Case("state", "lifecycle", lifecycle(ABORTS), "are not finished after 7 days", "warn"),
    Case("state", "lifecycle", lifecycle(moves("STANDARD_IA"))),
    Case("state", "lifecycle", lifecycle(DELETES, "blog/")),
    Case("state", "lifecycle", lifecycle(DELETES, status="Disabled")),
    Case("website", "lifecycle", lifecycle(DELETES), "deletes 2 files of the site 30 days after"),
    Case("website", "lifecycle", lifecycle(moves("DEEP_ARCHIVE"), "a"), "moves 1 file of the site to DEEP_ARCHIVE"),
    Case("website", "lifecycle", lifecycle(DELETES, "uploads/")),
]
OTHERS = [
    Case("website", "encryption", b"<ServerSideEncryptionConfiguration><Rule><ApplySideEncryptionConfiguration>"
         b"<SSEAlgorithm>KMS</SSEAlgorithm></ApplySideEncryptionConfiguration></Rule>"
         b"</ServerSideEncryptionConfiguration>", "new objects are encrypted (KMS)"),
    Case("website", "referer", b"<RefererConfiguration><Status>Enabled</Status><RefererType>White-List</RefererType>"
         b"<DomainList><Domain>a.example</Domain></DomainList><EmptyReferConfiguration>Deny</EmptyReferConfiguration>"
         b"</RefererConfiguration>", "refuses requests without a referer"),
    Case("website", "policy", json.dumps(policy("deny", "name/cos:Delete*")).encode(),
         "a policy denies DeleteObject to everybody"),
    Case("state", "policy", json.dumps(policy("allow", "name/cos:GetObject")).encode(),
         "everybody may read what sitepub keeps"),
    Case("state", "policy", json.dumps(policy("deny", "name/cos:PutObject", to=SOMEBODY)).encode(),
         "a policy denies PutObject to qcs::cam", "warn"),
]
FOR_EVER = [
    Case("website", "versioning", b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
         "versioning is suspended", "warn"),
    Case("state", "versioning", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
         "versioning is enabled", "warn"),
    Case("state", "object-lock", b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
         b"<DefaultRetention><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
         "object lock keeps every new object for 30 days"),
]
"""Cannot be taken away again, so they come last."""


class Doctored:
    """A site that was deployed, and the settings of its buckets."""

    def __init__(self, cloud: LocalCloud, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.environ = folder, environ
        (folder / "src").mkdir()
        (folder / "src/index.html").write_text("<h1>Hello</h1>")
        (folder / "src/a.css").write_text("p{}")
        (folder / "serverless.yml").write_text(json.dumps({
            "component": "website", "app": "shop", "stage": "prod", "name": "doctored",
            "inputs": {"src": "./src", "bucketName": "doctored", "state": {"bucket": "doctored-state"}}}))
        code, screen = sitepub("deploy", "--local", "--cwd", str(folder), environ=environ)
        assert code == 0, screen.printed
        account = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
        self.wires = {"website": Wire(account, f"doctored-{cloud.app_id}"),
                      "state": Wire(account, f"doctored-state-{cloud.app_id}")}

    def put(self, case: Case) -> None:
        self.wires[case.where].send(Request("PUT", "", params={case.setting: ""}, body=case.document))

    def delete(self, case: Case) -> None:
        if case.setting == "referer":
            self.put(Case(case.where, case.setting, case.document.replace(b"Enabled", b"Disabled")))
        else:
            self.wires[case.where].send(Request("DELETE", "", params={case.setting: ""}), accept=(204,))

    def findings(self) -> list[dict[str, Any]]:
        _code, screen = sitepub("doctor", "--local", "--json", "--cwd", str(self.folder), environ=self.environ)
        found: list[dict[str, Any]] = [check for check in screen.object["checks"]
                                       if check["name"] in ("bucket settings", "state bucket")]
        assert {check["name"] for check in found} == {"bucket settings", "state bucket"}, screen.printed
        return found

    def says(self, case: Case) -> None:
        found = [check for check in self.findings() if check["verdict"] != "ok"]
        if not case.says:
            assert not found
            return
        assert [check for check in found if case.says in check["message"]], (case, found)
        [one] = [check for check in found if case.says in check["message"]]
        assert one["verdict"] == case.verdict and one["hint"] and "doctored" in one["message"]
        assert one["name"] == ("state bucket" if case.where == "state" else "bucket settings")


@pytest.fixture
def doctored(local_cloud: LocalCloud, tmp_path: Path, home: Path) -> Iterator[Doctored]:
    del home
    site = Doctored(local_cloud, tmp_path, {**os.environ, "SITEPUB_LOCAL_DATA": str(local_cloud.data)})
    yield site
    for wire in site.wires.values():
        wire.close()


def test_settings_of_the_buckets_that_break_the_site_are_reported(doctored: Doctored) -> None:
    assert [check["verdict"] for check in doctored.findings()] == ["ok", "ok"]
    for case in (*LIFECYCLE, *OTHERS):
        doctored.put(case)
        doctored.says(case)
        doctored.delete(case)
    website = doctored.wires["website"]
    website.send(Request("PUT", "", params={"website": ""}, body=(
        b"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
        b"<AutoAddressing><Status>Enabled</Status></AutoAddressing></WebsiteConfiguration>")))
    doctored.says(Case("website", "website", b"", "https only: on (was off)", "warn"))
    doctored.says(Case("website", "website", b"", "addresses without .html: off (was on)", "warn"))
    for case in FOR_EVER:
        doctored.put(case)
        doctored.says(case)


def test_a_plan_says_that_a_rule_of_the_state_bucket_deletes_what_sitepub_keeps(doctored: Doctored) -> None:
    for case in (LIFECYCLE[0], LIFECYCLE[3]):
        doctored.put(case)
        _, screen = sitepub("plan", "--local", "--cwd", str(doctored.folder), environ=doctored.environ)
        assert case.says in screen.noted, screen.noted
        doctored.delete(case)


@pytest.mark.parametrize(("actions", "resource", "found"), [
    (["name/cos:*"], "*", "PutObject"), (["*"], "qcs::cos:ap-guangzhou:uid/1:b-1/*", "PutObject"),
    (["name/cos:DeleteObject"], "qcs::cos:ap-guangzhou:uid/1:b-1/*", "DeleteObject"),
    (["name/cos:Get*"], "qcs::cos:*:uid/1:b-1/*", "GetObject"), (["name/cos:PutBucketACL"], "*", None),
    (["name/cos:PutObject"], "qcs::cos:ap-guangzhou:uid/1:other-1/*", None),
    ("name/cos:PutObject", "*", "PutObject"), (["name/cos:***Object" + "*a" * 2000], "*", None)])
def test_denials_are_found_in_every_form_of_a_policy(actions: object, resource: str, found: str | None) -> None:
    for names in (("Effect", "Principal", "Action", "Resource", "Statement"),
                  ("effect", "principal", "action", "resource", "statement")):
        one = dict(zip(names[:4], ("Deny", EVERYBODY, actions, resource), strict=True))
        there = list(denied({names[4]: [one]}, "b-1"))
        assert there == ([(found, "everybody", False)] if found else [])


def test_a_policy_that_lets_everybody_read_under_a_condition_is_none() -> None:
    assert lets_everybody_read(policy("allow", "name/cos:Get*"))
    assert not lets_everybody_read(policy("allow", "name/cos:Get*", condition={"ip_equal": {"qcs:ip": "10.0.0.0/8"}}))
    assert not lets_everybody_read(policy("allow", "name/cos:PutObject"))
    assert not lets_everybody_read(policy("allow", "name/cos:Get*", to={"qcs": ["qcs::cam::uin/1:uin/1"]}))
    assert not lets_everybody_read(None)
