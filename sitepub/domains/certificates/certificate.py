"""Certificates of hosts: the right one is found, uploaded, or applied for and waited for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from sitepub.config.project import Host
from sitepub.domains.certificates.files import SOON, OwnCertificate, check_certificate, own_certificate_info
from sitepub.domains.certificates.ssl_service import EXPIRED, ISSUED, PENDING, Certificate, SslService
from sitepub.domains.dns.host_records import Dns, pause
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState
from sitepub.domains.host_names import shown_name
from sitepub.domains.records import CertificateRecord, HostRecord
from sitepub.domains.services import CertificatePlan, Work
from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import CloudError, ConfigError, Problem, SitepubError

PATIENCE = 900.0
"""Seconds to wait for a free certificate; what is not issued by then is gone on with by the next run."""
_FIRST, _STEP = 0.2, 5.0
_NOTHING = timedelta(0)
_RENEWABLE = timedelta(days=30)
"""A renewal is one only while the old certificate is valid for at most this long (400/41674)."""


def _now() -> datetime:
    return datetime.now(UTC)


class CertificateOffice:
    """Implements :class:`~sitepub.domains.services.Certificates`. Safe for many threads."""

    def __init__(self, ssl: SslService, dns: Dns, root: Path, *,
                 used_by_others: Callable[[str], Collection[str]] = lambda _host: (),
                 now: Callable[[], datetime] = _now, patience: float = PATIENCE, step: float = _STEP) -> None:
        """``root``: the folder that paths in serverless.yml start from. ``used_by_others``: ids of the
        certificates that the site's other hosts use; these are never deleted with this host's."""
        self.ssl = ssl
        self._dns = dns
        self._root = root
        self._used_by_others = used_by_others
        self._now = now
        self._patience = patience
        self._step = step

    def check(self, host: Host) -> str:
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
                                 f"valid until {own.not_after:%Y-%m-%d}, from {own.issuer}")
        if host.auto_certificate:
            return self._plan_auto(host, record, state)
        id = str((host.https.get("certInfo") or {}).get("certId") or "")
        if id:
            return CertificatePlan(certificate=_bindable(self.ssl, self._by_id(host, id)))
        self._demand_some(host, state)
        return CertificatePlan()

    def _plan_auto(self, host: Host, record: HostRecord, state: EdgeState | None) -> CertificatePlan:
        account = self.ssl.all()
        good = self.choose(account, host.host, _bound(record, state))
        if good is not None:
            return CertificatePlan(certificate=_bindable(self.ssl, good))
        name, now = shown_name(host.host), self._now()
        if self._pending(record, account) is not None:
            return self._planned(host, f"wait for the certificate of {name}",
                                 "an earlier run applied for it", HostStepKind.WAIT)
        old = self._renewed(account, host.host, _bound(record, state))
        if old is not None:
            return self._planned(host, f"renew the certificate of {name}",
                                 f"the present one is valid for {old.left(now).days} more days")
        return self._planned(host, f"apply for a free certificate for {name}",
                             "the account has none that covers it and is valid for more than"
                             f" {SOON.days} days")

    def _planned(self, host: Host, summary: str, reason: str,
                 kind: HostStepKind = HostStepKind.CERTIFICATE) -> CertificatePlan:
        return CertificatePlan((HostStep(kind, host.host, summary, reason, edge=host.edge),))

    def choose(self, account: Sequence[Certificate], host: str, bound: Sequence[str] = ()
               ) -> Certificate | None:
        """The best valid certificate with more than 21 days left: one that is bound already, else the one
        that lasts longest."""
        now = self._now()
        good = [each for each in account if each.serves(host, now, SOON)]
        return min(good, key=lambda each: (each.id not in bound, -each.left(now).total_seconds(), each.id),
                   default=None)

    def _renewed(self, account: Sequence[Certificate], host: str, bound: Sequence[str]) -> Certificate | None:
        """The certificate that a new application would renew: a free one that is in use and still valid."""
        now = self._now()
        old = [each for each in account if each.id in bound and not each.uploaded
               and each.serves(host, now, _NOTHING) and each.left(now) <= _RENEWABLE]
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

    def _demand_some(self, host: Host, state: EdgeState | None) -> None:
        """HTTPS on the CDN needs a certificate from somewhere."""
        if host.edge == "cdn" and not (state is not None and (state.https or state.certificate_id)):
            raise ConfigError(Problem(
                f"{shown_name(host.host)}: https is switched on and no certificate is named",
                host.https_position or host.position,
                "Write `https: auto` for a free one, or `certInfo` with `certId`, or `certificate` and"
                " `privateKey`."))

    # Doing it

    def obtain(self, host: Host, state: EdgeState | None, work: Work) -> EdgeCertificate | None:
        plan = self.plan(host, work.keeper.record, state)
        if plan.certificate is not None or not plan.steps:
            self._adopt(host, plan.certificate, work)
            return plan.certificate
        own = self._own(host)
        if own is not None:
            return self._upload(own, work)
        return self._apply(host, state, work)

    def _adopt(self, host: Host, found: EdgeCertificate | None, work: Work) -> None:
        """Learn the id of what an earlier run made and was killed before it saw the answer."""
        begun = [one for one in work.keeper.record.certificates if not one.id and one.alias]
        there = self.ssl.find(found.id, host=host.host) if found is not None and begun else None
        for one in begun:
            if there is not None and there.alias == one.alias:
                work.keeper.keep(work.keeper.record.with_certificate(msgspec.structs.replace(
                    one, id=there.id, fingerprint=one.fingerprint or there.sha256 or there.sha1)))

    def _uploaded(self, own: OwnCertificate, record: HostRecord) -> EdgeCertificate | None:
        """The user's certificate, if the account has it: by our record, else by its content."""
        known = next((made.id for made in record.certificates if made.id and made.fingerprint == own.sha256),
                     "")
        if known and (there := self.ssl.find(known, host=own.host)) is not None and there.sha1 in ("", own.sha1):
            return _own_bindable(own, known)
        id = self.ssl.existing(own.chain, host=own.host)
        return _own_bindable(own, id) if id else None

    def _upload(self, own: OwnCertificate, work: Work) -> EdgeCertificate:
        begun = CertificateRecord(fingerprint=own.sha256, how="uploaded", at=_stamp(self._now()),
                                  alias=own.remarks or _alias(own.host))
        record = work.keeper.record
        work.keeper.keep(record.with_certificate(begun))
        work.listener.status(own.host, "uploading the certificate")
        id, made = self.ssl.upload(own.chain, own.key, begun.alias, host=own.host)
        if made:
            work.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=id)))
            work.listener.done(own.host, f"certificate {id} uploaded")
        else:
            # It was there: whoever put it there keeps it, unless an earlier run of ours was cut off.
            cut_off = any(one.fingerprint == own.sha256 and not one.id for one in record.certificates)
            work.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=id)) if cut_off
                             else record.without_certificate(""))
        return _own_bindable(own, id)

    def _apply(self, host: Host, state: EdgeState | None, work: Work) -> EdgeCertificate | None:
        record, account = work.keeper.record, self.ssl.all()
        pending = self._pending(record, account)
        if pending is None:
            old = self._renewed(account, host.host, _bound(record, state))
            pending = self._application(host, old.id if old is not None else "", work)
        elif not any(made.id == pending.id for made in record.certificates):
            begun = next(made for made in record.certificates if made.alias and made.alias == pending.alias)
            work.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=pending.id)))
        return self._until_issued(host, pending.id, work)

    def _pending(self, record: HostRecord, account: Sequence[Certificate]) -> Certificate | None:
        """An application of ours that is under way, also one whose id was never seen."""
        for made in record.certificates:
            if made.how != "applied":
                continue
            for each in account:
                ours = each.id == made.id if made.id else bool(made.alias) and each.alias == made.alias
                if ours and (each.status in PENDING or (not made.id and each.status == ISSUED)):
                    return each
        return None

    def _application(self, host: Host, replaces: str, work: Work) -> Certificate:
        zone, _why = self._dns.zone(host)
        method = "DNS_AUTO" if zone is not None and zone.delegated else "DNS"
        begun = CertificateRecord(how="applied", at=_stamp(self._now()), alias=_alias(host.host))
        work.keeper.keep(work.keeper.record.with_certificate(begun))
        work.listener.status(host.host, "applying for a certificate")
        try:
            id = self.ssl.apply(host.host, method, begun.alias, replaces=replaces)
        except CloudError:
            work.keeper.keep(work.keeper.record.without_certificate(""))
            raise
        work.keeper.keep(work.keeper.record.with_certificate(msgspec.structs.replace(begun, id=id)))
        work.listener.done(host.host, f"certificate {id} applied for")
        found = self.ssl.find(id, host=host.host)
        return found or Certificate(id, (host.host,), 0, alias=begun.alias, method=method)

    def _until_issued(self, host: Host, id: str, work: Work) -> EdgeCertificate | None:
        started, asked, step = time.monotonic(), False, _FIRST
        while True:
            found = self.ssl.find(id, host=host.host)
            if found is not None and found.status == ISSUED:
                return self._issued(host, found, work)
            if found is None or found.status not in PENDING:
                self._failed(host, id, found, work)
            assert found is not None
            if found.method == "DNS" and found.validation and not asked:
                for wanted in found.validation:
                    asked = self._dns.place(host.host, wanted, "certificate", work)
                if asked:
                    self._complete(id, host.host)
            passed = time.monotonic() - started
            if not work.wait or passed >= self._patience:
                work.listener.todo(host.host, f"certificate {id} is not issued yet"
                                              f" ({found.said or 'being reviewed'}); the next run goes on")
                return None
            work.listener.status(host.host, f"waiting for certificate {id}, {passed:.0f} s")
            pause(work.stop, step)
            step = min(step * 1.5, self._step)

    def _complete(self, id: str, host: str) -> None:
        try:
            self.ssl.complete(id, host=host)
        except CloudError as error:
            # The service looks by itself too; it may have done so since.
            if not error.code.startswith(("FailedOperation", "InvalidParameter", "ResourceNotFound")):
                raise

    def _issued(self, host: Host, found: Certificate, work: Work) -> EdgeCertificate:
        self._dns.clear("certificate", work)
        made = next((one for one in work.keeper.record.certificates if one.id == found.id), None)
        if made is not None and made.fingerprint != (found.sha256 or found.sha1):
            work.keeper.keep(work.keeper.record.with_certificate(
                msgspec.structs.replace(made, fingerprint=found.sha256 or found.sha1)))
        until = f", valid until {found.not_after:%Y-%m-%d}" if found.not_after is not None else ""
        work.listener.done(host.host, f"certificate {found.id} issued{until}")
        return _bindable(self.ssl, found)

    def _failed(self, host: Host, id: str, found: Certificate | None, work: Work) -> None:
        self._dns.clear("certificate", work)
        if found is not None:
            try:
                self.ssl.delete(id, host=host.host)
            except CloudError:
                # It is of no use and in nobody's way; a free one may not be deleted within its first hour.
                pass
        work.keeper.keep(work.keeper.record.without_certificate(id))
        why = found.said or f"status {found.status}" if found is not None else "it is gone"
        raise SitepubError(f"{shown_name(host.host)}: the certificate {id} that was applied for was not issued:"
                           f" {why}", code="CertificateNotIssued",
                           hint="Run again to apply anew, or use one of your own: https.certInfo.")

    # Away

    def tidy(self, in_use: str, work: Work) -> Sequence[str]:
        """After a certificate was bound: delete the ones that sitepub made for this host before."""
        return self._delete([made for made in work.keeper.record.certificates
                             if made.id and made.id != in_use and made.fingerprint], work)

    def withdraw(self, record: HostRecord, work: Work) -> Sequence[str]:
        self._dns.clear("certificate", work)
        return self._delete(record.certificates, work)

    def _delete(self, made: Sequence[CertificateRecord], work: Work) -> list[str]:
        host, stays = work.keeper.record.host, []
        for one in made:
            if one.id in self._used_by_others(host) and one.id:
                stays.append(f"certificate {one.id} stays: another host of the site uses it")
                continue
            id = one.id or self._lost(one)
            if id:
                why = self._kept(id, host, work)
                if why:
                    stays.append(f"certificate {id} stays: {why}")
                    continue
                work.listener.done(host, f"certificate {id} deleted")
            work.keeper.keep(work.keeper.record.without_certificate(one.id))
        return stays

    def _kept(self, id: str, host: str, work: Work) -> str:
        """Delete a certificate that nothing uses; else why it stays. The service itself would not look (400/41675):
        another site's host would be without HTTPS."""
        try:
            there = self.ssl.find(id, host=host)
            if there is not None and there.status in (ISSUED, EXPIRED):
                # One that never was issued is bound to nothing.
                work.listener.status(host, f"looking what uses certificate {id}")
                users = self.ssl.users(id, host=host, wait=lambda seconds: pause(work.stop, seconds))
                if users:
                    return f"it is in use elsewhere in the account: {', '.join(users)}"
            return "" if self.ssl.delete(id, host=host) else "the SSL service keeps it"
        except CloudError as error:
            return error.message

    def _lost(self, made: CertificateRecord) -> str:
        """The id of a certificate whose upload or application was begun by a run that was killed."""
        if not made.alias or not made.alias.startswith(_PREFIX):
            return ""
        return next((each.id for each in self.ssl.all(made.alias) if each.alias == made.alias), "")


_PREFIX = "sitepub "


def _alias(host: str) -> str:
    """A name that no other certificate has."""
    return f"{_PREFIX}{host[:40]} {secrets.token_hex(5)}"


def _bound(record: HostRecord, state: EdgeState | None) -> list[str]:
    """Ids of the certificates that the host has or had, the present one first."""
    ids = [state.certificate_id if state is not None else "",
           record.certificate.id if record.certificate is not None else ""]
    return [id for id in [*ids, *(made.id for made in record.certificates)] if id]


def _bindable(ssl: SslService, found: Certificate) -> EdgeCertificate:
    return EdgeCertificate(found.id, found.sha256, found.until, pem=lambda: ssl.pem(found.id))


def _own_bindable(own: OwnCertificate, id: str) -> EdgeCertificate:
    return EdgeCertificate(id, own.sha256, own.not_after.isoformat(timespec="seconds"),
                           pem=lambda: (own.chain, own.key))


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
