"""The certificates that we trust: the system's CA certificates, or those that the environment names.

One rule for uploads, settings and the cloud API, whose SDKs would each have one of their own: the first of
SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_DIR that is set, alone. Without any: the system's.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from sitepub.errors import UsageError

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def ca_bundle(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file or folder of CA certificates that the environment names.

    Raises :class:`~sitepub.errors.UsageError` when it does not exist.
    """
    env = os.environ if environ is None else environ
    places = ca_places(env)
    return places[0] if places else None


def ca_places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """All of them: SSL_CERT_DIR may name several folders, as OpenSSL reads it; those that exist count.

    Raises :class:`~sitepub.errors.UsageError` when none exists.
    """
    for name in (*CA_VARIABLES, "SSL_CERT_DIR"):
        if value := environ.get(name):
            named = value.split(os.pathsep) if name == "SSL_CERT_DIR" else [value]
            found = tuple(Path(one) for one in named if one and Path(one).exists())
            if not found:
                raise UsageError(f"{name} names {value}, which does not exist.",
                                 hint=f"Correct {name} or unset it to use the system's certificates.")
            return found
    return ()


def tls_context(environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """A context that verifies servers, with the system's certificates unless the environment says else."""
    places = ca_places(os.environ if environ is None else environ)
    if places:
        # An explicit place, or create_default_context() would add the system's.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            for place in places:
                if place.is_dir():
                    context.load_verify_locations(capath=str(place))
                else:
                    context.load_verify_locations(cafile=str(place))
            return context
        except (ssl.SSLError, OSError) as error:
            raise UsageError(f"{place} holds no usable CA certificates: {error}.",
                             hint="It has to be a PEM file.") from error
    try:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ImportError:
        return ssl.create_default_context()
