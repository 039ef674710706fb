"""The custom domains during dev: nothing is done for them, but what ``sitepub deploy`` would do is said."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cloud import Cloud


def left_to_deploy(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared) -> Iterator[str]:
    """A sentence for each host that is not as the project says. Costs no request when all is well. What cannot be
    found out is said too, and never raised: the site is live."""
    if not project.hosts and not prepared.base.hosts:
        return
    from sitepub.actions.hosts import prepare_hosts

    try:
        found = prepare_hosts(project, cloud, remote, prepared, verify=False)
    except SitepubError as error:
        yield f"the custom domains are left to `sitepub deploy`, and could not be looked at: {error.message}"
        return
    for host in found.plan.hosts if found is not None else ():
        if host.error is not None:
            yield f"{host.name} is left to `sitepub deploy`, and could not be looked at: {host.error.message}"
        elif host.work:
            steps = "; ".join(step.summary for step in host.work)
            yield f"{host.name} is left to `sitepub deploy`, which would do this: {steps}"
