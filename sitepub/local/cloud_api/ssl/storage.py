"""Stores uploaded certificates."""

from __future__ import annotations

import secrets
import string

from sitepub.local.cloud_api.actions import Call
from sitepub.local.services.certificate_reading import ReadCertificate
from sitepub.local.services.certificates import ISSUED, Certificate
from sitepub.local.services.services import Services


def new_id(services: Services) -> str:
    """A new certificate id: eight random letters and digits."""
    while True:
        found = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
        if services.certificates.get(found) is None:
            return found


def store_upload(
    call: Call, read: ReadCertificate, key_pem: str, *, alias: str = "", kind: str = "SVR",
    project: int = 0, tags: tuple[tuple[str, str], ...] = (),
) -> Certificate:
    """Store a certificate that was read and checked; its status is that of an issued one."""
    services = call.services
    certificate = Certificate(
        new_id(services), call.owner, read.names[0] if read.names else "", read.names, alias, "upload", kind,
        ISSUED, call.time, read.begin, read.end, read.chain_pem, key_pem, read.fingerprint, read.algorithm,
        project, tags,
    )
    services.certificates.put(certificate.id, certificate)
    return certificate
