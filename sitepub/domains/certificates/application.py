"""Applies for a free certificate and waits until it is issued. Killed anywhere, the next run goes on with the same
application."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from sitepub.config.project import Host
from sitepub.domains.certificates.deletion import PREFIX
from sitepub.domains.certificates.ssl_service import ISSUED, PENDING, Certificate, SslService
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.host_names import shown_name
from sitepub.domains.job import HostJob
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.records import CertificateRecord, HostRecord, TxtRecord
from sitepub.domains.wanted_record import WantedRecord
from sitepub.errors import CloudError, SitepubError

_HANGS = timedelta(hours=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Applications:
    """Safe for many threads."""

    def __init__(self, ssl: SslService, dns: Dns, now: Callable[[], datetime], patience: Patience) -> None:
        self._ssl = ssl
        self._dns = dns
        self._now = now
        self._patience = patience

    def pending(self, record: HostRecord, account: Sequence[Certificate]) -> Certificate | None:
        """An application of ours that is under way, also one whose id was never seen."""
        found = [each for made in record.certificates if made.how == "applied" for each in account
                 if (each.id == made.id if made.id else bool(made.alias) and each.alias == made.alias)
                 and (each.status in PENDING or (not made.id and each.status == ISSUED))]
        # The newest: an older one is left where it could not be cancelled.
        return max(found, key=lambda each: each.created or _LONG_AGO, default=None)

    def hangs(self, pending: Certificate) -> bool:
        """It has been under review for more than an hour, and waits for nothing on this side: an application that
        waits for a record to be added by hand is not stuck."""
        if pending.status not in PENDING or pending.created is None or self._now() - pending.created < _HANGS:
            return False
        if pending.method == "DNS_AUTO":
            return True
        there = self._ssl.find(pending.id)
        return there is not None and there.status in PENDING and bool(there.validation) and all(
            self._dns.visible(wanted) for wanted in there.validation)

    def cancel(self, host: Host, pending: Certificate, job: HostJob) -> Certificate | None:
        """Cancel an application that hangs, and forget it. The certificate when it was issued in the meantime."""
        try:
            self._ssl.cancel(pending.id, host=host.host)
        except CloudError as error:
            there = self._ssl.find(pending.id, host=host.host)
            if there is not None and there.status == ISSUED:
                return there
            job.done(f"the application {pending.id} could not be cancelled: {error.message}")
            return None
        job.done(f"the application {pending.id} was cancelled: it had not been answered for over an hour")
        self._dns.clear("certificate", job)
        try:
            gone = self._ssl.delete(pending.id, host=host.host)
        except CloudError:
            gone = False  # what remains is an entry without a certificate; `remove` tries again
        if gone:
            job.keeper.keep(job.record.without_certificate(pending.id))
        return None

    def carry_on(self, host: Host, pending: Certificate, job: HostJob) -> Certificate | None:
        """Wait for an application of an earlier run. ``None``: it is not issued yet."""
        record = job.record
        if not any(made.id == pending.id for made in record.certificates):
            begun = next(made for made in record.certificates if made.alias and made.alias == pending.alias)
            job.keeper.keep(record.with_certificate(msgspec.structs.replace(begun, id=pending.id)))
        return self._until_issued(host, pending.id, job)

    def apply(self, host: Host, replaces: str, job: HostJob) -> Certificate | None:
        """Apply and wait. ``replaces``: id of the certificate that it renews. ``None``: it is not issued yet."""
        zone, _why = self._dns.zone(host)
        method = "DNS_AUTO" if zone is not None and zone.delegated else "DNS"
        begun = CertificateRecord(how="applied", at=self._now().isoformat(timespec="seconds"), alias=alias(host.host))
        job.keeper.keep(job.record.with_certificate(begun))
        job.status("applying for a certificate")
        try:
            id = self._ssl.apply(host.host, method, begun.alias, replaces=replaces)
        except CloudError:
            job.keeper.keep(job.record.without_certificate(""))
            raise
        job.keeper.keep(job.record.with_certificate(msgspec.structs.replace(begun, id=id)))
        job.done(f"certificate {id} applied for")
        return self._until_issued(host, id, job)

    def _until_issued(self, host: Host, id: str, job: HostJob) -> Certificate | None:
        last: list[Certificate] = []
        placed: list[bool] = []

        def look() -> Certificate | None:
            found = self._ssl.find(id, host=host.host)
            if found is not None and found.status == ISSUED:
                return found
            if found is None or found.status not in PENDING:
                self._failed(host, id, found, job)
            assert found is not None
            last[:] = [found]
            if found.method == "DNS" and found.validation and not any(placed):
                self._remember(id, found.validation[-1], job)
                placed[:] = [self._dns.place(host.host, wanted, "certificate", job) for wanted in found.validation][-1:]
                if any(placed):
                    self._complete(id, host.host)
            return None

        issued = poll(look, self._patience if job.wait else ONCE,
                      lambda passed: job.status(f"waiting for certificate {id}, {passed:.0f} s"), job.stop)
        if issued is None:
            job.todo(f"certificate {id} is not issued yet ({last[0].said or 'being reviewed'}); the next run goes on")
            return None
        self._issued(issued, job)
        return issued

    def _remember(self, id: str, wanted: WantedRecord, job: HostJob) -> None:
        """So that `info`, `plan` and `certs` can show what it waits for."""
        proof = TxtRecord(name=wanted.name, value=wanted.value)
        made = next((one for one in job.record.certificates if one.id == id), None)
        if made is not None and made.proof != proof and wanted.type == "TXT":
            job.keeper.keep(job.record.with_certificate(msgspec.structs.replace(made, proof=proof)))

    def _complete(self, id: str, host: str) -> None:
        try:
            self._ssl.complete(id, host=host)
        except CloudError as error:
            # The service looks by itself too; it may have done so since.
            if not error.code.startswith(("FailedOperation", "InvalidParameter", "ResourceNotFound")):
                raise

    def _issued(self, found: Certificate, job: HostJob) -> None:
        self._dns.clear("certificate", job)
        made = next((one for one in job.record.certificates if one.id == found.id), None)
        if made is not None and made.fingerprint != (found.sha256 or found.sha1):
            job.keeper.keep(job.record.with_certificate(msgspec.structs.replace(
                made, fingerprint=found.sha256 or found.sha1, proof=None)))
        until = f", valid until {found.not_after:%Y-%m-%d}" if found.not_after is not None else ""
        job.done(f"certificate {found.id} issued{until}")

    def _failed(self, host: Host, id: str, found: Certificate | None, job: HostJob) -> None:
        self._dns.clear("certificate", job)
        if found is not None:
            try:
                self._ssl.delete(id, host=host.host)
            except CloudError:
                # It is of no use; a free one may not be deleted within its first hour.
                pass
        job.keeper.keep(job.record.without_certificate(id))
        why = found.said or f"status {found.status}" if found is not None else "it is gone"
        raise SitepubError(f"{shown_name(host.host)}: the certificate {id} that was applied for was not issued:"
                           f" {why}", code="CertificateNotIssued",
                           hint="Run again to apply anew, or use one of your own: https.certInfo.")


def alias(host: str) -> str:
    """A name that no other certificate has."""
    return f"{PREFIX}{host[:40]} {secrets.token_hex(5)}"
