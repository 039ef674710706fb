"""Models of what ``inputs`` passes to the bucket: access, CORS, tags, lifecycle, redirects, headers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sitepub.config.models.fields import (
    BucketName,
    FilledText,
    Line,
    OneOrMore,
    Region,
    Shape,
    Text,
    TextList,
    Whole,
    wrong,
)

Method = Literal["GET", "PUT", "HEAD", "POST", "DELETE"]


class AclShape(Shape):
    """Who may read the bucket."""

    permissions: Literal["public-read", "private", "public-read-write"] = Field(
        description="Canned ACL of the bucket.")


class CorsShape(Shape):
    """One CORS rule (COS API 436/8279)."""

    allowed_origins: TextList = Field(min_length=1, description="Such as `https://example.com`, or `*`.")
    allowed_methods: Annotated[list[Method], OneOrMore()] = Field(
        min_length=1, description="Methods that are allowed.")
    allowed_headers: TextList | None = Field(None, description="Request headers that are allowed, or `*`.")
    expose_headers: TextList | None = Field(None, description="Response headers that scripts may read.")
    max_age_seconds: Whole | None = Field(None, ge=0, description="How long a browser may keep the answer.")


class TagShape(Shape):
    """One tag."""

    key: FilledText = Field(max_length=127, description="Name of the tag.")
    value: Text = Field(max_length=255, description="Its value. Numbers are taken as they are written.")


class FilterShape(Shape):
    prefix: Text = Field("", description="Keys that the rule is for.")


class ExpirationShape(Shape):
    days: Whole = Field(gt=0, description="Days after which objects are deleted.")


class NoncurrentExpirationShape(Shape):
    noncurrent_days: Whole = Field(gt=0, description="Days after which older versions are deleted.")


class TransitionShape(Shape):
    days: Whole = Field(ge=0, description="Days after which objects move.")
    storage_class: FilledText = Field(description="Where they move: STANDARD_IA, ARCHIVE …")


class AbortMultipartShape(Shape):
    days_after_initiation: Whole = Field(gt=0, description="Days after which unfinished uploads are dropped.")


class LifecycleShape(Shape):
    """One lifecycle rule (COS API 436/8280)."""

    id: FilledText = Field(max_length=255, description="Name of the rule.")
    status: Literal["Enabled", "Disabled"] = Field("Enabled", description="Whether it is in force.")
    filter: FilterShape | None = Field(None, description="What it is for; without it, every object.")
    expiration: ExpirationShape | None = Field(None, description="Delete objects.")
    noncurrent_version_expiration: NoncurrentExpirationShape | None = Field(
        None, description="Delete older versions.")
    transition: Annotated[list[TransitionShape], OneOrMore()] | None = Field(
        None, description="Move objects to a cheaper storage class; one, or a list.")
    abort_incomplete_multipart_upload: AbortMultipartShape | None = Field(
        None, description="Drop unfinished uploads.")


class ConditionShape(Shape):
    http_error_code_returned_equals: Whole | None = Field(None, ge=400, le=499,
                                                          description="An error status, 400 to 499.")
    key_prefix_equals: FilledText | None = Field(None, description="What the key begins with; no wildcards.")


class RedirectShape(Shape):
    protocol: Literal["http", "https"] | None = Field(None, description="Protocol to redirect to.")
    replace_key_with: FilledText | None = Field(None, description="The key to go to.")
    replace_key_prefix_with: Text | None = Field(None, description="What the prefix is replaced with.")


class RedirectRuleShape(Shape):
    """One routing rule of the website (COS API 436/31930)."""

    condition: ConditionShape = Field(description="When: exactly one condition.")
    redirect: RedirectShape = Field(description="Where to: one key or prefix, a protocol, or both.")


STORED_HEADERS = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
                  "Content-Type", "Expires")
"""The response headers that COS keeps with an object, besides ``x-cos-meta-*`` (COS API 436/7749)."""


def canonical_header(name: str) -> str:
    """``cache-control`` → ``Cache-Control``; ``X-Cos-Meta-A`` → ``x-cos-meta-a``."""
    lower = name.strip().lower()
    return lower if lower.startswith("x-cos-") else "-".join(part.capitalize() for part in lower.split("-"))


def _header_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name.strip()):
        raise wrong("is not a header name")
    canonical = canonical_header(name)
    if canonical.startswith("x-cos-") and not canonical.startswith("x-cos-meta-"):
        raise wrong("is not a response header, but a request to the bucket")
    return canonical


def _header_values(value: Any) -> Any:
    """An empty value removes the default, and so does a key that holds nothing."""
    return {k: "" if v is None else v for k, v in value.items()} if isinstance(value, dict) else value


def _pattern(value: str) -> str:
    if not value.strip():
        raise wrong("expected a pattern such as `*.html`")
    if not value.removeprefix("!").strip():
        raise wrong("expected a pattern after the `!`", "`!*.html` means all files but pages.")
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]
Pattern = Annotated[Text, AfterValidator(_pattern)]


class HeadersShape(Shape):
    """Response headers for some files."""

    files: Annotated[list[Pattern], OneOrMore()] = Field([], description=(
        "Patterns in gitignore syntax: one, or a list. Those with `!` take files away from the ones before them; when "
        "they come first, all other files are meant. Needed unless there is `match`."))
    match: Literal["no-extension"] | None = Field(None, description=(
        "`no-extension`: only files whose name has no extension, such as `apple-app-site-association`."))
    set: Annotated[dict[HeaderName, Line], BeforeValidator(_header_values), WithJsonSchema({
        "type": "object", "additionalProperties": {"type": ["string", "number", "null"]}})] = Field(
        min_length=1, description=(
            "Header names and values; an empty value removes the default, `default` takes back what rules before this "
            "one set."))


class LogsShape(Shape):
    """Where visits are read from."""

    topic_id: FilledText = Field(description=(
        "Log topic (CLS) that real-time logs go to. Without `logs`, a topic is looked for through the CDN API."))
    region: Region = Field("ap-shanghai", description="Region of the topic.")


class StateShape(Shape):
    """Where sitepub keeps its own state."""

    bucket: BucketName | None = Field(None, description="A private bucket, with or without `-APPID`.")
