"""Certificates that the user brings: `certInfo.certificate` and `privateKey`, checked before anything is sent.

Each is PEM text or a path next to serverless.yml. The key is never shown, logged or stored.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sitepub.config.project import Host
from sitepub.domains.certificates.lifetime import due_from
from sitepub.domains.certificates.trust import refused_key
from sitepub.domains.host_names import covers, shown_name
from sitepub.domains.pem import Unreadable, blocks, read_pem
from sitepub.errors import ConfigError, Position, Problem
from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes



@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A checked certificate with its key, ready to be uploaded. The PEM texts are not in its repr."""

    host: str
    chain: str = field(repr=False)
    """PEM: the certificate itself, then those that issued it."""
    key: str = field(repr=False)
    """PEM, not encrypted."""
    sha1: str
    """Fingerprint of the certificate: 40 lowercase hex digits. What the SSL service names CertFingerprint."""
    sha256: str
    """Fingerprint of the certificate: 64 lowercase hex digits."""
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    """UTC."""
    issuer: str
    remarks: str = ""
    warnings: tuple[Problem, ...] = ()


def own_certificate_info(host: Host) -> Mapping[str, Any] | None:
    """`https.certInfo` of a host when it brings a certificate of its own and HTTPS is on."""
    https = host.https
    if https is None or https.get("switch") == "off":
        return None
    written = https.get("certInfo")
    return written if isinstance(written, Mapping) and written.get("certificate") else None


def check_certificate(host: Host, written: Mapping[str, Any], root: Path, *, now: datetime
                      ) -> OwnCertificate:
    """Read and check one certificate. ``root``: the folder that paths start from.

    Raises :class:`~sitepub.errors.ConfigError` with all problems found."""
    checking = _Checking(host, now)
    chain = checking.chain(_read(checking, "certificate", str(written["certificate"]), root))
    key = checking.key(_read(checking, "privateKey", str(written.get("privateKey") or ""), root))
    if chain:
        checking.leaf(chain[0])
        checking.order(chain)
        if key is not None:
            checking.match(chain, key)
    if checking.problems or not chain or key is None:
        raise ConfigError(checking.problems)
    from cryptography.hazmat.primitives import serialization as form

    leaf = chain[0]
    return OwnCertificate(
        host=host.host,
        chain="".join(each.public_bytes(form.Encoding.PEM).decode() for each in chain),
        key=key.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL,
                              form.NoEncryption()).decode(),
        sha1=hashlib.sha1(leaf.public_bytes(form.Encoding.DER), usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(leaf.public_bytes(form.Encoding.DER)).hexdigest(),
        names=names_of(leaf), not_before=leaf.not_valid_before_utc, not_after=leaf.not_valid_after_utc,
        issuer=_common_name(leaf.issuer), remarks=str(written.get("remarks") or ""),
        warnings=tuple(checking.warnings))


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names that a certificate is for. Its common name does not count: browsers ignore it."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def _read(checking: _Checking, what: str, value: str, root: Path) -> str | None:
    try:
        return read_pem(value, root)
    except Unreadable as error:
        checking.wrong(f"`{what}` {error.why}", error.hint)
        return None


