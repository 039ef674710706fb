"""The wanted settings: what the project says about its bucket (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sitepub.config.project import CorsRule, LifecycleRule, Project
from sitepub.site.error_page import error_key
from sitepub.tencent.cos.website_config import WebsiteConfig

Acl = Literal["public-read", "private", "public-read-write"]

@dataclass(frozen=True, slots=True)
class WantedSettings:
    """Settings of one bucket. ``None`` means that the project does not mention it: it is left alone."""

    bucket: str
    region: str
    website: WebsiteConfig
    acl: Acl | None = "public-read"
    policy: Mapping[str, Any] | None = None
    anonymous_read_policy: bool = False
    cors: tuple[CorsRule, ...] | None = None
    tags: Mapping[str, str] | None = None
    lifecycle: tuple[LifecycleRule, ...] | None = None
    accelerate: bool = False
    """False: not mentioned. It is never switched off: others may use it."""

    @property
    def hash(self) -> str:
        """Stable over runs and computers: 32 hex digits."""
        import msgspec

        plain = msgspec.json.encode(self, enc_hook=dict, order="deterministic")
        return hashlib.sha256(plain).hexdigest()[:32]


def wanted_settings(project: Project, bucket: str, keys: Container[str] = ()) -> WantedSettings:
    """What the project says about the bucket named ``bucket`` (with its ``-APPID``). ``keys``: of the site's files."""
    website = project.website
    return WantedSettings(
        bucket=bucket,
        region=project.region,
        website=WebsiteConfig(
            index=website.index,
            # The index document is a name that every folder has; the error document is one key.
            error=error_key(project, keys) or None,
            original_status_enabled=not (website.error and website.disable_error_status),
            redirect_https=project.protocol == "https",
            auto_addressing=website.ignore_html_ext,
            rules=website.redirect_rules,
        ),
        acl=project.access.acl,
        policy=project.access.policy,
        anonymous_read_policy=project.access.anonymous_read_policy,
        cors=project.cors,
        tags=project.tags,
        lifecycle=project.lifecycle,
        accelerate=project.accelerate,
    )
