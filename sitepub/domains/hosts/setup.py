"""Brings one host to what the project says: certificate, domain on its edge, DNS, and a look at the result.

Every step looks first and writes down what it is about to make, so a run that was killed anywhere is finished
by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sitepub.config.project import Host
from sitepub.domains.edges.edge import Edge, EdgeCertificate, EdgeState, EdgeStatus, OwnershipWanted, WantedDomain
from sitepub.domains.hosts.plan import HostPlan, Place, wanted_domain, wants_free_certificate
from sitepub.domains.hosts.served import Served
from sitepub.domains.records import CertificateInUse, HostRecord, TxtRecord
from sitepub.domains.services import CertificatePlan, Certificates, Names, Work
from sitepub.domains.steps import HostStepKind
from sitepub.domains.times import days_left, now_iso
from sitepub.errors import CloudError, Interrupted, Refused, SitepubError

_OWNERSHIP_PATIENCE = 600.0
_SERVED_PATIENCE = 30.0
_DNS_PATIENCE = 90.0
_NOT_LED_YET = "InvalidParameter.HostStatusNotAllowApplyCertificate"
_BUSY = "ResourceInUse.CdnOpInProgress"

Look = Callable[[str, str], Served | None]
"""(host, target) → the certificate that is served."""


@dataclass(frozen=True, slots=True)
class HostOutcome:
    """What became of one host."""

    host: str
    edge: str
    status: str
    """"unchanged", "online", "waiting" (the rest comes with a later run), "removed", "left", "failed"."""
    cname: str = ""
    done: tuple[str, ...] = ()
    waiting: str = ""
    """What is still to come, in words."""
    error: SitepubError | None = None
    left: tuple[str, ...] = ()
    """What stays, and why."""
    fresh: bool = False
    """The domain was created in this run: there is nothing in its cache."""


class Later(Exception):
    """What is left has to wait for somebody else, and this run does not."""


@dataclass(slots=True)
class Setup:
    """One host in one run."""

    plan: HostPlan
    host: Host
    place: Place
    edge: Edge
    certificates: Certificates
    names: Names
    work: Work
    look: Look
    _fresh: bool = False
    _done: list[str] = field(default_factory=list)

    def bring(self) -> HostOutcome:
        """Raises what the services answer, and :class:`~sitepub.errors.Interrupted`."""
        name, waiting = self.host.host, ""
        self._keep(edge=self.edge.kind, bucket=self.place.bucket, region=self.place.region,
                   setup=self._record.setup or "begun")
        try:
            self._bring()
        except Later as later:
            waiting = str(later)
        status = "waiting" if waiting else "online" if self._done or self.plan.work else "unchanged"
        return HostOutcome(name, self.edge.kind, status, self._record.cname, tuple(self._done), waiting,
                           fresh=self._fresh)

    def _bring(self) -> None:
        found = self._settled(self.edge.describe(self.host.host))
        certificate = self._certificate(found)
        wanted = self._wanted(certificate, free=False)
        if found is None:
            self._create(wanted)
        elif self._somebody_elses(found):
            raise Refused(f"{self.host.host} leads to {found.origin} since a moment ago, and sitepub did not make it",
                          code="ForeignDomain", hint="Run again: the plan will show it, and ask.")
        elif self.edge.differences(wanted, found):
            self._update(wanted, found)
        state = self._ready()
        if state.ownership is None:
            self._drop_proof()
        if state.status is EdgeStatus.OFFLINE:
            self._tell_done("put online")
            self.edge.start(state)
            state = self._ready()
        if found is None and self.edge.differences(wanted, state):
            # What an edge takes only for a domain that is there, such as a certificate on EdgeOne.
            self._update(wanted, state)
            state = self._ready()
        self._keep(cname=state.cname, zone=state.zone, setup="dns")
        if state.cname:
            self.names.point(self.host, state.cname, self.work)
        if wants_free_certificate(self.host, self.edge):
            wanted = self._wanted(certificate, free=True)
            if self.edge.differences(wanted, state):
                self._ask_for_free_certificate(wanted, state)
                state = self._ready()
        self._verify(state, certificate)

    # The parts

    def _certificate(self, state: EdgeState | None) -> EdgeCertificate | None:
        if wants_free_certificate(self.host, self.edge):
            return None
        self._keep(setup="certificate")
        found = self.certificates.obtain(self.host, state, self.work)
        if found is None and self._lacks_certificate():
            raise Later("the certificate is not issued yet")
        return found

    def _lacks_certificate(self) -> bool:
        https = self.host.https
        return https is not None and https.get("switch") != "off" and (
            self.host.auto_certificate or bool(https.get("certInfo")))

    def _wanted(self, certificate: EdgeCertificate | None, *, free: bool) -> WantedDomain:
        return wanted_domain(self.host, self.place, self._record, self.edge,
                             CertificatePlan(certificate=certificate), free=free)

    def _somebody_elses(self, found: EdgeState) -> bool:
        """It leads elsewhere, we did not make it, and nobody was asked."""
        asked = any(step.destructive and step.kind is HostStepKind.UPDATE for step in self.plan.steps)
        return found.origin not in ("", self.place.endpoint) and not self._record.made and not asked

    def _create(self, wanted: WantedDomain) -> None:
        before = self._record.created
        self._keep(created=True, setup="domain")
        self._status(f"creating it on {self.edge.word}")
        try:
            try:
                self.edge.create(wanted)
            except OwnershipWanted as asked:
                self._prove(asked.txt)
                if self.edge.describe(self.host.host) is None:
                    self.edge.create(wanted)
        except CloudError as error:
            # What is in use already is somebody else's, as far as this run can tell.
            if error.code.startswith("ResourceInUse") or self.edge.describe(self.host.host) is None:
                self._keep(created=before)
            raise
        self._fresh = True
        self._tell_done(f"created on {self.edge.word}")

    def _update(self, wanted: WantedDomain, state: EdgeState) -> None:
        leaves = self.edge.differences(wanted, state)
        self._keep(setup="domain")
        self._status(f"updating it on {self.edge.word}")
        try:
            self.edge.update(wanted, state)
        except CloudError as error:
            if error.code != _BUSY:
                raise
            # Somebody began another change since it was looked at: wait, and merge into what they made.
            fresh = self._settled(self.edge.describe(self.host.host))
            if fresh is None:
                raise
            self.edge.update(wanted, fresh)
        self._tell_done("; ".join(str(leaf) for leaf in leaves[:3])
                        + (f"; and {len(leaves) - 3} more settings" if len(leaves) > 3 else ""))

    def _ask_for_free_certificate(self, wanted: WantedDomain, state: EdgeState) -> None:
        """The edge makes one when it can see that visitors of the host come to it."""
        later = f"{self.edge.word} makes the certificate when DNS leads {state.host} to {state.cname}"
        if self.host.dns == "auto" and not self._led(state.cname):
            raise Later(later)
        try:
            self._update(wanted, state)
        except CloudError as error:
            if error.code != _NOT_LED_YET:
                raise
            raise Later(later) from error

    def _prove(self, txt: TxtRecord) -> None:
        """Show the edge who owns the domain."""
        name = self.host.host
        self._keep(ownership=txt, setup="ownership")
        self.names.prove(name, txt, self.work)
        started = time.monotonic()
        while not self.edge.prove_ownership(name):
            waited = time.monotonic() - started
            if not self.work.wait:
                raise Later(f"{self.edge.word} does not see the TXT record {txt.name} yet")
            if waited > _OWNERSHIP_PATIENCE:
                raise SitepubError(
                    f"{name}: {self.edge.word} still does not see the TXT record {txt.name} = {txt.value}",
                    code="OwnershipNotProved", hint="Check the record, then run again: the proof goes on.")
            self._status(f"{self.edge.word} does not see the TXT record yet, {waited:.0f} s")
            self._pause(min(1 + waited / 10, 10))
        self._tell_done("ownership proved")
        self._drop_proof()

    def _drop_proof(self) -> None:
        """The edge has the domain: what proved its owner is needed no more. A run that was broken off after the edge
        had accepted has left it."""
        self._keep(ownership=None)
        if self._record.proof:
            self.names.unprove(self.work)

    def _settled(self, state: EdgeState | None) -> EdgeState | None:
        """The domain when nothing is being deployed: until then no change is taken."""
        if state is not None and state.ownership is not None:
            self._prove(state.ownership)
            state = self.edge.describe(self.host.host)
        if state is None or state.status is not EdgeStatus.PROCESSING:
            return state
        if not self.work.wait:
            raise Later(f"{self.edge.word} is deploying it: no other change is taken meanwhile")
        return self.edge.wait(self.host.host, None, tell=self._status, stop=self.work.stop)

    def _ready(self) -> EdgeState:
        name = self.host.host
        if not self.work.wait:
            state = self.edge.describe(name)
            if state is not None and state.status is EdgeStatus.PROCESSING:
                if state.cname:
                    self._keep(cname=state.cname, zone=state.zone)
                    self.names.point(self.host, state.cname, self.work)
                raise Later(f"{self.edge.word} is deploying it")
        else:
            state = self._settled(self.edge.describe(name))
        if state is None:
            raise CloudError(f"{name} is gone from {self.edge.word}: somebody deleted it just now",
                             code="EdgeDomainGone", hint="Run again to create it.")
        return state

    def _verify(self, state: EdgeState, certificate: EdgeCertificate | None) -> None:
        self._keep(setup="verify")
        name = self.host.host
        if state.closed:
            raise CloudError(f"{name} was closed by the cloud ({state.closed}), and visitors get nothing",
                             code="EdgeClosed", hint="Look at the domain in the console: it says why, and how it is"
                             " opened again. Then run again.")
        if state.status is not EdgeStatus.ONLINE:
            raise Later(f"it is {state.said or state.status.value}")
        used = self._in_use(state, certificate)
        https = self.host.https is not None and self.host.https.get("switch") != "off"
        if https and self.work.wait:
            served = self._served(state.cname, certificate)
            if served is not None:
                used = CertificateInUse(id=used.id if used is not None else "", fingerprint=served.fingerprint,
                                        not_after=served.not_after)
        if self.host.dns == "auto" and state.cname and not self._led(state.cname):
            self._keep(certificate=used)
            raise Later(f"DNS does not lead {name} to {state.cname} yet")
        self._keep(setup="", certificate=used, settings_hash=self.plan.hash, verified=now_iso())
        if used is not None and used.id:
            for stays in self.certificates.tidy(used.id, self.work):
                self._tell_done(stays)

    def _in_use(self, state: EdgeState, certificate: EdgeCertificate | None) -> CertificateInUse | None:
        if certificate is not None:
            return CertificateInUse(id=certificate.id, fingerprint=certificate.fingerprint,
                                    not_after=certificate.not_after or state.certificate_until)
        if state.https and (state.certificate_id or state.certificate_until):
            return CertificateInUse(id=state.certificate_id, not_after=state.certificate_until)
        return None

    def _served(self, target: str, certificate: EdgeCertificate | None) -> Served | None:
        """The certificate as visitors get it. Raises Later while it is not the right one."""
        name, started = self.host.host, time.monotonic()
        while True:
            served = self.look(name, target)
            if served is None:
                # No way to look from here (a firewall, IPv6 only): the edge's word has to do.
                return None
            wanted = certificate.fingerprint if certificate is not None else ""
            if served.covers and (not wanted or served.fingerprint == wanted):
                left = days_left(served.not_after)
                if left is not None and left < 0:
                    self._tell_todo("the certificate that is served has expired")
                return served
            waited = time.monotonic() - started
            if waited > _SERVED_PATIENCE:
                raise Later("visitors do not get the new certificate yet" if served.covers else
                            "visitors get a certificate of another host")
            self._status(f"waiting for the certificate to be served, {waited:.0f} s")
            self._pause(0.5 + waited / 10)

    def _led(self, cname: str) -> bool:
        """Whether DNS leads to the edge; a record that sitepub made is given some time to be seen."""
        name, started = self.host.host, time.monotonic()
        while not leads_to(self.names, name, cname):
            waited = time.monotonic() - started
            ours = any(made.purpose == "cname" for made in self._record.dns)
            if not (ours and self.work.wait) or waited > _DNS_PATIENCE:
                return False
            self._status(f"waiting until its DNS record is seen, {waited:.0f} s")
            self._pause(0.5 + waited / 10)
        return True

    # Small things

    @property
    def _record(self) -> HostRecord:
        return self.work.keeper.record

    def _keep(self, **changes: Any) -> None:
        record = msgspec.structs.replace(self._record, **changes)
        if record != self._record:
            self.work.keeper.keep(record)

    def _status(self, text: str) -> None:
        self.work.listener.status(self.host.host, text)

    def _tell_done(self, text: str) -> None:
        self._done.append(text)
        self.work.listener.done(self.host.host, text)

    def _tell_todo(self, text: str) -> None:
        self.work.listener.todo(self.host.host, text)

    def _pause(self, seconds: float) -> None:
        if self.work.stop.wait(seconds):
            raise Interrupted(f"Interrupted while {self.host.host} was being set up.",
                              hint="Run the same command again to go on.")


def leads_to(names: Names, host: str, cname: str) -> bool:
    """Whether DNS leads a host to the edge: by name, or, where a name was flattened, to its addresses."""
    chain = [one.rstrip(".").lower() for one in names.resolve(host)]
    if cname.rstrip(".").lower() in chain:
        return True
    addresses = {one for one in names.resolve(cname) if _is_address(one)}
    return any(one in addresses for one in chain)


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def failed(plan: HostPlan, error: SitepubError) -> HostOutcome:
    return HostOutcome(plan.name, plan.edge, "failed", plan.record.cname, error=error)
