"""Live reload, over the wire: what is added to pages, who waits, which events come."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitepub.local.store.database import Database
from sitepub.local.website import dev_mode
from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire
from tests.local.website.preview import Preview, preview_of

SCRIPT = b'<script src="/-/live/script.js"'
HTML = {"content_type": "text/html"}
CSS = {"content_type": "text/css"}


@pytest.fixture
def preview(local_cloud: LocalCloud) -> Iterator[Preview]:
    preview = preview_of(local_cloud)
    preview.wire.put("index.html", b"<!doctype html><body><h1>Hi</h1></body></html>", **HTML)
    preview.wire.put("error.html", b"<p>gone", **HTML)
    preview.wire.put("s.css", b"p{}", **CSS)
    yield preview
    preview.report("off")


def test_without_dev_mode_pages_are_the_files(preview: Preview) -> None:
    assert preview.get().body == b"<!doctype html><body><h1>Hi</h1></body></html>"
    assert preview.get("/-/live/script.js").status == 404


def test_pages_get_the_script_behind_everything(preview: Preview) -> None:
    preview.report("alive")
    page = preview.get()
    before, _, after = page.body.partition(SCRIPT)
    assert before == b"<!doctype html><body><h1>Hi</h1></body></html>"
    assert after.partition(b"</script>")[2] == b""
    assert page.headers["cache-control"] == "no-store"
    assert not {"etag", "last-modified", "x-cos-hash-crc64ecma"} & set(page.headers)
    assert int(page.headers["content-length"]) == len(page.body)
    assert b"EventSource" in preview.get("/-/live/script.js").body


def test_not_found_pages_get_it_too_be_they_files_or_generated(preview: Preview) -> None:
    preview.report("alive")
    page = preview.get("/nowhere")
    assert (page.status, page.body.startswith(b"<p>gone" + SCRIPT)) == (404, True)
    preview.wire.call("DELETE", "error.html")
    page = preview.get("/nowhere")
    assert (page.status, page.body.count(SCRIPT)) == (404, 1)


def test_the_file_in_the_bucket_stays_as_it_is(preview: Preview) -> None:
    before = preview.wire.get("index.html")
    preview.report("alive")
    preview.get()
    assert preview.wire.get("index.html").body == before.body
    assert preview.wire.get("index.html").headers["ETag"] == before.headers["ETag"]
    preview.report("off")
    assert SCRIPT not in preview.get().body


def test_what_is_no_whole_page_goes_out_untouched(preview: Preview) -> None:
    for name, encoding in (("packed.html", "gzip"), ("other.html", "br")):
        preview.wire.put(name, b"\x1f\x8b", **HTML, content_encoding=encoding)
    preview.wire.put("wide.html", "<p>".encode("utf-16"), **HTML)
    preview.report("alive")
    style = preview.get("/s.css")
    assert (style.body, "etag" in style.headers) == (b"p{}", True)
    for name in ("packed.html", "other.html"):
        page = preview.get(f"/{name}")
        assert (page.body, page.headers["etag"]) == (b"\x1f\x8b", preview.wire.get(name).headers["ETag"])
    assert preview.get("/wide.html").body == "<p>".encode("utf-16")
    part = preview.get("/", Range="bytes=0-4")
    assert (part.status, part.body) == (206, b"<!doc")


def test_a_page_is_never_not_modified_a_stylesheet_is(preview: Preview) -> None:
    page, style = preview.get(), preview.get("/s.css")
    preview.report("alive")
    again = preview.get("/", **{"If-None-Match": page.headers["etag"]})
    assert (again.status, SCRIPT in again.body) == (200, True)
    assert preview.get("/s.css", **{"If-None-Match": style.headers["etag"]}).status == 304


@pytest.mark.parametrize("path", ["/", "/nowhere", "/s.css"])
def test_head_tells_what_get_sends(preview: Preview, path: str) -> None:
    preview.report("alive")
    get, head = preview.get(path), preview.ask("HEAD", path)
    changing = {"date", "x-cos-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in get.headers.items() if k not in changing}
    assert head.body == b""


def test_a_large_page_gets_it_as_well(preview: Preview) -> None:
    preview.wire.put("large.html", b"<p>" + b"x" * 2_000_000 + b"</BODY >", **HTML)
    preview.report("alive")
    page = preview.get("/large.html")
    assert page.body.startswith(b"<p>x")
    assert page.body.endswith(b"></script>")


def test_a_packed_page_gets_it_and_stays_packed(preview: Preview) -> None:
    preview.wire.put("packed.html", gzip.compress(b"<h1>Packed</h1>"), **HTML, content_encoding="gzip")
    preview.report("alive")
    page = preview.get("/packed.html")
    assert page.headers["content-encoding"] == "gzip"
    assert gzip.decompress(page.body).startswith(b"<h1>Packed</h1>" + SCRIPT)


def test_a_page_that_grows_beyond_all_measure_goes_out_as_it_is(preview: Preview) -> None:
    packed = gzip.compress(b"\0" * 20_000_000)
    preview.wire.put("bomb.html", packed, **HTML, content_encoding="gzip")
    preview.report("alive")
    assert preview.get("/bomb.html").body == packed


def test_what_a_script_fetches_is_the_file_and_what_becomes_a_page_is_not(preview: Preview) -> None:
    preview.report("alive")
    for purpose in ({"Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Dest": "image"}):
        assert preview.get("/", **purpose).body == b"<!doctype html><body><h1>Hi</h1></body></html>"
        assert preview.get("/nowhere", **purpose).body == b"<p>gone"
    for purpose in ({"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "iframe"}, {},
                    {"Sec-Fetch-Dest": "empty", "Sec-Purpose": "prefetch"}):
        assert SCRIPT in preview.get("/", **purpose).body


def test_nothing_is_kept_by_a_browser_without_asking_again(preview: Preview) -> None:
    preview.wire.put("s.css", b"p{}", **CSS, cache_control="public, max-age=31536000, immutable",
                     expires="Fri, 01 Jan 2100 00:00:00 GMT")
    style = preview.get("/s.css")
    assert (style.headers["cache-control"], "expires" in style.headers) == (
        "public, max-age=31536000, immutable", True)
    preview.report("alive")
    fetched = {"Sec-Fetch-Dest": "empty"}
    for answer in (preview.get("/s.css"), preview.get("/s.css", **{"If-None-Match": style.headers["etag"]}),
                   preview.get("/", **fetched), preview.get("/nowhere", **fetched)):
        assert (answer.headers["cache-control"], "expires" in answer.headers) == ("no-cache", False)


def test_the_script_carries_the_nonce_of_the_pages_own_policy(preview: Preview) -> None:
    policy = b"<meta http-equiv=Content-Security-Policy content=\"script-src 'nonce-abc123='\"><p>"
    preview.wire.put("strict.html", policy, **HTML)
    preview.report("alive")
    assert b' nonce="abc123="' in preview.get("/strict.html").body


def test_visitors_wait_for_the_end_of_a_publish(preview: Preview) -> None:
    preview.report("publishing")
    got: list[bytes] = []
    visitor = threading.Thread(target=lambda: got.append(preview.get("/s.css").body))
    visitor.start()
    # the visitor's question is there before the answer can be: its connection is being served
    while not running(preview):
        pass
    assert not got
    preview.wire.put("s.css", b"p{color:red}", **CSS)
    preview.report("published", changed=["s.css"])
    visitor.join(60)
    assert got == [b"p{color:red}"]


def running(preview: Preview) -> bool:
    counts = json.loads(preview.ask("GET", "/-/requests", None, Host=preview.cloud.host, **preview.cloud.allowed).body)
    return bool(counts["running"] > 1)


def test_a_failed_build_lets_visitors_go_on_with_what_there_was(preview: Preview) -> None:
    preview.report("publishing")
    preview.report("failed", message="no")
    assert b"<h1>Hi</h1>" in preview.get().body


def test_events_tell_the_state_first_and_then_what_happens(preview: Preview) -> None:
    start = preview.report("failed", message="\x1b[31mError\x1b[0m: <b> & 'q'")["generation"]
    with preview.events() as events:
        assert events.next() == ("state", {"generation": start, "message": "Error: <b> & 'q'"})
        preview.report("published", changed=["a.css", "空 格.png"])
        assert events.next() == ("published", {"generation": start + 1, "changed": ["a.css", "空 格.png"]})
        preview.report("published", changed=[])
        assert events.next() == ("published", {"generation": start + 1, "changed": []})
        preview.report("published", changed=[f"{number}.html" for number in range(5000)])
        assert events.next() == ("published", {"generation": start + 2, "changed": None})
        preview.report("failed", message="again")
        assert events.next() == ("failed", {"generation": start + 2, "message": "again"})
        preview.report("off")
        assert events.next() == ("off", {"generation": start + 2})
        assert events.next() is None


def test_many_browsers_hear_the_same(preview: Preview) -> None:
    preview.report("alive")
    from contextlib import ExitStack

    with ExitStack() as stack:
        streams = [stack.enter_context(preview.events()) for _ in range(60)]
        for events in streams:
            found = events.next()
            assert found and found[0] == "state"
        assert preview.report("published", changed=["x"])["browsers"] == 60
        for events in streams:
            found = events.next()
            assert found and found[0] == "published"


def test_a_browser_that_does_not_read_is_dropped(preview: Preview) -> None:
    preview.report("alive")
    with preview.events() as events:
        events.next()
        for _ in range(400):  # more than the sockets' buffers hold
            state = preview.report("failed", message="x" * 60_000)
            if not state["browsers"]:
                break
        assert state["browsers"] == 0


def test_the_generation_survives_a_restart_and_streams_end_with_the_cloud(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud:
        preview = preview_of(cloud)
        preview.report("published", changed=["a"])
        preview.report("published")
        stream = preview.events()
        events = stream.__enter__()
        assert events.next() == ("state", {"generation": 2, "message": ""})
    assert events.next() is None
    stream.__exit__(None, None, None)
    with running_cloud(tmp_path / "data") as cloud:
        again = Preview(cloud, Wire(cloud, preview.wire.bucket), preview.host)
        assert again.get("/-/live/events").status == 404, "dev mode is over until the publisher speaks"
        assert again.report("alive")["generation"] == 2


@pytest.mark.parametrize("value", [
    [], {"event": "alive"}, {"bucket": "B!", "event": "alive"}, {"bucket": "b-1", "event": "nope"},
    {"bucket": "b-1", "event": "published", "changed": "x"}, {"bucket": "b-1", "event": "published", "changed": [1]},
    {"bucket": "b-1", "event": "failed", "message": 7}, {"bucket": "b-1", "event": "alive", "more": 1},
])
def test_nonsense_is_refused(preview: Preview, value: object) -> None:
    assert preview.post(value).status == 400


def test_no_page_in_a_browser_may_tell(preview: Preview) -> None:
    value = {"bucket": preview.wire.bucket, "event": "failed", "message": "x"}
    assert preview.post(value, Origin="http://evil.localhost").status == 403


def test_a_publisher_that_says_nothing_more_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev_mode, "SILENCE", 0.2)
    database = Database(tmp_path / "cloud.sqlite3", lambda _: None)

    async def scenario() -> None:
        mode = dev_mode.DevMode(database)
        await mode.take(b'{"bucket": "b-1", "event": "alive"}')
        bucket = mode.bucket("b-1")
        assert bucket is not None
        heard = [event async for event in bucket.events()]
        assert heard[-1].startswith(b"event: off")
        assert mode.bucket("b-1") is None

    try:
        asyncio.run(scenario())
    finally:
        database.close()


def test_dev_mode_ends_with_the_last_of_several_publishers(preview: Preview) -> None:
    preview.report("alive", publisher="one")
    preview.report("publishing", publisher="two")
    preview.report("off", publisher="two")
    assert SCRIPT in preview.get("/").body, "visitors do not wait for a publisher that has left"
    health = json.loads(preview.ask("GET", "/-/health", None, Host=preview.cloud.host, **preview.cloud.allowed).body)
    assert health["publishers"] >= 1
    preview.report("off", publisher="one")
    assert SCRIPT not in preview.get("/").body
    assert preview.post({"bucket": preview.wire.bucket, "event": "alive", "publisher": 7}).status == 400


def test_visitors_do_not_wait_for_ever_for_a_publish_that_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev_mode, "PATIENCE", 0.1)
    database = Database(tmp_path / "cloud.sqlite3", lambda _: None)

    async def scenario() -> None:
        mode = dev_mode.DevMode(database)
        await mode.take(b'{"bucket": "b-1", "event": "publishing"}')
        bucket = mode.bucket("b-1")
        assert bucket is not None
        await bucket.settled()  # comes back
        mode.close()

    try:
        asyncio.run(scenario())
    finally:
        database.close()


def test_listening_is_no_visit(preview: Preview) -> None:
    preview.report("alive")
    with preview.events() as events:
        events.next()
    preview.get("/-/live/script.js")
    preview.get("/s.css")
    answer = preview.ask("GET", f"/-/logs?bucket={preview.wire.bucket}", None, Host=preview.cloud.host,
                         **preview.cloud.allowed)
    visits = [json.loads(line) for line in answer.body.splitlines()]
    assert [visit["path"] for visit in visits if visit["website"]] == ["/s.css"]


def test_a_page_that_was_left_open_makes_no_visits_when_dev_has_ended(preview: Preview) -> None:
    assert preview.get("/-/live/events").status == 404
    preview.get("/s.css")
    answer = preview.ask("GET", f"/-/logs?bucket={preview.wire.bucket}", None, Host=preview.cloud.host,
                         **preview.cloud.allowed)
    visits = [json.loads(line) for line in answer.body.splitlines()]
    assert [visit["path"] for visit in visits if visit["website"]] == ["/s.css"]


def test_a_page_that_may_not_be_read_comes_when_it_may(preview: Preview) -> None:
    preview.wire.call("PUT", query={"acl": ""}, headers={"x-cos-acl": "private"})
    preview.report("alive")
    page = preview.get("/index.html")
    assert (page.status, SCRIPT in page.body) == (403, True)


def test_a_failure_is_shown_again_by_an_embedded_cloud_that_was_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sitepub.dev import reload_client as publisher

    monkeypatch.setattr(publisher, "HEARTBEAT", 0.0)
    with running_cloud(tmp_path / "data") as cloud:
        preview = preview_of(cloud)
        teller = publisher.ReloadClient(cloud.address, preview.wire.bucket)
        teller.failed("line 7")
    with running_cloud(tmp_path / "data", "--port", str(cloud.port)):
        teller.alive()
        with preview.events() as events:
            found = events.next()
            assert found and found[1]["message"] == "line 7"
        teller.published([])
        teller.alive()
        with preview.events() as events:
            found = events.next()
            assert found and found[1]["message"] == ""
    teller.close()
