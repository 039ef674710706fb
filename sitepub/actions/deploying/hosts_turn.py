"""The hosts' turn in a deploy: planned before anything is published, and carried out when the files are live. It is
loaded only where a site has hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sitepub.actions.deploying.settled import settled_hosts
from sitepub.actions.deploying.teller import Teller
from sitepub.actions.deploying.values import Deployed
from sitepub.actions.host_run import apply_hosts
from sitepub.actions.hosts import HostsDone, HostsPrepared, prepare_hosts, raise_if_failed
from sitepub.actions.interrupt import stopping
from sitepub.actions.previews.routes import forget_dropped, lead_wildcards, with_failed_routes
from sitepub.config.project import Host, Project
from sitepub.errors import ChangedSincePlan, Refused
from sitepub.publish.outcome import Outcome
from sitepub.publish.prepare import Prepared
from sitepub.publish.previews.prefix import site_prefix
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.root import Root
from sitepub.publish.unchanged.settled_hosts import SettledHosts
from sitepub.tencent.cloud import Cloud


@dataclass(slots=True)
class HostsTurn:
    cloud: Cloud
    remote: Remote
    prepared: HostsPrepared

    @classmethod
    def of(cls, project: Project, cloud: Cloud, remote: Remote, published: Prepared, *, verify: bool
           ) -> HostsTurn | None:
        """See :func:`~sitepub.actions.hosts.prepare_hosts`."""
        found = prepare_hosts(project, cloud, remote, published, verify=verify)
        return cls(cloud, remote, found) if found is not None else None

    def take(self, project: Project, published: Prepared, outcome: Outcome, teller: Teller,
             deployed: Callable[[HostsDone], Deployed], *, wait: bool) -> HostsDone:
        """The site is live. ``deployed``: what the deploy comes to with the hosts. Raises ChangedSincePlan when what
        has to be done now is not agreed to."""
        self.prepared = self.prepared.after(project, published)
        try:
            return self._apply(project, outcome, teller, wait=wait)
        except Refused as error:
            if error.code != ChangedSincePlan.code:
                raise
            raise ChangedSincePlan(f"the site is live, and its hosts were not changed: {error.message}",
                                   hint=error.hint, done=deployed(self.prepared.not_begun("changed since the plan"))
                                   ) from None

    def _apply(self, project: Project, outcome: Outcome, teller: Teller, *, wait: bool) -> HostsDone:
        hosts = self.prepared
        if hosts.settled:
            return HostsDone(tuple(hosts.unchanged), records=outcome.state.hosts)
        site = site_prefix(project).rstrip("/")
        led = lead_wildcards(self.cloud, hosts.plan, site)
        with stopping() as stop, teller.listener() as listener:
            done = apply_hosts(project, self.remote, replace(hosts, plan=led.without_failed(hosts.plan)), listener,
                               stop, wait=wait, approve=teller.approve_changed_hosts)
        if led.later:
            led = lead_wildcards(self.cloud, hosts.plan, site)
        forget_dropped(self.cloud, hosts.plan, done.records, site)
        return with_failed_routes(done, hosts.plan, led)

    @staticmethod
    def raise_if_failed(done: HostsDone, deployed: Deployed) -> None:
        """Raises PartlyDone."""
        raise_if_failed(done, deployed)

    def settled(self, written: Sequence[Host], root: Root) -> SettledHosts | None:
        """What is remembered of them. ``written``: those that serverless.yml names."""
        return settled_hosts(written, self.prepared, root.hosts, root.slots.hosts if root.slots is not None else ())
