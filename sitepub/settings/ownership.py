"""Which settings of a bucket are the project's, and what of those that others made stays (pure).

A setting is the project's when serverless.yml mentions it, or mentioned it at the last deploy. All others stay as they
are in a bucket that is there already; a new bucket gets the defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import replace

from sitepub.tencent.cos.website_config import WebsiteConfig

WEBSITE_FIELDS = {
    "addressing": "auto_addressing", "https": "redirect_https", "status": "original_status_enabled", "rules": "rules",
    "error": "error",
}
"""What serverless.yml may leave out, and where it stands. The index document is the site's in any case."""


def with_what_stays(wanted: WebsiteConfig, there: WebsiteConfig | None, mine: Collection[str]) -> WebsiteConfig:
    """The website settings to write: the wanted ones, but for those that are not among ``mine``."""
    if there is None:
        return wanted
    kept = {field: getattr(there, field) for name, field in WEBSITE_FIELDS.items() if name not in mine}
    return replace(wanted, **kept)


def said_by_release(website: WebsiteConfig, now: WebsiteConfig, keys: Container[str]) -> list[str]:
    """What the serverless.yml of a release has mentioned, although that of today, which wants ``now``, may not: every
    value that is another one, and an error document that is among its files (``keys``)."""
    return [name for name, field in WEBSITE_FIELDS.items() if getattr(website, field) != getattr(now, field)
            or (name == "error" and website.error is not None and website.error in keys)]


def taken_from_others(before: WebsiteConfig, after: WebsiteConfig, ours: Collection[str]) -> bool:
    """Whether a change takes away what others set: a value that is not what a bucket begins with."""
    plain = WebsiteConfig("index.html")
    return any(
        getattr(before, field) not in (getattr(after, field), getattr(plain, field))
        for name, field in {**WEBSITE_FIELDS, "index": "index"}.items() if name not in ours)
