"""What is wrong with the certificates of a project's hosts, known before its site is built.

A build may take minutes. The files of certificates are there without it, and so is what the edge has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sitepub.config.project import Host
from sitepub.domains.certificates.named import demand_certificate
from sitepub.domains.edges.edge import Edge
from sitepub.errors import ConfigError, Problem, SitepubError
from sitepub.tencent.cloud import Cloud


def check_before_build(hosts: Iterable[Host], root: Path, cloud: Cloud) -> None:
    """Raises :class:`~sitepub.errors.ConfigError` with every mistake. The cloud is asked about hosts alone whose
    certificate must be at the edge already; its troubles are for those who set the hosts up."""
    problems = [problem for host in hosts if _on(host) for problem in _problems(host, root, cloud)]
    if problems:
        raise ConfigError(problems)


def _on(host: Host) -> bool:
    return host.https is not None and host.https.get("switch") != "off" and not host.only_refresh


def _problems(host: Host, root: Path, cloud: Cloud) -> Iterator[Problem]:
    from sitepub.domains.certificates.client_certificate import check_client_certificate
    from sitepub.domains.certificates.files import check_certificate, own_certificate_info

    try:
        check_client_certificate(host, root)
    except ConfigError as error:
        yield from error.problems
    written = own_certificate_info(host)
    try:
        if written is not None:
            check_certificate(host, written, root, now=datetime.now(UTC))
        elif host.edge == "cdn" and not host.auto_certificate and not _named(host):
            demand_certificate(host, _cdn(cloud).describe(host.host))
    except ConfigError as error:
        yield from error.problems
    except SitepubError:
        return


def _named(host: Host) -> bool:
    return bool(((host.https or {}).get("certInfo") or {}).get("certId"))


def _cdn(cloud: Cloud) -> Edge:
    from sitepub.domains.edges.cdn import Cdn
    from sitepub.domains.service_api import ServiceApi
    from sitepub.tencent.cloud_api import CloudApi

    return Cdn(ServiceApi(CloudApi(cloud.credentials, cloud.region, cloud.embedded, fence=cloud.fence)))
