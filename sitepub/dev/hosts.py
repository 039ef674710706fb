"""The custom domains while dev runs: it changes none, and says what ``sitepub deploy`` would change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.hosts.site_hosts import HostsPlan

PlanHosts = Callable[[Project, Cloud, Remote, Prepared], "HostsPlan | None"]
"""What a deploy would do with the hosts; ``None``: the site has none and had none."""


def left_to_deploy(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared,
                   plan_hosts: PlanHosts) -> Iterator[str]:
    """A sentence for each host that is not as the project says. Costs no request when every host is. A failed check
    is a sentence too and never raised: the site is live."""
    if not project.hosts and not prepared.base.hosts:
        return
    slots = prepared.base.slots
    if slots is not None and slots.live:
        yield (f"visitors of {', '.join(slots.hosts)} keep the release that slot {slots.live} holds: what you work on"
               " is shown at the bucket's own address, and goes to them with the next `sitepub deploy`")
    try:
        plan = plan_hosts(project, cloud, remote, prepared)
    except SitepubError as error:
        yield f"the custom domains are left to `sitepub deploy`, and could not be checked: {error.message}"
        return
    for host in plan.hosts if plan is not None else ():
        if host.error is not None:
            yield f"{host.name} is left to `sitepub deploy`, and could not be checked: {host.error.message}"
        elif host.work:
            steps = "; ".join(step.summary for step in host.work)
            yield f"{host.name} is left to `sitepub deploy`, which would do this: {steps}"