class _Checking:
    """Collects what is wrong with one host's certificate."""

    def __init__(self, host: Host, now: datetime) -> None:
        self.host = host.host
        self.position: Position | None = host.https_position or host.position
        self.now = now
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def wrong(self, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(f"{shown_name(self.host)}: {message}", self.position, hint))

    def odd(self, message: str, hint: str | None = None) -> None:
        self.warnings.append(Problem(f"{shown_name(self.host)}: {message}", self.position, hint))

    def chain(self, pem: str | None) -> list[x509.Certificate]:
        from cryptography import x509

        if pem is None:
            return []
        found = []
        # Only these blocks: a file that holds the key too must not be sent as the public part.
        for number, (label, block) in enumerate(blocks(pem), 1):
            if label not in ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"):
                continue
            try:
                found.append(x509.load_pem_x509_certificate(block.encode()))
            except ValueError:
                self.wrong(f"block {number} of `certificate` is damaged: it cannot be read as a certificate",
                           "Copy the file again as it came from the issuer.")
                return []
        if not found:
            self.wrong("`certificate` holds no certificate", "It needs a block that begins with"
                       " -----BEGIN CERTIFICATE-----; a PKCS#12 or DER file is converted with openssl.")
        return found

    def key(self, pem: str | None) -> PrivateKeyTypes | None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if pem is None:
            return None
        block = next((text for label, text in blocks(pem) if label.endswith("PRIVATE KEY")), None)
        if block is None:
            self.wrong("`privateKey` holds no private key",
                       "It needs a block that begins with -----BEGIN PRIVATE KEY-----.")
            return None
        if "ENCRYPTED" in block:
            self.wrong("`privateKey` is encrypted with a password, which the edge does not have",
                       "Decrypt it: openssl pkey -in encrypted.pem -out plain.pem")
            return None
        try:
            key = load_pem_private_key(block.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            self.wrong("`privateKey` is damaged: it cannot be read as a key")
            return None
        self._kind(key.public_key(), "`privateKey`")
        return key

    def _kind(self, key: PublicKeyTypes, what: str) -> None:
        problem = refused_key(key)
        if problem:
            self.wrong(f"{what} {problem}")

    def leaf(self, leaf: x509.Certificate) -> None:
        """The certificate itself: whose, when, what for."""
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID

        names = names_of(leaf)
        if not names:
            self.wrong("the certificate names no host (SubjectAltName is missing); browsers refuse it",
                       "Have it issued again, with the host as SubjectAltName.")
        elif not covers(names, self.host):
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            self.wrong(f"the certificate does not cover this host: it is for {shown}",
                       "A wildcard stands for one label: *.example.com covers a.example.com only.")
        self._dates(leaf, "the certificate")
        left = leaf.not_valid_after_utc - self.now
        if left > timedelta(0) and self.now >= due_from(leaf.not_valid_before_utc, leaf.not_valid_after_utc):
            self.odd(f"the certificate is valid for {counted(left.days, 'more day')} only"
                     f" (until {leaf.not_valid_after_utc:%Y-%m-%d})", "Have it renewed by its issuer.")
        try:
            uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            return
        if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses):
            self.wrong("the certificate is not for web servers (its extended key usage has no serverAuth)")

    def _dates(self, certificate: x509.Certificate, what: str) -> None:
        if certificate.not_valid_after_utc <= self.now:
            self.wrong(f"{what} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
                       "Put a valid one in its place.")
        elif certificate.not_valid_before_utc > self.now:
            self.wrong(f"{what} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
                       "Wait until then, or check this computer's clock.")

    def order(self, chain: Sequence[x509.Certificate]) -> None:
        """Each certificate is issued by the next one."""
        for number, (one, issuer) in enumerate(itertools.pairwise(chain), 1):
            if not _issued(one, issuer):
                self.wrong(f"the chain is not in order: certificate {number} ({_common_name(one.subject)}) was"
                           f" not issued by certificate {number + 1} ({_common_name(issuer.subject)})",
                           "First the certificate of the host, then the one that issued it, and so on; the"
                           " root may be left out.")
                return
            self._dates(issuer, f"certificate {number + 1} of the chain ({_common_name(issuer.subject)})")
        if len(chain) > 1:
            return
        if chain[0].issuer == chain[0].subject:
            self.odd("the certificate is signed by itself: no browser trusts it")
        else:
            self.odd("the certificate comes without its chain; some visitors' programs will refuse it",
                     "Append the certificates of the issuer (often called fullchain).")

    def match(self, chain: Sequence[x509.Certificate], key: PrivateKeyTypes) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        def public(of: PublicKeyTypes) -> bytes:
            return of.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

        wanted = public(key.public_key())
        matching = [number for number, each in enumerate(chain) if public(each.public_key()) == wanted]
        if 0 in matching:
            return
        if matching:
            self.wrong(f"the key belongs to certificate {matching[0] + 1} of the chain, not to the first",
                       "Put the certificate of the host first.")
        else:
            self.wrong("the certificate and the private key do not belong together",
                       "Take both from the same order.")


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def issuer_of(pem: str) -> str:
    """Who signed a certificate, in words; "" when the text is none."""
    from cryptography import x509

    try:
        return _common_name(x509.load_pem_x509_certificate(pem.encode()).issuer)
    except ValueError:
        return ""


def _common_name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return str(attribute.value)
    return name.rfc4514_string() or "no name"
