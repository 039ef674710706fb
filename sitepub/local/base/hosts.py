"""Which service a Host header names (COS API 436/6224)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """The kinds of host names."""

    BUCKET = "bucket"
    """The XML API of one bucket."""
    SERVICE = "service"
    """The account's list of buckets."""
    PATH_STYLE = "path-style"
    """A regional host without a bucket."""
    WEBSITE = "website"
    """The website endpoint of one bucket."""
    LOOPBACK = "loopback"
    """127.0.0.1 or localhost: the server's own pages, and the cloud API."""
    CLOUD_API = "cloud-api"
    """A host below tencentcloudapi.com."""
    OTHER = "other"
    """Anything else: a custom domain, perhaps."""


@dataclass(frozen=True, slots=True)
class Service:
    """A host name, taken apart."""

    kind: Kind
    name: str
    """The host name, lowercase, without port."""
    bucket: str = ""
    """With its -APPID."""
    region: str = ""
    """Empty when the host names none (acceleration endpoint, service host)."""
    browser: bool = False
    """Below ``.localhost``: a name that browsers resolve to this computer, where no TLS is served."""
    product: str = ""
    """For the cloud API: the first label (``cam``, ``sts``); empty on loopback."""


_SUFFIXES = (".myqcloud.com", ".tencentcos.cn", ".localhost")
_LABEL = re.compile(r"[a-z0-9-]+\Z")


@lru_cache(maxsize=4096)
def service_of(host: str) -> Service:
    """Look up a Host header; the port does not matter."""
    name = host.strip().lower()
    if name.startswith("["):
        bracket = name.find("]")
        name = name[1:bracket] if bracket > 0 else name
    elif ":" in name:
        name = name[: name.index(":")]
    name = name.removesuffix(".")
    if name in ("127.0.0.1", "localhost", "::1"):
        return Service(Kind.LOOPBACK, name)
    if name.endswith((".tencentcloudapi.com", ".tencentcloudapi.cn")):
        return Service(Kind.CLOUD_API, name, product=name.partition(".")[0])
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            found = _cos(name, name.removesuffix(suffix).split("."), suffix == ".localhost")
            return found or Service(Kind.OTHER, name, browser=suffix == ".localhost")
    return Service(Kind.OTHER, name)


def _cos(name: str, labels: list[str], browser: bool) -> Service | None:
    # a bad bucket name becomes an error where the bucket is looked up
    if not all(_LABEL.match(label) for label in labels[1:]):
        return None
    if labels == ["service", "cos"]:
        return Service(Kind.SERVICE, name, browser=browser)
    if len(labels) == 2 and labels[0] == "cos":
        return Service(Kind.PATH_STYLE, name, region=labels[1], browser=browser)
    if len(labels) != 3:
        return None
    bucket, product, region = labels
    if product == "cos":
        return Service(Kind.BUCKET, name, bucket, "" if region == "accelerate" else region, browser)
    if product == "cos-website":
        return Service(Kind.WEBSITE, name, bucket, region, browser)
    return None
