"""A check of the website as a visitor's browser gets it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

from sitepub import __version__
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.genuine import REQUEST_ID
from sitepub.tencent.network.tls import tls_context

_PATIENCE = 10.0
"""Seconds."""


_AGENT = {"User-Agent": f"sitepub/{__version__}"}
"""So that `sitepub logs` does not count it as a visit."""


def forces_download(cloud: Cloud, bucket: str) -> bool | None:
    """Whether the website's default address makes browsers download its pages (COS API 436/57456: buckets
    created after 2024-01-01). The answer to a GET shows it; HEAD does not. ``None``: no answer.
    """
    host = cloud.website_host(bucket)
    handlers: list[urllib.request.BaseHandler] = []
    if cloud.embedded is not None:
        request = urllib.request.Request(f"{cloud.embedded.endpoint}/", headers={
            "Host": f"{bucket}.cos-website.{cloud.region}.localhost:{cloud.embedded.port}", **_AGENT})
        handlers.append(urllib.request.ProxyHandler({}))
    else:
        request = urllib.request.Request(f"https://{host}/", headers={"Range": "bytes=0-0", **_AGENT})
        handlers.append(urllib.request.HTTPSHandler(context=tls_context()))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_PATIENCE) as answer:
            headers = answer.headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    except (OSError, http.client.HTTPException):
        return None
    if not headers.get(REQUEST_ID):
        return None  # a login page of the network, not the website
    disposition = (headers.get("Content-Disposition") or "").strip().lower()
    return headers.get("x-cos-force-download") == "true" or disposition.startswith("attachment")
