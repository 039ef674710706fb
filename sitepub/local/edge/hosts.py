"""Gathering the hosts of the CDN, of EdgeOne, and of buckets for the edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sitepub.local.cloud import LocalCloud
from sitepub.local.cloud_api.teo.rules import header_actions
from sitepub.local.edge import settings as edge_settings
from sitepub.local.edge.domains import CacheRule, EdgeDomain, EdgeOrigin, HeaderRule
from sitepub.local.services.certificates import Certificate
from sitepub.local.services.custom_domains import CustomDomain
from sitepub.local.services.records import CdnDomain, TeoDomain


def all_hosts(cloud: LocalCloud, now: float) -> dict[str, EdgeDomain]:
    """By host name. A host of the CDN or EdgeOne comes before a bucket's custom domain of that name."""
    found = {domain.host: _bucket_host(cloud, domain, now) for domain in cloud.services.custom_domains
             if _bucket(cloud, domain) is not None}
    found |= {domain.host: _edgeone_host(cloud, domain, now) for domain in cloud.services.teo_domains}
    found |= {domain.host: _cdn_host(cloud, domain, now) for domain in cloud.services.cdn_domains}
    return found


def next_end(cloud: LocalCloud, now: float) -> float:
    """When the next change ends of itself; infinity when none is under way."""
    return min((end for end in _ends(cloud) if end > now), default=float("inf"))


def _ends(cloud: LocalCloud) -> Iterator[float]:
    services, pace = cloud.services, cloud.pace
    for cdn in services.cdn_domains:
        yield cdn.change.ends(pace)
    for teo in services.teo_domains:
        yield teo.change.ends(pace)
        yield teo.certificate_change.ends(pace)
    for bound in services.custom_domains:
        yield bound.change.ends(pace)
        yield bound.certificate_change.ends(pace)


def _cdn_host(cloud: LocalCloud, domain: CdnDomain, now: float) -> EdgeDomain:
    live = domain.live(now, cloud.pace)
    settings: dict[str, Any] = live if live is not None else domain.settings
    host = EdgeDomain(
        domain.host, "cdn", domain.owner, domain.status(now, cloud.pace), domain.cname, settings["Area"],
        edge_settings.origin(settings), live is not None,
        cache_rules=edge_settings.cache_rules(settings), status_cache=edge_settings.status_cache(settings),
        full_url_cache=settings["CacheKey"]["FullUrlCache"] == "on",
        ignore_case=settings["CacheKey"]["IgnoreCase"] == "on",
        response_headers=edge_settings.response_headers(settings),
        max_age_rules=edge_settings.max_age_rules(settings), compression=edge_settings.compression(settings),
        follow_redirect=settings["FollowRedirect"]["Switch"] == "on",
        redirect=edge_settings.redirect(settings), hsts=edge_settings.hsts(settings), settings=settings,
    )
    https = settings["Https"]
    info = https["CertInfo"]
    certificate = cloud.services.certificates.get(info["CertId"]) if info else None
    if https["Switch"] != "on" or certificate is None:
        return host
    return replace(
        _with_certificate(host, certificate), http2=https["Http2"] == "on",
        tls_versions=tuple(https["TlsVersion"] or edge_settings.DEFAULT_TLS),
    )


def _with_certificate(host: EdgeDomain, certificate: Certificate) -> EdgeDomain:
    return replace(host, https=True, certificate=certificate.chain_pem, private_key=certificate.key_pem)


def _edgeone_host(cloud: LocalCloud, domain: TeoDomain, now: float) -> EdgeDomain:
    """EdgeOne keeps what the origin allows; HTTP/2 is on as soon as there is a certificate."""
    zone = cloud.services.teo_zones.get(domain.zone)
    origin = domain.origin
    host = EdgeDomain(
        domain.host, "edgeone", domain.owner, domain.status(now, cloud.pace), domain.cname,
        zone.area if zone else "global",
        EdgeOrigin(
            (_origin_address(domain),),
            origin["HostHeader"] or (origin["Origin"] if origin["OriginType"] == "COS" else domain.host),
            domain.origin_protocol.lower(),
        ),
        domain.served(now, cloud.pace) and not (zone is not None and zone.paused),
        cache_rules=(CacheRule(edge_settings.EVERYTHING, "origin", heuristic=True),),
        compression=(edge_settings.DEFAULT_COMPRESSION,),
        response_headers=tuple(
            HeaderRule(edge_settings.EVERYTHING, action, name, value) for action, name, value
            in header_actions(cloud.services.teo_rules.where(zone=domain.zone), domain.host)),
        settings={"OriginInfo": origin},
    )
    if not domain.certificate_ready(now, cloud.pace):
        return host
    certificate = cloud.services.certificates.get(domain.certificates[0])
    return host if certificate is None else replace(_with_certificate(host, certificate), http2=True)


def _origin_address(domain: TeoDomain) -> str:
    name = str(domain.origin["Origin"])
    port = {"HTTP": domain.http_port, "HTTPS": domain.https_port}.get(domain.origin_protocol)
    return f"{name}:{port}" if port not in (None, 80, 443) and ":" not in name else name


def _bucket(cloud: LocalCloud, domain: CustomDomain) -> str | None:
    """Host of the bucket that a custom domain leads to; None when the bucket is gone."""
    bucket = next((one for one in cloud.buckets.all() if one.id == domain.bucket), None)
    if bucket is None:
        return None
    product = "cos-website" if domain.type == "WEBSITE" else "cos"
    place = "accelerate" if domain.type == "ACCELERATE" else bucket.region
    return f"{bucket.name}.{product}.{place}.myqcloud.com"


def _bucket_host(cloud: LocalCloud, domain: CustomDomain, now: float) -> EdgeDomain:
    origin = _bucket(cloud, domain) or ""
    ready = not domain.change.under_way(now, cloud.pace)
    host = EdgeDomain(
        domain.host, "cos", origin.partition(".")[0].rpartition("-")[2],
        ("online" if ready else "processing") if domain.enabled else "offline", origin, "global",
        EdgeOrigin((origin,), domain.host, "http"), ready and domain.enabled,
        cache_rules=(CacheRule(edge_settings.EVERYTHING, "none"),),
    )
    if not domain.certificate or domain.certificate_change.under_way(now, cloud.pace):
        return host
    return replace(host, https=True, certificate=domain.certificate, private_key=domain.private_key)
