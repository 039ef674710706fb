"""`https.clientCertInfo`: the certificate of the authority that signs visitors' own certificates, read and checked.

It is taken as PEM, as that in Base64, or from a file. A certificate is public: one that comes with its private key is
refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sitepub.config.project import Host
from sitepub.domains.edges.client_certificate import certificates_of, decoded, encoded
from sitepub.domains.host_names import shown_name
from sitepub.domains.pem import Unreadable, blocks, read_pem
from sitepub.errors import ConfigError, Problem

_KEY = "clientCertInfo"


def with_client_certificate(host: Host, root: Path) -> Host:
    """The host with the certificate itself in place of a path. One that cannot be used stays as it is written:
    :func:`check_client_certificate` says why when the host is to be set up."""
    written = _written(host)
    if written is None:
        return host
    try:
        info = {"certificate": _checked(host, written, root)}
    except ConfigError:
        return host
    return replace(host, https={**(host.https or {}), _KEY: info})


def check_client_certificate(host: Host, root: Path, *, now: datetime | None = None) -> None:
    """Raises :class:`~sitepub.errors.ConfigError`."""
    written = _written(host)
    if written is not None:
        _checked(host, written, root, now=now)


def _written(host: Host) -> str | None:
    https = host.https
    info = https.get(_KEY) if https is not None and https.get("switch") != "off" else None
    return str(info["certificate"]) if isinstance(info, Mapping) and info.get("certificate") else None


def _checked(host: Host, written: str, root: Path, *, now: datetime | None = None) -> str:
    def wrong(message: str, hint: str | None = None) -> ConfigError:
        return ConfigError(Problem(f"{shown_name(host.host)}: `{_KEY}.certificate` {message}",
                                   host.https_position or host.position, hint))

    pem = decoded(written)
    if pem is written or "-----BEGIN" not in pem:
        try:
            pem = read_pem(written, root)
        except Unreadable as error:
            raise wrong(error.why, error.hint) from None
    if any(label.endswith("PRIVATE KEY") for label, _ in blocks(pem)):
        raise wrong("holds a private key, which the CDN must not have",
                    "Leave the certificate alone: openssl x509 -in both.pem -out authority.pem")
    certificates = certificates_of(pem)
    if not certificates:
        raise wrong("holds no certificate that can be read", "PEM begins with a line -----BEGIN CERTIFICATE-----.")
    for one in certificates:
        if one.not_valid_after_utc <= (now or datetime.now(UTC)):
            raise wrong(f"expired on {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC", "Put a valid one in its place.")
    return encoded(pem)
