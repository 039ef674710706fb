"""The cloud's two sites: accounts of the one are not known to the other. COS has the same hosts for both; the cloud API
and the console do not (cloud API 3.0, "Request Structure" of tencentcloud.com: ``<service>.intl.tencentcloudapi.com``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sitepub.errors import UsageError

Site = Literal["cn", "intl"]
SITES: tuple[Site, ...] = ("cn", "intl")
VARIABLE = "TENCENTCLOUD_SITE"
_API = {"cn": "tencentcloudapi.com", "intl": "intl.tencentcloudapi.com"}
_CONSOLE = {"cn": "console.cloud.tencent.com", "intl": "console.tencentcloud.com"}
WORDS = {"cn": "cloud.tencent.com", "intl": "tencentcloud.com (international)"}


def api_domain(site: Site) -> str:
    """What follows the service's name in the host of its API."""
    return _API[site]


def console(site: Site, path: str = "") -> str:
    """An address in the site's console."""
    return f"https://{_CONSOLE[site]}/{path}"


def checked_site(value: str, place: str) -> Site:
    """Raises :class:`~sitepub.errors.UsageError` for what is none of the sites."""
    for site in SITES:
        if value.strip().lower() == site:
            return site
    raise UsageError(f"{place} is {value!r}, which is not a site of the cloud.",
                     hint="cn for accounts of cloud.tencent.com, intl for those of tencentcloud.com.")


def site_of(*variables: Mapping[str, str]) -> Site | None:
    """The site that the first of these that names one says."""
    for values in variables:
        if value := values.get(VARIABLE, "").strip():
            return checked_site(value, VARIABLE)
    return None
