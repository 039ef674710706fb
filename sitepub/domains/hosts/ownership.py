"""Proves to an edge who owns a domain: a TXT record that the edge checks."""

from __future__ import annotations

from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.records import TxtRecord
from sitepub.errors import SitepubError

_PATIENCE = Patience(600.0, 1.0, 10.0)


def prove(context: HostContext, txt: TxtRecord) -> None:
    """Raises :class:`~sitepub.domains.hosts.context.Later` when the edge does not see the record and this run does not
    wait, :class:`~sitepub.errors.SitepubError` when it does not see it in time."""
    name, edge, job = context.name, context.edge, context.job
    job.keep(ownership=txt, setup="ownership")
    context.names.prove(name, txt, job)
    proved = poll(lambda: edge.prove_ownership(name) or None, _PATIENCE if job.wait else ONCE,
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
