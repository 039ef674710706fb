"""Parts of the edge that no visit from outside can single out: memory, a purge during a fetch, flow control."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from sitepub.local.edge.cache import EdgeCache, Entry
from sitepub.local.edge.domains import CacheRule, EdgeDomain, EdgeOrigin, PathMatch
from sitepub.local.edge.exchange import Exchange
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse
from sitepub.local.edge.origin import Origins
from sitepub.local.edge.rules import accepts, directives
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, make_site


def entry(path: str, size: int = 1000, host: str = "h.example") -> Entry:
    return Entry(host, path, "", 200, (), b"x" * size, 0.0, 1e12)


def test_the_least_recently_used_answers_go_when_memory_is_full() -> None:
    cache = EdgeCache(10 * entry("/1").size)
    for number in range(10):
        cache.put(entry(f"/{number}"))
    assert cache.find(("h.example", "/0", ""), {}) is not None
    cache.put(entry("/10"))
    kept = {path for path in range(11) if cache.find(("h.example", f"/{path}", ""), {}) is not None}
    assert kept == set(range(11)) - {1}
    assert cache.size <= cache.capacity


def test_memory_is_counted_right_whatever_comes_and_goes() -> None:
    cache = EdgeCache(100_000)
    for number in range(300):
        one = entry(f"/{number % 17}", number * 7)
        cache.put(one)
        cache.add_encoding(one, "gzip", b"g" * (number % 5 * 100))
        if number % 3 == 0:
            cache.purge_url(f"http://h.example/{number % 5}", lambda _host, path, query: (path, query))
    cache.purge_prefix("http://h.example/1")
    cache.put(entry("/huge", 200_000))
    assert cache.find(("h.example", "/huge", ""), {}) is None
    cache.purge_host("h.example")
    assert (cache.size, len(cache)) == (0, 0)


def test_a_host_is_purged_alone() -> None:
    cache = EdgeCache()
    cache.put(entry("/a"))
    cache.put(entry("/a", host="other.example"))
    assert cache.purge_host("H.example") == 1
    assert cache.find(("other.example", "/a", ""), {}) is not None
    assert cache.purge_all() == 1


@pytest.mark.parametrize(("header", "name", "expected"), [
    ("gzip;q=0.5, br", "gzip", True), ("gzip;q=0", "gzip", False), ("*;q=0", "gzip", False), ("*", "br", True),
    ("", "gzip", False), ("gzip;q=nonsense", "gzip", False), ("GZIP", "gzip", True), ("x-gzip", "gzip", False),
])
def test_accept_encoding_is_read_as_it_is_meant(header: str, name: str, expected: bool) -> None:
    assert accepts(header, name) is expected


def test_cache_control_is_taken_apart() -> None:
    assert directives('Max-Age=5, private="Set-Cookie", , no-cache') == {
        "max-age": "5", "private": "Set-Cookie", "no-cache": ""}


class SlowOrigins(Origins):
    """An origin that answers when the test lets it."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.count = 0

    async def pull(self, *_: object, **__: object) -> EdgeResponse:
        self.count += 1
        self.asked.set()

        async def body() -> AsyncGenerator[bytes, None]:
            await self.go.wait()
            yield b"old"

        return EdgeResponse(200, [("ETag", '"1"')], stream=body(), length=3)


def a_domain() -> EdgeDomain:
    return EdgeDomain("h.example", "cdn", "1", "online", "c", "global", EdgeOrigin(("o",), "o", "http"), True,
                      cache_rules=(CacheRule(PathMatch("all"), "cache", 600),))


def ask() -> EdgeRequest:
    return EdgeRequest("GET", "http", "h.example", "/", {}, "127.0.0.1", 0.0)


def test_what_was_being_fetched_when_it_was_purged_is_not_kept() -> None:
    async def scenario() -> None:
        origins = SlowOrigins()
        exchange = Exchange(lambda _: a_domain(), origins, EdgeCache())
        visit = asyncio.create_task(exchange.answer(ask()))
        await origins.asked.wait()
        exchange.purged()
        origins.go.set()
        assert (await visit)[1].body == b"old"
        assert len(exchange.cache) == 0

    asyncio.run(scenario())


def test_visitors_wait_for_one_fetch_also_when_the_first_one_leaves() -> None:
    async def scenario() -> None:
        origins = SlowOrigins()
        exchange = Exchange(lambda _: a_domain(), origins, EdgeCache())
        first = asyncio.create_task(exchange.answer(ask()))
        await origins.asked.wait()
        others = [asyncio.create_task(exchange.answer(ask())) for _ in range(5)]
        await asyncio.sleep(0)
        first.cancel()
        origins.go.set()
        assert {(await other)[1].body for other in others} == {b"old"}

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeSite]:
    with running_cloud(tmp_path_factory.mktemp("edge") / "data", "--pace", "0") as cloud:
        site = make_site(cloud)
        site.add(Https={"Switch": "on", "Http2": "on", "CertInfo": {"CertId": site.certificate()}})
        site.put("large.bin", bytes(range(256)) * 8192)
        yield site


