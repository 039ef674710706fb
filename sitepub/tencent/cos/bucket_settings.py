"""A bucket and its settings, through the official SDK, in terms of config's values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule
from sitepub.errors import AccessDenied, CloudError, NetworkError, NotFound, SitepubError, UsageError
from sitepub.interrupts import pause
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos import acceleration, fresh_buckets, setting_documents
from sitepub.tencent.cos.sdk_client import SdkClient
from sitepub.tencent.cos.website_config import (
    WebsiteConfig,
    from_document,
    over_document,
    to_document,
    with_folder_rules,
)
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.retry import Backoff

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+")
_NAME_MAX = 60
_CANDIDATES = 20
T = TypeVar("T")


class BucketStatus(StrEnum):
    MISSING = "missing"
    OURS = "ours"
    FOREIGN = "foreign"
    """It exists and belongs to another account."""


class Made(StrEnum):
    """How a bucket came to be there after it was asked for."""

    NOW = "now"
    BEFORE = "before"
    """It was there already, and is this account's."""
    UNSURE = "unsure"
    """It was there when it was asked for again: the first time, no answer came."""


def check_bucket_name(bucket: str) -> None:
    """Raises :class:`~sitepub.errors.UsageError` unless COS takes the whole name (436/13312)."""
    if len(bucket) > _NAME_MAX:
        raise UsageError(f"The bucket name {bucket} has {len(bucket)} characters; {_NAME_MAX} are allowed.",
                         hint="Shorten inputs.bucketName; the -APPID at the end counts.")
    if not _NAME.fullmatch(bucket):
        raise UsageError(f"{bucket} cannot be a bucket name.",
                         hint="Lowercase letters, digits and inner hyphens, then -APPID.")


