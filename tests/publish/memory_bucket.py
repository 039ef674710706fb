"""The settings and the objects of one bucket in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule
from sitepub.errors import CloudError
from sitepub.tencent.cos.bucket_settings import BucketStatus, Made
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.tencent.fence import Fence

if TYPE_CHECKING:
    from tests.publish.memory_cloud import MemoryCloud


@dataclass(frozen=True)
class Object:
    data: bytes
    headers: Mapping[str, str]
    etag: str
    written: float


@dataclass
class MemoryBucket:
    """The settings of one bucket; a missing bucket has ``exists`` False."""

    cloud: MemoryCloud
    name: str
    exists: bool = False
    foreign: bool = False
    objects: dict[str, Object] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def behind(self, fence: Fence) -> MemoryBucket:
        """The same bucket, as a run with this fence changes it."""
        return cast("MemoryBucket", _Fenced(self, fence))

    def head(self) -> BucketStatus:
        self.cloud.read("head bucket", self.name)
        if self.foreign:
            return BucketStatus.FOREIGN
        return BucketStatus.OURS if self.exists else BucketStatus.MISSING

    def create(self) -> Made:
        with self.cloud.writing("create bucket", self.name):
            made = Made.BEFORE if self.exists else Made.NOW
            self.exists = True
        return made

    def delete(self) -> None:
        with self.cloud.writing("delete bucket", self.name):
            # What another computer has written until now counts.
            if self.objects:
                raise CloudError("not empty", code="BucketNotEmpty", status=409)
            self.exists = False
            self.values.clear()

    def _get(self, kind: str, default: Any) -> Any:
        self.cloud.read(f"get {kind}", self.name)
        return self.values.get(kind, default)

    def _put(self, kind: str, value: Any) -> None:
        with self.cloud.writing(f"put {kind}", self.name):
            self.values[kind] = value

    def get_acl(self) -> str | None:
        acl: str | None = self._get("acl", "private")
        return acl

    def put_acl(self, canned: str, /) -> None:
        self._put("acl", canned)

    def everybody_reads(self) -> bool:
        return bool(self._get("public grant", False))

    def let_everybody_read(self) -> None:
        self._put("public grant", True)

    def get_policy(self) -> Mapping[str, Any] | None:
        policy: Mapping[str, Any] | None = self._get("policy", None)
        return policy

    def put_policy(self, policy: Mapping[str, Any], /) -> None:
        self._put("policy", policy)

    def delete_policy(self) -> None:
        self._put("policy", None)

    def get_cors(self) -> Sequence[CorsRule]:
        rules: Sequence[CorsRule] = self._get("cors", ())
        return rules

    def put_cors(self, rules: Sequence[CorsRule], /) -> None:
        self._put("cors", tuple(rules))

    def delete_cors(self) -> None:
        self._put("cors", ())

    def get_tags(self) -> Mapping[str, str]:
        tags: Mapping[str, str] = self._get("tags", {})
        return tags

    def put_tags(self, tags: Mapping[str, str], /) -> None:
        self._put("tags", dict(tags))

    def delete_tags(self) -> None:
        self._put("tags", {})

    def get_lifecycle(self) -> Sequence[LifecycleRule]:
        rules: Sequence[LifecycleRule] = self._get("lifecycle", ())
        return rules

    def put_lifecycle(self, rules: Sequence[LifecycleRule], /) -> None:
        self._put("lifecycle", tuple(rules))

    def delete_lifecycle(self) -> None:
        self._put("lifecycle", ())

    def get_website(self) -> WebsiteConfig | None:
        website: WebsiteConfig | None = self._get("website", None)
        return website

    def put_website(self, website: WebsiteConfig, /) -> None:
        old = self.values.get("website")
        kept = [rule for rule in old.rules if (rule.key_prefix or "").startswith(".sitepub/")] if old else []
        self._put("website", replace(website, rules=(*kept, *website.rules)))

    def put_folder_rules(self, folder: str, rules: Sequence[RedirectRule], /) -> None:
        old = self._get("website", None)
        rest = [rule for rule in old.rules if not (rule.key_prefix or "").startswith(folder)]
        if (new := replace(old, rules=(*rules, *rest))) != old:
            self._put("website", new)

    def get_acceleration(self) -> bool:
        on: bool = self._get("accelerate", False)
        return on

    def switch_acceleration_on(self) -> None:
        self._put("accelerate", True)

    def close(self) -> None:
        pass


class _Fenced:
    """A bucket's settings, in the hands of one run."""

    def __init__(self, bucket: MemoryBucket, fence: Fence) -> None:
        self._bucket, self._fence = bucket, fence

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bucket, name)
        if not callable(found):
            return found

        def call(*arguments: Any) -> Any:
            with self._bucket.cloud.run_of(self._fence):
                return found(*arguments)

        return call
