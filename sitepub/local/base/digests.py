"""Digests that a client sends with a body."""

from __future__ import annotations

import base64
import binascii

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request


def expected_md5(request: Request) -> str | None:
    """Content-MD5 as 32 hex digits. Raises ServiceError InvalidDigest."""
    header = request.headers.get("Content-MD5")
    if not header:
        return None
    try:
        digest = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        raise ServiceError("InvalidDigest") from None
    if len(digest) != 16:
        raise ServiceError("InvalidDigest")
    return digest.hex()
