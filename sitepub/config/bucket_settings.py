"""What serverless.yml says of the bucket: its website, who may read it, and rules of its files. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sitepub.errors import Position


@dataclass(frozen=True, slots=True)
class RedirectRule:
    """One routing rule of the website. Exactly one condition and one target are set.

    Source: COS API 436/31930.
    """

    http_error_code: int | None = None
    key_prefix: str | None = None
    protocol: Literal["http", "https"] | None = None
    replace_key_with: str | None = None
    replace_key_prefix_with: str | None = None


@dataclass(frozen=True, slots=True)
class Website:
    """The bucket's website settings."""

    index: str = "index.html"
    error: str = "error.html"
    """Below ``keyPrefix``; see :func:`sitepub.site.error_page.error_key`."""
    ignore_html_ext: bool = False
    disable_error_status: bool = False
    redirect_rules: tuple[RedirectRule, ...] = ()
    error_is_default: bool = True
    """serverless.yml names no error document."""
    said: frozenset[str] = field(default=frozenset(), compare=False)
    """What serverless.yml mentions: ``index``, ``error``, ``addressing``, ``status``, ``rules``, ``https``."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read the bucket."""

    acl: Literal["public-read", "private", "public-read-write"] | None = "public-read"
    """Canned ACL to set; ``None`` leaves the ACL alone (``autoSetupAcl: false`` and no ``acl``)."""
    acl_said: bool = field(default=False, compare=False)
    """serverless.yml names an ACL. Else everybody may read as well, beside the grants that are there."""
    policy: Mapping[str, Any] | None = None
    """Bucket policy to set, as written by the user; ``None`` leaves it alone."""
    anonymous_read_policy: bool = False
    """``autoSetupPolicy``: set a policy that lets everybody read objects."""


@dataclass(frozen=True, slots=True)
class CorsRule:
    methods: tuple[str, ...]
    origins: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One lifecycle rule, as the COS API names its parts (436/8280)."""

    id: str
    enabled: bool = True
    prefix: str = ""
    expiration_days: int | None = None
    noncurrent_expiration_days: int | None = None
    abort_multipart_days: int | None = None
    transitions: tuple[tuple[int, str], ...] = ()
    """(days, storage class)."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of the only objects that are meant. Rules that others made have them, and ``dated``."""
    dated: tuple[tuple[str, str], ...] = ()
    """(date, storage class; empty: deleted)."""


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """``headers:`` in serverless.yml: response headers for the files a glob matches.

    Patterns are gitignore-style and match the path below the web root. Later rules win, header by header.
    """

    pattern: str
    headers: Mapping[str, str]
    """Header names in canonical case (``Cache-Control``). An empty value removes the default, ``default`` brings it
    back."""
    position: Position | None = None
    """Where the pattern stands."""
    but: tuple[tuple[str, Position | None], ...] = ()
    """Patterns (without ``!``) of files that are not meant, and where they stand."""
    no_extension: bool = False
    """Only files whose name has no extension."""
