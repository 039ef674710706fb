"""Gets a certificate that the edge itself makes, see :mod:`sitepub.domains.hosts.edge_certificate_plan`."""

from __future__ import annotations

from datetime import UTC, datetime

from sitepub.domains.certificates.lifetime import is_due
from sitepub.domains.edges.edge import EdgeState
from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.hosts.settings import write_settings
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.steps import HostStep
from sitepub.errors import CloudError, SitepubError

_NOT_LED_YET = "InvalidParameter.HostStatusNotAllowApplyCertificate"
_ISSUED = Patience(600.0, 1.0, 10.0)


def get_by_record(context: HostContext, state: EdgeState) -> str:
    """Apply, prove the host by a record, wait until it is issued, and bind it. Answers why that was not needed. Killed
    anywhere, the next run finds it issued, or applies again. Raises :class:`~sitepub.domains.hosts.context.Later`."""
    edge, host, job = context.edge, context.host, context.job
    maker = edge.free_certificates
    assert maker is not None
    if not maker.by_record(host.host):
        return let_the_edge_make_one(context, state, None, leads_here=True)
    if context.certificates.keeps(host, state):
        return "a certificate is there"
    job.keep(setup="certificate")
    if not _good(maker.issued(host.host)[0]):
        job.status(f"applying for a certificate of {edge.word}")
        record = maker.apply(host.host)
        context.names.place(host.host, record, "certificate", job)
        said: list[str] = []

        def look() -> str | None:
            until, why = maker.issued(host.host)
            said[:] = [why]
            return until if _good(until) else None

        until = poll(look, _ISSUED if job.wait else ONCE, lambda passed: job.status(
            f"waiting until {edge.word} has issued the certificate, {passed:.0f} s"), job.stop)
        if until is None and not job.wait:
            raise Later(f"{edge.word} has not issued the certificate yet")
        if until is None:
            raise SitepubError(
                f"{context.name}: {edge.word} has not issued the certificate yet" + (f": {said[0]}" if said[0] else ""),
                code="CertificateNotIssued",
                hint=f"Check the record {record}. DNS has not been changed. Run again to go on.")
    maker.bind(host.host)
    context.report(f"certificate of {edge.word} bound")
    return ""


def _good(until: str) -> bool:
    return bool(until) and not is_due("", until, datetime.now(UTC), edge_renews=True)


def let_the_edge_make_one(context: HostContext, state: EdgeState, step: HostStep | None, *, leads_here: bool) -> str:
    """The edge makes a certificate when it can see that visitors of the host come to it. Answers why that was not
    needed. Raises :class:`~sitepub.domains.hosts.context.Later`."""
    wanted = context.wanted(free=True)
    if context.certificates.keeps(context.host, state) or not context.edge.differences(wanted, state):
        return f"{context.edge.word} has made it"
    later = f"{context.edge.word} makes the certificate when DNS points {state.host} to {state.cname}"
    if not leads_here:
        raise Later(later)
    try:
        write_settings(context, wanted, state, step)
    except CloudError as error:
        if error.code != _NOT_LED_YET:
            raise
        raise Later(later) from error
    return ""
