"""More of what users meet: large files, other accounts and regions, acceleration, forced downloads, drift."""

from __future__ import annotations

import hashlib
import json
import random
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.admin.admin import proof
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor, make_sitepub
from tests.e2e.test_e2e_website import objects_in, official_sdk

LARGE = 40 * 1000 * 1000


def large_content() -> bytes:
    return random.Random(7).randbytes(LARGE)


def unfinished_uploads(cloud: LocalCloud, bucket: str) -> list[str]:
    answer = official_sdk(cloud).list_multipart_uploads(Bucket=bucket)
    return [upload["Key"] for upload in answer.get("Upload", [])]


def buckets_of(cloud: LocalCloud) -> list[str]:
    answer = official_sdk(cloud).list_buckets()["Buckets"] or {"Bucket": []}
    return [bucket["Name"] for bucket in answer["Bucket"]]


def test_a_large_file_goes_up_in_parts_and_comes_back_whole(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor, local_cloud: LocalCloud
) -> None:
    content = large_content()
    site = make_site("large", {"index.html": "i", "error.html": "e", "talk.mp4": content})
    report = sitepub.deploy(site.folder)
    assert report["bytes"] == LARGE + 2
    assert re.fullmatch(r'"[0-9a-f]{32}-\d+"', objects_in(local_cloud, report["bucket"])["talk.mp4"]), "in parts"
    page = visitor.get(report["url"], "/talk.mp4")
    assert hashlib.md5(page.body).digest() == hashlib.md5(content).digest()
    assert page.headers["content-type"] == "video/mp4"
    assert sitepub.deploy(site.folder)["changes"]["unchanged"] == 3
    assert sitepub.deploy(site.folder, "--verify")["changes"]["unchanged"] == 3
    (site.folder / "src/talk.mp4").rename(site.folder / "src/renamed.mp4")
    moved = sitepub.deploy(site.folder)
    assert (moved["changes"]["copied"], moved["changes"]["deleted"], moved["bytes"]) == (1, 0, 0)
    assert [one["key"] for one in moved["retained"]] == ["talk.mp4"]
    assert len(visitor.get(report["url"], "/renamed.mp4").body) == LARGE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_parts_of_a_killed_upload_are_thrown_away_and_the_bucket_can_be_removed(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    with running_cloud(tmp_path / "slow", "--latency", "40") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("torn")
        bucket = sitepub.deploy(site.folder)["bucket"]
        for _ in range(2):
            (site.folder / "src/talk.mp4").write_bytes(large_content())
            kill_during_an_upload_in_parts(sitepub, site, cloud, bucket)
            assert unfinished_uploads(cloud, bucket) == ["talk.mp4"]
            (site.folder / "src/talk.mp4").unlink()
            sitepub.deploy(site.folder)
            assert unfinished_uploads(cloud, bucket) == []
        (site.folder / "src/talk.mp4").write_bytes(large_content())
        kill_during_an_upload_in_parts(sitepub, site, cloud, bucket)
        assert sitepub("remove", "--local", "--yes", cwd=site.folder).code == 0
        assert bucket not in buckets_of(cloud)


def kill_during_an_upload_in_parts(sitepub: Sitepub, site: Site, cloud: LocalCloud, bucket: str) -> None:
    process = sitepub.start("deploy", "--local", cwd=site.folder)
    deadline = time.monotonic() + 60
    while not unfinished_uploads(cloud, bucket):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def test_a_forced_download_is_told_on_the_first_deploy(tmp_path: Path, home: Path, make_site: MakeSite) -> None:
    with running_cloud(tmp_path / "cloud", "--force-download") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("forced")
        run = sitepub("deploy", "--local", cwd=site.folder)
        assert run.code == 0
        assert "browsers download the pages of this address" in run.err
        assert "domain of your own" in run.err
        report = sitepub.deploy(site.folder)
        page = Visitor(cloud).get(report["url"])
        assert page.headers["content-disposition"] == "attachment"
        assert page.headers["x-cos-force-download"] == "true"
        fresh = make_site("forced-too")
        [warning] = sitepub.deploy(fresh.folder)["warnings"]
        assert "download" in warning


def test_without_forced_downloads_nobody_is_warned(sitepub: Sitepub, make_site: MakeSite) -> None:
    assert sitepub.deploy(make_site("unforced").folder)["warnings"] == []


def test_the_bucket_of_somebody_else_is_refused_with_a_name_that_is_free(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    other = json.loads((local_cloud.data / "identity.json").read_text(encoding="utf-8"))["other_account"]
    taken = f"taken-{other['app_id']}"
    theirs = official_sdk(LocalCloud(local_cloud.endpoint, other["app_id"], other["secret_id"], other["secret_key"],
                                     local_cloud.region, local_cloud.data, local_cloud.pid))
    theirs.create_bucket(Bucket=taken)
    theirs.put_object(Bucket=taken, Key="index.html", Body=b"theirs")
    site = make_site("mistaken", bucketName=taken)
    run = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 5
    error = run.json["error"]
    assert error["code"] == "BucketForeign"
    assert "belongs to another account" in error["message"]
    found = re.search(r"`inputs\.bucketName: ([a-z0-9-]+)`", error["hint"])
    assert found is not None
    assert theirs.get_object(Bucket=taken, Key="index.html")["Body"].get_raw_stream().read() == b"theirs"
    site.configure(bucketName=found[1])
    assert sitepub.deploy(site.folder)["bucket"] == f"{found[1]}-{local_cloud.app_id}"


def test_a_bucket_in_another_region_is_not_taken_for_a_new_one(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("moving")
    old = sitepub.deploy(site.folder)["bucket"]
    site.configure(region="ap-beijing")
    run = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 1
    assert run.json["error"]["code"] == "BucketAlreadyOwnedByYou"
    assert "ap-guangzhou" in run.json["error"]["message"]
    site.configure(bucketName="moved-away")
    report = sitepub.deploy(site.folder)
    assert (report["region"], report["changes"]["uploaded"]) == ("ap-beijing", 3)
    [warning] = report["warnings"]
    assert "ap-guangzhou" in warning
    assert old in warning
    assert sitepub.deploy(site.folder)["warnings"] == []
    there = ("--inputs", "region=ap-guangzhou", f"bucketName={old}")
    assert sitepub("remove", "--local", "--yes", *there, cwd=site.folder).code == 0
    assert old not in buckets_of(local_cloud)
    assert f"moved-away-{local_cloud.app_id}" in buckets_of(local_cloud)


def test_the_command_that_takes_down_what_stayed_in_another_region_does_just_that(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("left")
    other = sitepub.deploy(site.folder)["bucket"]
    old = sitepub.deploy(site.folder, "--stage", "prod")["bucket"]
    site.configure(region="ap-beijing", bucketName="left-${stage}-north")
    run = sitepub("deploy", "--local", "--stage", "prod", cwd=site.folder)
    command = re.search(r"sitepub (remove .*)", run.err)
    assert command is not None, run.err
    assert sitepub(*command[1].split(), "--yes", cwd=site.folder).code == 0
    assert old not in buckets_of(local_cloud)
    assert {other, f"left-prod-north-{local_cloud.app_id}"} <= set(buckets_of(local_cloud))


@contextmanager
def watched(cloud: LocalCloud) -> Iterator[list[tuple[str, str]]]:
    """Put a wire tap before the cloud: the method and the host of every request that goes through it."""
    seen: list[tuple[str, str]] = []
    listener = socket.create_server(("127.0.0.1", 0))
    described = cloud.data / "cloud.json"
    original = described.read_text(encoding="utf-8")
    port = listener.getsockname()[1]

    def pass_on(source: socket.socket, target: socket.socket, tap: bool) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                if tap:
                    seen.extend((method.decode(), host.decode()) for method, host in re.findall(
                        rb"(?:^|\n)([A-Z]+) \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?[Hh]ost: ([^\r\n]+)\r\n", block))
                target.sendall(block)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def prove(client: socket.socket) -> bytes:
        """The embedded cloud proves that it is ours at the port that was asked: the tap's is another one. Returns what
        was sent by a client that wants no proof."""
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            block = client.recv(4096)
            if not block:
                return asked
            asked += block
        nonce = re.search(rb"x-sitepub-nonce: (\w+)", asked)
        if nonce is None:
            return asked
        body = json.dumps({"proof": proof(json.loads(original)["secret"], port, nonce[1].decode())}).encode()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                       % (len(body), body))
        return b""

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                begun = prove(client)
                server = socket.create_connection((cloud.host, cloud.port))
                server.sendall(begun)
                for source, target, tap in ((client, server, True), (server, client, False)):
                    threading.Thread(target=pass_on, args=(source, target, tap), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    described.write_text(json.dumps({**json.loads(original), "endpoint": f"http://127.0.0.1:{port}"}),
                         encoding="utf-8")
    try:
        yield seen
    finally:
        described.write_text(original, encoding="utf-8")
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_acceleration_carries_the_objects_and_nothing_else(tmp_path: Path, home: Path, make_site: MakeSite) -> None:
    with running_cloud(tmp_path / "cloud") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("hurried", accelerate=True, releases={"keepAssets": 0})
        with watched(cloud) as seen:
            report = sitepub.deploy(site.folder)
        fast = f"{report['bucket']}.cos.accelerate.myqcloud.com"
        assert [method for method, host in seen if host == fast] == ["PUT"] * 3
        others = {host for _, host in seen if host != fast}
        assert f"{report['bucket']}.cos.ap-guangzhou.myqcloud.com" in others, "settings"
        assert f"sitepub-state-ap-guangzhou-{cloud.app_id}.cos.ap-guangzhou.myqcloud.com" in others, "state"
        assert not [host for host in others if "accelerate" in host]
        assert Visitor(cloud).get(report["url"]).body == b"<h1>Hello</h1>"
        site.write({"index.html": "<h1>Faster</h1>"})
        (site.folder / "src/css/site.css").rename(site.folder / "src/css/main.css")
        changes = sitepub.deploy(site.folder, "--verify")["changes"]
        assert (changes["uploaded"], changes["copied"], changes["deleted"]) == (1, 1, 1)


def test_acceleration_is_switched_on_for_new_and_existing_buckets_and_waited_for_without_failing(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    from dataclasses import replace

    from sitepub.tencent.cloud import Cloud, Credentials, Embedded
    from sitepub.tencent.cos.bucket_settings import BucketSettings
    from sitepub.tencent.cos.request import Request
    from sitepub.tencent.cos.wire import Wire

    with running_cloud(tmp_path / "cloud") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("slow")
        bucket = sitepub.deploy(site.folder)["bucket"]
        there = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region,
                      Embedded(cloud.host, cloud.port))
        settings = BucketSettings(there, bucket)
        assert not settings.get_acceleration()
        site.configure(accelerate=True, releases={"keepAssets": 0})
        plan = sitepub("plan", "--local", cwd=site.folder)
        assert "global acceleration: on (was off)" in plan.out
        assert sitepub.deploy(site.folder)["warnings"] == []
        assert settings.get_acceleration()
        assert sitepub("info", "--local", "--json", cwd=site.folder).json["drift"] == []
        # The real service takes a while until the endpoint serves the bucket: as if it were off again.
        body = b"<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>"
        Wire(there, bucket).send(Request("PUT", "", params={"accelerate": ""}, body=body))
        site.write({"index.html": "<h1>Meanwhile</h1>", "new/page.html": "new"})
        (site.folder / "src/css/site.css").unlink()
        fast = f"{bucket}.cos.accelerate.myqcloud.com"
        with watched(cloud) as seen:
            report = sitepub.deploy(site.folder)
        assert report["changes"]["uploaded"] == 2 and report["changes"]["deleted"] == 1
        assert fast in {host for _, host in seen}, "it was tried"
        assert len(report["warnings"]) == 1 and "not in force" in report["warnings"][0]
        assert Visitor(cloud).get(report["url"]).body == b"<h1>Meanwhile</h1>"
        report = sitepub.deploy(site.folder, "--verify")
        assert settings.get_acceleration(), "verify puts it right"
        store = Wire(replace(there, accelerate=True), bucket)
        store.send(Request("GET", "", "index.html"))
        assert not store.unaccelerated


def test_the_address_of_a_site_below_a_prefix_leads_to_it(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    site = make_site("below", keyPrefix="团队/docs")
    report = sitepub.deploy(site.folder)
    assert report["url"].endswith("/%E5%9B%A2%E9%98%9F/docs/")
    path = "/" + report["url"].split("/", 3)[3]
    assert visitor.get(report["url"], path).body == b"<h1>Hello</h1>"
    assert sitepub("info", "--local", "--json", cwd=site.folder).json["url"] == report["url"]
    missing = visitor.get(report["url"], path + "nothing")
    assert (missing.status, missing.body) == (404, b"<h1>Not here</h1>")


def test_what_was_changed_by_hand_is_seen_by_verify_and_put_right(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor, local_cloud: LocalCloud
) -> None:
    site = make_site("drifting")
    report = sitepub.deploy(site.folder)
    sdk = official_sdk(local_cloud)
    sdk.put_object(Bucket=report["bucket"], Key="index.html", Body=b"by hand")
    sdk.delete_object(Bucket=report["bucket"], Key="css/site.css")
    sdk.put_object(Bucket=report["bucket"], Key="extra.html", Body=b"by hand")
    assert sitepub.deploy(site.folder)["changes"]["unchanged"] == 3, "what is remembered is trusted"
    plan = sitepub("plan", "--local", "--json", "--verify", cwd=site.folder).json
    assert {step["key"]: step["action"] for step in plan["steps"]} == {"index.html": "upload", "css/site.css": "upload"}
    assert plan["left_alone"] == ["extra.html"]
    sitepub.deploy(site.folder, "--verify")
    assert visitor.get(report["url"]).body == b"<h1>Hello</h1>"
    assert visitor.get(report["url"], "/css/site.css").body == b"body{}"
    assert visitor.get(report["url"], "/extra.html").body == b"by hand"


def test_a_folder_named_by_a_roundabout_way_is_one_project(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("roundabout")
    run = sitepub("deploy", "--local", "--json", "--cwd", "../../roundabout", cwd=site.folder / "src")
    report: dict[str, Any] = run.json
    assert (run.code, report["status"], "projects" in report) == (0, "ok", False)


def test_two_stages_in_one_bucket_are_told_that_they_replace_each_other(
    sitepub: Sitepub, make_site: MakeSite
) -> None:
    site = make_site("crowded", bucketName="crowded-house")
    assert sitepub.deploy(site.folder)["warnings"] == []
    site.write({"index.html": "<h1>Production</h1>"})
    refused = sitepub("deploy", "--local", "--stage", "prod", cwd=site.folder)
    assert refused.code == 5
    assert "crowded/dev/crowded" in refused.err
    [warning] = sitepub.deploy(site.folder, "--stage", "prod", "--yes")["warnings"]
    assert "crowded/dev/crowded" in warning
    other = make_site("apart", bucketName="crowded-house", keyPrefix="apart")
    refused = sitepub("deploy", "--local", cwd=other.folder)
    assert refused.code == 5 and "error document: apart/error.html (was error.html)" in refused.err
    [warning] = sitepub.deploy(other.folder, "--yes")["warnings"]
    assert "error document" in warning, "files below another prefix are in nobody's way; the error document is one"


def test_debug_shows_every_request_and_no_secret(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("looked-at")
    run = sitepub("deploy", "--local", "--debug", "--json", cwd=site.folder)
    assert run.code == 0
    assert run.json["status"] == "ok", "stdout stays one object"
    for key in ("index.html", "error.html", "css/site.css"):
        assert re.search(rf"PUT looked-at-dev-\S+/{key}: 200, request \S+", run.err), run.err
    assert "PutBucketWebsite" in run.err
    for secret in (local_cloud.secret_key, local_cloud.secret_id, "q-signature"):
        assert secret not in run.err
    quiet = sitepub("deploy", "--local", "--force", "--quiet", cwd=site.folder)
    assert (quiet.err, quiet.out.splitlines()[0]) == ("", "region:  ap-guangzhou")
