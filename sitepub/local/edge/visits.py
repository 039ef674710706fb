"""Adds the answers of the edge to the log of visits."""

from __future__ import annotations

import time

from sitepub.local.base.hosts import Kind, service_of
from sitepub.local.edge.domains import EdgeDomain
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse
from sitepub.local.store.access_log import AccessLog, Visit


def record(log: AccessLog, domain: EdgeDomain, request: EdgeRequest, response: EdgeResponse,
           sent: int | None = None) -> None:
    """Log an answer. ``sent``: bytes of its body; None: as the answer says."""
    length = response.length if response.stream is not None else len(response.body)
    now = time.time()
    bucket, region = _bucket(domain)
    log.add(Visit(
        time=round(now, 3),
        bucket=bucket,
        region=region,
        host=domain.host,
        event="Edge",
        remote=request.remote,
        secret_id="",
        method=request.method,
        path=request.target,
        status=response.status,
        error="",
        received=len(request.body),
        sent=sent if sent is not None else 0 if request.method == "HEAD" else length or 0,
        milliseconds=max(0, round((now - request.time) * 1000)),
        agent=request.headers.get("User-Agent", ""),
        referer=request.headers.get("Referer", ""),
        website=True,
        request_id=request.id,
        parent=request.parent,
        via_edge=bool(request.parent),
        edge=domain.product,
        cache=response.cache,
    ))


def _bucket(domain: EdgeDomain) -> tuple[str, str]:
    """The bucket behind the host and its region; empty for another origin."""
    for name in (domain.origin.host_header, *domain.origin.hosts):
        service = service_of(name)
        if service.kind in (Kind.WEBSITE, Kind.BUCKET):
            return service.bucket, service.region
    return "", ""
