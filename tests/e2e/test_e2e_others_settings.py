"""A bucket that was there before: what its settings say and serverless.yml does not mention stays."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.e2e.bucket_site import site
from tests.e2e.conftest import Sitepub
from tests.local.cos.sdk import connected

GRANTEE = "qcs::cam::uin/100000000002:uin/100000000002"
RULE = {"Condition": {"KeyPrefixEquals": "old/"},
        "Redirect": {"Protocol": "https", "ReplaceKeyPrefixWith": "new/", "URLRedirect": "Disabled"}}
WEBSITE = {
    "IndexDocument": {"Suffix": "index.html"}, "RedirectAllRequestsTo": {"Protocol": "http"},
    "AutoAddressing": {"Status": "Enabled"},
    "ErrorDocument": {"Key": "oops.html", "Charity404": "Enabled", "OriginalHttpStatus": "Disabled"},
    "RoutingRules": [RULE],
}


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Any:
    return connected(local_cloud)


@pytest.fixture
def bucket(client: Any, local_cloud: LocalCloud) -> str:
    name = f"mine-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    client.put_bucket_website(Bucket=name, WebsiteConfiguration=WEBSITE)
    owner = client.get_bucket_acl(Bucket=name)["Owner"]["ID"]
    client.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": {"ID": owner}, "AccessControlList": {"Grant": [
        {"Grantee": {"Type": "CanonicalUser", "ID": GRANTEE, "DisplayName": GRANTEE}, "Permission": "WRITE_ACP"}]}})
    return name


def redirect(prefix: str, target: str, protocol: str = "") -> str:
    to = f"replaceKeyPrefixWith: {target}" + (f", protocol: {protocol}" if protocol else "")
    return f"redirectRules: [{{condition: {{keyPrefixEquals: {prefix}}}, redirect: {{{to}}}}}]"


PUBLIC = "acl: {permissions: public-read}"


def grants(client: Any, bucket: str) -> set[tuple[str, str]]:
    listed = client.get_bucket_acl(Bucket=bucket)["AccessControlList"]["Grant"]
    return {(grant["Grantee"].get("ID") or grant["Grantee"].get("URI"), grant["Permission"]) for grant in listed}


def test_what_is_not_mentioned_stays(sitepub: Sitepub, client: Any, bucket: str, tmp_path: Path) -> None:
    folder = site(tmp_path, bucket)
    sitepub.deploy(folder)
    assert client.get_bucket_website(Bucket=bucket) == WEBSITE
    assert {(GRANTEE, "WRITE_ACP"), ("http://cam.qcloud.com/groups/global/AllUsers", "READ")} <= grants(client, bucket)
    sitepub.deploy(folder, "--verify")
    assert client.get_bucket_website(Bucket=bucket) == WEBSITE
    assert "Nothing to do" in sitepub("plan", "--local", "--verify", cwd=folder).out


def test_what_is_mentioned_asks_once_and_keeps_the_rest(sitepub: Sitepub, client: Any, bucket: str, tmp_path: Path
                                                        ) -> None:
    folder = site(tmp_path, bucket, redirect("a/", "b/"), "ignoreHtmlExt: false", PUBLIC)
    run = sitepub("deploy", "--local", cwd=folder)
    assert run.code == 5
    for words in ("redirect rules", "addresses without .html: off (was on)", "access: public-read", "--yes"):
        assert words in run.err, run.err
    assert client.get_bucket_website(Bucket=bucket) == WEBSITE, "nothing was changed"
    sitepub.deploy(folder, "--yes")
    found = client.get_bucket_website(Bucket=bucket)
    assert [rule["Condition"] for rule in found["RoutingRules"]] == [{"KeyPrefixEquals": "a/"}]
    assert found["AutoAddressing"] == {"Status": "Disabled"}
    assert (found["ErrorDocument"], found["RedirectAllRequestsTo"]) == (
        WEBSITE["ErrorDocument"], WEBSITE["RedirectAllRequestsTo"])
    assert not any(who == GRANTEE for who, _ in grants(client, bucket))
    site(tmp_path, bucket, redirect("a/", "c/"), "ignoreHtmlExt: false", PUBLIC)
    sitepub.deploy(folder)
    rules = client.get_bucket_website(Bucket=bucket)["RoutingRules"]
    assert [rule["Redirect"]["ReplaceKeyPrefixWith"] for rule in rules] == ["c/"], "its own is not asked about"


def test_what_the_file_mentions_no_more_goes_back(sitepub: Sitepub, client: Any, bucket: str, tmp_path: Path) -> None:
    folder = site(tmp_path, bucket, redirect("old/", "new/", "https"), "ignoreHtmlExt: true")
    sitepub.deploy(folder)
    assert client.get_bucket_website(Bucket=bucket) == WEBSITE, "the same rule, with all that it has"
    site(tmp_path, bucket)
    sitepub.deploy(folder)
    found = client.get_bucket_website(Bucket=bucket)
    assert "RoutingRules" not in found and found["AutoAddressing"] == {"Status": "Disabled"}
    assert found["ErrorDocument"] == WEBSITE["ErrorDocument"]
