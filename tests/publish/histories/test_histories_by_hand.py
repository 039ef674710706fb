"""What people do to the buckets by hand between two runs: objects and whole buckets deleted, replaced, written again
with other headers, an old copy of the state put back, parts of it gone or damaged. No run may lose anything of others,
none may say that all is well when it is not, and none ends in a traceback."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.config.project import Project, Releases
from sitepub.errors import Refused, SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.glance import differs
from sitepub.publish.locking.lock_record import LEFT_BEHIND
from sitepub.publish.outcome import Status
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.going_back import site_of
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.removal_plan import RemovalOptions
from sitepub.publish.states import shards
from sitepub.publish.states.packed import packed
from sitepub.publish.states.releases import Releases as Records
from sitepub.site.snapshot import Snapshot
from tests.amount import AMOUNT, times
from tests.publish.memory_bucket import Object
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.release.kept import PREFIX, STATE_BUCKET, seen_by_others
from tests.publish.sites import BUCKET, as_published, live, plain, sites

FOREIGN = {"X-Owner": "another program"}
ROOT = f"{PREFIX}state.json.gz"
_SAID = {"StateDamaged", "ReleaseDamaged", "ContentNotKept", "NoSuchRelease", "ContentChanged", "Unfinished",
         "HeadersNotKnown"}
"""Codes of errors that say what is wrong, before anything is changed."""
_RUNS = ("deploy", "deploy", "deploy", "deploy", "verify", "back", "remove")
_BY_HAND = ("delete", "replace", "headers", "add", "empty bucket", "put state back", "put root back", "put root back",
            "lose root", "lose shards", "lose content", "lose records", "lose some", "damage", "lose lock",
            "lose all state", "time")


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """About two keys each, so that these small sites have several."""
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 2)


@dataclass(frozen=True)
class Deed:
    what: str
    site: Snapshot
    number: int = 0
    kill: int | None = None
    after: bool = False


class Hands:
    """One site, and people who change its buckets."""

    def __init__(self, *, keep: int) -> None:
        self.cloud = MemoryCloud()
        self.cloud.says_times = True
        self.of: Project = project(releases=Releases(number=3, keep_assets=keep))
        self.theirs: dict[str, Object] = {}
        """What people have put into the website bucket and sitepub has not been allowed to replace."""
        self.over: set[str] = set()
        """Keys under which people have put something over a file of the site."""
        self.touched: set[str] = set()
        """Keys that people changed since the bucket was compared last."""
        self.other_headers: set[str] = set()
        """Keys that got other headers by hand: after a kill, which of two writes it was is not found out."""
        self.hurt = False
        """Parts of the state were damaged or lost, and kept content may be among them."""
        self.forgotten = False
        """A root was lost: what it named is nobody's, and stays."""
        self.copies: list[dict[str, Object]] = []
        """Of the state, after each run."""
        self.allowed: set[str] = set()
        """Keys of those that the run may replace, but not delete."""
        self.done: list[str] = []
        self.count = 0

    @property
    def objects(self) -> dict[str, Object]:
        return self.cloud.bucket(BUCKET).objects

    @property
    def state(self) -> dict[str, Object]:
        return self.cloud.bucket(STATE_BUCKET).objects

    # -- deeds -----------------------------------------------------------------------------------------

    def do(self, deed: Deed) -> None:
        self.done.append(f"{deed.what} {deed.number} {sorted(deed.site.files) if deed.what == 'deploy' else ''}"
                         f"{f' killed at {deed.kill}' if deed.kill is not None else ''}")
        self.count += 1
        cloud = self.cloud
        cloud.now += 10
        cloud.writes.clear()
        if deed.what in ("deploy", "verify", "back", "remove"):
            cloud.kill_at, cloud.kill_after = deed.kill, deed.after
            cloud.look = self._others_are_safe
            try:
                self._run(deed)
            except Killed:
                cloud.revive()
                if deed.number % 2:
                    LEFT_BEHIND.clear()
            except SitepubError as error:
                assert error.code in _SAID, f"{error}: {self.done}"
                self._follow_the_advice(error)
            cloud.kill_at, cloud.look = None, lambda: None
            self._others_are_safe()
            for key in [key for key in self.allowed & self.theirs.keys() if self.objects.get(key) != self.theirs[key]]:
                del self.theirs[key]
            self.over &= self.theirs.keys()
            self.allowed = set()
            # An old copy of a state says nothing of what was removed since: it names no release that could show that.
            self.copies = [] if deed.what == "remove" else [*self.copies, dict(self.state)]
        else:
            self._by_hand(deed)
        self._others_are_safe()

    def _run(self, deed: Deed) -> None:
        if deed.what == "remove":
            self._remove()
            return
        there = remote(self.cloud, self.of)
        site, website = deed.site, None
        if deed.what == "back":
            state = there.states.load()
            records = Records(there.states.store, there.states.prefix, there.states.shards)
            ids = records.ids(state) if self.cloud.bucket(STATE_BUCKET).exists else []
            if not ids:
                return
            found = records.read(ids[deed.number % len(ids)], state)
            site, website = site_of(found), found.record.website
        self._publish(prepare(there, site, verify=deed.what == "verify", website=website), site)

    def _publish(self, prepared: Prepared, wanted: Snapshot) -> None:
        there = remote(self.cloud, self.of)
        listed = prepared.plan.listed
        if prepared.settled and not prepared.verify and differs(there, prepared.base) is not None:
            prepared = prepare(there, wanted, verify=True, website=prepared.website)
            listed = True
        self._allow(prepared)

        def approve(again: Prepared) -> None:
            nonlocal listed
            listed = again.plan.listed
            self._allow(again)

        outcome = publish(there, wanted, prepared, PublishOptions(allow_delete=True, threads=1, approve=approve))
        if outcome.status is Status.PARTIAL:
            for failure in outcome.failures:
                code = failure.error.code if isinstance(failure.error, SitepubError) else None
                assert (code == "ForeignObject" and (failure.step.key in self.theirs or self.forgotten)) or (
                    code == "ContentNotKept" and (self.touched or self.hurt)), f"{failure}: {self.done}"
            return
        assert outcome.status in (Status.PUBLISHED, Status.UNCHANGED)
        if listed:
            self.touched.clear()
        found = self.objects
        for file in wanted:
            there_now = found.get(file.key)
            if file.key in self.touched:
                continue
            assert there_now is not None, f"{file.key} is not live: {self.done}"
            same = hashlib.md5(there_now.data).hexdigest() == file.md5
            # Of two of one size that went up in parts, a state that is not the last one cannot say which is there.
            unclear = self.forgotten and "-" in there_now.etag and len(there_now.data) == file.size
            assert same or unclear, f"{file.key} is not as published: {self.done}"
            assert there_now.headers == file.headers or file.key in self.other_headers, (
                f"{file.key} has other headers: {self.done}")

    def _allow(self, prepared: Prepared) -> None:
        """What the user is asked about, or is said to be adopted; and what was a file of the site before, which a run
        replaces that has to write it."""
        self.allowed |= {step.key for step in (*prepared.plan.taken_over, *prepared.plan.adopted)}
        self.allowed |= {step.key for step in prepared.plan.steps if step.file is not None and step.key in self.over}

    def _remove(self) -> None:
        there = remote(self.cloud, self.of)
        removal = prepare_removal(there)
        if removal is None:
            return
        removed = remove(there, removal)
        assert not removed.failures, self.done
        self.over.clear()

    def _follow_the_advice(self, error: SitepubError) -> None:
        """Of an error that every run would end with."""
        if error.code == "StateDamaged":
            assert error.hint is not None and "state.json.gz" in error.hint
            self.state.pop(ROOT, None)
            self.forgotten = True
            self.done.append("  deleted the root")

    def _by_hand(self, deed: Deed) -> None:
        keys, cloud = sorted(self.objects), self.cloud
        key = keys[deed.number % len(keys)] if keys else ""
        if deed.what == "time":
            cloud.now += 86400 * (1 + deed.number)
        elif deed.what in ("delete", "replace", "headers") and key:
            self._change(deed.what, key)
        elif deed.what == "add" and cloud.bucket(BUCKET).exists:
            new = ("p0.html", "plain0.txt", "zz.html", "feed.xml")[deed.number % 4]
            if new not in self.objects:
                self._put(new, f"by hand {self.count}".encode())
        elif deed.what == "empty bucket":
            self.touched |= self.objects.keys()
            self.objects.clear()
            self.theirs.clear()
            if deed.number % 2:
                cloud.bucket(BUCKET).exists = False
                cloud.bucket(BUCKET).values.clear()
        else:
            self._hurt_the_state(deed)

    def _change(self, what: str, key: str) -> None:
        self.touched.add(key)
        there = self.objects[key]
        if what == "delete":
            del self.objects[key]
            self.theirs.pop(key, None)
        elif what == "replace":
            if key not in self.theirs:
                self.over.add(key)
            self._put(key, f"by hand {self.count}".encode())
        elif key not in self.theirs:
            self.other_headers.add(key)
            self.objects[key] = Object(there.data, {"Content-Type": "x/y"}, there.etag, self.cloud.now)

    def _put(self, key: str, data: bytes) -> None:
        self.touched.add(key)
        self.theirs[key] = self.objects[key] = Object(data, FOREIGN, self.cloud.etag_of(data), self.cloud.now)

    def _hurt_the_state(self, deed: Deed) -> None:
        state, number = self.state, deed.number
        root, self.hurt = state.get(ROOT), True
        ours = [key for key in sorted(state) if key.startswith(PREFIX)]
        copy = self.copies[-2 - number % (len(self.copies) - 1)] if len(self.copies) > 1 else {}
        if deed.what == "put state back" and copy:
            self.cloud.bucket(STATE_BUCKET).exists = True
            if number % 2:
                state.clear()
            state.update(copy)
        elif deed.what == "put root back" and ROOT in copy:
            self.cloud.bucket(STATE_BUCKET).exists = True
            state[ROOT] = copy[ROOT]
        elif deed.what == "lose all state":
            state.clear()
            self.cloud.bucket(STATE_BUCKET).exists = number % 2 == 0
        elif deed.what == "damage" and ours:
            key = ours[number % len(ours)]
            there = state[key]
            hurt = (there.data[:len(there.data) // 2], b"", there.data + b"x", b"\x1f\x8b")[number % 4]
            state[key] = replace(there, data=hurt, etag=self.cloud.etag_of(hurt))
        elif deed.what == "lose some":
            for key in ours[number % 3::3]:
                del state[key]
        elif deed.what.startswith("lose "):
            part = {"root": ROOT, "shards": f"{PREFIX}shards/", "content": f"{PREFIX}content/",
                    "records": f"{PREFIX}releases/", "lock": f"{PREFIX}lock"}[deed.what[5:]]
            for key in [key for key in state if key.startswith(part)]:
                del state[key]
        self.forgotten = self.forgotten or (root is not None and state.get(ROOT) != root)

    # -- what must hold --------------------------------------------------------------------------------

    def _others_are_safe(self) -> None:
        for key, there in self.theirs.items():
            if key in self.allowed:
                assert key in self.objects, f"{key} was put there by hand, and is gone: {self.done}"
            else:
                assert self.objects.get(key) == there, f"{key} was put there by hand: {self.done}"

    def settle(self) -> None:
        """A deploy that compares the bucket puts all right, after what its errors say was done."""
        last = plain(last="1", other="2")
        for _ in range(4):
            self.do(Deed("verify", last))
            self.cloud.now += 1000
        there = live(seen_by_others(self.cloud))
        assert all(there.get(key) == one for key, one in as_published(last).items()), self.done
        again = prepare(remote(self.cloud, self.of), last)
        assert again.empty, (self.done, again.plan.steps)


@st.composite
def histories(draw: st.DrawFn) -> list[Deed]:
    """Of a few sites that come and go."""
    some = st.sampled_from(draw(st.lists(sites(), min_size=2, max_size=3)))
    what = st.sampled_from(_RUNS) | st.sampled_from(_RUNS) | st.sampled_from(_BY_HAND)
    kill = st.none() | st.none() | st.integers(0, 30)
    return draw(st.lists(st.builds(Deed, what, some, st.integers(0, 23), kill, st.booleans()), min_size=8, max_size=16))


@settings(max_examples=times(10, long=2000), derandomize=AMOUNT != "long",
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large])
@given(histories(), st.sampled_from([0, 7 * 86400]))
def test_the_laws_hold_whatever_people_do_to_the_buckets(history: Sequence[Deed], keep: int) -> None:
    LEFT_BEHIND.clear()
    hands = Hands(keep=keep)
    for deed in history:
        hands.do(deed)
    hands.settle()


def deploy(cloud: MemoryCloud, site: Snapshot, of: Project | None = None) -> Prepared:
    place = remote(cloud, of)
    return publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1)).prepared


