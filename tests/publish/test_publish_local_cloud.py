"""The whole path of a deploy and a removal on the embedded cloud: real requests, real signatures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule, Website
from sitepub.errors import Refused
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.plan import Action, Reason
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.removal_plan import NOT_OURS
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.settings.actual import read_actual
from sitepub.settings.difference import difference
from sitepub.settings.wanted import wanted_settings
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_settings import BucketSettings, BucketStatus
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.amount import times
from tests.conftest import LocalCloud
from tests.e2e.test_e2e_website import official_sdk
from tests.publish.memory_cloud import project
from tests.publish.sites import foreign_objects, plain, site_file, sites, snapshot


@pytest.fixture
def cloud(local_cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id,
                 local_cloud.region, local_cloud.address)


@pytest.fixture
def named() -> dict[str, Any]:
    """Buckets of one's own: a website's and a state's."""
    mark = uuid.uuid4().hex[:8]
    return {"bucket_name": f"site-{mark}", "state_bucket": f"state-{mark}"}


@pytest.fixture
def place(cloud: Cloud, named: dict[str, Any]) -> Iterator[Remote]:
    with open_remote(project(**named), cloud) as remote:
        yield remote


def deploy(place: Remote, site: Snapshot, *, verify: bool = False) -> Outcome:
    return publish(place, site, prepare(place, site, verify=verify), PublishOptions(allow_delete=True))


def drift(place: Remote) -> list[str]:
    wanted = wanted_settings(place.project, place.bucket)
    return [step.summary for step in difference(wanted, read_actual(place.settings, wanted))]


def contents(place: Remote) -> dict[str, bytes]:
    return {there.key: place.store.get(there.key).data for there in place.store.list()}


SITE = snapshot(
    site_file("index.html", b"<h1>hello</h1>", "text/html; charset=utf-8"),
    site_file("assets/app.1234abcd.js", b"x" * 5000, "text/javascript"),
    site_file("\u4e2d\u6587/a b+%#?.txt", b"awkward"),
    site_file("empty.txt", b""),
)


def test_a_first_deploy_makes_the_bucket_public_and_a_second_has_nothing_to_do(place: Remote) -> None:
    first = deploy(place, SITE)
    assert first.status is Status.PUBLISHED
    assert first.counts.uploaded == 4
    assert [step.kind for step in first.settings] == ["bucket", "acl", "website"]
    assert contents(place) == {file.key: file.data for file in SITE}
    assert place.settings.get_acl() == "public-read"
    website = place.settings.get_website()
    assert website is not None and website.index == "index.html" and website.redirect_https
    assert place.state_settings.get_acl() == "private"
    second = prepare(place, SITE)
    assert second.settled and second.plan.unchanged == 4
    assert publish(place, SITE, second).status is Status.UNCHANGED
    assert not prepare(place, SITE, verify=True).plan.steps


def test_headers_of_an_object_are_those_of_the_site_after_a_change_of_headers_only(place: Remote) -> None:
    deploy(place, snapshot(site_file("index.html", b"hi", "text/html", age=1)))
    again = deploy(place, snapshot(site_file("index.html", b"hi", "text/html", age=9)))
    assert again.counts.headers == 1 and again.counts.uploaded == 0
    head = place.store.head("index.html")
    assert head is not None and head.headers["cache-control"] == "max-age=9"


def test_a_renamed_file_is_copied_on_the_server(place: Remote) -> None:
    deploy(place, snapshot(site_file("index.html", b"hi", "text/html"), site_file("old.bin", b"y" * 3000)))
    after = snapshot(site_file("index.html", b"hi", "text/html"), site_file("new.bin", b"y" * 3000))
    outcome = deploy(place, after)
    assert (outcome.counts.copied, outcome.counts.uploaded, outcome.counts.deleted) == (1, 0, 1)
    assert contents(place) == {file.key: file.data for file in after}
    assert not prepare(place, after, verify=True).plan.steps


