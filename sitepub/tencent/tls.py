"""Whom we trust: the system's CA certificates, or the file that the environment names."""

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
    for name in (*CA_VARIABLES, "SSL_CERT_DIR"):
        if value := env.get(name):
            path = Path(value)
            if not path.exists():
                raise UsageError(f"{name} names {value}, which does not exist.",
                                 hint=f"Correct {name} or unset it to use the system's certificates.")
            return path
    return None


def tls_context(environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """A context that verifies servers, with the system's certificates unless the environment says else."""
    bundle = ca_bundle(environ)
    if bundle is not None:
        try:
            if bundle.is_dir():
                return ssl.create_default_context(capath=str(bundle))
            return ssl.create_default_context(cafile=str(bundle))
        except (ssl.SSLError, OSError) as error:
            raise UsageError(f"{bundle} holds no usable CA certificates: {error}.",
                             hint="It has to be a PEM file.") from error
    try:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ImportError:
        return ssl.create_default_context()
