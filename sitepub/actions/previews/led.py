"""How visitors get to a preview that lies in a folder of its site's bucket: the router of EdgeOne leads its host there,
below the wildcard domain of the site's previews, or with a domain of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import Interrupted, PartlyDone, Problem, Refused, SitepubError
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Status
from sitepub.publish.previews.folder import route_to, site_of
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.edges.edgeone import EdgeOne
    from sitepub.domains.hosts.claims import Claims
    from sitepub.domains.records import HostRecord
    from sitepub.domains.router.route import Route
    from sitepub.domains.router.router import Router
    from sitepub.domains.service_api import ServiceApi
    from sitepub.publish.outcome import Outcome
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.slots.planned import SlotStep
    from sitepub.publish.states.state import State
    from sitepub.tencent.cos.website_config import WebsiteConfig

_LIKE_A_RELEASE = "20261120T213000Z-ab12cd"
"""Every id has this many characters: what fits with this one fits with the id that is made later."""


@dataclass(frozen=True, slots=True)
class Led:
    """One preview in a folder, and its way to visitors."""

    project: Project
    """With the hosts that have to be set up for it alone: none below a wildcard domain."""
    remote: Remote
    host: str
    wildcard: str
    """The domain that serves it; "": it has one of its own."""
    why: str
    """Why it gets one of its own; "": below a wildcard domain, or it has it already."""
    api: ServiceApi
    edge: EdgeOne
    claims: Claims

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """A domain of its own takes longer, and counts as a domain of the plan."""
        return () if not self.why else (Problem(f"the preview gets a domain of its own, {self.host}: {self.why}"),)

    def router(self) -> Router | None:
        """``None``: there is no zone for the host yet."""
        from sitepub.domains.router.router import Router

        zone = self.edge.zone(self.host)
        return Router(self.api, str(zone.get("ZoneId"))) if zone is not None else None

    def planned(self, prepared: Prepared) -> tuple[SlotStep, ...]:
        """For the plan. Reads the route."""
        from sitepub.publish.slots.planned import SlotStep, SlotStepKind

        router, release = self.router(), prepared.base.release
        there = router.read(self.host) if router is not None else None
        new = bool(prepared.plan) or release is None or there is None or there.live is None
        if not new and release is not None and there == route_to(
                self.remote.project, self.host, release.id, prepared.wanted.website):
            return ()
        why = "its visitors get 404 until then" if there is None or there.live is None else "the new release"
        below = f" through {self.wildcard}" if self.wildcard else ""
        return (SlotStep(SlotStepKind.POINT, "", f"lead {self.host} to {self.remote.folder}{below}", why),)

    def check(self, base: State) -> None:
        """Before anything is uploaded. Raises Refused for a host that others have, or where the router is full."""
        from sitepub.domains.router.steps import TooManyRoutes, changed_variables, steps_for

        position = self.remote.project.hosts[0].position
        self.claims.check(self.host, position)
        router = self.router()
        if router is None:
            return
        state = router.look()
        route = route_to(self.remote.project, self.host, _LIKE_A_RELEASE, None)
        if not self.wildcard:
            steps_for(state, [self.host])
        try:
            changed_variables(state, [route])
        except TooManyRoutes as error:
            raise Refused(f"there is no room for the preview: {error.message}", code="TooManyPreviews",
                          position=position,
                          hint="remove previews that are not needed: sitepub previews prune") from None
        if self.wildcard and route.variable not in state.variables:
            self._refuse_own_domain(base)

    def _refuse_own_domain(self, base: State) -> None:
        """A domain of exactly this name takes its visitors, whatever the router says of hosts below the wildcard."""
        if self.host not in base.hosts and self.edge.describe(self.host) is not None:
            raise Refused(f"{self.host} is a domain of its own on EdgeOne, which sitepub did not make for this preview",
                          code="HostTaken", position=self.remote.project.hosts[0].position,
                          hint="give the preview another name: sitepub deploy --preview NAME")

    def point(self, outcome: Outcome, rules: SiteRules) -> bool:
        """Lead the visitors to what was published; nothing is written where they are. False: there is no zone yet.
        Raises what the cloud answers."""
        from sitepub.domains.edges.edgeone_rules import write_site_rule
        from sitepub.domains.edges.edgeone_site_rules import site_rule
        from sitepub.site.address_rules.effective import rules_of_preview

        router, release = self.router(), outcome.state.release
        if router is None:
            self.edge.zones.forget()  # the hosts of this run may have created it a moment ago
            router = self.router()
        if router is None or release is None:
            return False
        if self.wildcard:
            wanted = rules_of_preview(rules, self.host) if rules.of_host(self.host) else None
            write_site_rule(self.api, router.zone, self.host, site_rule(self.host, wanted))
        else:
            router.ensure([self.host])
        route = route_to(self.remote.project, self.host, release.id, outcome.prepared.wanted.website)
        if self.wildcard and route.redirects:
            router.ensure([self.wildcard])  # its code may be of a sitepub that knew no redirects
        if router.read(self.host) != route:
            self._point(router, route)
        return True

    def _point(self, router: Router, route: Route) -> None:
        """Under the lock of the preview: where another run has published something since, that run points."""
        states = self.remote.states
        with Lock(states.store, states.prefix, patience=self.remote.patience) as lock:
            state = states.load()
            if state is None or state.release is None or route.live is None or state.release.id != route.live.release:
                return
            self.claims.take(self.host, self.remote.project.hosts[0].position)
            lock.still_ours()
            router.point([route])


def about_redirects(led: Led, website: WebsiteConfig | None) -> tuple[Problem, ...]:
    """The router answers them in the place of the bucket, as many as there is room for."""
    from sitepub.publish.previews.folder import redirects_of

    done = len(route_to(led.remote.project, led.host, _LIKE_A_RELEASE, website).redirects)
    left = redirects_of(website)[done:]
    if not left:
        return ()
    words = "1 redirect of the site is" if len(left) == 1 else f"{len(left)} redirects of the site are"
    return (Problem(f"{words} not in force in the preview, the first of them for /{left[0].prefix}: a variable of the"
                    f" edge function has room for {done}",
                    hint=f"to try them: a stage of its own, or `preview.edge: cdn` for {led.host}"),)


def open_led(project: Project, cloud: Cloud, remote: Remote, base: State) -> Led | None:
    """``None``: this is no preview in a folder. ``base``: its state. One GET. Raises Refused while the site is not
    live."""
    if not remote.folder:
        return None
    from sitepub.domains.edges.edgeone import EdgeOne
    from sitepub.domains.hosts.open_hosts import claims_of, service_api

    wildcard, why = _wildcard(project, site_of(remote).hosts)
    if project.hosts[0].host in base.hosts:
        wildcard, why = "", ""  # to take its domain away again would be a question, and a moment without an answer
    api = service_api(cloud)
    return Led(replace(project, hosts=()) if wildcard else project, remote, project.hosts[0].host, wildcard, why, api,
               EdgeOne(api), claims_of(project, cloud, remote.states.store, remote.states.key))


def _wildcard(project: Project, records: dict[str, HostRecord]) -> tuple[str, str]:
    """The name of the wildcard domain, or why the preview gets a domain of its own."""
    wanted = project.previews.wildcard
    if wanted is None:
        return "", "`preview.host` does not begin with `${preview}.`"
    record = records.get(wanted.host)
    if record is None or record.edge != "edgeone" or not (record.cname or record.refused):
        return "", f"{wanted.host} is not set up: the next deploy of the site does it"
    return ("", record.refused) if record.refused else (wanted.host, "")


def lead(led: Led | None, outcome: Outcome, rules: SiteRules, done: Callable[[], object]) -> bool:
    """Point, once the preview is published. Raises PartlyDone when that is not possible: what was published stays, and
    the next run goes on. ``done``: what the whole run would have answered."""
    if led is None or outcome.status not in (Status.PUBLISHED, Status.UNCHANGED):
        return True
    try:
        return led.point(outcome, rules)
    except (Interrupted, PartlyDone):
        raise
    except SitepubError as error:
        raise PartlyDone(f"the preview is published, and {led.host} does not lead to it: {error.message}",
                         code=error.code, hint=error.hint or "run the same command again to do the rest",
                         request_id=error.request_id, done=done()) from error


