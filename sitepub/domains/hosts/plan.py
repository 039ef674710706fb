"""What has to be done for a host: from what the project wants, what the edge says and what is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from sitepub.config.project import Host
from sitepub.config.site_rules import HostRules
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.lifetime import is_due
from sitepub.domains.edges.edge import Edge, EdgeState, EdgeStatus, WantedDomain
from sitepub.domains.host_names import is_wildcard, shown_name
from sitepub.domains.hosts.edge_certificate_plan import BY_RECORD, plan_edge_certificate
from sitepub.domains.hosts.parts import Certificates, Names
from sitepub.domains.hosts.wildcards import NO_ZONE_YET, instead, lacks_certificate
from sitepub.domains.hosts.zone_plan import plan_zone
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import (
    NEW_CERTIFICATE,
    AgreedBucket,
    AgreedProof,
    AgreedRecord,
    AgreedRemoval,
    HostStep,
    HostStepKind,
    Leaf,
)
from sitepub.errors import SitepubError

_HASH_VERSION = 3
"""Raised when the same words in serverless.yml come to mean something else."""
MANUAL = frozenset({HostStepKind.RECORD, HostStepKind.SEPARATE})
"""Steps that sitepub does not do."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the hosts of a site show: the website of a bucket."""

    bucket: str
    region: str
    endpoint: str
    """Website endpoint of the bucket: the origin."""
    origin_protocol: str


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What a deploy would do for one host."""

    name: str
    edge: str
    record: HostRecord
    steps: tuple[HostStep, ...] = ()
    host: Host | None = None
    """As the project says; ``None``: it does not mention this host (any more) on this edge."""
    hash: str = ""
    looked: bool = False
    """The cloud was asked; otherwise the record was believed."""
    error: SitepubError | None = None
    """It could not be found out what to do."""
    refused: str = ""
    """Why this wildcard domain is not made."""

    @property
    def takes_down(self) -> bool:
        return self.host is None

    @property
    def work(self) -> tuple[HostStep, ...]:
        """The steps that sitepub does."""
        return tuple(step for step in self.steps if step.kind not in MANUAL)

    @property
    def settled(self) -> bool:
        """Nothing to do and nothing to write down."""
        return not self.looked and self.error is None and not self.takes_down

    @property
    def destructive(self) -> tuple[HostStep, ...]:
        return tuple(step for step in self.steps if step.destructive)


def host_hash(host: Host, place: Place, own_certificate: str) -> str:
    """Stable over runs and computers. ``own_certificate``: fingerprint of the project's own PEM."""
    https: Any = dict(host.https) if host.https is not None else None
    if https is not None and own_certificate:
        https["certInfo"] = own_certificate
    bare = replace(host, position=None, https_position=None, https=https,
                   new_zone=replace(host.new_zone, position=None))
    plain = msgspec.json.encode([_HASH_VERSION, bare, place], enc_hook=dict, order="deterministic")
    return hashlib.sha256(plain).hexdigest()[:32]


def needs_look(record: HostRecord | None, hash: str, now: datetime | None = None) -> bool:
    """Whether the record is not enough to say that the host is as it should be."""
    if record is None or record.setup or record.ownership is not None or record.settings_hash != hash or record.proof:
        return True
    used = record.certificate
    return used is not None and is_due(used.not_before, used.not_after, now or datetime.now(UTC),
                                       edge_renews=record.edge == "edgeone" and not used.id)


def wants_free_certificate(host: Host, edge: Edge) -> bool:
    return (edge.free_certificates is not None and host.auto_certificate and host.https is not None
            and host.https.get("switch") != "off" and edge.free_certificates.covers(host.host))


def wanted_domain(host: Host, place: Place, record: HostRecord, edge: Edge, certificates: CertificatePlan, *,
                  free: bool = True) -> WantedDomain:
    """``free``: the edge may be asked for its own certificate now."""
    return WantedDomain(
        host=host, bucket=place.bucket, region=place.region, origin=place.endpoint,
        origin_protocol=place.origin_protocol, certificate=certificates.certificate, bound=record.certificate,
        free_certificate=free and wants_free_certificate(host, edge), rules_before=record.rules or HostRules())


def plan_host(host: Host, place: Place, record: HostRecord, edge: Edge, certificates: Certificates,
              names: Names, hash: str) -> HostPlan:
    """Ask the edge, the SSL service and DNS; change nothing. Raises what they answer, and
    :class:`~sitepub.errors.ConfigError` for what cannot be."""
    name = host.host
    state = edge.describe(name)
    of_zone = plan_zone(host, record, edge, names)
    free = wants_free_certificate(host, edge)
    found = CertificatePlan() if free else certificates.plan(host, record, state)
    wanted = wanted_domain(host, place, record, edge, found, free=False)
    edge.check(wanted)
    why = _obstacle(host, state, found, free=free)
    if why:
        # How a new zone will be connected is not known before it is there: the next run looks again.
        return separate(host, record, NO_ZONE_YET if of_zone else why, "" if of_zone else hash)
    steps: list[HostStep] = []
    former = _former_bucket(record, place)
    if former:
        steps.append(HostStep(HostStepKind.UNBIND, name, f"unbind {shown_name(name)} from the bucket {former}",
                              f"the site is in {place.bucket} now", edge=edge.kind, agreed=AgreedBucket(former)))
    steps += of_zone
    if state is not None and state.ownership is not None:
        txt = state.ownership
        steps.append(HostStep(HostStepKind.OWNERSHIP, name, f"prove that {shown_name(name)} is yours: TXT {txt.name}",
                              f"{edge.word} waits for it", edge=edge.kind, agreed=txt))
    dns = names.plan(host, record, state.cname if state is not None else edge.known_cname)
    at_edge = _edge_steps(wanted, record, edge, state, bool(found.steps))
    if state is None and _dns_first(edge, dns):
        because = f"first: {edge.word} takes a domain that points to it"
        steps += [*found.steps, *(replace(step, reason=f"{step.reason}; {because}") for step in dns), *at_edge]
    else:
        of_the_edge = plan_edge_certificate(wanted, edge, state, certificates, names) if free else None
        before = [of_the_edge] if of_the_edge is not None and of_the_edge.agreed == BY_RECORD else []
        after = [of_the_edge] if of_the_edge is not None and not before else []
        steps += [*found.steps, *at_edge, *before, *dns, *after]
    if state is not None and state.ownership is None:
        steps += [HostStep(HostStepKind.DNS, name, f"{shown_name(name)}: delete {made.type} {made.value}",
                           f"{edge.word} has accepted this proof", edge=edge.kind, agreed=AgreedProof(made))
                  for made in record.proof]
    if not free:
        steps += certificates.replaced(host, record, state, found)
    return HostPlan(name, edge.kind, record, tuple(steps), host, hash, looked=True)