def contents(cloud: MemoryCloud) -> dict[str, str]:
    return {key: there.data.decode() for key, there in cloud.bucket(BUCKET).objects.items()}


def with_an_old_root() -> MemoryCloud:
    """The second release is live, and the root says that it is the first."""
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1", b="1", c="1"))
    old = cloud.bucket(STATE_BUCKET).objects[ROOT]
    cloud.now += 10
    deploy(cloud, plain(a="2", b="2", d="2"))
    cloud.bucket(STATE_BUCKET).objects[ROOT] = old
    return cloud


def test_an_old_copy_of_the_root_is_not_trusted() -> None:
    cloud = with_an_old_root()
    prepared = deploy(cloud, plain(a="1", b="3", d="3"))
    assert contents(cloud) == {"a.txt": "1", "b.txt": "3", "d.txt": "3"}
    assert any("older than its release" in note for note in prepared.notes)
    again = deploy(cloud, plain(a="4", b="3", d="3"))
    assert not again.notes and not again.plan.listed, "the release that was made then is the newest"


def test_where_nothing_has_changed_an_old_copy_of_the_root_is_found_out_by_a_glance() -> None:
    cloud = with_an_old_root()
    place, site = remote(cloud), plain(a="1", b="1", c="1")
    prepared = prepare(place, site)
    assert prepared.settled
    words = differs(place, prepared.base)
    assert words is not None and "older than its release" in words
    deploy(cloud, plain(a="2"))
    assert differs(place, deploy(cloud, plain(a="2")).base) is None


