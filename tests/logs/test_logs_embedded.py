"""Visits of the embedded cloud, by curl, through the feed: in order, none lost, none twice."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sitepub.errors import NetworkError
from sitepub.logs.embedded import EmbeddedFeed, parse
from sitepub.logs.feed import Feed
from sitepub.logs.filters import parse_filter
from sitepub.logs.visit import Visit
from sitepub.tencent.cloud import Embedded
from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire, new_bucket

PATIENCE = 60.0


def curl(cloud: LocalCloud, bucket: str, *paths: str, options: Sequence[str] = ()) -> None:
    """Visit pages of a website one after the other, with one curl."""
    host = f"{bucket}.cos-website.{cloud.region}.myqcloud.com"
    command = ["curl", "-sS", "--noproxy", "*", "-g", "--path-as-is", "-H", f"Host: {host}", *options]
    for path in paths:
        command += ["-o", "/dev/null", f"{cloud.endpoint}{path}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


class Collected:
    """A feed whose visits are kept."""

    def __init__(self, feed: Feed) -> None:
        self.visits: list[Visit] = []
        self.feed = feed
        self._more = threading.Condition()
        feed.start(self._take)

    def _take(self, visit: Visit) -> None:
        with self._more:
            self.visits.append(visit)
            self._more.notify_all()

    def wait_for(self, count: int) -> list[Visit]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.visits) >= count, PATIENCE), (
                f"{len(self.visits)} of {count} visits came")
            return list(self.visits)

    @property
    def paths(self) -> list[str]:
        return [visit.path for visit in self.visits]


@contextmanager
def following(cloud: LocalCloud, bucket: str, **options: object) -> Iterator[Collected]:
    feed = Feed(EmbeddedFeed(lambda: cloud.address, bucket), **options)  # type: ignore[arg-type]
    collected = Collected(feed)
    try:
        yield collected
    finally:
        feed.stop()
        assert not feed.running


def test_requests_by_curl_appear_in_order_none_lost_none_twice(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire, following(local_cloud, wire.bucket) as feed:
        paths = [f"/page-{number}.html" for number in range(200)]
        curl(local_cloud, wire.bucket, *paths)
        curl(local_cloud, wire.bucket, "/last")
        feed.wait_for(201)
        assert feed.paths == [*paths, "/last"]


def test_many_visitors_at_once_are_each_told_once(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire, following(local_cloud, wire.bucket) as feed:
        groups = [[f"/v{visitor}/p{number}" for number in range(40)] for visitor in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda paths: curl(local_cloud, wire.bucket, *paths), groups))
        feed.wait_for(320)
        assert sorted(feed.paths) == sorted(path for group in groups for path in group)
        for group in groups:
            assert [path for path in feed.paths if path in set(group)] == group
        assert [visit.time for visit in feed.visits] == sorted(visit.time for visit in feed.visits)


def test_a_visit_says_what_happened(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire, following(local_cloud, wire.bucket) as feed:
        before = datetime.now(UTC) - timedelta(seconds=1)
        curl(local_cloud, wire.bucket, "/%E4%B8%AD?a=1&b=%20", options=["-A", "An agent", "-e", "https://from.example/"])
        (visit,) = feed.wait_for(1)
        assert (visit.status, visit.method, visit.path, visit.query) == (404, "GET", "/%E4%B8%AD", "a=1&b=%20")
        assert (visit.agent, visit.referer, visit.client, visit.cache) == (
            "An agent", "https://from.example/", "127.0.0.1", None)
        assert visit.host == f"{wire.bucket}.cos-website.{local_cloud.region}.myqcloud.com"
        assert before <= visit.time <= datetime.now(UTC)
        assert visit.bytes > 0
        assert visit.seconds is not None


def test_filters_choose(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire:
        wanted = parse_filter(path=("/blog/**",))
        with following(local_cloud, wire.bucket, wanted=wanted) as feed:
            curl(local_cloud, wire.bucket, "/a", "/blog/a", "/b", "/blog/b/c")
            feed.wait_for(2)
            assert feed.paths == ["/blog/a", "/blog/b/c"]


def test_earlier_visits_come_first_when_asked_for(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire:
        curl(local_cloud, wire.bucket, "/earlier")
        with following(local_cloud, wire.bucket, since=datetime.now(UTC) - timedelta(minutes=5)) as feed:
            feed.wait_for(1)
            curl(local_cloud, wire.bucket, "/later")
            feed.wait_for(2)
            assert feed.paths == ["/earlier", "/later"]


def test_reading_gives_what_was_since_then_and_ends(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire:
        paths = [f"/{number}" for number in range(1100)]
        curl(local_cloud, wire.bucket, *paths[:600])
        curl(local_cloud, wire.bucket, *paths[600:])
        source = EmbeddedFeed(lambda: local_cloud.address, wire.bucket)
        assert [visit.path for visit in source.read(datetime.now(UTC) - timedelta(minutes=10))] == paths
        middle = list(source.read(datetime.now(UTC) - timedelta(minutes=10)))[550].time
        rest = [visit.path for visit in source.read(middle)]
        assert rest == paths[-len(rest):]
        assert 540 <= len(rest) <= 560
        assert list(source.read(datetime.now(UTC) + timedelta(minutes=10))) == []
        source.close()


def test_what_sitepub_itself_does_is_no_visit(local_cloud: LocalCloud) -> None:
    with new_bucket(local_cloud) as wire, following(local_cloud, wire.bucket) as feed:
        logging = (f"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{wire.bucket}</TargetBucket>"
                   "<TargetPrefix>logs/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")
        assert wire.call("PUT", query={"logging": ""}, body=logging.encode()).status == 200
        wire.put("index.html", b"x")
        assert wire.get("index.html").status == 200
        curl(local_cloud, wire.bucket, "/only-this")
        feed.wait_for(1)
        assert feed.paths == ["/only-this"]


def test_the_cloud_may_be_restarted_in_between(tmp_path: Path) -> None:
    data = tmp_path / "data"
    here: list[LocalCloud] = []
    notes: list[str] = []
    bucket = ""
    feed: Feed | None = None
    collected: Collected | None = None
    try:
        for run in range(3):
            with running_cloud(data) as cloud:
                here.append(cloud)
                if feed is None:
                    bucket = f"site-{cloud.app_id}"
                    assert Wire(cloud, bucket).call("PUT").status == 200
                    feed = Feed(EmbeddedFeed(lambda: here[-1].address, bucket), note=notes.append)
                    collected = Collected(feed)
                assert collected is not None
                curl(cloud, bucket, *(f"/{run}/{number}" for number in range(50)))
                if run != 1:
                    # In the second run the cloud ends at once: what it wrote down is told by the third.
                    collected.wait_for(50 * (run + 1))
        assert collected is not None
        assert collected.paths == [f"/{run}/{number}" for run in range(3) for number in range(50)]
        assert any("waiting" in note for note in notes)
    finally:
        if feed is not None:
            feed.stop()


def test_a_cloud_that_was_wiped_is_followed_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    here: list[LocalCloud] = []
    with running_cloud(data) as cloud:
        here.append(cloud)
        bucket = f"site-{cloud.app_id}"
        assert Wire(cloud, bucket).call("PUT").status == 200
        feed = Feed(EmbeddedFeed(lambda: here[-1].address, bucket))
        collected = Collected(feed)
        curl(cloud, bucket, "/1", "/2", "/3")
        collected.wait_for(3)
    for name in ("access-log.sqlite3", "access-log.sqlite3-wal", "access-log.sqlite3-shm"):
        (data / name).unlink(missing_ok=True)
    try:
        with running_cloud(data) as cloud:
            here.append(cloud)
            curl(cloud, bucket, "/4")
            collected.wait_for(4)
            assert collected.paths == ["/1", "/2", "/3", "/4"]
            assert len({visit.id for visit in collected.visits}) == 4
    finally:
        feed.stop()


def test_the_cloud_ends_at_once_although_somebody_waits_for_news(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud:
        waiting = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "-w", "%{http_code}",
                                    "-H", f"x-sitepub-secret: {cloud.secret}",
                                    f"{cloud.endpoint}/-/logs?after=0&wait=30"], stdout=subprocess.PIPE, text=True)
        # Any later request is answered only after the waiting one has begun to be served or not: either is fine.
        subprocess.run(["curl", "-sS", "--noproxy", "*", "-H", f"x-sitepub-secret: {cloud.secret}",
                        f"{cloud.endpoint}/-/health"],
                       check=True, capture_output=True)
    out, _ = waiting.communicate(timeout=60)
    assert out in ("200", "000")


def test_reading_without_a_cloud_is_told_plainly() -> None:
    with pytest.raises(NetworkError, match="embedded cloud"):
        list(EmbeddedFeed(lambda: None, "site-1").read(datetime.now(UTC)))


def test_a_feed_that_is_stopped_while_it_waits_ends() -> None:
    feed = Feed(EmbeddedFeed(lambda: None, "site-1"))
    feed.start()
    feed.stop()
    assert not feed.running
    assert list(feed) == []


# A feed that misbehaves


Script = Callable[[int, list[dict[str, object]]], tuple[list[dict[str, object]], str]]
"""Number of the question and the right answer → the answer given, and a fault."""


@contextmanager
def scripted_feed(count: int, script: Script) -> Iterator[int]:
    """A feed of ``count`` visits whose answers a script spoils; its port."""
    asked: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(1)
            after = int(parse_qs(urlsplit(self.path).query)["after"][0])
            right: list[dict[str, object]] = [told(number) for number in range(after + 1, min(after + 8, count + 1))]
            page, fault = script(len(asked), right)
            body = "".join(json.dumps(line) + "\n" for line in page).encode()
            if fault == "500":
                self.send_error(500)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + (10 if fault == "cut" else 0)))
            self.send_header("x-log-epoch", "e")
            self.end_headers()
            self.wfile.write(body)
            if fault in ("cut", "close"):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(number: int) -> dict[str, object]:
    return {"id": number, "time": time.time() + number / 1000, "bucket": "b", "region": "r", "host": "h", "event": "e",
            "remote": "127.0.0.1", "secret_id": "", "method": "GET", "path": f"/{number}", "status": 200, "sent": 1,
            "milliseconds": 1, "agent": "", "referer": ""}


def earlier(page: list[dict[str, object]]) -> list[dict[str, object]]:
    """Up to five visits before those of a page."""
    first = int(str(page[0]["id"])) if page else 1
    return [told(number) for number in range(max(1, first - 5), first)]


SCRIPTS: dict[str, Script] = {
    "twice": lambda _number, page: ([line for line in page for _ in range(2)], ""),
    "backwards": lambda _number, page: (page[::-1], ""),
    "again": lambda _number, page: (earlier(page) + page, ""),
    "errors": lambda number, page: (page, "500" if number % 2 else ""),
    "cut": lambda number, page: (page, "cut" if number % 2 else ""),
    "closing": lambda _number, page: (page, "close"),
    "late": lambda number, page: (page if number % 3 == 0 else [], ""),
}


@pytest.mark.parametrize("fault", SCRIPTS)
def test_a_feed_that_misbehaves_is_told_right(fault: str) -> None:
    with scripted_feed(40, SCRIPTS[fault]) as port:
        feed = Feed(EmbeddedFeed(lambda: Embedded("127.0.0.1", port), "b"))
        collected = Collected(feed)
        try:
            collected.wait_for(40)
        finally:
            feed.stop()
    assert collected.paths == [f"/{number}" for number in range(1, 41)]


def test_an_origin_pull_of_the_edge_is_no_visit_of_its_own() -> None:
    assert parse({**told(1), "via_edge": True}) is None
    visit = parse({**told(1), "edge": "cdn", "cache": "hit"})
    assert visit is not None
    assert visit.cache == "hit"


