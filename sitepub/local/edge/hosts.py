"""Collects the hosts of the CDN, EdgeOne and buckets for the edge."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import Pace
from sitepub.local.edge import settings as edge_settings
from sitepub.local.edge.domains import CacheRule, EdgeDomain, EdgeOrigin, HeaderRule, PathMatch
from sitepub.local.edge.served_functions import ServedFunction, ServedFunctions
from sitepub.local.services.certificates import Certificate
from sitepub.local.services.custom_domains import CustomDomain, bucket_of
from sitepub.local.services.header_rules import REDIRECT, actions_of, header_actions
from sitepub.local.services.records import CdnDomain, TeoDomain
from sitepub.local.services.services import Services
from sitepub.local.services.zones import normal
from sitepub.local.store.buckets import Bucket, Buckets

_MOST_BELOW = 1000


class EdgeHosts:
    """Every host that the edge of one cloud serves."""

    def __init__(self, services: Services, buckets: Buckets) -> None:
        self._services = services
        self._buckets = buckets
        self._hosts: Mapping[str, EdgeDomain] = {}
        self._below: dict[str, EdgeDomain] = {}
        """Hosts that a wildcard domain serves, as far as they were asked for."""
        self._state: tuple[int, Pace] | None = None
        self._until = 0.0

    def find(self, host: str) -> EdgeDomain | None:
        """The host of this name as it is served now; None for an unknown name. Cheap to call for every visit."""
        hosts = self.all()
        return hosts.get(host) or self._below_wildcard(host, hosts)

    def _below_wildcard(self, host: str, hosts: Mapping[str, EdgeDomain]) -> EdgeDomain | None:
        """Served by a wildcard domain, whose ``*`` is one label, as in its certificate."""
        first, _, rest = host.partition(".")
        if not first or first == "*" or f"*.{rest}" not in hosts:
            return None
        if host not in self._below:
            domain = self._services.teo_domains.get(f"*.{rest}")
            if domain is None:
                return None
            if len(self._below) >= _MOST_BELOW:
                self._below.clear()
            self._below[host] = _edgeone_host(self._services, domain, time.time(), host)
        return self._below[host]

    def all(self) -> Mapping[str, EdgeDomain]:
        """By name. Gathered anew when a service has changed something or the clock has ended a change."""
        now = time.time()
        state = (self._services.file.changes, self._services.pace)
        if state != self._state or now >= self._until:
            self._hosts = all_hosts(self._services, self._buckets, now)
            self._below = {}
            self._until = next_end(self._services, now)
            self._state = state
        return self._hosts


def all_hosts(services: Services, buckets: Buckets, now: float) -> dict[str, EdgeDomain]:
    """By host name. Where several edges have a name, as during a move, DNS decides which one visitors come to; where it
    does not say, the one whose settings were changed last."""
    found: dict[str, list[tuple[float, EdgeDomain]]] = {}
    for bound in services.custom_domains:
        if (bucket := bucket_of(buckets, bound)) is not None:
            found.setdefault(bound.host, []).append(
                (bound.change.since, _bucket_host(services, bucket, bound, now)))
    for teo in services.teo_domains:
        found.setdefault(teo.host, []).append((teo.change.since, _edgeone_host(services, teo, now)))
    for cdn in services.cdn_domains:
        found.setdefault(cdn.host, []).append((cdn.change.since, _cdn_host(services, cdn, now)))
    return {host: edges[0][1] if len(edges) == 1 else _visited(services, host, edges)
            for host, edges in found.items()}


def _visited(services: Services, host: str, edges: list[tuple[float, EdgeDomain]]) -> EdgeDomain:
    aliases = {normal(value) for value in services.resolve(host, "A").values("CNAME")}
    return max(edges, key=lambda edge: (edge[1].cname in aliases, edge[0]))[1]


def next_end(services: Services, now: float) -> float:
    """When the next change ends of itself (Unix seconds); infinity when none is under way."""
    return min((end for end in _ends(services) if end > now), default=float("inf"))


def _ends(services: Services) -> Iterator[float]:
    pace = services.pace
    for cdn in services.cdn_domains:
        yield cdn.change.ends(pace)
    for teo in services.teo_domains:
        yield teo.change.ends(pace)
        yield teo.certificate_change.ends(pace)
    for function in services.teo_functions:
        yield function.change.ends(pace)
    for bound in services.custom_domains:
        yield bound.change.ends(pace)
        yield bound.certificate_change.ends(pace)


def _cdn_host(services: Services, domain: CdnDomain, now: float) -> EdgeDomain:
    live = domain.live(now, services.pace)
    settings: dict[str, Any] = live if live is not None else domain.settings
    host = EdgeDomain(
        domain.host, "cdn", domain.owner, domain.status(now, services.pace), domain.cname, settings["Area"],
        edge_settings.origin(settings), live is not None,
        cache_rules=edge_settings.cache_rules(settings), status_cache=edge_settings.status_cache(settings),
        full_url_cache=settings["CacheKey"]["FullUrlCache"] == "on",
        ignore_case=settings["CacheKey"]["IgnoreCase"] == "on",
        response_headers=edge_settings.response_headers(settings),
        max_age_rules=edge_settings.max_age_rules(settings), compression=edge_settings.compression(settings),
        follow_redirect=settings["FollowRedirect"]["Switch"] == "on",
        redirect=edge_settings.redirect(settings), path_redirects=edge_settings.cdn_redirects(settings),
        hsts=edge_settings.hsts(settings), settings=settings,
    )
    https = settings["Https"]
    info = https["CertInfo"]
    certificate = services.certificates.get(info["CertId"]) if info else None
    if https["Switch"] != "on" or certificate is None:
        return host
    return replace(
        _with_certificate(host, certificate), http2=https["Http2"] == "on",
        tls_versions=tuple(https["TlsVersion"] or edge_settings.DEFAULT_TLS),
    )


def _with_certificate(host: EdgeDomain, certificate: Certificate) -> EdgeDomain:
    return replace(host, https=True, certificate=certificate.chain_pem, private_key=certificate.key_pem)


def _edgeone_host(services: Services, domain: TeoDomain, now: float, host_name: str = "") -> EdgeDomain:
    """EdgeOne keeps what the origin allows; HTTP/2 is on as soon as there is a certificate. ``host_name``: of a visitor
    of a wildcard domain."""
    name = host_name or domain.host
    zone = services.teo_zones.get(domain.zone)
    origin = domain.origin
    host = EdgeDomain(
        name, "edgeone", domain.owner, domain.status(now, services.pace), domain.cname,
        zone.area if zone else "global",
        EdgeOrigin(
            (_origin_address(domain),),
            origin["HostHeader"] or (origin["Origin"] if origin["OriginType"] == "COS" else name),
            domain.origin_protocol.lower(),
        ),
        domain.served(now, services.pace) and not (zone is not None and zone.paused),
        cache_rules=(CacheRule(edge_settings.EVERYTHING, "origin", heuristic=True),),
        compression=(edge_settings.DEFAULT_COMPRESSION,),
        response_headers=tuple(
            HeaderRule(PathMatch("condition", conditions), action, name, value) for conditions, action, name, value
            in header_actions(services.teo_rules.where(zone=domain.zone), name)),
        path_redirects=tuple(
            edge_settings.edgeone_redirect(conditions, given) for conditions, given
            in actions_of(services.teo_rules.where(zone=domain.zone), name, REDIRECT)),
        functions=_functions(services, domain, now),
        settings={"OriginInfo": origin},
    )
    certificate = services.certificates.get(domain.served_certificate(now, services.pace))
    return host if certificate is None else replace(_with_certificate(host, certificate), http2=True)


def _functions(services: Services, domain: TeoDomain, now: float) -> ServedFunctions | None:
    rules = services.teo_function_rules.where(zone=domain.zone)
    return ServedFunctions(domain.host, tuple(rules), {
        one.id: ServedFunction(one.name, *one.served(now, services.pace))
        for one in services.teo_functions.where(zone=domain.zone)}) if rules else None


def _origin_address(domain: TeoDomain) -> str:
    name = str(domain.origin["Origin"])
    port = {"HTTP": domain.http_port, "HTTPS": domain.https_port}.get(domain.origin_protocol)
    return f"{name}:{port}" if port not in (None, 80, 443) and ":" not in name else name


def _bucket_name(bucket: Bucket, domain: CustomDomain) -> str:
    """Host of the bucket that a custom domain leads to."""
    product = "cos-website" if domain.type == "WEBSITE" else "cos"
    place = "accelerate" if domain.type == "ACCELERATE" else bucket.region
    return f"{bucket.name}.{product}.{place}.myqcloud.com"


def _bucket_host(services: Services, bucket: Bucket, domain: CustomDomain, now: float) -> EdgeDomain:
    origin = _bucket_name(bucket, domain)
    ready = not domain.change.under_way(now, services.pace)
    host = EdgeDomain(
        domain.host, "cos", origin.partition(".")[0].rpartition("-")[2],
        ("online" if ready else "processing") if domain.enabled else "offline", origin, "global",
        EdgeOrigin((origin,), domain.host, "http"), ready and domain.enabled,
        cache_rules=(CacheRule(edge_settings.EVERYTHING, "none"),),
    )
    if not domain.certificate or domain.certificate_change.under_way(now, services.pace):
        return host
    return replace(host, https=True, certificate=domain.certificate, private_key=domain.private_key)