@pytest.mark.parametrize("files", [1, 30])
def test_a_bucket_that_was_deleted_by_hand_is_made_again(files: int) -> None:
    """With many new files a listing of the bucket that is gone says so, before anything is written."""
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))
    bucket = cloud.bucket(BUCKET)
    bucket.objects.clear()
    bucket.values.clear()
    bucket.exists = False
    new = {f"n{number}": "1" for number in range(files)}
    site = plain(a="1", **new)
    deploy(cloud, site)
    assert bucket.exists and live(cloud) == as_published(site)
    state = remote(cloud).states.load()
    assert state is not None and state.created is not None and state.pending is None


@pytest.mark.parametrize("broken", [b"no gzip", packed({"version": 99, "app": "x"})])
def test_replace_deletes_nothing_while_the_state_of_another_site_cannot_be_read(broken: bytes) -> None:
    cloud = MemoryCloud()
    other = project(stage="dev")
    deploy(cloud, plain(theirs="1"), other)
    key = other.state_prefix + "state.json.gz"
    objects = cloud.bucket(STATE_BUCKET).objects
    objects[key] = replace(objects[key], data=broken, etag="other")
    with pytest.raises(Refused, match="shop/dev/site"):
        deploy(cloud, plain(a="1"), project(replace=True))
    assert contents(cloud) == {"theirs.txt": "1"}
    deploy(cloud, plain(a="1"))
    assert contents(cloud) == {"theirs.txt": "1", "a.txt": "1"}, "without `replace` it is in nobody's way"


