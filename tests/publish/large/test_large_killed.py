"""A deploy that is killed in the middle of a large file: the next one, another process, sends only the parts that are
missing, and what is live in the end is the file."""

from __future__ import annotations

import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from random import Random

import pytest
from qcloud_cos.cos_exception import CosServiceError

from sitepub.errors import Refused
from sitepub.publish.placing import Placer, Resumed
from sitepub.publish.plan import Action, Phase, Reason, Step
from sitepub.publish.progress import Silent
from tests.amount import times
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import Site, Sitepub, make_sitepub
from tests.e2e.test_e2e_website import official_sdk
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.sites import site_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")

PART = 8 * 1024 * 1024
PARTS = 11
SIZE = (PARTS - 1) * PART + 17
_SENT = re.compile(r"PUT \S*?/(\S+?)\?partNumber=(\d+)&uploadId=\S+: 200")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud") / "data", "--latency", "30") as cloud:
        yield cloud


def make(folder: Path, name: str) -> Site:
    folder.mkdir()
    site = Site(folder, name)
    site.configure()
    site.write({"index.html": "<!doctype html><title>page</title>", "film.mp4": Random(name).randbytes(SIZE)})
    return site


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)


def finished(cloud: LocalCloud, bucket: str) -> dict[str, set[int]]:
    """The parts that are there, by key."""
    sdk = official_sdk(cloud)
    try:
        uploads = sdk.list_multipart_uploads(Bucket=bucket).get("Upload", [])
    except CosServiceError as error:
        if error.get_error_code() != "NoSuchBucket":  # it is not there yet
            raise
        return {}
    found = {}
    for upload in uploads:
        try:
            parts = sdk.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        except CosServiceError as error:
            if error.get_error_code() != "NoSuchUpload":  # it has come to its end since it was listed
                raise
            continue
        found[upload["Key"]] = {int(part["PartNumber"]) for part in parts.get("Part", [])}
    return found


def killed_with(sitepub: Sitepub, site: Site, cloud: LocalCloud, bucket: str, parts: int,
                how: int = signal.SIGKILL) -> dict[str, set[int]]:
    """Deploy until so many parts are there, then kill it; what is there afterwards."""
    process = sitepub.start("deploy", "--local", "--yes", cwd=site.folder)
    deadline = time.monotonic() + 200
    try:
        while True:
            # It rests while it is looked at: however long that takes, it does not come to its end meanwhile.
            process.send_signal(signal.SIGSTOP)
            there = finished(cloud, bucket)
            if sum(map(len, there.values())) >= parts:
                break
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            process.send_signal(signal.SIGCONT)
            time.sleep(0.02 if there else 0.1)
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    while (there := finished(cloud, bucket)) != finished(cloud, bucket):
        pass  # requests that were under way
    return there


def sent(log: str) -> set[tuple[str, int]]:
    return {(found[1], int(found[2])) for found in _SENT.finditer(log)}



@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT][:times(1, long=2)], ids=lambda how: how.name)
def test_no_finished_part_is_sent_again(slow: LocalCloud, tmp_path: Path, home: Path, how: int) -> None:
    site = make(tmp_path / "site", f"film-{how}")
    sitepub = make_sitepub(slow, home)
    bucket = bucket_of(sitepub, site)
    before: set[int] = set()
    for parts in (1, 9):
        there = killed_with(sitepub, site, slow, bucket, parts, how).get("film.mp4")
        if there is None:  # the last parts were under way: either all are there, or the next run sends too many
            there = set(range(1, PARTS + 1))
            deadline = time.monotonic() + 120  # for the cloud to put them together
            while not official_sdk(slow).object_exists(Bucket=bucket, Key="film.mp4"):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert before <= there, "no run sends what the one before has sent, or throws it away"
        before = there
    run = sitepub("deploy", "--local", "--yes", "--debug", cwd=site.folder)
    assert run.code == 0, run.err
    assert {number for key, number in sent(run.err) if key == "film.mp4"} == set(range(1, PARTS + 1)) - before
    assert official_sdk(slow).get_object(Bucket=bucket, Key="film.mp4")["Body"].get_raw_stream().read() == (
        site.published()["film.mp4"])
    assert not finished(slow, bucket)


def test_an_upload_that_comes_to_its_end_after_it_was_looked_for_is_sitepubs_own() -> None:
    """The answer to its last request had not come when the run ended, and the next one found neither parts nor file."""
    cloud = MemoryCloud()
    bucket = cloud.bucket("films")
    bucket.exists = True
    film = site_file("film.mp4", b"film" * 100)
    step = Step(Action.UPLOAD, film.key, Phase.ASSETS, Reason.NEW, film)
    for late, said in ((b"film" * 100, ""), (b"mine" * 100, "exists in the bucket"), (b"film", "exists in the bucket")):
        resumed = Resumed(frozenset({film.key} if late.startswith(b"film") else ()))
        cloud.store("films").put(film.key, late, film.headers)
        placer = Placer(cloud.store("films"), None, Silent(), threading.Event(), resumed)
        with pytest.raises(Refused, match=said) if said else nullcontext():
            done = placer.go_live(step)
            assert not done.adopted and done.stored.etag == bucket.objects[film.key].etag
        assert bucket.objects[film.key].data == late


def test_a_film_that_replaces_another_goes_on_in_the_kept_content(slow: LocalCloud, tmp_path: Path, home: Path) -> None:
    site = make(tmp_path / "site", "replaced")
    sitepub = make_sitepub(slow, home)
    done = sitepub.deploy(site.folder, "--yes")
    state = f"sitepub-state-{slow.region}-{slow.app_id}"
    site.write({"film.mp4": Random("another").randbytes(SIZE)})
    there = killed_with(sitepub, site, slow, state, 1)
    [(key, parts)] = there.items()
    assert "/content/" in key
    run = sitepub("deploy", "--local", "--yes", "--debug", cwd=site.folder)
    assert run.code == 0, run.err
    assert {number for _, number in sent(run.err)} == set(range(1, PARTS + 1)) - parts
    assert official_sdk(slow).get_object(Bucket=done["bucket"], Key="film.mp4")["Body"].get_raw_stream().read() == (
        site.published()["film.mp4"])


@pytest.mark.parametrize("change", ["content", "headers"])
def test_parts_of_something_else_are_thrown_away(slow: LocalCloud, tmp_path: Path, home: Path, change: str) -> None:
    site = make(tmp_path / "site", f"changed-{change}")
    sitepub = make_sitepub(slow, home)
    bucket = bucket_of(sitepub, site)
    killed_with(sitepub, site, slow, bucket, 1)
    match change:
        case "content":
            site.write({"film.mp4": Random("another").randbytes(SIZE)})
        case _:
            site.configure(headers={"*.mp4": {"Cache-Control": "max-age=60"}})
    run = sitepub("deploy", "--local", "--yes", "--debug", cwd=site.folder)
    assert run.code == 0, run.err
    assert {number for _, number in sent(run.err)} == set(range(1, PARTS + 1))
    assert not finished(slow, bucket)
    if change == "headers":
        head = official_sdk(slow).head_object(Bucket=bucket, Key="film.mp4")
        assert head["Cache-Control"] == "max-age=60"


def bucket_of(sitepub: Sitepub, site: Site) -> str:
    """The name of its bucket, which is not there yet."""
    run = sitepub("plan", "--local", "--json", cwd=site.folder)
    assert run.code == 0, run.err
    return str(run.json["bucket"])
