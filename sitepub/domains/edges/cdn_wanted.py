"""The configuration that a host should have on the CDN (pure).

What serverless.yml mentions, and what a website on COS needs: the origin, and no header that makes browsers
download the pages. A new domain gets cache and compression rules too, and HTTP/2 with ``https: auto``; those of a
domain that is there already are left alone unless they are mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.domains.edges.cdn_config import ONLY_WHEN_ADDED, ONLY_WHEN_THERE, as_set, settings_of
from sitepub.domains.edges.cdn_merge import leaves, merged, same
from sitepub.domains.edges.cdn_origin import (
    areas_elsewhere,
    changeable,
    extras,
    private_access,
    reset_leaves,
    website_origin,
)
from sitepub.domains.edges.cdn_required import completed
from sitepub.domains.edges.cdn_site_rules import header_rules, refuse_switched_off, with_redirects, without_ours
from sitepub.domains.edges.client_certificate import described, known
from sitepub.domains.edges.edge import WantedDomain
from sitepub.domains.steps import Leaf
from sitepub.errors import ConfigError, Problem

DOWNLOAD_HEADERS = ("Content-Disposition", "x-cos-force-download")
"""COS adds these to answers on its default domains, so that browsers download instead of showing."""
_CLIENT = "Https.ClientCertInfo.Certificate"
_EVERYWHERE = {"RuleType": "all", "RulePaths": ["*"]}
COMPRESSED = (
    "text/html", "text/css", "text/plain", "text/xml", "text/javascript", "text/markdown",
    "application/javascript", "application/json", "application/xml", "application/rss+xml",
    "application/atom+xml", "application/manifest+json", "application/wasm", "image/svg+xml", "font/ttf",
    "font/otf",
)
"""Content types that shrink; images, WOFF fonts and archives are compressed already."""
_LARGEST_COMPRESSED = 30 * 1024 * 1024


def cache_rules() -> dict[str, Any]:
    """Follow the origin: every file has the Cache-Control that sitepub gave it. Files whose name carries a
    hash are kept a year, others minutes, and pages are asked for each time."""
    return {"RuleCache": [{**_EVERYWHERE, "CacheConfig": {
        "FollowOrigin": {"Switch": "on", "HeuristicCache": {"Switch": "off"}}}}]}


def compression() -> dict[str, Any]:
    return {"Switch": "on", "CompressionRules": [{
        "Compress": True, "MinLength": 256, "MaxLength": _LARGEST_COMPRESSED,
        "Algorithms": ["brotli", "gzip"], "RuleType": "contentType", "RulePaths": list(COMPRESSED)}]}


def wanted_config(wanted: WantedDomain, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Sub-objects to be merged into the domain's. ``config``: what DescribeDomainsConfig answered; ``None``:
    the domain is to be added."""
    actual = _actual(wanted, config) if config is not None else {}
    mentioned = settings_of(wanted.host)
    result: dict[str, Any] = {"Origin": website_origin(wanted), **mentioned}
    if wanted.certificate is not None and mentioned.get("Https", {}).get("Switch") != "off":
        result["Https"] = {**mentioned.get("Https", {}), "CertInfo": {"CertId": wanted.certificate.id}}
    headers = _response_headers(wanted, actual.get("ResponseHeader"), mentioned.get("ResponseHeader"))
    if headers is not None:
        result["ResponseHeader"] = headers
    redirects = with_redirects(wanted, actual.get("UrlRedirect"), mentioned.get("UrlRedirect"))
    if redirects is not None:
        result["UrlRedirect"] = redirects
    if config is None:
        result = {"ServiceType": "web", "Area": wanted.host.area, "Cache": cache_rules(),
                  "Compression": compression(), **result}
        if wanted.host.auto_certificate and result.get("Https", {}).get("Switch") == "on":
            result["Https"] = {"Http2": "on", **result["Https"]}
    else:
        result = {key: value for key, value in result.items() if key not in ONLY_WHEN_ADDED}
    return result


def _response_headers(wanted: WantedDomain, actual: Mapping[str, Any] | None, mentioned: Mapping[str, Any] | None
                      ) -> Any:
    """The rules of the user (else those that are there) with ours beside them; ``None``: leave them alone."""
    if mentioned is not None and mentioned.get("Switch") == "off":
        refuse_switched_off(wanted, "`responseHeader` is off in serverless.yml")
        return None
    there = without_ours(wanted, list((actual or {}).get("HeaderRules") or []))
    off = (actual or {}).get("Switch") != "on"
    if mentioned is None and off and there:
        # The owner switched these rules off; switching ours on would bring them back.
        refuse_switched_off(wanted, "the CDN has rules for response headers that are switched off")
        return None
    theirs = list((mentioned or {}).get("HeaderRules") or ()) if mentioned is not None else there
    rules = [*header_rules(wanted.host.rules), *theirs]
    for name in DOWNLOAD_HEADERS:
        rules = _with_deletion(rules, name)
    return {**(mentioned or {}), "Switch": "on", "HeaderRules": rules}


