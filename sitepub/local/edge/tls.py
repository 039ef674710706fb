"""TLS of the edge: chooses the certificate by the host name in the handshake (SNI)."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from weakref import WeakKeyDictionary

from sitepub.local.edge.domains import EdgeDomain
from sitepub.local.services.certificate_authority import CertificateAuthority, new_key

MOST_CONTEXTS = 512
_DEFAULT = "localhost"


class EdgeTls:
    """The contexts of all hosts. A new certificate, or HTTP/2 turned on, counts from the next handshake."""

    def __init__(self, data: Path, find: Callable[[str], EdgeDomain | None]) -> None:
        self._data = data
        self._find = find
        self._contexts: dict[tuple[str, str, bool], ssl.SSLContext] = {}
        self._names: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self.context = self._made(*self._own(_DEFAULT), http2=False)
        """What a listener is given: it picks the host's own during the handshake."""
        self.context.sni_callback = self._choose

    @cached_property
    def _authority(self) -> CertificateAuthority:
        return CertificateAuthority(self._data)

    @cached_property
    def _own_key(self) -> str:
        return new_key("ECC", "prime256v1")

    def _choose(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        name = (name or "").lower().rstrip(".")
        self._names[connection] = name
        try:
            context = self._context_of(name)
        except (ssl.SSLError, ValueError, OSError):
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        if context is not None:
            connection.context = context
        return None

    def refuses(self, connection: ssl.SSLObject) -> bool:
        """Whether the host that a handshake asked for does not speak the version that was agreed on.

        Asked after the handshake, because the version is chosen before the host is known."""
        name = self._names.get(connection, "")
        domain = self._find(name.removesuffix(".localhost"))
        return domain is not None and domain.https and connection.version() not in domain.tls_versions

    def _context_of(self, name: str) -> ssl.SSLContext | None:
        """None for a name that is not served: the edge's own certificate is used, and a browser warns of it."""
        local = name.endswith(".localhost")
        domain = self._find(name.removesuffix(".localhost"))
        if domain is None or not domain.served or not domain.https:
            return None
        if local:
            # no certificate of the host covers this name: one of the embedded cloud's own
            key = (name, "", domain.http2)
            return self._contexts.get(key) or self._keep(key, self._made(*self._own(name), http2=domain.http2))
        key = (domain.certificate, domain.private_key, domain.http2)
        return self._contexts.get(key) or self._keep(
            key, self._made(domain.certificate, domain.private_key, http2=domain.http2))

    def _keep(self, key: tuple[str, str, bool], context: ssl.SSLContext) -> ssl.SSLContext:
        if len(self._contexts) >= MOST_CONTEXTS:
            self._contexts.clear()
        self._contexts[key] = context
        return context

    def _own(self, name: str) -> tuple[str, str]:
        return self._authority.issue([name], self._own_key, time.time() - 3600), self._own_key

    def _made(self, certificate: str, key: str, *, http2: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # TLS 1.0 and 1.1 are not offered: the systems' own libraries refuse them (RFC 8996)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
        # the library reads files only; this folder is the owner's alone, and gone at once
        with tempfile.TemporaryDirectory(dir=self._data, prefix="tls-") as folder:
            file = Path(folder) / "pair.pem"
            file.write_text(f"{key.rstrip()}\n{certificate}", encoding="ascii")
            context.load_cert_chain(file)
        return context
