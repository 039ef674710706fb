"""Check a site before it is published."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sitepub.actions.build import build
from sitepub.actions.checking.report import Located, Report, position_of, shown
from sitepub.actions.checking.there import There, embedded_hosts, there_of, website_hosts
from sitepub.actions.connect import connect
from sitepub.check.answers import Answers, Rule, Website
from sitepub.check.check import check, pages_of
from sitepub.check.declared import declared, is_placeholder
from sitepub.check.findings import Finding, Kind
from sitepub.check.gone import gone
from sitepub.check.redirects import about_redirects
from sitepub.check.site import Site
from sitepub.check.sizes import too_large
from sitepub.check.sources import find_sources, source_of
from sitepub.config.project import Checks, Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import CredentialsError, Position, Problem, SitepubError
from sitepub.publish.prepare import prepare
from sitepub.publish.states.remote import open_remote
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.detect.frameworks import detect
from sitepub.site.error_page import error_key
from sitepub.site.snapshot import Snapshot

_SLASHES = {
    "docusaurus": "`trailingSlash: true` in docusaurus.config.js",
    "next": "`trailingSlash: true` in next.config",
    "astro": "`trailingSlash: 'always'` in astro.config", "gatsby": "`trailingSlash: 'always'` in gatsby-config",
    "sveltekit": "`export const trailingSlash = 'always'` in the root layout",
    "hexo": "the menu of the theme's settings"}
"""Where the slash at the end of addresses is set."""
_MANY = 3
_MISSING = (Kind.LINK, Kind.IMAGE, Kind.SCRIPT, Kind.STYLE, Kind.FILE, Kind.CANONICAL, Kind.SITEMAP, Kind.FEED)


@dataclass(frozen=True, slots=True)
class CheckOptions:
    local: bool = False
    profile: str | None = None
    build: bool = True
    offline: bool = False
    """Nothing is asked of the cloud."""
    external: bool = False
    """Addresses of other hosts are asked, too."""


@dataclass(frozen=True, slots=True)
class Done:
    """What ``sitepub check`` answers."""

    project: Project
    report: Report
    warnings: tuple[Problem, ...]
    connected: bool
    """What is live was taken into account."""


def check_project(project: Project, options: CheckOptions, environ: Mapping[str, str], *,
                  output: Callable[[str], None], warn: Callable[[Problem], None], columns: int | None = None) -> Done:
    """Build the site and check it. Changes nothing in the cloud, and needs none: without a connection, or without
    credentials, the site alone is checked."""
    warnings: list[Problem] = []

    def take(problem: Problem) -> None:
        warnings.append(problem)
        warn(problem)

    for problem in project.warnings:
        take(problem)
    snapshot = build(project, run_the_hook=options.build, environ=environ, output=output, columns=columns)
    for problem in snapshot.warnings:
        take(problem)
    if options.offline:
        report = checked(project, snapshot, None, external=options.external)
        return Done(project, report, tuple(warnings), connected=False)
    try:
        cloud = connect(project, local=options.local, profile=options.profile, environ=environ, warn=take)
        with open_remote(project, cloud, environ=environ) as remote:
            there = there_of(project, cloud, remote, prepare(remote, snapshot), snapshot)
            report = checked(project, snapshot, there, external=options.external)
        return Done(project, report, tuple(warnings), connected=True)
    except CredentialsError:
        take(Problem("there are no credentials: what is live was not taken into account",
                     hint="`--offline` says that this is meant; `sitepub login` saves a key"))
    except SitepubError as error:
        if error.exit_code in (2, 130):
            raise
        take(Problem(f"what is live was not taken into account: {error.message}", hint=error.hint))
    return Done(project, checked(project, snapshot, None, external=options.external), tuple(warnings), connected=False)


def checked(project: Project, snapshot: Snapshot, there: There | None, *, external: bool = False) -> Report:
    """Check a site that was built. ``there``: what is known of the cloud; ``None``: nothing."""
    started = time.monotonic()
    checks = project.checks or Checks()
    also = declared(snapshot, project.key_prefix, project.website.index)
    site = site_of(project, checks, snapshot, there, also, external=external)
    found = check(site, snapshot)
    findings = [*found.findings, *too_large(checks, snapshot, project.key_prefix),
                *about_redirects(Answers(site.keys, site.website), frozenset(snapshot.files))]
    if there is not None:
        findings = _without_others(findings, there, site.website)
        findings += _gone(site, snapshot, there)
    if external:
        from sitepub.actions.checking.external import unreachable

        findings += unreachable(found.external)
    order = list(Kind)
    findings = sorted((one for one in findings if one.kind not in checks.skip), key=lambda one: order.index(one.kind))
    root = project.root
    sources = find_sources(root, snapshot.root, findings) if snapshot.root is not None else {}
    located = tuple(_located(one, snapshot, root, sources, checks) for one in findings)
    remarks = [*_remarks(project, site, also, found.unread), *_about_slashes(project, findings)]
    return Report(located, tuple(remarks), found.pages, found.files,
                  found.references, time.monotonic() - started)


def site_of(project: Project, checks: Checks, snapshot: Snapshot, there: There | None, also: Mapping[str, str], *,
            external: bool = False) -> Site:
    """What a check has to know."""
    hosts = {host.host.lower() for host in project.hosts}
    stages: Mapping[str, str] = {}
    account = ""
    keys = {} if there is None else dict(there.stays)
    keys.update((file.key, file.size) for file in snapshot)
    if there is not None:
        account, stages = there.cloud.app_id, there.stages
        for host in list(hosts):
            hosts.update(embedded_hosts(there.cloud, host))
        hosts.update(website_hosts(there.cloud, there.remote.bucket))
    return Site(
        keys=keys, pages=pages_of(snapshot), website=website_of(project, snapshot), prefix=project.key_prefix,
        others_known=there is not None, hosts=frozenset(hosts),
        also={host: base for host, base in also.items()
              if host not in hosts and host not in stages and not host.endswith(".myqcloud.com")},
        stages=dict(stages), has_hosts=bool(project.hosts), account=account,
        https=project.protocol == "https" or any(host.https is not None or host.auto_certificate
                                                 for host in project.hosts),
        ignored=checks.ignore, skipped=checks.skip, page_limit=checks.page or 0, external=external)


def website_of(project: Project, snapshot: Snapshot) -> Website:
    project = with_rules(project, snapshot.rules)
    website = project.website
    return Website(website.index, error_key(project, snapshot.files.keys()), website.ignore_html_ext,
                   website.disable_error_status,
                   tuple(Rule(one.key_prefix, one.http_error_code, one.replace_key_with, one.replace_key_prefix_with)
                         for one in website.redirect_rules) + tuple(_at_an_edge(snapshot.rules, website.index)))


def _at_an_edge(rules: SiteRules, index: str) -> Iterator[Rule]:
    """Redirects that only an edge does, as the nearest that a bucket could."""
    for one in rules.edge.redirects:
        prefix = one.path[1:].partition("*")[0].partition(":")[0]
        inside, splat, rest = one.to[1:].partition(":splat")
        if prefix and one.to.startswith("/") and splat and not rest:
            yield Rule(prefix, None, None, inside, at_edge=True)
        elif prefix:
            yield Rule(prefix, None, inside or index if one.to.startswith("/") and ":" not in inside else index, None,
                       at_edge=True)


def _without_others(findings: list[Finding], there: There, website: Website) -> list[Finding]:
    """Without those that lead to objects which others have put into the bucket."""
    keys = {one.target: one.target[1:] + (website.index if one.target.endswith("/") else "") for one in findings
            if one.kind in _MISSING and one.target.startswith("/")}
    found = there.others(list(dict.fromkeys(keys.values()))) if keys else set()
    return [one for one in findings if one.kind not in _MISSING or keys.get(one.target) not in found]


def _gone(site: Site, snapshot: Snapshot, there: There) -> list[Finding]:
    after = {key: size for key, size in site.keys.items() if key not in there.until}
    own = {file.key: file.md5 for file in snapshot}
    found = gone(there.dropped, Answers(after, site.website), own, site.website.error, site.ignored)
    for one in found:
        key = one.target[1:]
        if key in there.until:
            one.message = (f"{one.target} is live and will answer 404 from"
                           f" {datetime.fromtimestamp(there.until[key], UTC):%Y-%m-%d} on")
    return found


def _located(finding: Finding, snapshot: Snapshot, root: Path, sources: Mapping[str, tuple[str, int, int]],
             checks: Checks) -> Located:
    places = tuple(position_of(place, snapshot, root) for place in finding.places)
    if not places and finding.kind is Kind.SIZE and "total" in checks.places:
        position = checks.places["total"]
        places = (Position(shown(Path(position.file), root), position.line, position.column),)
    place = source_of(finding, sources)
    return Located(finding, places, Position(*place) if place is not None else None)


def _about_slashes(project: Project, findings: list[Finding]) -> Iterator[str]:
    if sum(one.kind is Kind.SLASH for one in findings) < _MANY:
        return
    found = detect(project.root)
    where = _SLASHES.get(found.id) if found is not None else None
    if where is not None:
        yield f"links to folders get their slash by {where}"


def _remarks(project: Project, site: Site, also: Mapping[str, str], unread: tuple[str, ...]) -> list[str]:
    remarks = []
    for host in also:
        if host in site.also and is_placeholder(host):
            remarks.append(f"the pages name {host} as the address of this site: set the real one in the settings of the"
                           " generator")
        elif host in site.also and project.hosts:
            names = ", ".join(one.host for one in project.hosts)
            remarks.append(f"the pages name {host} as the address of this site, and its hosts are {names}")
    remarks += [f"not read: {one}" for one in unread]
    return remarks
