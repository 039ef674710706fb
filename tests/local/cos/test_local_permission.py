"""Who may read and write, as tables over ACLs and policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sitepub.local.base.errors import ServiceError
from sitepub.local.cos.access import acl
from sitepub.local.cos.access.permission import Access, BucketAccess, Requester, allowed
from sitepub.local.cos.access.policy import LIMIT, Policy, parse

OWNER = Requester("qcs::cam::uin/100001:uin/100001", is_owner=True)
STRANGER = Requester("qcs::cam::uin/200002:uin/200002")
ANONYMOUS = Requester()
ALL = "qcs::cos:ap-guangzhou:uid/1250000000:site-1250000000/*"


def policy(*statements: dict[str, Any]) -> Policy:
    return parse(json.dumps({"version": "2.0", "statement": list(statements)}).encode())


def statement(effect: str = "allow", **changes: Any) -> dict[str, Any]:
    return {
        "effect": effect, "principal": {"qcs": ["qcs::cam::anyone:anyone"]},
        "action": ["name/cos:GetObject"], "resource": [ALL], **changes,
    }


def may(
    who: Requester, action: str, key: str = "a/b.html", *, bucket_acl: str = "private",
    object_acl: acl.Acl | None = None, rules: Policy | None = None, ip: str = "127.0.0.1",
) -> bool:
    bucket = BucketAccess("site-1250000000", "ap-guangzhou", "1250000000",
                          acl.from_canned(bucket_acl, acl.BUCKET_CANNED), rules)
    return allowed(who, bucket, Access(action, key, object_acl, {"qcs:ip": ip}))


@pytest.mark.parametrize(("canned", "reads", "lists", "writes"), [
    ("private", False, False, False),
    ("public-read", True, True, False),
    ("public-read-write", True, True, True),
    ("authenticated-read", False, False, False),
])
def test_anonymous_readers_get_what_the_bucket_list_says(
    canned: str, reads: bool, lists: bool, writes: bool
) -> None:
    assert may(ANONYMOUS, "GetObject", bucket_acl=canned) is reads
    assert may(ANONYMOUS, "HeadObject", bucket_acl=canned) is reads
    assert may(ANONYMOUS, "GetBucket", "", bucket_acl=canned) is lists
    assert may(ANONYMOUS, "PutObject", bucket_acl=canned) is writes
    assert may(ANONYMOUS, "DeleteObject", bucket_acl=canned) is writes
    assert not may(ANONYMOUS, "PutBucketWebsite", "", bucket_acl=canned)
    assert not may(ANONYMOUS, "GetBucketACL", "", bucket_acl=canned)


def test_an_object_with_a_list_of_its_own_does_not_follow_the_bucket() -> None:
    hidden, shown = acl.PRIVATE, acl.from_canned("public-read", acl.OBJECT_CANNED)
    assert not may(ANONYMOUS, "GetObject", bucket_acl="public-read", object_acl=hidden)
    assert may(ANONYMOUS, "GetObject", object_acl=shown)
    assert not may(ANONYMOUS, "GetBucket", "", object_acl=shown)


def test_grants_name_users_and_kinds_of_access() -> None:
    granted = acl.from_headers({"x-cos-grant-read": f'id="{STRANGER.user}", id="300003"'})
    assert granted is not None
    assert may(STRANGER, "GetObject", object_acl=granted)
    assert may(Requester(acl.owner("300003")), "GetObject", object_acl=granted)
    assert not may(Requester(acl.owner("400004")), "GetObject", object_acl=granted)
    assert not may(STRANGER, "GetObjectACL", object_acl=granted)
    full = acl.from_headers({"x-cos-grant-full-control": f'id="{STRANGER.user}"'})
    assert may(STRANGER, "GetObjectACL", object_acl=full)
    assert may(STRANGER, "GetObject", bucket_acl="authenticated-read")


def test_the_owner_may_do_all_that_no_policy_denies() -> None:
    assert may(OWNER, "DeleteBucket", "")
    denied = policy(statement("deny", action=["name/cos:*"]))
    assert not may(OWNER, "GetObject", rules=denied)
    assert may(OWNER, "DeleteBucketPolicy", "", rules=denied)
    assert not may(ANONYMOUS, "DeleteBucketPolicy", "", rules=denied)


@pytest.mark.parametrize(("changes", "action", "key", "expected"), [
    ({}, "GetObject", "a/b.html", True),
    ({}, "HeadObject", "a/b.html", False),
    ({}, "PutObject", "a/b.html", False),
    ({"principal": "*"}, "GetObject", "x", True),
    ({"principal": {"qcs": ["qcs::cam::uin/200002:uin/200002"]}}, "GetObject", "x", False),
    ({"action": "name/cos:Get*"}, "GetObject", "x", True),
    ({"action": ["cos:getobject"]}, "GetObject", "x", True),
    ({"action": ["name/cos:*"]}, "PutObject", "x", True),
    ({"action": ["*"]}, "DeleteObject", "x", True),
    ({"resource": [ALL.replace("/*", "/docs/*")]}, "GetObject", "docs/a/b", True),
    ({"resource": [ALL.replace("/*", "/docs/*")]}, "GetObject", "doc", False),
    ({"resource": ["*"]}, "GetObject", "x", True),
    ({"resource": [ALL.replace("site-", "other-")]}, "GetObject", "x", False),
    ({"resource": [ALL.replace("guangzhou", "beijing")]}, "GetObject", "x", False),
    ({"condition": {"ip_equal": {"qcs:ip": ["10.0.0.0/8", "127.0.0.1"]}}}, "GetObject", "x", True),
    ({"condition": {"ip_equal": {"qcs:ip": "10.0.0.0/8"}}}, "GetObject", "x", False),
    ({"condition": {"ip_not_equal": {"qcs:ip": "10.0.0.0/8"}}}, "GetObject", "x", True),
    ({"condition": {"numeric_less_than": {"cos:x": "1"}}}, "GetObject", "x", False),
])
def test_a_policy_allows_anonymous_readers(
    changes: dict[str, Any], action: str, key: str, expected: bool
) -> None:
    rules = policy(statement(**changes))
    assert may(ANONYMOUS, action, key, rules=rules, ip="127.0.0.1") is expected


def test_a_deny_wins_over_any_allow_and_over_the_list() -> None:
    rules = policy(statement(), statement("Deny", resource=[ALL.replace("/*", "/secret/*")]))
    assert may(ANONYMOUS, "GetObject", "open", rules=rules)
    assert not may(ANONYMOUS, "GetObject", "secret/a", rules=rules, bucket_acl="public-read")


def test_a_condition_that_is_not_understood_denies_but_never_allows() -> None:
    unknown = {"bool_equal": {"cos:secure": "true"}}
    rules = policy(statement(), statement("deny", condition=unknown))
    assert not may(ANONYMOUS, "GetObject", rules=rules)


def test_the_capitals_of_the_sdks_samples_and_one_principal_for_all_are_read() -> None:
    document = {
        "version": "2.0", "Principal": {"qcs": ["*"]},
        "Statement": {"Effect": "Allow", "Action": ["name/cos:GetObject"], "Resource": [ALL]},
    }
    assert may(ANONYMOUS, "GetObject", rules=parse(json.dumps(document).encode()))


@pytest.mark.parametrize("document", [
    "no json", "[" * 20_000, [], {}, {"version": "1.0", "statement": [statement()]}, {"version": "2.0"},
    {"version": "2.0", "statement": []}, {"version": "2.0", "statement": [statement("maybe")]},
    {"version": "2.0", "statement": [statement(action="s3:GetObject")]},
    {"version": "2.0", "statement": [statement(action=[])]},
    {"version": "2.0", "statement": [statement(resource="arn:aws:s3:::site/*")]},
    {"version": "2.0", "statement": [statement(principal={"AWS": "*"})]},
    {"version": "2.0", "statement": [statement(surprise=1)]},
    {"version": "2.0", "statement": [statement(condition={"ip_equal": "1.2.3.4"})]},
    {"version": "2.0", "statement": [{"effect": "allow", "action": "*", "resource": "*"}]},
])
def test_a_policy_is_refused(document: Any) -> None:
    body = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ServiceError) as caught:
        parse(body.encode())
    assert (caught.value.code, caught.value.status) == ("MalformedPolicy", 400)


def test_a_policy_over_20_kb_is_refused() -> None:
    with pytest.raises(ServiceError) as caught:
        parse(b" " * (LIMIT + 1))
    assert caught.value.code == "EntityTooLarge"


@pytest.mark.parametrize("canned", acl.BUCKET_CANNED)
def test_a_list_reads_back_as_it_was_put(canned: str) -> None:
    assert OWNER.user is not None
    wanted = acl.from_canned(canned, acl.BUCKET_CANNED)
    document = acl.render(wanted, OWNER.user)
    assert acl.parse(document.encode(), OWNER.user) == wanted
    assert acl.from_text(document, OWNER.user) == wanted
    assert wanted.canned == canned


def test_a_list_that_names_another_owner_is_denied() -> None:
    document = acl.render(acl.PRIVATE, acl.owner("5"))
    with pytest.raises(ServiceError) as caught:
        acl.parse(document.encode(), acl.owner("6"))
    assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize("value", ["everybody", 'id="x"', 'uri="http://a"', "id="])
def test_a_grant_header_is_refused(value: str) -> None:
    with pytest.raises(ServiceError) as caught:
        acl.from_headers({"x-cos-grant-read": value})
    assert caught.value.code == "InvalidArgument"