def test_a_new_file_never_lands_on_somebody_elses_object_unseen(place: Remote) -> None:
    deploy(place, plain(a="1"))
    place.store.put("b.txt", b"not yours", {"Content-Type": "text/plain"})
    outcome = deploy(place, plain(a="1", b="2"))
    assert outcome.status is Status.PARTIAL
    assert place.store.get("b.txt").data == b"not yours"
    again = prepare(place, plain(a="1", b="2"))
    assert [step.key for step in again.plan.taken_over] == ["b.txt"]


def test_what_the_project_says_of_the_bucket_is_written_once(cloud: Cloud, named: dict[str, Any]) -> None:
    said = project(**named, cors=(CorsRule(("GET",), ("https://a.example",), max_age_seconds=60),),
                   tags={"team": "web"},
                   lifecycle=(LifecycleRule("old logs", prefix="logs/", expiration_days=30),),
                   website=Website(error="404.html", ignore_html_ext=True, disable_error_status=True,
                                   redirect_rules=(
                                       RedirectRule(key_prefix="old/", replace_key_prefix_with="new/"),
                                       RedirectRule(http_error_code=403, replace_key_with="no.html"))))
    with open_remote(said, cloud) as place:
        deploy(place, SITE)
        assert drift(place) == []
        assert not prepare(place, SITE, verify=True).settings
        place.settings.put_tags({"team": "other"})
        assert drift(place) == ["tags: team=web (was team=other)"]


def test_a_policy_that_lets_everybody_read_is_added_to_what_is_there(cloud: Cloud,
                                                                     named: dict[str, Any]) -> None:
    from sitepub.config.bucket_settings import Access

    said = project(**named, access=Access(acl=None, anonymous_read_policy=True))
    with open_remote(said, cloud) as place:
        deploy(place, SITE)
        policy = place.settings.get_policy()
        assert policy is not None and len(policy["Statement"]) == 1
        assert drift(place) == []
        assert place.settings.get_acl() == "private"


def test_remove_takes_what_sitepub_made_and_leaves_what_others_put_there(place: Remote) -> None:
    deploy(place, SITE)
    place.store.put("theirs.txt", b"theirs", {"Content-Type": "text/plain"})
    removal = prepare_removal(place)
    assert removal is not None
    assert [(left.key, left.why) for left in removal.buckets[0].left] == [("theirs.txt", NOT_OURS)]
    removed = remove(place, removal)
    assert removed.objects == 4
    assert contents(place) == {"theirs.txt": b"theirs"}
    assert removed.buckets == (place.states.store.bucket,)
    assert place.state_settings.head() is BucketStatus.MISSING
    assert prepare_removal(place) is None


def test_remove_takes_the_bucket_too_when_sitepub_created_it(place: Remote) -> None:
    deploy(place, SITE)
    removal = prepare_removal(place)
    assert removal is not None
    removed = remove(place, removal)
    assert set(removed.buckets) == {place.bucket, place.states.store.bucket}
    assert place.settings.head() is BucketStatus.MISSING


def test_after_a_change_of_the_buckets_name_remove_takes_both(cloud: Cloud, named: dict[str, Any]) -> None:
    with open_remote(project(**named), cloud) as before:
        deploy(before, SITE)
    with open_remote(project(**{**named, "bucket_name": named["bucket_name"] + "-new"}), cloud) as after:
        moved = prepare(after, SITE)
        assert "lived in the bucket" in moved.notes[0]
        assert publish(after, SITE, moved).status is Status.PUBLISHED
        removal = prepare_removal(after)
        assert removal is not None
        assert [one.bucket for one in removal.buckets] == [after.bucket, before.bucket]
        assert {after.bucket, before.bucket} < set(remove(after, removal).buckets)