def _with_deletion(rules: list[Any], name: str) -> list[Any]:
    """The rules with ours, which deletes a header of the origin. Of rules for one header the lowest wins, so ours is
    above those that the user has for it."""
    ours = {"HeaderMode": "del", "HeaderName": name, **_EVERYWHERE}
    place = next((at for at, one in enumerate(rules) if same(one, ours)), None)
    theirs = next((at for at, one in enumerate(rules)
                   if str(one.get("HeaderName")).lower() == name.lower() and not same(one, ours)), None)
    if place is None:
        at = len(rules) if theirs is None else theirs
        return [*rules[:at], ours, *rules[at:]]
    if theirs is not None and theirs < place:
        there = rules[place]
        return [*rules[:theirs], there, *rules[theirs:place], *rules[place + 1:]]
    return rules


def add_request(wanted: WantedDomain) -> dict[str, Any]:
    """The parameters of AddCdnDomain, beside the domain's name."""
    return {key: completed(key, value) for key, value in wanted_config(wanted, None).items()
            if key not in ONLY_WHEN_THERE}


def update_request(wanted: WantedDomain, config: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of UpdateDomainConfig: every sub-object that changes, complete. Empty: nothing does."""
    actual = _actual(wanted, config)
    changes = wanted_config(wanted, config)
    request: dict[str, Any] = {}
    for key, value in changes.items():
        if key != "Origin" and not same(actual.get(key), value):
            request[key] = merged(actual.get(key), value)
    ours = changes["Origin"]
    if not same(actual.get("Origin"), ours) or extras(actual.get("Origin"), ours):
        request["Origin"] = ours
    request |= private_access(actual)
    elsewhere = areas_elsewhere(actual, ours)
    if elsewhere:
        specific = request.get("SpecificConfig") or actual["SpecificConfig"]
        request["SpecificConfig"] = {**specific, **{area: {**specific.get(area, {}), "Origin": ours}
                                                    for area in elsewhere}}
    if "SpecificConfig" in request:
        request["SpecificConfig"] = changeable(request["SpecificConfig"])
    return {key: completed(key, value) for key, value in request.items()}


def update_leaves(wanted: WantedDomain, config: Mapping[str, Any]) -> tuple[Leaf, ...]:
    """What :func:`update_request` changes, leaf by leaf."""
    actual, request = _actual(wanted, config), update_request(wanted, config)
    return (*_readable(leaves(actual, request)), *reset_leaves(actual, request))


def create_leaves(wanted: WantedDomain) -> tuple[Leaf, ...]:
    return _readable(leaves({}, wanted_config(wanted, None)))


def _readable(found: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    return tuple(Leaf(leaf.path, described(leaf.before), described(leaf.after)) if leaf.path == _CLIENT else leaf
                 for leaf in found)


def _actual(wanted: WantedDomain, config: Mapping[str, Any]) -> dict[str, Any]:
    """What is set, with the visitors' authority that the answer may not show where it is the wanted one."""
    actual = as_set(config)
    ours = str(((wanted.host.https or {}).get("clientCertInfo") or {}).get("certificate") or "")
    if known(config, ours):
        actual["Https"] = {**actual.get("Https", {}), "ClientCertInfo": {"Certificate": ours}}
    return actual


def check_redirect(wanted: WantedDomain, config: Mapping[str, Any] | None) -> None:
    """Raises :class:`~sitepub.errors.ConfigError` for a redirect to HTTPS on a domain without HTTPS:
    visitors would be sent where nothing answers. ``config`` as for :func:`wanted_config`."""
    actual, changes = as_set(config) if config is not None else {}, wanted_config(wanted, config)
    redirect, https = (merged(actual.get(key), changes.get(key, {})) for key in ("ForceRedirect", "Https"))
    if redirect.get("Switch") != "on" or redirect.get("RedirectType") != "https" or https.get("Switch") == "on":
        return
    if "ForceRedirect" not in changes and "Https" not in changes:
        # Nothing of it is the project's business.
        return
    host = wanted.host
    raise ConfigError(Problem(
        f"{host.host}: http is redirected to https, and https is off", host.position,
        "Write `https: auto` (or a certificate of your own), or `forceRedirect: {switch: off}`."))
