"""The wanted settings: what the project says about its bucket (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, Website
from sitepub.config.project import Project
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
    said: tuple[str, ...] = ()
    """What serverless.yml mentions, in order: ``acl``, ``policy``, ``cors``, ``tags``, ``lifecycle`` and the names of
    :data:`ownership.WEBSITE_FIELDS`."""
    led: bool = False
    """A router leads visitors to slots. It has to know what is missing, so the bucket itself answers errors with their
    status, and the router sends the one of ``website``."""

    @property
    def bucket_website(self) -> WebsiteConfig:
        """What the bucket is set to."""
        return replace(self.website, original_status_enabled=True) if self.led else self.website

    @property
    def hash(self) -> str:
        """Stable over runs and computers: 32 hex digits."""
        import msgspec

        plain = msgspec.json.encode(self, enc_hook=dict, order="deterministic")
        if not self.led:  # as before there were slots: no site has its settings compared anew
            plain = plain.removesuffix(b',"led":false}') + b"}"
        return hashlib.sha256(plain).hexdigest()[:32]


def answers_404(wanted: WantedSettings) -> WantedSettings:
    """The settings of a bucket that visitors reach through a router, which has to know when a page is missing. The
    router itself answers with the status that the project wants."""
    website = wanted.website
    return wanted if website.original_status_enabled else replace(
        wanted, website=replace(website, original_status_enabled=True))


def wanted_settings(project: Project, bucket: str, keys: Container[str] = ()) -> WantedSettings:
    """What the project says about the bucket named ``bucket`` (with its ``-APPID``). ``keys``: of the site's files."""
    website = project.website
    named = error_key(project, keys)
    return WantedSettings(
        bucket=bucket,
        region=project.region,
        website=WebsiteConfig(
            index=website.index,
            # The index document is a name that every folder has; the error document is one key.
            error=named or None,
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
        said=tuple(sorted(_said(project, brings_error_page=named in keys))),
        led=project.releases.slots > 1,
    )


def _said(project: Project, *, brings_error_page: bool) -> Iterator[str]:
    """A value that is not the default was mentioned, whichever project did so."""
    website, access, plain = project.website, project.access, Website()
    yield from website.said
    for name, field in (("addressing", "ignore_html_ext"), ("status", "disable_error_status"),
                        ("rules", "redirect_rules"), ("index", "index")):
        if name not in website.said and getattr(website, field) != getattr(plain, field):
            yield name
    # a page of its own is as good as a word in the file
    if "error" not in website.said and (brings_error_page or not website.error_is_default or not website.error):
        yield "error"
    if access.acl_said or access.acl not in (None, "public-read"):
        yield "acl"
    for name, value in (("policy", access.policy), ("cors", project.cors), ("tags", project.tags),
                        ("lifecycle", project.lifecycle)):
        if value is not None:
            yield name
