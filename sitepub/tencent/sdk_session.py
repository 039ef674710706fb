"""What the official SDKs need from us to behave: certificates, proxies, silence, the right time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sitepub.tencent.clock import Clock
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.embedded_proof import check
from sitepub.tencent.fence import Fence
from sitepub.tencent.signature import Signer, is_signed

if TYPE_CHECKING:
    import requests
    from urllib3.connectionpool import HTTPConnectionPool


def quiet(*names: str) -> None:
    """Keep an SDK's log to itself: it holds request headers, and an unconfigured logger writes to stderr."""
    for name in names:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.propagate = False


class OnTime:
    """Signs an SDK's COS requests again with the server's time, once it is known to differ from ours, and only until
    the end of the run's lease where they change something."""

    def __init__(self, credentials: Credentials, clock: Clock, fence: Fence) -> None:
        self._signer = Signer(credentials)
        self._clock = clock
        self._fence = fence

    def before(self, request: requests.PreparedRequest) -> None:
        window = self._fence.window() if request.method not in ("GET", "HEAD") else None
        if not self._clock.offset and window is None:
            return
        url = urlsplit(str(request.url))
        headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.hostname or "")
        request.headers["Authorization"] = self._signer.authorization(
            request.method or "GET", url.path or "/", dict(parse_qsl(url.query, keep_blank_values=True)),
            [(name, value) for name, value in headers.items() if is_signed(name)],
            *(window or (self._clock.now(),)))

    def after(self, answer: requests.Response) -> None:
        if answer.status_code == 403:
            self._clock.learn(answer.headers.get("Date"))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def equip(made: requests.Session, *, direct: bool, secret: str = "", on_time: OnTime | None = None) -> requests.Session:
    """Give a session the certificates and proxies that uploads use. ``direct``: no proxy (embedded cloud);
    ``secret``: the embedded cloud has to prove that it knows it."""
    from requests.adapters import HTTPAdapter

    from sitepub.tencent.tls import ca_bundle, tls_context

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
            kwargs.update(certificates)
            super().init_poolmanager(*args, **kwargs)
            if secret:
                self.poolmanager.pool_classes_by_scheme = {"http": _proving(secret)}

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


def session(*, direct: bool, secret: str = "", on_time: OnTime | None = None) -> requests.Session:
    import requests

    return equip(requests.Session(), direct=direct, secret=secret, on_time=on_time)


def _proving(secret: str) -> type[HTTPConnectionPool]:
    """Connections over which the embedded cloud proves that it knows its secret before anything is sent."""
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    class Proving(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            try:
                check(self.sock, self.port, secret)
            except BaseException:
                self.close()
                raise

    class Pool(HTTPConnectionPool):
        ConnectionCls = Proving

    return Pool