class Client:
    """An HTTP/2 client that a test controls frame by frame."""

    def __init__(self, site: EdgeSite, connection: ssl.SSLSocket, window: int) -> None:
        self.site = site
        self.socket = connection
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def ask(self, path: str) -> int:
        number: int = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, [(":method", "GET"), (":scheme", "https"), (":authority", self.site.host),
                                      (":path", path)], end_stream=True)
        self.flush()
        return number

    def events(self) -> list[Event]:
        data = self.socket.recv(65536)
        assert data, "the connection is open"
        found: list[Event] = self.h2.receive_data(data)
        self.flush()
        return found


@contextmanager
def client(site: EdgeSite, window: int = 65535) -> Iterator[Client]:
    context = ssl.create_default_context(cafile=site.cloud.ca)
    context.set_alpn_protocols(["h2"])
    with (socket.create_connection(("127.0.0.1", site.cloud.edge_https), timeout=60) as plain,
          context.wrap_socket(plain, server_hostname=site.host) as secure):
        secure.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Client(site, secure, window)


def test_a_visitor_with_a_small_window_gets_everything_in_small_pieces(site: EdgeSite) -> None:
    with client(site, window=1000) as visitor:
        wanted = {visitor.ask("/large.bin"): bytearray(), visitor.ask("/large.bin"): bytearray()}
        ended: set[int | None] = set()
        while ended < set(wanted):
            for event in visitor.events():
                if isinstance(event, DataReceived):
                    assert event.data is not None and event.stream_id is not None
                    assert len(event.data) <= 1000
                    wanted[event.stream_id] += event.data
                    visitor.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                elif isinstance(event, StreamEnded):
                    ended.add(event.stream_id)
            visitor.flush()
        assert {bytes(body) for body in wanted.values()} == {bytes(range(256)) * 8192}


def test_a_stream_that_is_cancelled_leaves_the_connection_to_others(site: EdgeSite) -> None:
    with client(site, window=1000) as visitor:
        for _ in range(150):
            number = visitor.ask("/large.bin")
            while not any(isinstance(event, DataReceived) and event.stream_id == number
                          for event in visitor.events()):
                pass
            visitor.h2.reset_stream(number)
            # what came of it counts against the connection all the same
            visitor.h2.increment_flow_control_window(1000)
            visitor.flush()
        last = visitor.ask("/no")
        found: list[Event] = []
        while not any(isinstance(event, StreamEnded) for event in found):
            found += [event for event in visitor.events() if getattr(event, "stream_id", None) == last]
        assert any(isinstance(event, ResponseReceived) for event in found)


def test_frames_that_make_no_sense_end_the_connection_only(site: EdgeSite) -> None:
    with client(site) as visitor:
        visitor.socket.sendall(b"\0\0\1\0\0\0\0\0\0x")  # DATA of stream 0, which carries none
        while visitor.socket.recv(65536):
            pass
    assert site.visit("/", "--http2", scheme="https").status == 200


def test_a_request_without_a_host_is_reset(site: EdgeSite) -> None:
    with client(site) as visitor:
        visitor.h2.config.validate_outbound_headers = False
        number = visitor.h2.get_next_available_stream_id()
        visitor.h2.send_headers(number, [(":method", "GET"), (":scheme", "https"), (":path", "/")], end_stream=True)
        visitor.flush()
        try:
            while not any(isinstance(event, StreamReset) for event in visitor.events()):
                pass
        except AssertionError:
            pass  # the whole connection was ended, which is as good
    assert site.visit("/", "--http2", scheme="https").status == 200


def test_a_path_that_http1_could_not_carry_is_refused(site: EdgeSite) -> None:
    with client(site) as visitor:
        visitor.ask("/a b")
        found: list[Event] = []
        while not any(isinstance(event, ResponseReceived) for event in found):
            found += visitor.events()
        statuses = [dict(event.headers or []) for event in found if isinstance(event, ResponseReceived)]
    assert "'400'" in repr(statuses)


def test_the_ports_are_the_same_after_a_restart(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as first:
        pass
    with running_cloud(tmp_path / "data") as second:
        assert (first.edge_http, first.edge_https) == (second.edge_http, second.edge_https)
        assert 0 not in (first.edge_http, first.edge_https)


def test_an_open_connection_does_not_keep_the_embedded_cloud_from_stopping(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data", "--pace", "0") as cloud:
        site = make_site(cloud)
        site.add(Https={"Switch": "on", "Http2": "on", "CertInfo": {"CertId": site.certificate()}})
        with client(site) as visitor:
            visitor.ask("/")
            while not any(isinstance(event, StreamEnded) for event in visitor.events()):
                pass
            terminate(cloud)
            while visitor.socket.recv(65536):
                pass
        while (cloud.data / "cloud.json").exists():
            pass


def terminate(cloud: LocalCloud) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/pid", str(cloud.pid), "/f"], check=True)
    else:
        import os
        import signal

        os.kill(cloud.pid, signal.SIGTERM)
