"""The certificates of a site's hosts: listed, and renewed before they expire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sitepub.actions.connect import connect
from sitepub.actions.host_run import apply_hosts
from sitepub.actions.hosts import Approve, HostsDone, HostsPrepared, open_site_hosts, raise_if_failed
from sitepub.actions.interrupt import stopping
from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.state import State

if TYPE_CHECKING:
    from sitepub.domains.hosts.certificate_report import HostCertificate
    from sitepub.domains.hosts.site_hosts import Hosts, HostsPlan
    from sitepub.domains.job import Listener
    from sitepub.tencent.cloud import Cloud


@dataclass(frozen=True, slots=True)
class CertsOptions:
    local: bool = False
    profile: str | None = None
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Certs:
    hosts: tuple[HostCertificate, ...]
    renewed: HostsDone | None = None
    """``None``: nothing was to be renewed, or that was not the order."""


def certs(project: Project, options: CertsOptions, environ: Mapping[str, str]) -> Certs:
    """Every host's certificate. Changes nothing."""
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=2) as remote:
        state = remote.states.load()
        return Certs(_look(project, cloud, remote, state))


def renew(project: Project, options: CertsOptions, environ: Mapping[str, str], *, approve: Approve,
          approve_changed: Approve,
          listener: Callable[[], AbstractContextManager[Listener]]) -> Certs:
    """Get new certificates for the hosts with ``https: auto`` that are due for renewal or have no certificate, and
    bind them. Other hosts are left alone. ``approve_changed``: asked for steps that were not in the plan.

    Raises :class:`~sitepub.errors.PartlyDone` (``done``: a :class:`Certs`) with every host that failed,
    NotDeployed when there is no site.
    """
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=2) as remote:
        state = remote.states.load()
        if state is None:
            raise SitepubError(f"{project.name} was never deployed to stage {project.stage}", code="NotDeployed",
                               hint="sitepub deploy sets its hosts up, certificates included")
        before = _look(project, cloud, remote, state)
        due = {one.host for one in before if one.renewable}
        if not due:
            return Certs(before)
        hosts = open_site_hosts(project, cloud, remote, state.hosts)
        plan = _plan(hosts, due, state)
        approve(plan.steps)
        with stopping() as stop, listener() as hears:
            done = apply_hosts(project, remote, HostsPrepared(hosts, plan), hears, stop, wait=options.wait,
                               approve=approve_changed)
        found = Certs(_look(project, cloud, remote, remote.states.load()), done)
        raise_if_failed(done, found)
        return found


def _plan(hosts: Hosts, due: set[str], state: State) -> HostsPlan:
    """The plan of these hosts alone: what else has changed in the project is a deploy's business."""
    from sitepub.domains.hosts.site_hosts import HostsPlan

    chosen = replace(hosts, hosts=tuple(host for host in hosts.hosts if host.host in due))
    records = {key: record for key, record in state.hosts.items() if record.host in due}
    whole = chosen.plan(records, verify=True)
    return HostsPlan(tuple(one for one in whole.hosts if not one.takes_down))


def _look(project: Project, cloud: Cloud, remote: Remote, state: State | None) -> tuple[HostCertificate, ...]:
    if not project.hosts:
        return ()
    from sitepub.domains.certificates.ssl_service import SslService
    from sitepub.domains.hosts.certificate_report import certificates_of
    from sitepub.domains.hosts.open_hosts import service_api

    records = state.hosts if state is not None else {}
    hosts = open_site_hosts(project, cloud, remote, records)
    return tuple(certificates_of(hosts, SslService(service_api(cloud)), records))
