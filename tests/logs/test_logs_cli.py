"""``sitepub logs`` as a user runs it, against the embedded cloud."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.conftest import LocalCloud
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.local.edge_wire import admin, cached, make_site, rules
from tests.logs.test_logs_embedded import curl


@pytest.fixture
def sitepub(local_cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(local_cloud, home)


@pytest.fixture
def bucket(local_cloud: LocalCloud, tmp_path: Path) -> str:
    """A website's bucket with a serverless.yml in tmp_path/site that names it."""
    made = make_site(local_cloud).wire.bucket
    write(tmp_path / "site", made)
    return made


def write(folder: Path, bucket: str, more: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text("<h1>Hello</h1>")
    (folder / "serverless.yml").write_text(
        f"component: website\nname: site\ninputs:\n  src: ./\n  bucketName: {bucket}\n{more}")


def test_visits_are_shown_line_by_line(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/", "/missing?x=%1b[2J", "/")
    run = sitepub("logs", "--local", cwd=tmp_path / "site")
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert [line.split()[1:4] for line in lines] == [
        ["200", "GET", "/"], ["404", "GET", "/missing?x=%1b[2J"], ["200", "GET", "/"]]
    assert "shown at once" in run.err


def test_filters_choose(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/", "/a/missing", "/b/missing", "/index.html")
    run = sitepub("logs", "--local", "--status", "4xx", "--path", "/a/*", cwd=tmp_path / "site")
    assert [line.split()[3] for line in run.out.splitlines()] == ["/a/missing"]
    run = sitepub("logs", "--local", "--host", "nobody.example.com", cwd=tmp_path / "site")
    assert run.out == ""
    assert "no such visits since" in run.err


def test_json_is_one_object(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/", "/x?q=1")
    found = sitepub("logs", "--local", "--json", "--since", "5m", cwd=tmp_path / "site").json
    assert (found["version"], found["action"], found["status"]) == (1, "logs", "ok")
    assert found["source"] == {"name": "the embedded cloud", "delay": "at once"}
    assert [(one["status"], one["path"], one["query"]) for one in found["visits"]] == [
        (200, "/", ""), (404, "/x", "q=1")]


def test_stats_in_the_terminal_as_json_and_as_a_page(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/", "/", "/missing")
    run = sitepub("logs", "--local", "--stats", "--html", "report.html", cwd=tmp_path / "site")
    assert run.code == 0, run.err
    assert run.out.startswith("3 requests, ")
    assert "Visits per hour" in run.out
    page = (tmp_path / "site/report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "site (dev)" in page
    if os.name == "posix":
        assert (tmp_path / "site/report.html").stat().st_mode & 0o777 == 0o644
    found = sitepub("logs", "--local", "--stats", "--json", cwd=tmp_path / "site").json
    assert found["stats"]["visits"] == 3
    assert found["stats"]["statuses"] == {"200": 2, "404": 1}
    assert sum(hour["visits"] for hour in found["stats"]["hours"]) == 3
    gone = sitepub("logs", "--local", "--html", "no/such/folder.html", cwd=tmp_path / "site")
    assert gone.code == 1
    assert "cannot be written" in gone.err
    assert not list((tmp_path / "site").glob(".sitepub-logs-*"))


@pytest.mark.usefixtures("at_once")
def test_the_figures_are_those_of_the_visits(sitepub: Sitepub, tmp_path: Path, local_cloud: LocalCloud) -> None:
    site = make_site(local_cloud)
    site.add(Cache=rules(cached()))
    site.put("post.html", b"<p>Post</p>", content_type="text/html")
    write(tmp_path / "site", site.wire.bucket, f"  hosts:\n    - host: {site.host}\n")
    for path, referer in (("/", ""), ("/", "https://a.example/x"), ("/index.html", "https://a.example/"),
                          ("/post.html", "https://b.example/"), ("/post.html", f"http://{site.host}/"),
                          ("/%67one", "https://b.example/"), ("/gone", ""), ("/a.png", "")):
        site.visit(path, "-e", referer)
    curl(local_cloud, site.wire.bucket, "/post.html")
    words = ("logs", "--local", "--since", "1h", "--json")
    visits = sitepub(*words, cwd=tmp_path / "site").json["visits"]
    stats = sitepub(*words, "--stats", cwd=tmp_path / "site").json["stats"]
    caches = Counter(visit["cache"] for visit in visits)
    assert stats["visits"] == len(visits) == 9
    assert stats["bytes"] == sum(visit["bytes"] for visit in visits) > 0
    assert stats["statuses"] == Counter(str(visit["status"]) for visit in visits) == {"200": 6, "404": 3}
    assert stats["hit_rate"] == caches["hit"] / (caches["hit"] + caches["miss"])
    assert (stats["hits"], caches[None]) == (caches["hit"], 1)
    assert caches["hit"] >= 3
    assert {hour["hour"][:13]: hour["visits"] for hour in stats["hours"] if hour["visits"]} == Counter(
        visit["time"][:13] for visit in visits)
    assert stats["mean_seconds"] == pytest.approx(sum(visit["seconds"] for visit in visits) / 9)
    assert stats["pages"] == [{"path": "/", "visits": 3}, {"path": "/post.html", "visits": 3}]
    assert stats["missing"] == [{"path": "/gone", "visits": 2}, {"path": "/a.png", "visits": 1}]
    assert stats["referrers"] == [{"site": "a.example", "visits": 2}, {"site": "b.example", "visits": 1}]


def read_lines(stream: IO[str], count: int) -> list[str]:
    return [stream.readline() for _ in range(count)]


def test_following_as_json_is_one_object_a_line_until_ctrl_c(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/before")
    process = sitepub.start("logs", "--local", "--follow", "--since", "5m", "--json", cwd=tmp_path / "site")
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["path"] == "/before"
        paths = [f"/{number}" for number in range(50)]
        curl(sitepub.cloud, bucket, *paths)
        assert [json.loads(line)["path"] for line in read_lines(process.stdout, 50)] == paths
        if sys.platform != "win32":
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert process.returncode == 130
            assert out == ""
            assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_following_with_stats_ends_with_the_figures(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/one")
    process = sitepub.start("logs", "--local", "-f", "--since", "5m", "--stats", cwd=tmp_path / "site")
    try:
        assert process.stdout is not None
        assert "/one" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "1 request, " in out
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
def test_following_ends_when_its_reader_is_gone(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    curl(sitepub.cloud, bucket, "/one")
    process = sitepub.start("logs", "--local", "-f", "--since", "5m", cwd=tmp_path / "site")
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        curl(sitepub.cloud, bucket, *(f"/{number}" for number in range(20)))
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.mark.parametrize(("words", "told"), [
    (["--status", "9xx"], "--status"), (["--since", "soon"], "--since"), (["--follow", "--html", "x.html"], "--html"),
    (["--source", "nowhere"], "nowhere"), (["--html", ""], "--html"), (["--source", "edgeone"], "no hosts on EdgeOne"),
])
def test_mistakes_are_told(sitepub: Sitepub, bucket: str, tmp_path: Path, words: list[str], told: str) -> None:
    assert bucket
    run = sitepub("logs", "--local", *words, cwd=tmp_path / "site")
    assert run.code == 2
    assert told in run.err


def test_a_bucket_without_a_log_says_how_to_keep_one(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    assert bucket
    run = sitepub("logs", "--local", "--source", "cos", "--json", cwd=tmp_path / "site")
    assert run.code == 1
    assert run.json["error"]["code"] == "NoLogs"


def test_the_buckets_own_log_is_read(sitepub: Sitepub, bucket: str, tmp_path: Path, local_cloud: LocalCloud) -> None:
    from tests.local.cos_wire import Wire

    document = (f"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{bucket}</TargetBucket>"
                "<TargetPrefix>logs/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")
    assert Wire(local_cloud, bucket).call("PUT", query={"logging": ""}, body=document.encode()).status == 200
    curl(local_cloud, bucket, "/kept")
    admin(local_cloud, "/-/logs/deliver", "")
    run = sitepub("logs", "--local", "--source", "cos", cwd=tmp_path / "site")
    assert [line.split()[1:4] for line in run.out.splitlines()] == [["404", "GET", "/kept"]], run.err
    assert "five minutes" in run.err


@pytest.fixture
def at_once(local_cloud: LocalCloud) -> Iterator[None]:
    """States of the cloud API take no time."""
    admin(local_cloud, "/-/pace", "0")
    yield
    admin(local_cloud, "/-/pace", "1")


@pytest.mark.usefixtures("at_once")
def test_visits_of_a_host_come_from_its_topic(sitepub: Sitepub, tmp_path: Path, local_cloud: LocalCloud) -> None:
    from tests.logs.test_logs_sources import topic_of

    site = make_site(local_cloud)
    site.add()
    topic = topic_of(site)
    site.visit("/over-the-edge")
    hosts = f"  hosts:\n    - host: {site.host}\n"
    write(tmp_path / "site", site.wire.bucket, hosts)
    found: dict[str, Any] = sitepub("logs", "--local", "--source", "cls", "--json", cwd=tmp_path / "site").json
    assert found["source"]["name"] == f"CLS topic {topic}"
    assert [(one["host"], one["path"], one["cache"]) for one in found["visits"]] == [
        (site.host, "/over-the-edge", "miss")]
    write(tmp_path / "site", site.wire.bucket, hosts + f"  logs:\n    topicId: {topic}\n    region: ap-beijing\n")
    wrong = sitepub("logs", "--local", "--source", "cls", cwd=tmp_path / "site")
    assert wrong.code == 1
    assert "no log topic" in wrong.err
    write(tmp_path / "site", site.wire.bucket, hosts)
    files = sitepub("logs", "--local", "--source", "cdn", "--since", "1h", cwd=tmp_path / "site")
    assert "/over-the-edge" in files.out, files.err


def test_several_sites_are_shown_one_after_the_other_but_not_followed(
        sitepub: Sitepub, local_cloud: LocalCloud, tmp_path: Path) -> None:
    for name in ("a", "b"):
        site = make_site(local_cloud)
        write(tmp_path / name, site.wire.bucket)
        curl(local_cloud, site.wire.bucket, f"/{name}")
    found = sitepub("logs", "--local", "--json", cwd=tmp_path).json
    assert [[one["path"] for one in project["visits"]] for project in found["projects"]] == [["/a"], ["/b"]]
    run = sitepub("logs", "--local", "--follow", cwd=tmp_path)
    assert run.code == 2
    assert "one site" in run.err


def test_help_names_what_there_is(sitepub: Sitepub, tmp_path: Path) -> None:
    out = subprocess.run([sys.executable, "-m", "sitepub", "logs", "--help"], capture_output=True, text=True,
                         cwd=tmp_path, env=dict(sitepub.environ), check=True).stdout
    for option in ("--follow", "--since", "--status", "--path", "--host", "--stats", "--html", "--source"):
        assert option in out
