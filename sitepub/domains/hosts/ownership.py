"""Proves to an edge who owns a domain: a TXT record that the edge checks, or its CNAME record."""

from __future__ import annotations

from collections.abc import Callable

from sitepub.domains.edges.edge import CnameWanted, OwnershipWanted, WantedDomain
from sitepub.domains.host_names import ascii_name
from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.records import TxtRecord
from sitepub.errors import SitepubError

_PATIENCE = Patience(600.0, 1.0, 10.0)
"""Also for a CNAME record: name servers that the edge asks may know for minutes that there is none."""


def create_proved(context: HostContext, wanted: WantedDomain) -> None:
    """Create the domain, with the proof that the edge wants. Raises
    :class:`~sitepub.domains.hosts.context.Later` when its CNAME record has to be there first and is not seen, and what
    :func:`prove` raises."""
    edge, job, last = context.edge, context.job, list[OwnershipWanted | CnameWanted]()

    def create() -> bool | None:
        try:
            edge.create(wanted)
        except (OwnershipWanted, CnameWanted) as asked:
            last[:] = [asked]
            return None
        return True

    patient = job.wait and _points_there(context)
    if poll(create, _PATIENCE if patient else ONCE, lambda passed: job.status(
            f"{edge.word} does not see the CNAME record yet, {passed:.0f} s"), job.stop):
        return
    [asked] = last
    if isinstance(asked, CnameWanted):
        raise Later(f"{edge.word} takes the domain when DNS points it to {asked.cname}")
    prove(context, asked.txt)
    if edge.describe(context.name) is None:
        edge.create(wanted)


def _points_there(context: HostContext) -> bool:
    """Whether the edge will see the CNAME record soon: it is in DNS, or sitepub has just made it."""
    cname = context.edge.known_cname
    ours = any(made.purpose == "cname" and ascii_name(made.value) == cname for made in context.job.record.dns)
    return bool(cname) and (ours or context.points_to_edge(cname))


def prove(context: HostContext, txt: TxtRecord, check: Callable[[], bool] | None = None) -> None:
    """``check``: asks the edge about something else than the host. Raises
    :class:`~sitepub.domains.hosts.context.Later` when the edge does not see the record and this run does not wait,
    :class:`~sitepub.errors.SitepubError` when it does not see it in time."""
    name, edge, job = context.name, context.edge, context.job
    job.keep(ownership=txt, setup="ownership")
    context.names.prove(name, txt, job)
    asked = check or (lambda: edge.prove_ownership(name))
    proved = poll(lambda: asked() or None, _PATIENCE if job.wait else ONCE,
                  lambda passed: job.status(f"{edge.word} does not see the TXT record yet, {passed:.0f} s"), job.stop)
    if proved is None and not job.wait:
        raise Later(f"{edge.word} does not see the TXT record {txt.name} yet")
    if proved is None:
        raise SitepubError(
            f"{name}: {edge.word} still does not see the TXT record {txt.name} = {txt.value}",
            code="OwnershipNotProved", hint="Check the record, then run again: the proof goes on.")
    context.report("ownership proved")
    drop_proof(context)


def drop_proof(context: HostContext) -> None:
    """The edge has the domain: what proved its owner is needed no more. A run that was broken off after the edge had
    accepted has left it."""
    context.job.keep(ownership=None)
    if context.job.record.proof:
        context.names.unprove(context.job)
