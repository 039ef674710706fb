"""The certificate authority of the embedded cloud: a root, an authority that it signed, and leaves from that.

The root's certificate is the file that `cloud.json` names as `ca`; a client that trusts
it trusts every certificate that the SSL service issues. All keys stay in the data folder, readable by its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sitepub.local.base.damage import DamagedError, opening

DAYS = 90
"""Validity of a free certificate (SSL 400/8422)."""
_YEARS = 10

_CURVES: dict[str, ec.EllipticCurve] = {
    "prime256v1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1(),
}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class CertificateAuthority:
    """Root and intermediate of one data folder; made when missing."""

    def __init__(self, folder: Path) -> None:
        self.root_file = folder / "ca.pem"
        self._folder = folder
        self._root, root_key = self._load_or_make("ca", "Embedded Cloud Root CA", None)
        self._issuer, self._issuer_key = self._load_or_make(
            "ca-issuing", "Embedded Cloud DV CA", (self._root, root_key)
        )

    def issue(self, names: Sequence[str], key_pem: str, now: float) -> str:
        """A certificate for these names, the first one its common name; PEM, then the authority's own."""
        key = serialization.load_pem_private_key(key_pem.encode(), None)
        assert isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey))
        begin = datetime.fromtimestamp(int(now), UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(names[0]))
            .issuer_name(self._issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=DAYS))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(_usage(signs=False), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(_authority(self._issuer), False)
        )
        certificate = builder.sign(self._issuer_key, hashes.SHA256())
        return pem(certificate) + pem(self._issuer)

    def _load_or_make(
        self, name: str, title: str, signer: tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes] | None
    ) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
        certificate_file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        try:
            with opening(key_file):
                key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            with opening(certificate_file):
                certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except FileNotFoundError:
            pass
        else:
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise DamagedError(key_file, "it holds a key of another kind")
            return certificate, key
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _authority_certificate(title, key, signer)
        # the key first: a certificate without its key would never be replaced
        _write(key_file, key_text(key).encode(), 0o600)
        _write(certificate_file, pem(certificate).encode(), 0o600)
        return certificate, key


def new_key(algorithm: str, parameter: str) -> str:
    """A private key in PEM. `algorithm` RSA or ECC; `parameter` bits or curve (SSL API 400/41672)."""
    if algorithm == "ECC":
        return key_text(ec.generate_private_key(_CURVES.get(parameter) or ec.SECP256R1()))
    return key_text(rsa.generate_private_key(65537, int(parameter or 2048)))


def key_text(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _authority_certificate(
    title: str, key: ec.EllipticCurvePrivateKey,
    signer: tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes] | None,
) -> x509.Certificate:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(title))
        .issuer_name(signer[0].subject if signer else _name(title))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if signer else 1), True)
        .add_extension(_usage(signs=True), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if signer:
        builder = builder.add_extension(_authority(signer[0]), False)
    return builder.sign(signer[1] if signer else key, hashes.SHA256())


def _authority(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=not signs,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    # a common name ends at 64 characters (RFC 5280); what counts are the alternative names
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _write(file: Path, content: bytes, mode: int) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(file)