def test_removal_of_what_was_adopted_deletes_nothing_while_the_state_of_another_site_cannot_be_read() -> None:
    cloud = MemoryCloud()
    other = project(stage="dev")
    deploy(cloud, plain(theirs="1"), other)
    deploy(cloud, plain(a="1"))
    key = other.state_prefix + "state.json.gz"
    objects = cloud.bucket(STATE_BUCKET).objects
    objects[key] = replace(objects[key], data=b"no gzip", etag="other")
    with pytest.raises(Refused, match="shop/dev/site"):
        prepare_removal(remote(cloud), RemovalOptions(adopted=True))
    assert contents(cloud) == {"theirs.txt": "1", "a.txt": "1"}
    removal = prepare_removal(remote(cloud))
    assert removal is not None and not remove(remote(cloud), removal).failures
    assert contents(cloud) == {"theirs.txt": "1"}, "without --adopted it deletes nothing but its own"


def test_kept_content_that_was_changed_by_hand_never_goes_live() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1", b="same"))
    place = remote(cloud)
    state = place.states.load()
    assert state is not None and state.release is not None
    deploy(cloud, plain(a="2", b="same"))
    objects = cloud.bucket(STATE_BUCKET).objects
    [kept] = [key for key, there in objects.items() if key.startswith(f"{PREFIX}content/") and there.data == b"1"]
    objects[kept] = replace(objects[kept], data=b"another", etag=cloud.etag_of(b"another"))
    place = remote(cloud)
    records, now = Records(place.states.store, place.states.prefix, place.states.shards), place.states.load()
    assert now is not None
    back = site_of(records.read(state.release.id, now))
    outcome = publish(place, back, prepare(place, back), PublishOptions(allow_delete=True, threads=1))
    assert [(failure.step.key, getattr(failure.error, "code", "")) for failure in outcome.failures] == [
        ("a.txt", "ContentNotKept")]
    assert contents(cloud) == {"a.txt": "2", "b.txt": "same"}
