"""The project together with what its `_headers` and `_redirects` say (pure)."""

from __future__ import annotations

from dataclasses import replace

from sitepub.config.project import Project
from sitepub.config.site_rules import EdgeHeader, HostRules, SiteRules
from sitepub.site.address_rules.header_rules import EDGES

_NOINDEX = EdgeHeader("/*", "set", "X-Robots-Tag", "noindex")


def with_rules(project: Project, rules: SiteRules) -> Project:
    """The website settings and the hosts as both together want them. Not to be applied twice."""
    website = project.website
    if rules.redirects:
        website = replace(website, redirect_rules=(*website.redirect_rules, *rules.redirects),
                          said=website.said | {"rules"})
    if rules.error:
        website = replace(website, error=rules.error, error_is_default=False,
                          disable_error_status=rules.error_status == 200, said=website.said | {"error", "status"})
    hosts = tuple(replace(host, rules=_of_host(project, rules, host.host)) if host.edge in EDGES else host
                  for host in project.hosts)
    return replace(project, website=website, hosts=hosts)


def _of_host(project: Project, rules: SiteRules, host: str) -> HostRules:
    """The host of a preview asks search engines to stay away, whatever the site says. It is no rule of the site, so it
    is not promoted."""
    return rules.of_host(host) if project.preview is None else rules_of_preview(rules, host)


def rules_of_preview(rules: SiteRules, host: str) -> HostRules:
    """What the edge of a preview's host does."""
    found = rules.of_host(host)
    others = tuple(one for one in found.headers if one.name.lower() != _NOINDEX.name.lower())
    return replace(found, headers=(*others, _NOINDEX))
