"""Which certificates browsers trust: those whose chain ends at a root that Mozilla's browsers trust.

The list is **certifi**'s, and not the computer's own: there a company may have added its root, which visitors of a
website do not have. The rules for a chain are those of **cryptography** (RFC 5280 and the CA/Browser Forum's).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.domains.host_names import below_wildcard
from sitepub.domains.pem import blocks

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_LEAST_RSA = 2048
_CURVES = frozenset({"secp256r1", "secp384r1"})
_LOADING = threading.Lock()


class BrowserTrust:
    """Safe for many threads."""

    def __init__(self, more_roots: str = "") -> None:
        """``more_roots``: path of a PEM file with roots beside the public ones (the embedded cloud's own)."""
        self._more_roots = more_roots

    def trusts(self, chain: str, host: str, now: datetime) -> bool:
        """Whether a browser accepts this chain (PEM, the host's certificate first) for the host. The authorities
        between it and the root have to be in the text: not every visitor's program looks for them elsewhere."""
        from cryptography import x509
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

        try:
            leaf, *others = [x509.load_pem_x509_certificate(block.encode())
                             for label, block in blocks(chain) if label == "CERTIFICATE"]
            rules = PolicyBuilder().store(Store(list(self._roots()))).time(now)
            rules.build_server_verifier(x509.DNSName(below_wildcard(host))).verify(leaf, others)
        except (ValueError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType, x509.DuplicateExtension,
                VerificationError):
            return False
        return not refused_key(leaf.public_key())

    def _roots(self) -> Sequence[x509.Certificate]:
        import certifi

        more = _certificates(self._more_roots) if self._more_roots else ()
        return (*_certificates(certifi.where()), *more)


def refused_key(key: PublicKeyTypes) -> str:
    """Why browsers refuse a certificate with this key; "" when they take it."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size >= _LEAST_RSA else (
            f"is an RSA key of {key.key_size} bits; browsers demand {_LEAST_RSA}")
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.curve.name in _CURVES else (
            f"is on the curve {key.curve.name}; browsers take P-256 and P-384")
    return "is neither an RSA nor an EC key: browsers take no other"


@cache
def _certificates(path: str) -> Sequence[x509.Certificate]:
    import warnings

    from cryptography import x509

    found = []
    # Some public roots have the serial number 0, which is said of each as a warning.
    with _LOADING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _label, block in blocks(Path(path).read_text("utf-8")):
            try:
                found.append(x509.load_pem_x509_certificate(block.encode()))
            except ValueError:
                continue
    return tuple(found)
