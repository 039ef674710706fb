"""What the official SDKs need from us to behave: certificates, proxies, silence, the right time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sitepub.tencent.clock import Clock
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.signature import Signer, is_signed

if TYPE_CHECKING:
    import requests


def quiet(*names: str) -> None:
    """Keep an SDK's log to itself: it holds request headers, and an unconfigured logger writes to stderr."""
    for name in names:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.propagate = False


class OnTime:
    """Signs an SDK's COS requests again with the server's time, once it is known to differ from ours."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._signer = Signer(credentials)
        self._clock = clock

    def before(self, request: requests.PreparedRequest) -> None:
        if not self._clock.offset:
            return
        url = urlsplit(str(request.url))
        headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.hostname or "")
        request.headers["Authorization"] = self._signer.authorization(
            request.method or "GET", url.path or "/", dict(parse_qsl(url.query, keep_blank_values=True)),
            [(name, value) for name, value in headers.items() if is_signed(name)], self._clock.now())

    def after(self, answer: requests.Response) -> None:
        if answer.status_code == 403:
            self._clock.learn(answer.headers.get("Date"))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def equip(made: requests.Session, *, direct: bool, on_time: OnTime | None = None) -> requests.Session:
    """Give a session the certificates and proxies that uploads use. ``direct``: no proxy (embedded cloud)."""
    from requests.adapters import HTTPAdapter

    from sitepub.tencent.tls import ca_bundle, tls_context

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
            kwargs.update(certificates)
            return super().init_poolmanager(*args, **kwargs)

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            kwargs.update(certificates)
            return super().proxy_manager_for(*args, **kwargs)

        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            if on_time is None:
                return super().send(request, *args, **kwargs)
            on_time.before(request)
            answer = super().send(request, *args, **kwargs)
            on_time.after(answer)
            return answer

    certificates: dict[str, Any] = {}
    if direct:
        made.trust_env = False
    elif (bundle := ca_bundle()) is not None:
        made.verify = str(bundle)
    else:
        certificates = {"ssl_context": tls_context()}
    made.mount("https://", Adapter())
    made.mount("http://", Adapter())
    return made


def session(*, direct: bool, on_time: OnTime | None = None) -> requests.Session:
    import requests

    return equip(requests.Session(), direct=direct, on_time=on_time)
