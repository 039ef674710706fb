"""Parses certificates and keys that clients send, as strictly as the services are documented."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
LONGEST = 1024 * 1024


class CertificateProblem(Exception):
    """`kind`: `pem`, `parse`, `chain`, `key`, `match`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    names: tuple[str, ...]
    """DNS names, lower case; the first one is the certificate's name."""
    begin: float
    end: float
    """Unix seconds."""
    fingerprint: str
    """SHA-1, hex."""
    algorithm: str
    """`RSA 2048`, `ECC 256`."""
    issuer: str
    is_authority: bool
    chain_pem: str = field(repr=False)
    """As it is written out again, without what was around the blocks."""


def read_certificate(text: str) -> ReadCertificate:
    """The first certificate of a PEM chain. Raises CertificateProblem."""
    blocks = _BLOCK.findall(text) if len(text) <= LONGEST else []
    if not blocks:
        raise CertificateProblem("pem", "The certificate is not in PEM format.")
    try:
        chain = [x509.load_pem_x509_certificate(block.encode()) for block in blocks]
        first = chain[0]
        names = _names(first)
        constraints = _constraints(first)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CertificateProblem("parse", f"The certificate cannot be parsed: {error}") from error
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise CertificateProblem(
                "chain", "The certificates are not in order: each must be issued by the next."
            ) from error
    return ReadCertificate(
        names, first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp(),
        first.fingerprint(hashes.SHA1()).hex(), _algorithm(first), _common_name(first.issuer),
        constraints is not None and constraints.ca,
        "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in chain),
    )


@dataclass(frozen=True, slots=True)
class ReadAuthority:
    name: str
    end: float
    """Unix seconds."""


def read_authority(text: str) -> ReadAuthority:
    """Of authorities in PEM, in Base64 (CDN API, ClientCert), the first. Raises CertificateProblem."""
    try:
        pem = base64.b64decode(text, validate=True).decode("ascii") if len(text) <= 2 * LONGEST else ""
    except ValueError as error:  # binascii.Error and UnicodeDecodeError are such
        raise CertificateProblem("pem", "The client certificate is not PEM in Base64.") from error
    blocks = _BLOCK.findall(pem)
    if not blocks:
        raise CertificateProblem("pem", "The client certificate is not PEM in Base64.")
    try:
        first, *_ = [x509.load_pem_x509_certificate(block.encode()) for block in blocks]
    except ValueError as error:
        raise CertificateProblem("parse", f"The client certificate cannot be parsed: {error}") from error
    return ReadAuthority(_common_name(first.subject), first.not_valid_after_utc.timestamp())


def check_key(chain_pem: str, key_pem: str) -> None:
    """Whether the key is that of the chain's first certificate. Raises CertificateProblem."""
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise CertificateProblem("key", "The private key cannot be parsed.") from error
    public = x509.load_pem_x509_certificate(chain_pem.encode()).public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != public.public_bytes(*form):
        raise CertificateProblem("match", "The private key is not that of the certificate.")


def covers(names: Iterable[str], host: str) -> bool:
    """Whether a certificate with these names covers a host; `*` matches one label (RFC 6125)."""
    rest = host.partition(".")[2]
    return any(name == host or (name.startswith("*.") and name[2:] == rest) for name in names)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    common = _common_name(certificate.subject)
    ordered = [common, *names] if common in names else [*names, common]
    return tuple(dict.fromkeys(name.lower() for name in ordered if name))


def _constraints(certificate: x509.Certificate) -> x509.BasicConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def _common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else ""


def _algorithm(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECC {key.key_size}"
    return type(key).__name__