class BucketSettings:
    """One bucket. Safe for many threads.

    Every method raises what :func:`errors_from_cloud.error_from` makes of an answer, or NetworkError.
    The getters answer ``None`` (or nothing) for a setting that was never made.
    """

    def __init__(self, cloud: Cloud, bucket: str, *, backoff: Backoff | None = None,
                 clock: Clock | None = None, sleep: Callable[[float], None] = pause) -> None:
        check_bucket_name(bucket)
        self.cloud = cloud
        self.bucket = bucket
        self._sdk = SdkClient(cloud, bucket, backoff=backoff, clock=clock, sleep=sleep)

    # The bucket itself

    def head(self) -> BucketStatus:
        """Whether the bucket is there. Raises :class:`~sitepub.errors.AccessDenied` for a bucket of this
        account (its name ends with our app id) that the key may not read."""
        try:
            self._sdk.call("HeadBucket", "head_bucket", believe_missing=True)
        except NotFound:
            return BucketStatus.MISSING
        except AccessDenied:
            if self.bucket.endswith(f"-{self.cloud.app_id}"):
                raise
            return BucketStatus.FOREIGN
        return BucketStatus.OURS

    def create(self) -> Made:
        """Create the bucket, private and in the cloud's region. That it is this account's already does not say who
        made it, and what is in it.

        When it belongs to another account, the error names a name that is free.
        """
        failed: list[SitepubError] = []
        try:
            self._sdk.call("PutBucket", "create_bucket", believe_missing=True, failed=failed)
        except CloudError as error:
            if error.code == "BucketAlreadyOwnedByYou":
                self._refuse_another_region(error)
                # Whoever asked for it just now may still be told that it is missing.
                fresh_buckets.remember(self.bucket)
                return Made.UNSURE if failed else Made.BEFORE
            if error.code == "BucketAlreadyExists":
                free = free_name(self.cloud, self.bucket)
                if free is not None:
                    error.hint = f"{free} is free: set `inputs.bucketName: {free}` in serverless.yml."
            raise
        fresh_buckets.remember(self.bucket)
        return Made.NOW

    def _refuse_another_region(self, error: CloudError) -> None:
        """The name is ours already. In this region that is fine; elsewhere the bucket cannot be reached from
        here, and a bucket cannot move (its names are unique over all regions, 436/13312)."""
        try:
            region = regions_of_buckets(self.cloud).get(self.bucket, self.cloud.region)
        except NetworkError:
            raise
        except SitepubError:
            return  # may not be listed: what is written next tells
        if region != self.cloud.region:
            error.message = f"The bucket {self.bucket} is yours already, in {region}; a bucket cannot move."
            error.hint = (f"Set `inputs.region: {region}` to use it, or another `inputs.bucketName` for a new bucket in"
                          f" {self.cloud.region}.")
            raise error

    def delete(self) -> None:
        """Delete the bucket, which has to be empty. A missing one is fine."""
        try:
            self._sdk.call("DeleteBucket", "delete_bucket", believe_missing=True)
        except NotFound:
            pass
        fresh_buckets.forget(self.bucket)

    # Settings

    def get_acl(self) -> str | None:
        """"private", "public-read" or "public-read-write"; ``None`` for grants of another kind."""
        return setting_documents.canned_acl(self._sdk.call("GetBucketACL", "get_bucket_acl"))

    def put_acl(self, canned: str) -> None:
        self._sdk.call("PutBucketACL", "put_bucket_acl", ACL=canned)

    def everybody_reads(self) -> bool:
        """Whether a grant lets everybody read, whatever other grants there are."""
        return setting_documents.everybody_reads(self._sdk.call("GetBucketACL", "get_bucket_acl"))

    def let_everybody_read(self) -> None:
        """Add that grant to those that are there."""
        found = self._sdk.call("GetBucketACL", "get_bucket_acl")
        self._sdk.call("PutBucketACL", "put_bucket_acl", AccessControlPolicy=setting_documents.readable_acl(found))

    def get_policy(self) -> dict[str, Any] | None:
        found = self._sdk.get("GetBucketPolicy", "get_bucket_policy")
        policy = None if found is None else json.loads(found["Policy"])
        return policy if isinstance(policy, dict) and policy else None

    def put_policy(self, policy: Mapping[str, Any]) -> None:
        self._sdk.call("PutBucketPolicy", "put_bucket_policy", Policy=json.dumps(dict(policy)))

    def delete_policy(self) -> None:
        self._sdk.call("DeleteBucketPolicy", "delete_bucket_policy")

    def get_cors(self) -> tuple[CorsRule, ...]:
        found = self._sdk.get("GetBucketCORS", "get_bucket_cors")
        return () if found is None else setting_documents.cors_rules(found)

    def put_cors(self, rules: Sequence[CorsRule]) -> None:
        self._sdk.call("PutBucketCORS", "put_bucket_cors",
                   CORSConfiguration=setting_documents.cors_document(rules))

    def delete_cors(self) -> None:
        self._sdk.call("DeleteBucketCORS", "delete_bucket_cors")

    def get_tags(self) -> dict[str, str]:
        found = self._sdk.get("GetBucketTagging", "get_bucket_tagging")
        return {} if found is None else setting_documents.tags_of(found)

    def put_tags(self, tags: Mapping[str, str]) -> None:
        self._sdk.call("PutBucketTagging", "put_bucket_tagging", Tagging=setting_documents.tags_document(tags))

    def delete_tags(self) -> None:
        self._sdk.call("DeleteBucketTagging", "delete_bucket_tagging")

    def get_lifecycle(self) -> tuple[LifecycleRule, ...]:
        found = self._sdk.get("GetBucketLifecycle", "get_bucket_lifecycle")
        return () if found is None else setting_documents.lifecycle_rules(found)

    def put_lifecycle(self, rules: Sequence[LifecycleRule]) -> None:
        self._sdk.call("PutBucketLifecycle", "put_bucket_lifecycle",
                   LifecycleConfiguration=setting_documents.lifecycle_document(rules))

    def delete_lifecycle(self) -> None:
        self._sdk.call("DeleteBucketLifecycle", "delete_bucket_lifecycle")

    def get_website(self) -> WebsiteConfig | None:
        found = self._sdk.get("GetBucketWebsite", "get_bucket_website")
        return None if found is None else from_document(found)

    def put_website(self, config: WebsiteConfig) -> None:
        """What the bucket has beside the settings that sitepub knows stays."""
        found = self._sdk.get("GetBucketWebsite", "get_bucket_website") or {}
        self._sdk.call("PutBucketWebsite", "put_bucket_website",
                   WebsiteConfiguration=over_document(to_document(config), found))

    def put_folder_rules(self, folder: str, rules: Sequence[RedirectRule]) -> None:
        """The redirect rules for keys in this folder are these; all else stays. A bucket that is no website stays
        as it is."""
        found = self._sdk.get("GetBucketWebsite", "get_bucket_website") or {}
        document = with_folder_rules(found, folder, rules)
        if document is not None:
            self._sdk.call("PutBucketWebsite", "put_bucket_website", WebsiteConfiguration=document)

    def get_acceleration(self) -> bool:
        return acceleration.is_on(self.cloud, self.bucket, backoff=self._sdk.backoff, clock=self._sdk.clock)

    def switch_acceleration_on(self) -> None:
        """Takes a while to work; until then the acceleration endpoint refuses (see ``wire``)."""
        acceleration.switch_on(self.cloud, self.bucket, backoff=self._sdk.backoff, clock=self._sdk.clock)

    def get_logging(self) -> tuple[str, str] | None:
        """Bucket and prefix that the access log is delivered to (436/17053); ``None``: it is not kept."""
        found = self._sdk.get("GetBucketLogging", "get_bucket_logging")
        target = found.get("LoggingEnabled") if isinstance(found, dict) else None
        if not isinstance(target, dict) or not target.get("TargetBucket"):
            return None
        return str(target["TargetBucket"]), str(target.get("TargetPrefix") or "")

    def close(self) -> None:
        self._sdk.close()


def regions_of_buckets(cloud: Cloud) -> dict[str, str]:
    """The account's buckets: full name → region (GET Service, 436/8291). Raises what the cloud answers."""
    client = SdkClient(cloud, "")
    try:
        listed = client.call("GetService", "list_buckets", about_bucket=False)
    finally:
        client.close()
    found = (listed.get("Buckets") or {}).get("Bucket") or []
    return {str(each["Name"]): str(each["Location"]) for each in found}


def free_name(cloud: Cloud, bucket: str) -> str | None:
    """A name like the bucket's that is free, without ``-APPID``; ``None`` if the first tries are taken."""
    suffix = f"-{cloud.app_id}"
    base = bucket.removesuffix(suffix)
    for number in range(2, _CANDIDATES + 2):
        tail = f"-{number}"
        candidate = base[: _NAME_MAX - len(suffix) - len(tail)].rstrip("-") + tail
        settings = BucketSettings(cloud, candidate + suffix)
        try:
            if settings.head() is BucketStatus.MISSING:
                return candidate
        except AccessDenied:
            continue
        finally:
            settings.close()
    return None
