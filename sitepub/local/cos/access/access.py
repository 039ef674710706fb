"""Whether a request may do something with a bucket or an object: collects the facts, `permission` decides."""

from __future__ import annotations

from functools import lru_cache

from sitepub.local.base.messages import Request
from sitepub.local.cos.access import acl, policy, referer
from sitepub.local.cos.access.permission import Access, BucketAccess, Requester
from sitepub.local.cos.access.permission import allowed as decide
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import StoredObject


def allowed(storage: Storage, request: Request, bucket: Bucket, action: str, stored: StoredObject | None) -> bool:
    """Whether `request` may do `action` (`name/cos:GetObject`) with the bucket, or with `request.key`."""
    return may(storage, request, bucket, action, request.key, stored)


def may(storage: Storage, request: Request, bucket: Bucket, action: str, key: str, stored: StoredObject | None) -> bool:
    """The same for another key than the request's: the website endpoint tries several."""
    if request.signer is not None and not session_permits(request, bucket.name, bucket.region, action, key):
        return False
    if request.signer is None and not _referer_permitted(storage, request, bucket):
        return False
    identity = storage.identity
    owner = identity.account_of(bucket.owner)
    owner_name = acl.owner(owner.uin if owner else bucket.owner)
    document = storage.database.get_configuration(bucket.id, "policy")
    facts = {"qcs:ip": request.remote}
    if "prefix" in request.query:
        facts["cos:prefix"] = request.query["prefix"]
    return decide(
        _requester(request, bucket),
        BucketAccess(
            bucket.name, bucket.region, bucket.owner,
            acl=acl.from_text(bucket.acl, owner_name) or acl.PRIVATE,
            policy=None if document is None else _policy(document),
        ),
        Access(
            action.removeprefix("name/cos:"), key,
            object_acl=None if stored is None else acl.from_text(stored.acl, owner_name),
            facts=facts,
        ),
    )


def session_permits(request: Request, bucket: str, region: str, action: str, key: str) -> bool:
    """Whether the policies of a temporary key permit it. True for every other signer."""
    signer = request.signer
    if signer is None or not signer.policies or action == "name/cos:DeleteMultipleObjects":
        return True  # of a signed request each object is judged by itself, as cos:DeleteObject (436/8289)
    short, _, app_id = bucket.rpartition("-")
    own = f"qcs::cos:{region}:uid/{app_id or signer.app_id}:"
    # With the bucket's name as it is, and in the older form that names account and bucket apart (598/10606).
    names = [f"{own}{bucket}/{key}", f"{own}prefix//{app_id}/{short}/{key}"]
    if not key:
        names += [f"{own}{bucket}", f"{own}prefix//{app_id}/{short}"]
    facts = {"qcs:ip": request.remote, **({"cos:prefix": request.query["prefix"]} if "prefix" in request.query else {})}
    return signer.may(action, names, facts)


def _requester(request: Request, bucket: Bucket) -> Requester:
    if request.signer is None:
        return Requester()
    signer = request.signer
    user = f"qcs::cam::uin/{signer.uin}:roleName/{signer.role}" if signer.role else acl.owner(signer.uin)
    return Requester(user, signer.app_id == bucket.owner)


def _referer_permitted(storage: Storage, request: Request, bucket: Bucket) -> bool:
    """Hotlink protection; only for requests without a signature."""
    document = storage.database.get_configuration(bucket.id, "referer")
    return document is None or referer.parse(document).permits(request.headers.get("Referer", ""))


@lru_cache(maxsize=256)
def _policy(document: bytes) -> policy.Policy:
    return policy.parse(document)
