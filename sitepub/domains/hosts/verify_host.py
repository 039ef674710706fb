"""The last check of a host: whether it is online and visitors get to it, with the right certificate. What is not in
order and was in no step of the plan is not repaired here: the plan has changed."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.domains.edges.edge import EdgeCertificate, EdgeState, EdgeStatus
from sitepub.domains.host_names import below_wildcard
from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.hosts.plan import HostPlan, wants_free_certificate
from sitepub.domains.hosts.served import Served
from sitepub.domains.poll import Patience, poll
from sitepub.domains.records import CertificateInUse
from sitepub.domains.steps import AgreedCertificate, HostStepKind, PlanChanged, not_agreed
from sitepub.domains.times import days_left, now_iso
from sitepub.errors import CloudError

_SERVED_FIRST, _SERVED_LONGEST = 0.5, 10.0
_DNS = Patience(90.0, 0.5, 9.5)


@dataclass(slots=True)
class Verification:
    """One host in one run, after its steps."""

    plan: HostPlan
    context: HostContext

    def verify(self, state: EdgeState) -> CertificateInUse | None:
        """Write down that all is well. Answers the certificate in use. Raises
        :class:`~sitepub.domains.hosts.context.Later`, :class:`~sitepub.domains.steps.PlanChanged`, and
        :class:`~sitepub.errors.CloudError` for a domain that the cloud has closed."""
        context, job = self.context, self.context.job
        job.keep(setup="verify")
        if state.closed:
            raise CloudError(f"{context.name} was closed by the cloud ({state.closed}), and visitors get nothing",
                             code="EdgeClosed", hint="Open the domain in the console: it says why, and how it is"
                             " opened again. Then run again.")
        self._demand_planned(state)
        if state.status is not EdgeStatus.ONLINE:
            raise Later(f"it is {state.said or state.status.value}")
        used = _in_use(state, context.certificate)
        https = context.host.https is not None and context.host.https.get("switch") != "off"
        if https and job.wait:
            served = self._served(state.cname)
            if served is not None:
                used = CertificateInUse(id=used.id if used is not None else "", fingerprint=served.fingerprint,
                                        not_before=served.not_before, not_after=served.not_after)
        if context.host.dns == "auto" and state.cname and not self.leads_to_edge(state.cname):
            job.keep(certificate=used)
            raise Later(f"DNS does not point {context.name} to {state.cname} yet")
        if context.host.rules is not None:
            job.keep(rules=context.host.rules or None)
        job.keep(setup="", refused="", certificate=used, settings_hash=self.plan.hash, verified=now_iso())
        return used

    def _demand_planned(self, state: EdgeState) -> None:
        """Raises PlanChanged for what would have to be done and stands in no step."""
        context, kinds = self.context, {step.kind for step in self.plan.steps}
        if HostStepKind.CREATE not in kinds:
            # A certificate that was there and is valid stays, whichever way it was made.
            free = AgreedCertificate("edge") in [step.agreed for step in self.plan.steps]
            if wants_free_certificate(context.host, context.edge) and not free and not state.https:
                raise PlanChanged(context.name, f"HTTPS was switched off on {context.edge.word}")
            agreed = [leaf for step in self.plan.steps for leaf in step.details]
            written = [(leaf.path, leaf.after) for leaf in agreed]
            # An edge may show what it was given in words of its own.
            changed = [leaf for leaf in not_agreed(context.edge.differences(context.wanted(free=free), state), agreed)
                       if (leaf.path, leaf.after) not in written]
            if changed:
                raise PlanChanged(context.name, "; ".join(str(leaf) for leaf in changed[:3]))
            if state.status is EdgeStatus.OFFLINE and HostStepKind.START not in kinds:
                raise PlanChanged(context.name, f"it was stopped on {context.edge.word}")
        if HostStepKind.DNS not in kinds and state.cname:
            for step in context.names.plan(context.host, context.job.record, state.cname):
                if step.kind is HostStepKind.DNS:
                    raise PlanChanged(context.name, step.summary)
                if HostStepKind.RECORD not in kinds:
                    context.names.remind(context.host, state.cname, context.job)

    def _served(self, target: str) -> Served | None:
        """The certificate as visitors get it; ``None``: it cannot be seen from here (a firewall, IPv6 only), so the
        edge's word has to do. Raises Later while it is not the right one."""
        context, certificate = self.context, self.context.certificate
        last: list[Served] = []

        def look() -> tuple[Served | None] | None:
            served = context.served(below_wildcard(context.name), target)
            if served is None:
                return (None,)
            wanted = certificate.fingerprint if certificate is not None else ""
            if served.covers and (not wanted or served.fingerprint == wanted):
                return (served,)
            last[:] = [served]
            return None

        patience = Patience(context.edge.certificate_time, _SERVED_FIRST, _SERVED_LONGEST)
        found = poll(look, patience, lambda passed: context.job.status(
            f"waiting for the certificate to be served, {passed:.0f} s"), context.job.stop)
        if found is None:
            raise Later("visitors do not get the new certificate yet" if last[0].covers else
                        "visitors get a certificate of another host")
        [served] = found
        left = days_left(served.not_after) if served is not None else None
        if left is not None and left < 0:
            context.job.todo("the certificate that is served has expired")
        return served

    def leads_to_edge(self, cname: str) -> bool:
        """Whether DNS points to the edge; a record that sitepub made is given some time to be seen."""
        context, job = self.context, self.context.job
        if context.points_to_edge(cname):
            return True
        ours = any(made.purpose == "cname" for made in job.record.dns)
        if not (ours and job.wait):
            return False
        return poll(lambda: context.points_to_edge(cname) or None, _DNS, lambda passed: job.status(
            f"waiting until its DNS record is seen, {passed:.0f} s"), job.stop) is not None


def _in_use(state: EdgeState, certificate: EdgeCertificate | None) -> CertificateInUse | None:
    if certificate is not None:
        return CertificateInUse(id=certificate.id, fingerprint=certificate.fingerprint,
                                not_before=certificate.not_before,
                                not_after=certificate.not_after or state.certificate_until)
    if state.https and (state.certificate_id or state.certificate_until):
        return CertificateInUse(id=state.certificate_id, not_after=state.certificate_until)
    return None
