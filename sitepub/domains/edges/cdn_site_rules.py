"""What `_headers` and `_redirects` have a domain of the CDN do, beside the rules that others gave it (pure).

Rules of the CDN have no names: which of them are sitepub's stands in the record of the host. Of rules that match, the
lowest in the list counts (228/41737), so sitepub's stand first, and among redirects the first of the file last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.config.site_rules import HostRules
from sitepub.domains.edges.cdn_merge import same
from sitepub.domains.edges.edge import WantedDomain
from sitepub.errors import ConfigError, Problem
from sitepub.site.address_rules.addresses import address_of
from sitepub.site.address_rules.edge_paths import cdn_match, numbered, raw


def header_rules(rules: HostRules | None) -> list[dict[str, Any]]:
    """HttpHeaderPathRule objects (228/30987)."""
    found = []
    for one in rules.headers if rules is not None else ():
        match = cdn_match(address_of(one.path))
        if match is not None:
            value = {"HeaderValue": one.value} if one.action != "del" else {}
            found.append({"HeaderMode": one.action, "HeaderName": one.name, **value, "RuleType": match[0],
                          "RulePaths": [match[1]]})
    return found


def redirect_rules(rules: HostRules | None) -> list[dict[str, Any]]:
    """UrlRedirectRule objects (228/30987), whose pattern takes `*`, and whose target `$1`."""
    found = []
    for one in reversed(rules.redirects if rules is not None else ()):
        host, path = ("", one.to) if one.to.startswith("/") else _split(one.to)
        found.append({"RedirectStatusCode": one.status, "Pattern": raw(one.path),
                      "RedirectUrl": numbered(one.path, path), "FullMatch": "*" not in one.path,
                      **({"RedirectHost": host} if host else {})})
    return found


def _split(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}", slash + path or "/"


def without_ours(wanted: WantedDomain, there: list[Any]) -> list[Any]:
    """The header rules that are there without sitepub's: those of before, and the ones that it wants now."""
    if wanted.host.rules is None:
        return there
    ours = [*header_rules(wanted.rules_before), *header_rules(wanted.host.rules)]
    return [one for one in there if not any(same(one, other) for other in ours)]


def with_redirects(wanted: WantedDomain, actual: Mapping[str, Any] | None, mentioned: Mapping[str, Any] | None) -> Any:
    """The redirects of the user (else those that are there) under sitepub's; ``None``: leave them alone."""
    before, ours = redirect_rules(wanted.rules_before), redirect_rules(wanted.host.rules)
    if wanted.host.rules is None or not (before or ours):
        return None
    given = mentioned if mentioned is not None else actual or {}
    theirs = [one for one in given.get("PathRules") or () if not any(same(one, other) for other in (*before, *ours))]
    on = given.get("Switch") == "on"
    if theirs and not on:
        if ours:
            refuse_switched_off(wanted, "redirects that others set are switched off")
        return {**(mentioned or {}), "PathRules": theirs}
    return {**(mentioned or {}), "Switch": "on" if ours or theirs else "off", "PathRules": [*ours, *theirs]}


def refuse_switched_off(wanted: WantedDomain, why: str) -> None:
    """Raises :class:`~sitepub.errors.ConfigError` where sitepub has rules and may not switch them on."""
    if wanted.host.rules:
        raise ConfigError(Problem(
            f"{wanted.host.host}: {why}, so those of _headers, _redirects and securityHeaders cannot be added",
            wanted.host.position, "switch them on or delete them in the console, or write them into serverless.yml"))
