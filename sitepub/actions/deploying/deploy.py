"""Deploy: publish what differs. What a deploy that changes nothing does not need is not loaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from sitepub.actions.deploying.begin import Begun, begin
from sitepub.actions.deploying.hosts_done import unchanged_hosts
from sitepub.actions.deploying.values import Deployed, DeployOptions, Warnings
from sitepub.actions.releases.share import publishes, refuse_share
from sitepub.actions.slots.report import SlotsReport, Switched
from sitepub.config.project import Project
from sitepub.publish.glance import is_due_at
from sitepub.publish.outcome import Counts, Unchanged
from sitepub.publish.previews.due import is_due_at as preview_is_due_at
from sitepub.publish.unchanged.asking import ask
from sitepub.publish.unchanged.settled_hosts import SettledHosts, hosts_hash

if TYPE_CHECKING:
    from sitepub.actions.deploying.teller import Teller
    from sitepub.errors import Problem


def deploy(project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str]) -> Deployed:
    """Build, compare, and publish what differs.

    Raises :class:`~sitepub.errors.PartlyDone` (``done``: a :class:`Deployed`) when files or hosts failed after the
    others were done,
    :class:`~sitepub.errors.Refused` when a guard, the lock or the user said no,
    :class:`~sitepub.errors.Interrupted` on Ctrl-C after writing down what was done.
    """
    refuse_share(project)
    if publishes(project, options):
        from sitepub.actions.releases.traffic import publish_share

        published = publish_share(project, options, teller, environ)
        if published is not None:
            return published
    warnings = Warnings(teller)
    begun = begin(project, options, teller, environ, warnings, index=True)
    try:
        done = unchanged(begun, project, environ, warnings, hosts_hash(project.hosts),
                         leads=options.replaces is not None or project.traffic not in (None, 1))
        if done is not None:
            return done
        from sitepub.actions.deploy import deploy_begun

        return deploy_begun(begun, project, options, teller, environ, warnings)
    finally:
        begun.close()


def unchanged(begun: Begun, project: Project, environ: Mapping[str, str], warnings: Warnings, hosts: str,
              before: Iterable[Problem] = (), begins: Callable[[Project], None] = lambda _project: None, *,
              leads: bool = False) -> Deployed | None:
    """The answer when neither the folder nor the state has changed and nothing else is to be checked today. ``hosts``:
    the hash of what the project says of them. ``before``: warnings that come before all others, and after what
    ``begins`` says. ``leads``: it was said which visitors get the release, so there is something to do, or to refuse.
    """
    settled = still_settled(begun, project, environ, hosts, leads=leads)
    if settled is None:
        return None
    local, cloud = begun.local, begun.cloud
    assert local is not None and local.index is not None and local.remembered is not None
    facts = local.index.facts
    begins(project)
    warnings.add(*before, *facts.warnings, *begun.problems)
    if local.compared is not None:
        warnings.add(*begun.built.left_over(project, local.compared.newest))
    warnings.add(*facts.notes)
    bucket = project.bucket(cloud.app_id)
    return Deployed(project, cloud, bucket, cloud.website_url(bucket, project.protocol, project.key_prefix),
                    Unchanged(Counts(unchanged=facts.files), local.remembered.release),
                    time.monotonic() - begun.started, unchanged_hosts(settled), tuple(warnings.kept), facts.left_out,
                    slots=SlotsReport(None, Switched(), settled.slots) if settled.slots else None)


def still_settled(begun: Begun, project: Project, environ: Mapping[str, str], hosts: str, *, leads: bool = False
                  ) -> SettledHosts | None:
    """What is remembered of the hosts, when all is as it was and nothing else is to be checked today: one request. See
    :func:`unchanged`."""
    local, cloud = begun.local, begun.cloud
    if local is None or local.index is None or local.remembered is None or local.compared is None:
        return None
    begun.asked = ask(project, cloud, local.remembered)
    if begun.asked.remembered is None or begun.asked.due or not local.same:
        return None
    settled = local.remembered.hosts
    if leads or project.publish or settled is None or not settled.holds(hosts, max(begun.asked.now, time.time())):
        return None
    states = project.state_bucket_for(cloud.app_id)
    if is_due_at(states, project.state_prefix, environ) or preview_is_due_at(states, project, environ):
        return None
    return settled
