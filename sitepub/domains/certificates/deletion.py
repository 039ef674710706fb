"""Deletes certificates that sitepub put into the SSL service for a host, where nothing uses them any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sitepub.config.project import Host
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.ssl_service import EXPIRED, ISSUED, SslService
from sitepub.domains.edges.edge import EdgeState
from sitepub.domains.host_names import shown_name
from sitepub.domains.job import HostJob
from sitepub.domains.records import CertificateRecord, HostRecord
from sitepub.domains.steps import AgreedCertificate, HostStep, HostStepKind
from sitepub.errors import CloudError

PREFIX = "sitepub "
"""Begins the alias of a certificate that sitepub makes."""


class Deletions:
    """Safe for many threads."""

    def __init__(self, ssl: SslService, used_by_others: Callable[[str], Collection[str]]) -> None:
        """``used_by_others``: ids of the certificates that the site's other hosts use, by host."""
        self._ssl = ssl
        self._used_by_others = used_by_others

    def replaced(self, host: Host, record: HostRecord, state: EdgeState | None, plan: CertificatePlan
                 ) -> tuple[HostStep, ...]:
        """A step for each certificate that sitepub made for this host and that another one replaces."""
        in_use = plan.certificate.id if plan.certificate is not None else (
            state.certificate_id if state is not None and state.https else "")
        if not in_use and not plan.steps:
            return ()
        kept = {in_use, *self._used_by_others(host.host)} if not plan.steps else set(self._used_by_others(host.host))
        return tuple(
            HostStep(HostStepKind.OLD_CERTIFICATE, host.host,
                     f"delete certificate {made.id} of {shown_name(host.host)}", "another one replaces it",
                     edge=host.edge, agreed=AgreedCertificate("delete", made.id))
            for made in record.certificates if made.id and made.fingerprint and made.id not in kept)

    def delete(self, made: Sequence[CertificateRecord], job: HostJob) -> list[str]:
        """Answers sentences about what stays."""
        host, stays = job.record.host, []
        for one in made:
            if one.id in self._used_by_others(host) and one.id:
                stays.append(f"certificate {one.id} stays: another host of the site uses it")
                continue
            id = one.id or self._lost(one)
            if id:
                why = self._kept(id, host, job)
                if why:
                    stays.append(f"certificate {id} stays: {why}")
                    continue
                job.done(f"certificate {id} deleted")
            job.keeper.keep(job.record.without_certificate(one.id))
        return stays

    def _kept(self, id: str, host: str, job: HostJob) -> str:
        """Delete a certificate that nothing uses; else why it stays. The service itself would not look (400/41675):
        another site's host would be without HTTPS."""
        try:
            there = self._ssl.find(id, host=host)
            if there is not None and there.status in (ISSUED, EXPIRED):
                # One that never was issued is bound to nothing.
                job.status(f"finding out what uses certificate {id}")
                users = self._ssl.users(id, host=host, stop=job.stop)
                if users:
                    return f"it is in use elsewhere in the account: {', '.join(users)}"
            return "" if self._ssl.delete(id, host=host) else "the SSL service keeps it"
        except CloudError as error:
            return error.message

    def _lost(self, made: CertificateRecord) -> str:
        """The id of a certificate whose upload or application was begun by a run that was killed."""
        if not made.alias or not made.alias.startswith(PREFIX):
            return ""
        return next((each.id for each in self._ssl.all(made.alias) if each.alias == made.alias), "")