def separate(host: Host, record: HostRecord, why: str, hash: str) -> HostPlan:
    """The plan of a wildcard domain that is not made."""
    step = HostStep(HostStepKind.SEPARATE, host.host, f"{host.host} is not made", instead(why), edge=host.edge)
    return HostPlan(host.host, host.edge, record, (step,), host, hash, looked=True, refused=why)


def _obstacle(host: Host, state: EdgeState | None, found: CertificatePlan, *, free: bool) -> str:
    """Why a wildcard domain that is not there is not made."""
    if state is not None or free or not (is_wildcard(host.host) and host.auto_certificate):
        return ""
    if host.https is None or host.https.get("switch") == "off":
        return ""
    return "" if found.certificate is not None or found.steps else lacks_certificate(host)


def _dns_first(edge: Edge, dns: Sequence[HostStep]) -> bool:
    """Whether the CNAME record has to be there before the domain is created. Visitors of a name that others serve stay
    there until then where a TXT record is proof enough."""
    if not (edge.known_cname and dns):
        return False
    only_new = all(isinstance(step.agreed, AgreedRecord) and step.agreed.action == "create" for step in dns)
    return only_new or not edge.names_proof()


def _former_bucket(record: HostRecord, place: Place) -> str:
    """The bucket of before that sitepub bound the domain to: one bucket only has it."""
    return record.bucket if record.edge == "cos" and record.created and record.bucket != place.bucket else ""


def _edge_steps(wanted: WantedDomain, record: HostRecord, edge: Edge, state: EdgeState | None,
                certificate_comes: bool) -> list[HostStep]:
    host, name = wanted.host, wanted.host.host
    leaves = edge.differences(wanted, state)
    if certificate_comes:
        leaves = (*leaves, Leaf(NEW_CERTIFICATE, (state.certificate_id or None) if state is not None else None,
                                "the new one"))
    if state is None:
        return [HostStep(HostStepKind.CREATE, name, f"create {name} on {edge.word}",
                         "not there" if not record.created or record.bucket not in ("", wanted.bucket)
                         else "was made by sitepub and is gone",
                         leaves, edge=edge.kind)]
    steps = []
    if leaves:
        moved = bool(state.origin) and state.origin != wanted.origin and not record.made
        reason = (f"it serves {state.origin} now, and sitepub did not make it" if moved
                  else f"{len(leaves)} setting{'s differ' if len(leaves) > 1 else ' differs'}")
        steps.append(HostStep(HostStepKind.UPDATE, name, f"update {name} on {edge.word}", reason, leaves,
                              destructive=moved, edge=edge.kind))
    if state.status is EdgeStatus.OFFLINE:
        steps.append(HostStep(HostStepKind.START, name, f"put {name} online on {edge.word}", "it is offline",
                              edge=edge.kind))
    if not steps and state.status is EdgeStatus.PROCESSING and host.wait and state.ownership is None:
        steps.append(HostStep(HostStepKind.WAIT, name, f"wait until {name} is online", state.said,
                              edge=edge.kind))
    return steps


def plan_removal(record: HostRecord, edge: Edge, reason: str) -> HostPlan:
    """Taking a host down, planned from the record alone."""
    name = record.host
    parts = []
    if record.created:
        parts.append(f"delete it on {edge.word}")
    parts += [f"delete its {made.type} record {made.name} in the zone {made.zone}" for made in record.dns]
    parts += [f"delete certificate {made.id}" for made in record.certificates if made.id]
    if record.made_zone is not None:
        parts.append(f"delete the {edge.word} zone {record.made_zone.name} when nothing else is in it")
    if not record.created and record.cname:
        parts.append(f"the domain itself stays on {edge.word}: sitepub did not make it")
    made = record.created or record.dns or any(one.id for one in record.certificates) or record.made_zone is not None
    # Without a CNAME the edge was never seen to have the domain: its setup ended before.
    there = "sitepub made nothing there" if record.cname else f"it never came to {edge.word}"
    words = f"take {name} down: {'; '.join(parts)}" if made else f"forget {name}: {there}"
    step = HostStep(HostStepKind.TAKE_DOWN, name, words, reason, destructive=bool(made), edge=edge.kind,
                    agreed=AgreedRemoval(record.created, record.dns, record.certificates, record.made_zone))
    return HostPlan(name, edge.kind, record, (step,), looked=True)
