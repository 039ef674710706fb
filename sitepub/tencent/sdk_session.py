"""What the official SDKs need from us to behave: certificates, proxies, silence, the right time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


def quiet(*names: str) -> None:
    """Keep an SDK's log to itself: it holds request headers, and an unconfigured logger writes to stderr."""
    for name in names:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def session(*, direct: bool, keep: int = 4) -> requests.Session:
    """A session that trusts what uploads trust. ``direct``: no proxy (the embedded cloud)."""
    import requests

    made = requests.Session()
    equip(made, direct=direct, keep=keep)
    return made


def equip(made: requests.Session, *, direct: bool, keep: int = 4) -> None:
    """Give a session our certificates and proxy rules."""
    from requests.adapters import HTTPAdapter

    if direct:
        made.trust_env = False
        return
    from sitepub.tencent.tls import ca_bundle, tls_context

    if (bundle := ca_bundle()) is not None:
        made.verify = str(bundle)
        return
    context = tls_context()

    class SystemCertificates(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
            return super().init_poolmanager(*args, **kwargs, ssl_context=context)  # type: ignore[no-untyped-call]

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            return super().proxy_manager_for(*args, **kwargs, ssl_context=context)  # type: ignore[no-untyped-call]

    made.mount("https://", SystemCertificates(pool_connections=keep, pool_maxsize=keep))
