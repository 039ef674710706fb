"""Proxies and certificates, with a real proxy and a real TLS server."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sitepub.errors import NetworkError, UsageError
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network.proxy import Proxy, parse_proxy, proxy_for
from sitepub.tencent.network.retry import Backoff
from sitepub.tencent.network.tls import CA_VARIABLES, tls_context
from tests.tencent.scripted_server import Raw, Received, answer, read_request, served, stored
from tests.tencent.tls_certificate import self_signed_for

BUCKET = "site-1250000000"
CLOUD = Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou")
HOST = CLOUD.bucket_host(BUCKET)
QUICK = Backoff(attempts=2, base=0.001, cap=0.002)


@pytest.fixture(autouse=True)
def no_certificates_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CA_VARIABLES, "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for the bucket's host and the cloud API, with its key."""
    return self_signed_for(tmp_path_factory.mktemp("tls") / "certificate.pem", [HOST, "*.tencentcloudapi.com"])


@dataclass
class ConnectProxy:
    """A proxy that tunnels every CONNECT to a TLS server of its own, whatever host is asked for."""

    certificate: Path
    user: str | None = None
    asked: list[str] = field(default_factory=list)
    port: int = 0
    refuse: int = 0
    respond: Callable[[Received], Raw] = stored

    def serve(self, listener: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), sock:
                self._one(sock, context)

    def _one(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        # Read byte by byte: what follows the request belongs to TLS.
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return
            head += byte
        lines = head.decode().split("\r\n")
        self.asked.append(lines[0])
        if self.refuse:
            sock.sendall(f"HTTP/1.1 {self.refuse} No\r\nContent-Length: 0\r\n\r\n".encode())
            return
        if self.user is not None and f"Proxy-Authorization: Basic {self.user}" not in lines:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        with context.wrap_socket(sock, server_side=True) as secure, secure.makefile("rb") as stream:
            while request := read_request(stream, 0):
                secure.sendall(self.respond(request).data)


@contextlib.contextmanager
def proxy_with(certificate: Path, *, user: str | None = None, refuse: int = 0,
               respond: Callable[[Received], Raw] = stored) -> Iterator[ConnectProxy]:
    proxy = ConnectProxy(certificate, user, refuse=refuse, respond=respond)
    with served(proxy.serve) as proxy.port:
        yield proxy


def put(count: int = 1) -> None:
    store = CosObjectStore(CLOUD, BUCKET, backoff=QUICK)
    try:
        for number in range(count):
            store.put(f"{number}.html", b"hello", {})
    finally:
        store.close()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_uploads_go_through_the_proxys_tunnel(certificate: Path, monkeypatch: pytest.MonkeyPatch,
                                              variable: str) -> None:
    with proxy_with(certificate) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(variable, str(certificate))
        put(3)
    assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]


