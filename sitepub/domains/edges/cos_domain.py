"""The bucket itself as an edge: the domain is bound to its website endpoint, with a certificate on COS.

COS takes a domain when its CNAME record points to the bucket (436/36638), or when a TXT record has the value that it
names; it names one only for a bucket that has a domain already. Then it takes minutes until the domain is in force, and
up to an hour until its certificate is (as users report).
A bucket's domain rules are one document (COS API 436/35868), so the rules of others are read and written back.
Nothing is cached there, so nothing is purged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from sitepub.domains.edges.edge import (
    CnameWanted,
    EdgeCertificate,
    EdgeState,
    EdgeStatus,
    FreeCertificates,
    OwnershipWanted,
    PurgeKind,
    PurgeQuota,
    Report,
    WantedDomain,
)
from sitepub.domains.edges.waiting import Waiting
from sitepub.domains.host_names import registered_domain
from sitepub.domains.records import CertificateInUse, EdgeKind, TxtRecord
from sitepub.domains.service_errors import explained
from sitepub.domains.steps import Leaf
from sitepub.errors import CloudError, ConfigError, NotFound, Problem, SitepubError
from sitepub.tencent.cos.bucket_domains import BucketDomainRules, DomainRule

_TAKEN = "RecordAlreadyExist"
"""The domain is bound to another bucket: a TXT record proves that its owner wants this one."""
_NOT_PROVED = frozenset({"DNSRecordVerifyFailed", _TAKEN})
_NOT_IN_FORCE = "UserCnameInvalid"
"""What visitors get in the first minutes."""
WEBSITE = "WEBSITE"


class Bucket(Protocol):
    """``tencent.cos.bucket_domains.BucketDomains``."""

    def get_domains(self) -> BucketDomainRules: ...
    def put_domains(self, rules: Sequence[DomainRule], /) -> None: ...
    def get_certificate_status(self, domain: str, /) -> str: ...
    def put_certificate(self, domain: str, chain: str, key: str, /) -> None: ...
    def delete_certificate(self, domain: str, /) -> None: ...


class CosDomain:
    """See :class:`edge.Edge`. ``endpoint``: the bucket's website host name, which a CNAME points to."""

    kind: EdgeKind = "cos"
    word = "the bucket"
    free_certificates: FreeCertificates | None = None
    zones = None
    certificate_time = 3600.0

    def __init__(self, bucket: Callable[[], Bucket], endpoint: str, *, waiting: Waiting | None = None,
                 visit: Callable[[str], str] | None = None) -> None:
        """``visit``: the error code that a visitor of a host gets, "" for none."""
        self.known_cname = endpoint
        self._visit = visit
        self._open = bucket
        self._endpoint = endpoint
        self._waiting = waiting or Waiting()
        self._lock = threading.Lock()
        self._opened: Bucket | None = None

    @property
    def _bucket(self) -> Bucket:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def describe(self, host: str) -> EdgeState | None:
        try:
            rule = self._rule(host)
            if rule is None:
                return None
            status = self._bucket.get_certificate_status(host)
        except NotFound:
            return None
        except SitepubError as error:
            raise explained(error, host=host, action="cos:GetBucketDomain") from error
        in_force = not rule.enabled or self._visit is None or self._visit(host) != _NOT_IN_FORCE
        # a domain that never had a certificate, or has none any more, is answered "Disabled"
        certificate = status if status.lower() == "enabled" else ""
        return EdgeState(
            host=host, status=_status(rule, in_force), cname=self._endpoint,
            origin=self._endpoint if rule.type == WEBSITE else "", https=bool(certificate),
            said="not in force yet" if not in_force else "bound" if rule.enabled else "disabled",
            config={"Type": rule.type, "Status": "ENABLED" if rule.enabled else "DISABLED",
                    "Certificate": certificate})

    def _rule(self, host: str) -> DomainRule | None:
        return next((rule for rule in self._bucket.get_domains().rules if rule.name.lower() == host), None)

    def check(self, wanted: WantedDomain) -> None:
        https, certificate = wanted.host.https, wanted.certificate
        if (https is not None and https.get("switch") != "off" and certificate is not None
                and certificate.pem is None):
            raise ConfigError(Problem(
                f"{wanted.host.host}: a certificate on COS needs its private key, which the SSL service does not"
                " give for this one", wanted.host.https_position or wanted.host.position,
                "Use `certInfo` with `certificate` and `privateKey`, or `https: auto`."))

    def differences(self, wanted: WantedDomain, state: EdgeState | None) -> tuple[Leaf, ...]:
        return tuple(_differences(wanted, state))

    def create(self, wanted: WantedDomain) -> None:
        """The certificate is one of the differences afterwards: it is set when the domain is in force."""
        host = wanted.host.host
        try:
            self._bind(host)
        except CloudError as error:
            if error.code not in _NOT_PROVED:
                raise
            value = self._bucket.get_domains().verification
            if value:
                # On the registered domain: a name with a CNAME takes no other record.
                raise OwnershipWanted(TxtRecord(name=registered_domain(host), value=value)) from error
            raise CnameWanted(self._endpoint) from error

    def _bind(self, host: str) -> None:
        """What another bucket has is taken over where the CNAME record points to this one."""
        try:
            self._write(host, DomainRule(host, type=WEBSITE))
        except CloudError as error:
            if error.code != _TAKEN:
                raise
            self._write(host, DomainRule(host, type=WEBSITE, replace="CNAME"))

    def names_proof(self) -> bool:
        try:
            return bool(self._bucket.get_domains().verification)
        except NotFound:
            return False  # the bucket is not there yet

    def prove_ownership(self, host: str) -> bool:
        """Binds the domain: that is when the record is checked."""
        for replace in ("", "TXT"):
            try:
                self._write(host, DomainRule(host, type=WEBSITE, replace=replace))
            except CloudError as error:
                if error.code == _TAKEN and not replace:
                    continue
                if error.code not in _NOT_PROVED:
                    raise
                return False
            return True
        return False

    def _write(self, host: str, rule: DomainRule | None) -> None:
        """Write the rule of one host into the document, the others as they are."""
        with self._lock:
            others = [one for one in self._bucket.get_domains().rules if one.name.lower() != host]
            try:
                self._bucket.put_domains([*others, rule] if rule is not None else others)
            except SitepubError as error:
                raise explained(error, host=host, action="cos:PutBucketDomain") from error

    def _secure(self, wanted: WantedDomain) -> None:
        host, https, certificate = wanted.host.host, wanted.host.https, wanted.certificate
        try:
            if https is not None and https.get("switch") == "off":
                self._bucket.delete_certificate(host)
            elif certificate is not None and certificate.pem is not None:
                self._bucket.put_certificate(host, *certificate.pem())
        except SitepubError as error:
            raise explained(error, host=host, action="cos:PutBucketDomainCertificate") from error

    def update(self, wanted: WantedDomain, state: EdgeState) -> None:
        changed = {leaf.path for leaf in _differences(wanted, state)}
        if "DomainRule.Type" in changed:
            self._write(state.host, DomainRule(state.host, state.status is EdgeStatus.ONLINE, WEBSITE))
        if any(path.startswith("Certificate") for path in changed):
            self._secure(wanted)

    def start(self, state: EdgeState) -> None:
        self._write(state.host, DomainRule(state.host, True, str(state.config.get("Type") or WEBSITE)))

    def stop(self, state: EdgeState) -> None:
        self._write(state.host, DomainRule(state.host, False, str(state.config.get("Type") or WEBSITE)))

    def delete(self, state: EdgeState) -> None:
        try:
            if state.config.get("Certificate"):
                self._bucket.delete_certificate(state.host)
            self._write(state.host, None)
        except NotFound:
            return

    def tidy(self, host: str, zone: str) -> None:
        """Nothing is made beside a domain here."""

    def wait(self, host: str, status: EdgeStatus | None, *, report: Report,
             stop: threading.Event | None = None) -> EdgeState | None:
        return self._waiting.until(host, lambda: self.describe(host), status, report=report, stop=stop)

    # Nothing is cached

    def quota_pool(self, host: str, area: str) -> str:  # noqa: ARG002
        return ""

    def purge_quota(self, host: str, area: str) -> PurgeQuota:  # noqa: ARG002
        return PurgeQuota(0, 0)

    def purge(self, host: str, kind: PurgeKind, addresses: Sequence[str], *, area: str,  # noqa: ARG002
              flush_type: str = "flush") -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def purge_status(self, tasks: Sequence[str]) -> Mapping[str, str]:
        return dict.fromkeys(tasks, "done")

    def prefetch(self, addresses: Sequence[str], *, area: str,  # noqa: ARG002
                 user_agent: str = "") -> tuple[str, ...]:  # noqa: ARG002
        return ()


def _status(rule: DomainRule, in_force: bool) -> EdgeStatus:
    if not rule.enabled:
        return EdgeStatus.OFFLINE
    return EdgeStatus.ONLINE if in_force else EdgeStatus.PROCESSING


def _differences(wanted: WantedDomain, state: EdgeState | None) -> Iterator[Leaf]:
    config: Mapping[str, Any] = state.config if state is not None else {}
    if config.get("Type") != WEBSITE:
        yield Leaf("DomainRule.Type", config.get("Type"), WEBSITE)
    https, certificate = wanted.host.https, wanted.certificate
    if https is None:
        return
    there = str(config.get("Certificate") or "")
    if https.get("switch") == "off":
        if there:
            yield Leaf("Certificate", there, "none")
    elif certificate is not None and not (there and _same(wanted.bound, certificate)):
        yield Leaf("Certificate", there or None, certificate.id or certificate.fingerprint)


def _same(bound: CertificateInUse | None, certificate: EdgeCertificate) -> bool:
    if bound is None:
        return False
    if bound.id and certificate.id:
        return bound.id == certificate.id
    return bool(bound.fingerprint) and bound.fingerprint == certificate.fingerprint