def test_every_release_leaves_a_record(place: Remote) -> None:
    for number in range(22):
        deploy(place, plain(a=str(number)))
    releases = Releases(place.states.store, place.states.prefix, place.states.shards)
    ids = releases.ids()
    assert len(ids) == 22 and ids == sorted(ids, reverse=True)
    state = place.states.load()
    assert state is not None and state.release is not None and state.release.id == ids[0]
    assert [one.manifest["a.txt"].md5 for one in releases.latest(22, state)] == [
        plain(a=str(number)).files["a.txt"].md5 for number in reversed(range(22))]


def test_a_drifted_object_is_found_with_verify_only(place: Remote) -> None:
    deploy(place, SITE)
    place.store.put("index.html", b"vandals", {"Content-Type": "text/html"})
    place.store.delete(["empty.txt"])
    assert prepare(place, SITE).settled
    steps = prepare(place, SITE, verify=True).plan.steps
    assert {(step.key, step.action, step.reason) for step in steps} == {
        ("index.html", Action.UPLOAD, Reason.DRIFTED), ("empty.txt", Action.UPLOAD, Reason.MISSING)}


@settings(max_examples=times(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([plain(a="theirs", b="ours"), plain(b="ours"), plain(a="theirs", b="theirs")],
         {"a.txt": "theirs", "b.txt": "theirs"})
@given(st.lists(sites(), min_size=2, max_size=3), foreign_objects)
def test_random_histories_end_as_the_last_site_and_leave_what_is_foreign(
        cloud: Cloud, history: list[Snapshot], foreign: dict[str, str]) -> None:
    mark = uuid.uuid4().hex[:8]
    said = project(bucket_name=f"site-{mark}", state_bucket=f"state-{mark}")
    with open_remote(said, cloud) as place:
        place.settings.create()
        for key, text in foreign.items():
            place.store.put(key, text.encode(), {"Content-Type": "text/x-foreign"})
        for site in history:
            deploy(place, site, verify=True)
            # What was there with the same content stays theirs, whatever becomes of the site.
            foreign = {key: text for key, text in foreign.items()
                       if key not in site.files or site.files[key].data == text.encode()}
            assert contents(place) == {**{key: text.encode() for key, text in foreign.items()},
                                       **{file.key: file.data for file in site}}
            for file in site:
                head = place.store.head(file.key)
                assert head is not None
                assert {name: head.headers[name.lower()] for name in file.headers} == file.headers
            assert prepare(place, site).settled
            again = prepare(place, site, verify=True)
            assert not again.plan.steps and not again.settings
        removal = prepare_removal(place)
        assert removal is not None
        remove(place, removal)
        assert contents(place) == {key: text.encode() for key, text in foreign.items()}
        place.store.delete(list(foreign))
        place.settings.delete()


# -- processes -----------------------------------------------------------------------------------------

HOLDER = textwrap.dedent("""
    import sys, time
    from sitepub.publish.locking.lock import Lock
    from sitepub.errors import Refused
    from sitepub.tencent.cloud import Cloud, Credentials, Embedded
    from sitepub.tencent.cos.object_store import CosObjectStore

    sid, key, app_id, region, host, port, bucket, mode = sys.argv[1:]
    store = CosObjectStore(Cloud(Credentials(sid, key), app_id, region, Embedded(host, int(port))), bucket)
    try:
        with Lock(store, "x/") as lock:
            print("held", flush=True)
            if mode == "wait":
                sys.stdin.readline()
            lock.still_ours()
    except Refused as error:
        print("refused", error.code, flush=True)
""")


def _contender(local: LocalCloud, bucket: str, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, local.secret_id, local.secret_key, local.app_id, local.region,
         local.host, str(local.port), bucket, mode],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_two_processes_one_holds_the_lock_and_the_other_is_told_who(
        place: Remote, local_cloud: LocalCloud) -> None:
    place.state_settings.create()
    bucket = place.states.store.bucket
    with _contender(local_cloud, bucket, "wait") as first:
        assert _line(first) == "held"
        with _contender(local_cloud, bucket, "go") as second:
            assert _line(second) == "refused Locked"
        with pytest.raises(Refused, match="is deploying this site since"):
            Lock(place.states.store, "x/").acquire()
        first.communicate("\n")
    with _contender(local_cloud, bucket, "go") as third:
        assert _line(third) == "held"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a dead holder is recognised by /proc")
def test_the_lock_of_a_killed_process_on_this_machine_is_taken_over_by_exactly_one(
        place: Remote, local_cloud: LocalCloud) -> None:
    place.state_settings.create()
    bucket = place.states.store.bucket
    with _contender(local_cloud, bucket, "wait") as holder:
        assert _line(holder) == "held"
        holder.kill()
        holder.wait()
    heirs = [_contender(local_cloud, bucket, "wait") for _ in range(4)]
    answers = [_line(heir) for heir in heirs]
    for heir in heirs:
        heir.communicate("\n")
    assert sorted(answers) == ["held"] + ["refused Locked"] * 3


DEPLOYER = textwrap.dedent("""
    import sys
    from sitepub.publish.prepare import prepare
    from sitepub.publish.publish import PublishOptions, publish
    from sitepub.publish.states.remote import open_remote
    from sitepub.tencent.cloud import Cloud, Credentials, Embedded
    from tests.publish.memory_cloud import project
    from tests.publish.sites import site_file, snapshot

    sid, key, app_id, region, host, port, bucket, state, text, files = sys.argv[1:]
    cloud = Cloud(Credentials(sid, key), app_id, region, Embedded(host, int(port)))
    site = snapshot(*(site_file(f"f{n}.txt", f"{text} {n}".encode(), age=len(text))
                      for n in range(int(files))))
    with open_remote(project(bucket_name=bucket, state_bucket=state), cloud) as place:
        prepared = prepare(place, site)
        print("begin", flush=True)
        print(publish(place, site, prepared, PublishOptions(threads=4, allow_delete=True)).status, flush=True)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_deploy_killed_in_the_middle_is_finished_by_the_next(
        place: Remote, local_cloud: LocalCloud, named: dict[str, Any]) -> None:
    def start(text: str, files: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", DEPLOYER, local_cloud.secret_id, local_cloud.secret_key,
             local_cloud.app_id, local_cloud.region, local_cloud.host, str(local_cloud.port),
             named["bucket_name"], named["state_bucket"], text, str(files)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})

    with start("one", 300) as first:
        assert (_line(first), _line(first)) == ("begin", "published")
    with start("three", 400) as second:
        assert _line(second) == "begin"
        deadline = time.monotonic() + 30
        while place.store.head("f399.txt") is None and time.monotonic() < deadline:
            time.sleep(0.005)
        second.send_signal(signal.SIGKILL)
        second.wait()
    with start("three", 350) as third:
        assert (_line(third), _line(third)) == ("begin", "published")
    assert contents(place) == {f"f{n}.txt": f"three {n}".encode() for n in range(350)}
    head = place.store.head("f7.txt")
    assert head is not None and head.headers["cache-control"] == "max-age=5"


def test_in_a_state_bucket_with_versioning_a_second_run_does_not_take_the_lock_of_the_first(
        cloud: Cloud, local_cloud: LocalCloud) -> None:
    name = f"versions-{cloud.app_id}"
    BucketSettings(cloud, name).create()
    official_sdk(local_cloud).put_bucket_versioning(Bucket=name, Status="Enabled")
    first, second = CosObjectStore(cloud, name), CosObjectStore(cloud, name)
    first.put("x/state.json.gz", b"state", {})
    with Lock(first, "x/") as lock:
        second.get("x/state.json.gz")
        with pytest.raises(Refused, match="is deploying"):
            Lock(second, "x/").acquire()
        lock.still_ours()