def test_bucket_settings_go_through_the_same_proxy(certificate: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with proxy_with(certificate) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        settings = BucketSettings(CLOUD, BUCKET, backoff=QUICK)
        settings.put_acl("private")
        settings.close()
    # The SDK's HTTP library: http.client says HTTP/1.0 before Python 3.12 and HTTP/1.1 since.
    assert [line.rpartition("/")[0] for line in proxy.asked] == [f"CONNECT {HOST}:443 HTTP"]


def test_the_cloud_api_goes_through_the_same_proxy(certificate: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def app_id(_: Received) -> Raw:
        return answer(200, b'{"Response": {"AppId": 7, "RequestId": "r"}}', Content_Type="application/json")

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with proxy_with(certificate, respond=app_id) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        # A part of the host's name: the SDK's own reading of NO_PROXY would take it for the host.
        monkeypatch.setenv("NO_PROXY", "am.tencentcloudapi.co")
        api = CloudApi(CLOUD.credentials, "ap-guangzhou", backoff=QUICK)
        assert api.call("cam", "2019-01-16", "GetUserAppId", {})["AppId"] == 7
    assert proxy.asked[0].startswith("CONNECT cam.tencentcloudapi.com:443 ")


def test_the_sdks_trust_whom_uploads_trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_with(certificate) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        settings = BucketSettings(CLOUD, BUCKET, backoff=QUICK)
        with pytest.raises(NetworkError) as settings_told:
            settings.put_acl("private")
        settings.close()
        with pytest.raises(NetworkError) as api_told:
            CloudApi(CLOUD.credentials, "ap-guangzhou", backoff=QUICK).call("cam", "1", "GetUserAppId", {})
    assert settings_told.value.code == api_told.value.code == "Certificate"
    assert len(proxy.asked) == 2, "trying again would not help"


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate file that holds another authority than that of the servers here."""
    import certifi

    file = tmp_path_factory.mktemp("other") / "other.pem"
    file.write_bytes(Path(certifi.where()).read_bytes())
    return file


VARIABLES = (*CA_VARIABLES, "SSL_CERT_DIR")


@pytest.mark.parametrize("first", range(len(VARIABLES)))
@pytest.mark.parametrize("trusted", [True, False])
def test_one_rule_says_whom_all_wires_trust(
    certificate: Path, another: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, trusted: bool
) -> None:
    """The first variable that is set decides alone, for uploads, settings and the cloud API."""
    def respond(request: Received) -> Raw:
        if "x-tc-action" in request.headers:
            return answer(200, b'{"Response": {"AppId": 7, "RequestId": "r"}}', Content_Type="application/json")
        return answer(200) if "acl" in request.target else stored(request)

    right, wrong = (certificate, another) if trusted else (another, certificate)
    for name in VARIABLES[first:]:
        file = right if name == VARIABLES[first] else wrong
        monkeypatch.setenv(name, str(file if name != "SSL_CERT_DIR" else hashed(file, tmp_path)))
    wires: dict[str, Callable[[], object]] = {
        "uploads": put,
        "settings": private,
        "cloud API": lambda: CloudApi(CLOUD.credentials, "ap-guangzhou", backoff=QUICK).call(
            "cam", "2019-01-16", "GetUserAppId", {}),
    }
    with proxy_with(certificate, respond=respond) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        for name, ask in wires.items():
            if trusted:
                ask()
            else:
                with pytest.raises(NetworkError) as caught:
                    ask()
                assert caught.value.code == "Certificate", name


def private() -> None:
    settings = BucketSettings(CLOUD, BUCKET, backoff=QUICK)
    try:
        settings.put_acl("private")
    finally:
        settings.close()


def hashed(file: Path, place: Path) -> str:
    """A folder of certificates as OpenSSL reads it, behind one that does not exist."""
    from tests.domains.openssl import openssl

    folder = place / f"hashed-{file.stem}"
    folder.mkdir(exist_ok=True)
    name = openssl("x509", "-in", str(file), "-noout", "-hash", folder=place).strip()
    (folder / f"{name}.0").write_bytes(file.read_bytes())
    return os.pathsep.join([str(place / "nowhere"), str(folder)])


def test_a_proxy_gets_the_user_it_wants(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with proxy_with(certificate, user="bWU6cEBzcw==") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        put()
    assert len(proxy.asked) == 1


def test_a_proxy_that_wants_a_user_is_explained_and_not_pestered(certificate: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_with(certificate, user="bWU6cEBzcw==") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NetworkError) as caught:
            put()
    assert caught.value.code == "ProxyAuthentication"
    assert len(proxy.asked) == 1


def test_a_proxy_that_cannot_connect_is_tried_again(certificate: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_with(certificate, refuse=502) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NetworkError, match="answered 502"):
            put()
    assert len(proxy.asked) == 2


def test_an_untrusted_certificate_is_refused_and_explained(certificate: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_with(certificate) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NetworkError) as caught:
            put()
    assert caught.value.code == "Certificate"
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    assert len(proxy.asked) == 1


def test_no_proxy_names_what_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_for(HOST) == Proxy("proxy.example", 3128)
    monkeypatch.setenv("NO_PROXY", "localhost,.myqcloud.com")
    assert proxy_for(HOST) is None
    monkeypatch.setenv("NO_PROXY", "qcloud.com")
    assert proxy_for(HOST) == Proxy("proxy.example", 3128), "a part of a name is not a name"
    monkeypatch.setenv("NO_PROXY", "*")
    assert proxy_for(HOST) is None


def test_the_proxy_for_http_is_not_that_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert proxy_for(HOST) is None


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "https://proxy.example", "http://", "http://x:port"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        parse_proxy(url.replace("://", "://me:s3cret@"), "HTTPS_PROXY")
    assert "s3cret" not in caught.value.message
    assert "s3cret" not in repr(parse_proxy("http://me:s3cret@proxy.example:1", "HTTPS_PROXY"))


def test_a_certificate_file_that_is_missing_or_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        tls_context({"SSL_CERT_FILE": str(tmp_path / "nowhere.pem")})
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(UsageError, match="no usable CA certificates"):
        tls_context({"SSL_CERT_FILE": str(empty)})


def test_servers_are_verified_by_default() -> None:
    context = tls_context({})
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
