"""The documents `?domain` and `?domaincertificate` of a bucket (COS API 436/35868, 436/35869)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sitepub.local.base import xml
from sitepub.local.base.documents import check, choice, invalid, malformed, optional, read, text
from sitepub.local.base.errors import ServiceError
from sitepub.local.services.custom_domains import CustomDomain
from sitepub.local.services.zones import normal

RULES = 20
TYPES = ("REST", "WEBSITE", "ACCELERATE")
_NAME = re.compile(r"(?=.{4,253}\Z)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")


@dataclass(frozen=True, slots=True)
class DomainRule:
    host: str
    enabled: bool
    type: str
    replacement: str
    """`CNAME`, `TXT` or empty: how a domain that is bound elsewhere is proved to be the caller's."""
    written: str = ""
    """The host as it was sent: capitals are kept (seen in the tests of the service's Node SDK)."""


@dataclass(frozen=True, slots=True)
class DomainCertificate:
    hosts: tuple[str, ...]
    chain: str = field(repr=False)
    key: str = field(repr=False)


def parse_domains(body: bytes) -> tuple[DomainRule, ...]:
    """Raises ServiceError MalformedXML, InvalidArgument, DomainConfigConflict."""
    root = read(body, "DomainConfiguration")
    check(root, (), repeated=("DomainRule",))
    rules = []
    for element in root:
        check(element, ("Status", "Name", "Type", "ForcedReplacement"))
        status = choice(element, "Status", ("ENABLED", "DISABLED"))
        kind = choice(element, "Type", TYPES)
        written = text(element, "Name") or ""
        host = normal(written)
        if status is None or kind is None or not host:
            raise malformed("A DomainRule needs a Status, a Name and a Type.")
        if not _NAME.match(host) or host.endswith((".myqcloud.com", ".tencentcos.cn")):
            raise invalid(f"{host!r} cannot be a custom domain.")
        replacement = choice(element, "ForcedReplacement", ("CNAME", "TXT")) or ""
        rules.append(DomainRule(host, status == "ENABLED", kind, replacement, written))
    if not rules:
        raise malformed("DomainConfiguration needs at least one DomainRule.")
    if len(rules) > RULES:
        raise invalid(f"A bucket can have {RULES} custom domains, not {len(rules)}.")
    if len({rule.host for rule in rules}) < len(rules):
        # the code is documented, when it occurs is not
        raise ServiceError("DomainConfigConflict")
    return tuple(rules)


def render_domains(domains: Iterable[CustomDomain]) -> str:
    return xml.document("DomainConfiguration", [
        xml.element("DomainRule", [
            xml.element("Status", "ENABLED" if domain.enabled else "DISABLED"),
            xml.element("Name", domain.written or domain.host), xml.element("Type", domain.type),
            optional("ForcedReplacement", domain.replacement or None),
        ])
        for domain in domains
    ])


def parse_certificate(body: bytes) -> DomainCertificate:
    """Raises ServiceError MalformedXML, InvalidArgument. A CertId is refused: users report that it is not
    taken, though it is documented."""
    root = read(body, "DomainCertificate", limit=512 * 1024)
    check(root, ("CertificateInfo",), repeated=("DomainList",))
    info = root.find("CertificateInfo")
    if info is None:
        raise malformed("DomainCertificate needs a CertificateInfo.")
    check(info, ("CertType", "CertId", "CustomCert"))
    if choice(info, "CertType", ("CustomCert",)) is None:
        raise malformed("CertificateInfo needs a CertType.")
    custom = info.find("CustomCert")
    if custom is None:
        raise invalid("CertificateInfo needs a CustomCert with Cert and PrivateKey.")
    check(custom, ("Cert", "PrivateKey"))
    chain, key = text(custom, "Cert"), text(custom, "PrivateKey")
    hosts = []
    for listing in root.iterfind("DomainList"):
        check(listing, (), repeated=("DomainName",))
        hosts += [normal(element.text or "") for element in listing]
    if not chain or not key or not hosts or not all(hosts):
        raise malformed("DomainCertificate needs Cert, PrivateKey and at least one DomainName.")
    return DomainCertificate(tuple(hosts), chain + "\n", key + "\n")


def render_certificate(present: bool) -> str:
    return xml.document("DomainCertificate", [xml.element("Status", "Enabled" if present else "Disabled")])
