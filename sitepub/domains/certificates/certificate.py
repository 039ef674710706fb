"""Certificates of hosts: the right one is found, uploaded, or applied for and waited for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from sitepub.config.project import Host
from sitepub.domains.certificates.application import Applications, alias
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.client_certificate import check_client_certificate
from sitepub.domains.certificates.deletion import Deletions
from sitepub.domains.certificates.files import OwnCertificate, check_certificate, own_certificate_info
from sitepub.domains.certificates.lifetime import is_due
from sitepub.domains.certificates.named import demand_certificate
from sitepub.domains.certificates.ssl_service import ISSUED, Certificate, SslService
from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState
from sitepub.domains.host_names import is_wildcard, shown_name
from sitepub.domains.job import HostJob
from sitepub.domains.poll import Patience
from sitepub.domains.records import CertificateRecord, HostRecord
from sitepub.domains.steps import Agreed, AgreedCertificate, AgreedRemoval, HostStep, HostStepKind, PlanChanged
from sitepub.errors import ConfigError, Problem
from sitepub.terminal.moments import dated
from sitepub.terminal.sizes import counted

PATIENCE = 900.0
"""Seconds to wait for a free certificate; what is not issued by then is gone on with by the next run."""
_FIRST, _STEP = 0.2, 5.0
_RENEWABLE = timedelta(days=30)
"""A renewal is one only while the old certificate is valid for at most this long (400/41674)."""


def _now() -> datetime:
    return datetime.now(UTC)


class CertificateOffice:
    """Implements :class:`~sitepub.domains.hosts.parts.Certificates`. Safe for many threads."""

    def __init__(self, ssl: SslService, dns: Dns, root: Path, *,
                 used_by_others: Callable[[str], Collection[str]] = lambda _host: (),
                 trust: BrowserTrust | None = None, now: Callable[[], datetime] = _now,
                 patience: float = PATIENCE, step: float = _STEP) -> None:
        """``root``: the folder that paths in serverless.yml start from. ``used_by_others``: ids of the
        certificates that the site's other hosts use; these are never deleted with this host's."""
        self.ssl = ssl
        self._dns = dns
        self._root = root
        self._trust = trust or BrowserTrust()
        self._now = now
        self._applications = Applications(ssl, dns, now, Patience(patience, _FIRST, step))
        self._deletions = Deletions(ssl, used_by_others)

    def check(self, host: Host) -> str:
        check_client_certificate(host, self._root, now=self._now())
        own = self._own(host)
        return own.sha256 if own is not None else ""

    def _own(self, host: Host) -> OwnCertificate | None:
        written = own_certificate_info(host)
        return None if written is None else check_certificate(host, written, self._root, now=self._now())

    # What would be done

    def plan(self, host: Host, record: HostRecord, state: EdgeState | None) -> CertificatePlan:
        if host.https is None or host.https.get("switch") == "off":
            return CertificatePlan()
        own = self._own(host)
        if own is not None:
            found = self._uploaded(own, record)
            if found is not None:
                return CertificatePlan(certificate=found)
            return self._planned(host, f"upload the certificate of {shown_name(host.host)}",
                                 f"valid until {own.not_after:%Y-%m-%d}, from {own.issuer}",
                                 AgreedCertificate("upload", fingerprint=own.sha256))
        if host.auto_certificate:
            return self._plan_auto(host, record, state)
        id = str((host.https.get("certInfo") or {}).get("certId") or "")
        if id:
            return CertificatePlan(certificate=_bindable(self.ssl, self._by_id(host, id)))
        demand_certificate(host, state)
        return CertificatePlan()

    def _plan_auto(self, host: Host, record: HostRecord, state: EdgeState | None) -> CertificatePlan:
        account = self.ssl.all()
        good, passed_over = self.choose(account, host.host, _bound(record, state))
        if good is not None:
            return CertificatePlan(certificate=_bindable(self.ssl, good))
        if is_wildcard(host.host):
            # The free ones of the service are for one name (400/41672): whoever has brought one may bring another.
            return CertificatePlan(certificate=self._valid(account, host.host))
        name, now = shown_name(host.host), self._now()
        pending = self._applications.pending(record, account)
        if pending is not None:
            if self._applications.hangs(pending):
                return self._planned(host, f"apply anew for the certificate of {name}",
                                     f"the application {pending.id} has not been answered for over an hour: it is"
                                     " cancelled", AgreedCertificate("apply anew", pending.id))
            return self._planned(host, f"wait for the certificate of {name}", _waiting(record),
                                 AgreedCertificate("wait", pending.id), HostStepKind.WAIT)
        old = self._renewed(account, host.host, _bound(record, state))
        if old is not None:
            return self._planned(host, f"renew the certificate of {name}",
                                 f"the present one is valid for {counted(old.left(now).days, 'more day')}",
                                 AgreedCertificate("renew", old.id))
        return self._planned(host, f"apply for a free certificate for {name}",
                             f"certificate {passed_over[0]} covers it, but browsers do not trust it" if passed_over
                             else "the account has none that covers it and is not due for renewal",
                             AgreedCertificate("apply"))

    def _valid(self, account: Sequence[Certificate], host: str) -> EdgeCertificate | None:
        """The one that lasts longest, due or not."""
        now = self._now()
        good = [each for each in account if each.serves(host, now) and self.trusts(each, host)]
        best = max(good, key=lambda each: (each.left(now), each.id), default=None)
        return _bindable(self.ssl, best) if best is not None else None

    def _planned(self, host: Host, summary: str, reason: str, agreed: AgreedCertificate,
                 kind: HostStepKind = HostStepKind.CERTIFICATE) -> CertificatePlan:
        return CertificatePlan((HostStep(kind, host.host, summary, reason, edge=host.edge, agreed=agreed),))

    def choose(self, account: Sequence[Certificate], host: str, bound: Sequence[str] = ()
               ) -> tuple[Certificate | None, tuple[str, ...]]:
        """The best certificate that browsers trust and that is not due: one that is bound already, else the one that
        lasts longest. Also the ids of those before it that browsers do not trust."""
        now = self._now()
        passed_over: list[str] = []
        good = [each for each in account if each.serves(host, now) and not each.due(now)]
        for each in sorted(good, key=lambda each: (each.id not in bound, -each.left(now).total_seconds(), each.id)):
            if self.trusts(each, host):
                return each, tuple(passed_over)
            passed_over.append(each.id)
        return None, tuple(passed_over)

    def trusts(self, found: Certificate, host: str) -> bool:
        """What the SSL service has issued comes from a public authority: its word counts, because with an old list of
        roots a new one would be applied for again and again. The chain of an uploaded one is checked."""
        if not found.uploaded:
            return True
        chain = found.chain
        if not chain:
            there = self.ssl.find(found.id, host=host)
            chain = there.chain if there is not None else ""
        return self._trust.trusts(chain, host, self._now())

    def keeps(self, host: Host, state: EdgeState) -> bool:
        if not state.https:
            return False
        now = self._now()
        if not state.certificate_id:
            return bool(state.certificate_until) and not is_due("", state.certificate_until, now, edge_renews=True)
        found = self.ssl.find(state.certificate_id, host=host.host)
        return (found is not None and found.serves(host.host, now) and not found.due(now)
                and self.trusts(found, host.host))

    def _renewed(self, account: Sequence[Certificate], host: str, bound: Sequence[str]) -> Certificate | None:
        """The certificate that a new application would renew: a free one that is in use and still valid."""
        now = self._now()
        old = [each for each in account if each.id in bound and not each.uploaded
               and each.serves(host, now) and each.left(now) <= _RENEWABLE]
        return max(old, key=lambda each: each.left(now), default=None)

    def _by_id(self, host: Host, id: str) -> Certificate:
        """The certificate that the project names. Raises ConfigError when it cannot serve this host."""
        found, now = self.ssl.find(id, host=host.host), self._now()
        where = host.https_position or host.position
        problem: str | None = None
        if found is None:
            problem = f"the account's SSL service has no certificate {id}"
        elif not found.covers(host.host):
            problem = f"certificate {id} does not cover this host: it is for {', '.join(found.names[:5])}"
        elif found.not_after is not None and found.not_after <= now:
            problem = f"certificate {id} expired on {found.not_after:%Y-%m-%d}"
        elif found.status != ISSUED:
            problem = f"certificate {id} is not issued ({found.said or f'status {found.status}'})"
        if found is None or problem is not None:
            raise ConfigError(Problem(f"{shown_name(host.host)}: {problem}", where,
                                      "`sitepub certs` lists the certificates; `https: auto` gets one."))
        return found

    # Doing it

    def obtain(self, host: Host, state: EdgeState | None, job: HostJob, agreed: HostStep | None = None
               ) -> EdgeCertificate | None:
        plan = self.plan(host, job.record, state)
        if plan.certificate is not None or not plan.steps:
            self.adopt(plan.certificate, job)
            return plan.certificate
        [step] = plan.steps
        if agreed is not None and not agreed.covers(step):
            raise PlanChanged(shown_name(host.host), f"{step.summary} ({step.reason})")
        own = self._own(host)
        if own is not None:
            return self._upload(own, job)
        return self._apply(host, state, job, (agreed or step).agreed)

    def adopt(self, found: EdgeCertificate | None, job: HostJob) -> None:
        begun = [one for one in job.record.certificates if not one.id and one.alias]
        there = self.ssl.find(found.id, host=job.record.host) if found is not None and begun else None
        for one in begun:
            if there is not None and there.alias == one.alias:
                job.keeper.keep(job.record.with_certificate(msgspec.structs.replace(
                    one, id=there.id, fingerprint=one.fingerprint or there.sha256 or there.sha1)))

    def _uploaded(self, own: OwnCertificate, record: HostRecord) -> EdgeCertificate | None:
        """The user's certificate, if the account has it: by our record, else by its content."""
        known = next((made.id for made in record.certificates if made.id and made.fingerprint == own.sha256),
                     "")
        if known and (there := self.ssl.find(known, host=own.host)) is not None and there.sha1 in ("", own.sha1):
            return _own_bindable(own, known)
        id = self.ssl.existing(own.chain, host=own.host)
        return _own_bindable(own, id) if id else None

    def _upload(self, own: OwnCertificate, job: HostJob) -> EdgeCertificate:
        begun = CertificateRecord(fingerprint=own.sha256, how="uploaded", at=self._now().isoformat(timespec="seconds"),
                                  alias=own.remarks or alias(own.host))
        record = job.record
        job.keeper.keep(record.with_certificate(begun))
        job.status("uploading the certificate")
        id, made = self.ssl.upload(own.chain, own.key, begun.alias, host=own.host)
        if made:
            job.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=id)))
            job.done(f"certificate {id} uploaded")
        else:
            # It was there: whoever put it there keeps it, unless an earlier run of ours was cut off.
            cut_off = any(one.fingerprint == own.sha256 and not one.id for one in record.certificates)
            job.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=id)) if cut_off
                            else record.without_certificate(""))
        return _own_bindable(own, id)

    def _apply(self, host: Host, state: EdgeState | None, job: HostJob, agreed: Agreed) -> EdgeCertificate | None:
        record, account = job.record, self.ssl.all()
        pending = self._applications.pending(record, account)
        if pending is not None and agreed == AgreedCertificate("apply anew", pending.id):
            pending = self._applications.cancel(host, pending, job)
        if pending is not None:
            issued = self._applications.carry_on(host, pending, job)
        else:
            old = self._renewed(account, host.host, _bound(record, state))
            issued = self._applications.apply(host, old.id if old is not None else "", job)
        return _bindable(self.ssl, issued) if issued is not None else None

    # Away

    def replaced(self, host: Host, record: HostRecord, state: EdgeState | None, plan: CertificatePlan
                 ) -> tuple[HostStep, ...]:
        return self._deletions.replaced(host, record, state, plan)

    def delete_replaced(self, step: HostStep, in_use: str, job: HostJob) -> str:
        assert isinstance(step.agreed, AgreedCertificate)
        id = step.agreed.id
        if id == in_use:
            return f"certificate {id} stays: the host uses it"
        stays = self._deletions.delete([made for made in job.record.certificates if made.id == id], job)
        return "; ".join(stays)

    def withdraw(self, removal: AgreedRemoval, job: HostJob) -> Sequence[str]:
        self._dns.clear("certificate", job)
        agreed = [made for made in job.record.certificates if made in removal.certificates]
        return self._deletions.delete(agreed, job)


def _bound(record: HostRecord, state: EdgeState | None) -> list[str]:
    """Ids of the certificates that the host has or had, the present one first."""
    ids = [state.certificate_id if state is not None else "",
           record.certificate.id if record.certificate is not None else ""]
    return [id for id in [*ids, *(made.id for made in record.certificates)] if id]


def _bindable(ssl: SslService, found: Certificate) -> EdgeCertificate:
    return EdgeCertificate(found.id, found.sha256, found.until, lambda: ssl.pem(found.id), found.since)


def _own_bindable(own: OwnCertificate, id: str) -> EdgeCertificate:
    return EdgeCertificate(id, own.sha256, own.not_after.isoformat(timespec="seconds"),
                           lambda: (own.chain, own.key), own.not_before.isoformat(timespec="seconds"))


def _waiting(record: HostRecord) -> str:
    """What an application of an earlier run waits for, and since when."""
    applied = record.applied_for
    since = f" {dated(applied.at)}" if applied is not None and applied.at else ""
    proof = applied.proof if applied is not None else None
    return f"an earlier run applied for it{since}" + (
        f"; it waits for this record: {proof.name}  TXT  {proof.value}" if proof is not None else "")
