"""The certificate that visitors of a host get, seen by asking for it: a TLS handshake with the host's name."""

from __future__ import annotations

import hashlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from sitepub.tencent.cloud import Embedded

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    fingerprint: str
    """SHA-256 of the certificate (DER), hex."""
    not_after: str
    """UTC, ISO 8601."""
    issuer: str
    covers: bool
    """It is for this host."""
    not_before: str = ""
    """UTC, ISO 8601."""


def served_certificate(host: str, target: str, embedded: Embedded | None = None) -> Served | None:
    """What ``target`` (the edge's own name, so that DNS may still point elsewhere) shows for ``host``. Nothing
    is trusted here, so that a wrong certificate can be described. ``None``: there is no TLS to be had."""
    address = (embedded.host, embedded.edge_https) if embedded is not None else (target, 443)
    if not address[1]:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (socket.create_connection(address, timeout=_TIMEOUT) as plain,
              context.wrap_socket(plain, server_hostname=host) as wrapped):
            found = wrapped.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None
    return _described(host, found) if found else None


def _described(host: str, der: bytes) -> Served:
    from cryptography import x509

    from sitepub.domains.host_names import covers

    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = names.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        listed = []
    return Served(hashlib.sha256(der).hexdigest(), _text(certificate.not_valid_after_utc),
                  certificate.issuer.rfc4514_string(), covers(listed, host), _text(certificate.not_valid_before_utc))


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")
