"""Who may do what: signatures, ACL, bucket policy."""

from __future__ import annotations

import json
import time

from sitepub.interrupts import pause
from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Facts, Skip, Table
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cos.signature import Signer

ACCESS: Table[ProbeBucket] = Table("access")
_UNKNOWN_ID = "AKIDprobe0000000000000000000000000000"


@ACCESS.case("a wrong signature", "436/7730", status=403, code="SignatureDoesNotMatch")
def wrong_key(b: ProbeBucket) -> Facts:
    if b.cloud.credentials.token:
        raise Skip("temporary keys are checked in another order")
    signer = Signer(Credentials(b.cloud.credentials.secret_id, "wrong"))
    seen = b.ask("GET", "acl/private", signer=signer)
    return {"status": seen.status, "code": seen.code}


@ACCESS.case("a key that does not exist", "436/7730", status=403, code="InvalidAccessKeyId")
def unknown_key(b: ProbeBucket) -> Facts:
    if b.cloud.credentials.token:
        raise Skip("temporary keys are checked in another order")
    seen = b.ask("GET", "acl/private", signer=Signer(Credentials(_UNKNOWN_ID, "wrong")))
    return {"status": seen.status, "code": seen.code}


@ACCESS.case("a signature whose time is over", "436/7730", status=403, code=(
    "RequestTimeTooSkewed", "RequestHasExpired", "AccessDenied", "ExpiredToken"))
def expired(b: ProbeBucket) -> Facts:
    long_ago = time.time() - 7 * 86400
    seen = b.ask("GET", "acl/private", at=long_ago, until=long_ago + 600)
    return {"status": seen.status, "code": seen.code}


@ACCESS.case("a private object, unsigned", "436/7730", status=403, code="AccessDenied")
def private(b: ProbeBucket) -> Facts:
    b.put("acl/private", b"private", x_cos_acl="private")
    seen = b.ask("GET", "acl/private", signed=False)
    return {"status": seen.status, "code": seen.code}


@ACCESS.case("an object that all may read", "436/7748", status=200, text="public", write=403)
def public_object(b: ProbeBucket) -> Facts:
    b.put("acl/public", b"public", x_cos_acl="public-read")
    seen = b.ask("GET", "acl/public", signed=False)
    return {"status": seen.status, "text": seen.text,
            "write": b.ask("PUT", "acl/public", body=b"changed", signed=False).status}


@ACCESS.case("the ACL of a new bucket names its owner alone", "436/7733", status=200, grants=1,
             permission="FULL_CONTROL")
def new_acl(b: ProbeBucket) -> Facts:
    seen = b.ask("GET", params={"acl": ""})
    return {"status": seen.status, "grants": seen.text.count("<Grant>"),
            "permission": " ".join(seen.all("Permission"))}


@ACCESS.case("a bucket policy lets visitors read one folder, and not list", "436/8282", put=204, status=200, other=403,
             listing=403, deleted=204, patience=15)
def policy(b: ProbeBucket) -> Facts:
    app_id = b.name.rpartition("-")[2]
    document = {"version": "2.0", "Statement": [{
        "Principal": {"qcs": ["qcs::cam::anyone:anyone"]}, "Effect": "allow", "Action": ["name/cos:GetObject"],
        "Resource": [f"qcs::cos:{b.cloud.region}:uid/{app_id}:{b.name}/open/*"]}]}
    b.put("open/1", b"open")
    b.put("closed/1", b"closed")
    put = b.ask("PUT", params={"policy": ""}, headers={"Content-Type": "application/json"},
                body=json.dumps(document).encode())
    end = time.monotonic() + 10
    seen = b.ask("GET", "open/1", signed=False)
    while seen.status != 200 and time.monotonic() < end:
        pause(0.5)
        seen = b.ask("GET", "open/1", signed=False)
    facts: Facts = {"put": put.status, "status": seen.status, "other": b.ask("GET", "closed/1", signed=False).status,
                    "listing": b.ask("GET", signed=False).status,
                    "deleted": b.ask("DELETE", params={"policy": ""}).status}
    return facts


@ACCESS.case("a bucket without policy", "436/8276", status=404, code="NoSuchBucketPolicy", patience=15)
def no_policy(b: ProbeBucket) -> Facts:
    seen = b.ask("GET", params={"policy": ""})
    return {"status": seen.status, "code": seen.code}


@ACCESS.case("a bucket that does not exist", "436/7730", get=404, code="NoSuchBucket", head=404)
def no_bucket(b: ProbeBucket) -> Facts:
    name, _, app_id = b.name.rpartition("-")
    other = f"{name}-none-{app_id}"
    seen = b.ask("GET", bucket=other)
    return {"get": seen.status, "code": seen.code, "head": b.ask("HEAD", bucket=other).status}
