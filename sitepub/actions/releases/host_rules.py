"""The headers and redirects that a release had at its hosts' edges: they go live with it, and nothing else of a host
changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sitepub.actions.hosts import HostsPrepared, open_site_hosts
from sitepub.config.previews import Previews
from sitepub.config.project import Host, Project
from sitepub.config.site_rules import HostRules, SiteRules
from sitepub.domains.records import HostRecord
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.address_rules.header_rules import configurable
from sitepub.tencent.cloud import Cloud


def prepare_rules_of_hosts(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared) -> HostsPrepared | None:
    """What changes at the hosts when the release of ``prepared`` goes live, and what is purged from their caches.
    ``None``: the site has no hosts. Raises what the cloud answers."""
    if not project.hosts:
        return None
    from sitepub.domains.hosts.site_hosts import HostsPlan

    records = prepared.base.hosts
    changed = tuple(_with_other_rules(project, records, prepared.rules))
    alone = replace(project, hosts=changed or project.hosts, previews=Previews())
    hosts = open_site_hosts(alone, cloud, remote, records)
    plan = HostsPlan(())
    if changed:
        names = {host.host for host in changed}
        plan = hosts.plan({name: record for name, record in records.items() if name in names}, verify=True)
    return HostsPrepared(hosts, plan).after(with_rules(project, prepared.rules), prepared)


def _with_other_rules(project: Project, records: dict[str, HostRecord], rules: SiteRules) -> Iterator[Host]:
    """Hosts whose edge does something else now, as if serverless.yml said nothing but these rules of them."""
    for host in configurable(project.hosts):
        record = records.get(host.host)
        wanted = rules.of_host(host.host)
        if record is not None and record.edge == host.edge and record.cname and (
                record.rules or HostRules()) != wanted:
            yield Host(host.host, edge=host.edge, area=host.area, wait=host.wait, auto_refresh=host.auto_refresh,
                       dns="off", position=host.position, rules=wanted)
