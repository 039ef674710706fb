"""The bucket of a site is not the one that sitepub filled any more: it was deleted and made again by another program,
with files and settings of its own; and the state is still there, or was copied away before ``remove`` and put back.
Whatever is run then, nothing of that program is deleted, and nothing replaced without a question."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from sitepub.config.project import Releases
from sitepub.errors import Refused, SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.glance import differs
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.going_back import site_of
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.removal_plan import RemovalOptions
from sitepub.publish.states.releases import Releases as Records
from sitepub.publish.states.remote import Remote
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.website_config import WebsiteConfig
from tests.amount import AMOUNT
from tests.publish.memory_bucket import Object
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.release.kept import STATE_BUCKET
from tests.publish.sites import BUCKET, as_published, live, plain, site_file, snapshot

FOREIGN = {"X-Owner": "another program"}
OLD = snapshot(site_file("index.html", b"old", "text/html"), site_file("a.css", b"p{}", "text/css"),
               site_file("gone.txt", b"gone"), site_file("changed.txt", b"1"), site_file("aged.txt", b"aged"))
NEW = snapshot(site_file("index.html", b"new", "text/html"), site_file("a.css", b"p{}", "text/css"),
               site_file("added.txt", b"added"), site_file("changed.txt", b"2"), site_file("aged.txt", b"aged", age=9))
ONLY_ADDED = snapshot(*OLD, site_file("added.txt", b"added"))
ONLY_DROPPED = snapshot(*(file for file in OLD if file.key != "gone.txt"))
THEIRS: dict[str, Mapping[str, bytes]] = {
    "nothing": {},
    "other names": {"z.txt": b"z", "y/index.html": b"y"},
    "the same content": {file.key: file.data or b"" for file in OLD},
    "the same content among others": {"a.css": b"p{}", "gone.txt": b"gone", "index.html": b"theirs", "z.txt": b"z"},
    "other content": {"index.html": b"theirs", "changed.txt": b"theirs", "gone.txt": b"theirs"},
    "one of other content": {"index.html": b"theirs"},
    "one of the same content": {"gone.txt": b"gone"},
    "what the next deploy adds": {"added.txt": b"theirs", "z.txt": b"z"},
}
WEBSITES = {"no website": None, "a website": WebsiteConfig("index.html", "404.html")}
RUNS = ("the same", "the next", "only added", "only dropped", "back", "remove", "remove adopted")
SITES = {"the same": OLD, "the next": NEW, "only added": ONLY_ADDED, "only dropped": ONLY_DROPPED}


class World:
    """``removed``: by ``remove``, and the state put back; else the bucket alone was deleted."""

    def __init__(self, theirs: Mapping[str, bytes], website: WebsiteConfig | None, *, removed: bool, keep: int) -> None:
        self.theirs: dict[str, Object] = {}
        self.adopted: set[str] = set()
        self.may_go = False
        self.cloud = MemoryCloud()
        self.cloud.says_times = True
        self.of = project(releases=Releases(number=3, keep_assets=keep))
        first = snapshot(site_file("index.html", b"older", "text/html"), site_file("a.css", b"p{}", "text/css"))
        for site in (first, OLD):
            self.publish(prepare(self.place, site), site)
            self.cloud.now += 100
        bucket, state = self.cloud.bucket(BUCKET), self.cloud.bucket(STATE_BUCKET)
        copy = dict(state.objects)
        if removed:
            removal = prepare_removal(self.place)
            assert removal is not None and not remove(self.place, removal).failures
            assert not bucket.exists and not state.exists
        bucket.objects.clear()
        bucket.values.clear()
        bucket.exists = state.exists = True
        state.objects.clear()
        state.objects.update(copy)
        self.cloud.now += 5000
        self.theirs = {key: Object(data, FOREIGN, self.cloud.etag_of(data), self.cloud.now)
                       for key, data in theirs.items()}
        bucket.objects.update(self.theirs)
        if website is not None:
            bucket.values.update(website=website, acl="public-read")
        self.cloud.now += 100
        self.cloud.look = self.look

    @property
    def place(self) -> Remote:
        return remote(self.cloud, self.of)

    def look(self) -> None:
        """After every write."""
        objects = self.cloud.bucket(BUCKET).objects
        # An adopted object in which the site has put new content later is the site's.
        self.theirs = {key: there for key, there in self.theirs.items()
                       if key not in self.adopted or key not in objects or objects[key].data == there.data}
        for key, there in self.theirs.items():
            assert key in objects, f"{key} is another program's, and gone"
            # What has the content of the site is adopted: it gets its headers.
            assert key in self.adopted or objects[key].data == there.data, f"{key} is another program's"
        assert self.may_go or self.cloud.bucket(BUCKET).exists, "the bucket is another program's"

    def publish(self, prepared: Prepared, site: Snapshot, *, yes: bool = True) -> None:
        def approve(again: Prepared) -> None:
            if again.plan.taken_over and not yes:
                raise Refused("no")
            for step in again.plan.taken_over:
                self.theirs.pop(step.key, None)
            self.adopted.update(step.key for step in again.plan.adopted)

        if prepared.settled and differs(self.place, prepared.base) is not None:
            prepared = prepare(self.place, site, verify=True)
        approve(prepared)
        outcome = publish(self.place, site, prepared, PublishOptions(allow_delete=True, threads=1, approve=approve))
        if outcome.failures:
            # What is in the way of a new key; the message says what to do.
            assert {getattr(failure.error, "code", "") for failure in outcome.failures} == {"ForeignObject"}
            self.publish(prepare(self.place, site, verify=True), site, yes=yes)

    def run(self, what: str, *, yes: bool = True) -> None:
        if what.startswith("remove"):
            removal = prepare_removal(self.place, RemovalOptions(adopted=what.endswith("adopted")))
            if removal is not None:
                for step in removal.buckets[0].plan.steps if what.endswith("adopted") else ():
                    self.theirs.pop(step.key, None)
                assert not remove(self.place, removal).failures
            return
        there = self.place
        site = SITES.get(what)
        if site is None:
            records = Records(there.states.store, there.states.prefix, there.states.shards)
            site = site_of(records.read(min(records.ids()), there.states.load()))
        try:
            self.publish(prepare(there, site), site, yes=yes)
        except SitepubError as error:
            if what != "back" or error.code != "ContentNotKept":
                raise
        if what in SITES:
            found = live(self.cloud)
            assert all(found[key] == there for key, there in as_published(site).items()), "success is true"
            assert self.cloud.bucket(BUCKET).values["acl"] == "public-read"


@pytest.mark.parametrize("removed", [True, False], ids=["state put back", "bucket deleted"])
@pytest.mark.parametrize("website", WEBSITES)
@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.usefixtures("one_after_another")
def test_nothing_of_the_program_that_made_the_bucket_again_is_lost(theirs: str, website: str, *, removed: bool) -> None:
    for number, (first, keep) in enumerate(itertools.product(RUNS, (0, 7 * 86400))):
        if AMOUNT != "long" and (number + removed) % 3:
            continue
        world = World(THEIRS[theirs], WEBSITES[website], removed=removed, keep=keep)
        others = [key for key, file in OLD.files.items() if key in world.theirs and world.theirs[key].data != file.data]
        if len(others) < 2 and website == "a website":
            # One that is a website, where no more than one file has other content, cannot be distinguished from the
            # site's own in which people changed something by hand: it is replaced, and the bucket goes when empty.
            world.theirs = {key: there for key, there in world.theirs.items() if key not in OLD.files}
            world.may_go = True
        for what in (first, "the next", "remove"):
            world.run(what)
            world.cloud.now += 8 * 86400


@pytest.mark.parametrize("theirs", ["other content", "the same content among others", "one of other content"])
def test_without_a_yes_nothing_of_it_is_replaced(theirs: str) -> None:
    for what in SITES:
        world = World(THEIRS[theirs], None, removed=True, keep=0)
        with pytest.raises(Refused):
            world.run(what, yes=False)
        assert world.cloud.bucket(BUCKET).objects == world.theirs


def test_what_another_program_wrote_again_is_not_removed_without_a_yes() -> None:
    cloud = MemoryCloud()
    cloud.says_times = True
    place = remote(cloud)
    site = plain(a="1", b="2", c="3")
    publish(place, site, prepare(place, site), PublishOptions(threads=1))
    cloud.now += 100
    cloud.store(BUCKET).put("b.txt", b"2", FOREIGN)
    removal = prepare_removal(remote(cloud))
    assert removal is not None
    assert [(left.key, left.why) for left in removal.buckets[0].left] == [
        ("b.txt", "another program or site wrote it again, with the same content (--adopted deletes it)")]
    assert not remove(remote(cloud), removal).failures
    assert live(cloud) == {"b.txt": (b"2", FOREIGN)}


def test_what_another_program_wrote_again_is_not_deleted_when_the_site_drops_it() -> None:
    cloud = MemoryCloud()
    cloud.says_times = True
    site = plain(a="1", b="2", c="3")
    publish(remote(cloud), site, prepare(remote(cloud), site), PublishOptions(threads=1))
    cloud.now += 100
    cloud.store(BUCKET).put("b.txt", b"2", FOREIGN)
    less = plain(a="1", c="3")
    publish(remote(cloud), less, prepare(remote(cloud), less), PublishOptions(threads=1, allow_delete=True))
    assert live(cloud) == as_published(less) | {"b.txt": (b"2", FOREIGN)}
