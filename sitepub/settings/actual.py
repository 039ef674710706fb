"""The actual settings: what the bucket says about itself. Reads only what the project mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.config.bucket_settings import CorsRule, LifecycleRule
from sitepub.settings.bucket import Bucket
from sitepub.settings.wanted import WantedSettings
from sitepub.tencent.cos.website_config import WebsiteConfig, without_folders


@dataclass(frozen=True, slots=True)
class ActualSettings:
    """Settings of a bucket as they are. The defaults are those of a bucket that was just created; a setting
    that the project does not mention is not read and keeps its default here."""

    exists: bool = True
    acl: str | None = "private"
    """``None``: grants of a kind that no canned ACL describes."""
    everybody_reads: bool = False
    """Whether one of those grants lets everybody read."""
    policy: Mapping[str, Any] | None = None
    cors: tuple[CorsRule, ...] = ()
    tags: Mapping[str, str] | None = None
    lifecycle: tuple[LifecycleRule, ...] = ()
    website: WebsiteConfig | None = None
    accelerate: bool = False


NO_BUCKET = ActualSettings(exists=False)


def read_actual(bucket: Bucket, wanted: WantedSettings) -> ActualSettings:
    """Ask the bucket, which must exist and be ours. Raises :class:`~sitepub.errors.CloudError` and
    its kinds for what the cloud answers."""
    needs_policy = wanted.policy is not None or wanted.anonymous_read_policy
    acl = bucket.get_acl() if wanted.acl is not None else "private"
    return ActualSettings(
        acl=acl,
        everybody_reads=acl is None and bucket.everybody_reads(),
        policy=bucket.get_policy() if needs_policy else None,
        cors=tuple(bucket.get_cors()) if wanted.cors is not None else (),
        tags=bucket.get_tags() if wanted.tags is not None else None,
        lifecycle=tuple(bucket.get_lifecycle()) if wanted.lifecycle is not None else (),
        website=_tidy(bucket.get_website()),
        accelerate=wanted.accelerate and bucket.get_acceleration(),
    )


def _tidy(website: WebsiteConfig | None) -> WebsiteConfig | None:
    """A configuration without an index document is no website."""
    return without_folders(website) if website is not None and website.index else None
