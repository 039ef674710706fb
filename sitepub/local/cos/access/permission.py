"""Whether an access is allowed: a pure decision from the ACLs, the bucket policy and the requester.

As documented in COS API 436/30749 and 436/30752: a deny always wins; the owner may do everything else; then
the policy's allow; then the object's own ACL, or the bucket's when the object has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sitepub.local.base.grants import Verdict
from sitepub.local.cos.access.acl import PRIVATE, Acl
from sitepub.local.cos.access.policy import Policy, Question

READ_BUCKET = frozenset({
    "GetBucket", "HeadBucket", "GetBucketObjectVersions", "ListMultipartUploads", "GetBucketLocation",
})
READ_OBJECT = frozenset({"GetObject", "HeadObject"})
WRITE_OBJECT = frozenset({
    "PutObject", "PostObject", "AppendObject", "DeleteObject", "DeleteMultipleObjects", "ListParts",
    "InitiateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
    "AbortMultipartUpload",
})


REPAIR = frozenset({"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"})
"""What a policy cannot forbid the owner: else a policy that denies everything could never be removed."""


@dataclass(frozen=True)
class Requester:
    """Who signed a request. `user` is `qcs::cam::uin/…:uin/…`; None is an anonymous reader.

    `is_owner`: the main account that owns the bucket.
    """

    user: str | None = None
    is_owner: bool = False


@dataclass(frozen=True)
class BucketAccess:
    """What access to a bucket depends on."""

    name: str
    region: str
    app_id: str
    acl: Acl = PRIVATE
    policy: Policy | None = None


@dataclass(frozen=True)
class Access:
    """`action` without its `name/cos:` (`GetObject`). `key` is empty for the bucket itself.

    `object_acl` None: the object has no list of its own, or there is none. `facts`: for conditions.
    """

    action: str
    key: str = ""
    object_acl: Acl | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def allowed(requester: Requester, bucket: BucketAccess, wanted: Access) -> bool:
    """Whether the access may happen."""
    verdict = Verdict.SILENT
    if bucket.policy is not None:
        verdict = bucket.policy.verdict(_question(requester, bucket, wanted))
    if verdict is Verdict.DENY:
        return requester.is_owner and wanted.action in REPAIR
    if requester.is_owner or verdict is Verdict.ALLOW:
        return True
    return _by_list(requester, bucket, wanted)


def _question(requester: Requester, bucket: BucketAccess, wanted: Access) -> Question:
    resource = f"qcs::cos:{bucket.region}:uid/{bucket.app_id}:{bucket.name}/{wanted.key}"
    return Question(requester.user, f"name/cos:{wanted.action}", resource, wanted.facts)


def _by_list(requester: Requester, bucket: BucketAccess, wanted: Access) -> bool:
    action, user = wanted.action, requester.user
    if action in READ_OBJECT:
        acl = bucket.acl if wanted.object_acl is None else wanted.object_acl
        return acl.allows("READ", user)
    if action == "GetObjectACL" or action == "PutObjectACL":
        acl = bucket.acl if wanted.object_acl is None else wanted.object_acl
        return acl.allows("READ_ACP" if action.startswith("Get") else "WRITE_ACP", user)
    permission = {"GetBucketACL": "READ_ACP", "PutBucketACL": "WRITE_ACP"}.get(action)
    if action in READ_BUCKET:
        permission = "READ"
    elif action in WRITE_OBJECT:
        permission = "WRITE"
    return permission is not None and bucket.acl.allows(permission, user)
