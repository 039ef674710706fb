"""Plans the certificates that the edge itself makes for ``https: auto``: what is valid stays, and visitors always find
one.

Where they come to the edge already and have no HTTPS there to lose, the edge is asked for a certificate after the DNS
step. A host that is live elsewhere, or that has a certificate which must be replaced, gets its new one first, proved by
a DNS record; only then does DNS change.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sitepub.domains.edges.edge import Edge, EdgeState, WantedDomain
from sitepub.domains.host_names import shown_name
from sitepub.domains.hosts.dns_target import leads_to
from sitepub.domains.hosts.parts import Certificates, Names
from sitepub.domains.steps import AgreedCertificate, HostStep, HostStepKind

BY_RECORD = AgreedCertificate("edge by dns")
"""It comes before the DNS step."""


def plan_edge_certificate(wanted: WantedDomain, edge: Edge, state: EdgeState | None, certificates: Certificates,
                          names: Names) -> HostStep | None:
    """``None``: the one that is there stays, or is being made. Reads only."""
    host = wanted.host
    if state is not None and certificates.keeps(host, state):
        return None
    maker = edge.free_certificates
    first = maker is not None and maker.before_visitors(host.host)
    by_record = maker is not None and (maker.by_record(host.host) or (edge.zones is not None and (
        edge.zones.zone(host.host) is None)))
    elsewhere = first and _live_elsewhere(names, host.host, state)
    if first and (elsewhere or _serves_https(state)):
        why = "visitors come from elsewhere" if elsewhere else "the present one has to be replaced"
        leaves = edge.differences(replace(wanted, free_certificate=True, by_record=by_record), state)
        agreed = BY_RECORD
        reason = f"{why}, so it is made before {'DNS changes' if elsewhere else 'it ends'}" + (
            f", proved by a record _acme-challenge.{host.host}, by which {edge.word} renews it later" if by_record else
            f", which {edge.word} proves through DNSPod")
    else:
        leaves = edge.differences(replace(wanted, free_certificate=True), state)
        agreed = AgreedCertificate("edge")
        reason = "it makes one when DNS points to it"
    others = edge.differences(wanted, state)
    leaves = tuple(leaf for leaf in leaves if leaf not in others)
    if not leaves and agreed.action == "edge":
        return None
    return HostStep(HostStepKind.CERTIFICATE, host.host,
                    f"get a free certificate of {edge.word} for {shown_name(host.host)}", reason, leaves,
                    edge=edge.kind, agreed=agreed)


def _live_elsewhere(names: Names, host: str, state: EdgeState | None) -> bool:
    if state is not None and state.cname and leads_to(names, host, state.cname):
        return False
    return any(one.rstrip(".") != host for one in names.resolve(host))


def _serves_https(state: EdgeState | None) -> bool:
    """Visitors get HTTPS now, with whatever certificate."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return state is not None and state.https and state.certificate_until > now
