"""The certificate of the authority that signs visitors' own certificates, as the CDN has it: PEM in Base64 (ClientCert,
228/30987). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sitepub.domains.pem import blocks

if TYPE_CHECKING:
    from cryptography import x509

_CHINA = timedelta(hours=8)


def encoded(text: str) -> str:
    """Certificates in PEM, or that in Base64, as the CDN takes them; what is none of it stays as it is."""
    found = [block for label, block in blocks(decoded(text)) if label == "CERTIFICATE"]
    return base64.b64encode("".join(found).encode()).decode() if found else text


def decoded(text: str) -> str:
    """PEM out of Base64; other text as it is."""
    if "-----BEGIN" in text:
        return text
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return text


def described(value: object) -> object:
    """A certificate as the CDN has it, in words; anything else as it is."""
    certificates = certificates_of(decoded(value)) if isinstance(value, str) else []
    if not certificates:
        return value
    first = certificates[0]
    more = f" and {len(certificates) - 1} more" if len(certificates) > 1 else ""
    from cryptography.hazmat.primitives.serialization import Encoding

    digest = hashlib.sha256(first.public_bytes(Encoding.DER)).hexdigest()
    return (f"{first.subject.rfc4514_string() or 'no name'}{more}, until {first.not_valid_after_utc:%Y-%m-%d},"
            f" SHA-256 {digest[:16]}…")


def until(value: str) -> str:
    """When the first certificate ends, as the CDN writes times (GMT+8)."""
    certificates = certificates_of(decoded(value))
    return f"{certificates[0].not_valid_after_utc + _CHINA:%Y-%m-%d %H:%M:%S}" if certificates else ""


def certificates_of(pem: str) -> list[x509.Certificate]:
    """Empty where one cannot be read."""
    from cryptography import x509

    try:
        return [x509.load_pem_x509_certificate(block.encode()) for label, block in blocks(pem)
                if label == "CERTIFICATE"]
    except ValueError:
        return []


def known(config: Mapping[str, Any], ours: str) -> bool:
    """Whether a domain whose answer does not show its certificate has ours, by when it ends. ``config``: what
    DescribeDomainsConfig answered."""
    shown = (config.get("Https") or {}).get("ClientCertInfo") or {}
    return bool(ours) and not shown.get("Certificate") and shown.get("ExpireTime") == until(ours)
