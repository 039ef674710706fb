"""Two stages, a preview of one of them, objects of others, and all that is done with releases: in one cloud in memory,
with a model of what must be live after each act and a look at the laws after each write."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from sitepub.actions.releases import promote, rollback
from sitepub.actions.releases.go_live import Chosen
from sitepub.actions.releases.history import mark_in
from sitepub.config.bucket_settings import Website
from sitepub.config.previews import PreviewOf
from sitepub.config.project import Project, Releases
from sitepub.errors import SitepubError
from sitepub.publish.apply import Counts
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking import lease
from sitepub.publish.locking.lock_record import LEFT_BEHIND
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.phases import deletion_rank
from sitepub.publish.prepare import prepare
from sitepub.publish.previews.names import preview_of
from sitepub.publish.previews.robots import with_own_robots
from sitepub.publish.publish import publish
from sitepub.publish.release.content import KeptContent
from sitepub.publish.release.promotion import LiveSite, site_from
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states import releases as records
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.dev_release import record_dev_release
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from tests.publish.histories.acts import FOREIGN, Act, Live, NothingToDo, Place, Trouble, failing
from tests.publish.memory_bucket import Object
from tests.publish.memory_cloud import APP_ID, Killed, MemoryCloud, project, remote
from tests.publish.release.kept import contents_of, seen_by_others

DAY = 86400
WEEK = 7 * DAY
ACCOUNT = Cloud(Credentials("id", "key"), APP_ID, "ap-guangzhou")
_NEEDS = re.compile(r"<needs (.*?)>")


class World:
    """``keep``: seconds that dropped assets stay. ``threads``: of each run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, keep: int = WEEK, number: int = 2, threads: int = 1) -> None:
        self.cloud = MemoryCloud()
        self.cloud.regions = {f"testing-{APP_ID}": "ap-beijing", f"sitepub-state-ap-beijing-{APP_ID}": "ap-beijing"}
        self.view = seen_by_others(self.cloud)
        policy = Releases(number=number, keep_assets=keep)
        prod = project(releases=policy)
        testing = project(stage="testing", bucket_name="testing", region="ap-beijing", releases=policy)
        preview = preview_of(prod, PreviewOf("new", WEEK))
        self.places: dict[str, Place] = {"prod": Place("prod", prod), "testing": Place("testing", testing),
                                         "preview": Place("preview", preview)}
        self.keep, self.threads = keep, threads
        self.foreign: dict[str, dict[str, bytes]] = {place.bucket: {} for place in self.places.values()}
        self.slept = 0.0
        self.done: list[str] = []
        """What was done, for the report of a failure."""
        self.depth = 0
        """More than 1: another computer, while one is at it."""
        self.troubled = False
        self.seen = 0
        """How often a file was looked for that an open tab may load."""
        steady, wall = lease._steady, time.time
        monkeypatch.setattr(lease, "_steady", lambda: steady() + self.slept)
        monkeypatch.setattr(time, "time", lambda: wall() + self.slept)
        monkeypatch.setattr(promote, "_find", self._find)
        LEFT_BEHIND.clear()
        self.cloud.look = self._look

    def _find(self, of: Project, _cloud: Cloud, _opened: ExitStack) -> tuple[object, str, State]:
        states = remote(self.cloud, of).states
        state = states.load()
        if state is None:
            raise promote._not_deployed(of)
        return states, of.region, state

    def remote(self, place: Place, **changes: object) -> Remote:
        return remote(self.cloud, replace(place.project, **changes) if changes else place.project)  # type: ignore[arg-type]

    # -- acts ------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Does it, with its trouble, and checks what must be so afterwards."""
        self.done.append(f"{'  ' * self.depth}{act.what} {act.where} {act.number} {act.trouble.kind}@{act.trouble.at}")
        self.depth += 1
        cloud, place = self.cloud, self._place_of(act)
        cloud.writes.clear()
        before = self._all_objects()
        try:
            with self._in_trouble(act):
                self._do(act, place)
        except Killed:
            assert act.trouble.kind in ("kill", "killed elsewhere"), self.done
            cloud.revive()
            if act.trouble.kind == "killed elsewhere":
                LEFT_BEHIND.clear()
        except NothingToDo:
            pass
        except SitepubError as error:
            # Another computer finds the lock; without trouble nothing fails.
            assert act.trouble.kind != "none" or (self.depth > 1 and error.code == "Locked"), (self.done, error)
        finally:
            self.depth -= 1
        cloud.fail = lambda _what, _key: None
        cloud.kill_at = None
        self._learn_releases()
        for one in self.places.values():
            if not self.depth and not one.unsettled and one.named is None:
                one.named = {}
            if one is not place and act.other is None:
                assert self._objects(one) == before[one.name], f"{one.name} has changed: {self.done}"
            self._check_shown(one)

    def _place_of(self, act: Act) -> Place:
        if act.what in ("show", "take down"):
            return self.places["preview"]
        return self.places["prod" if act.what in ("promote", "publish preview") else act.where]

    def _do(self, act: Act, place: Place) -> None:
        if act.what == "time":
            self.cloud.now += act.number * DAY
        elif act.what == "others":
            self._others(act, place)
        elif act.what == "deploy":
            self._publish(act, place, act.site, act.site)
        elif act.what == "show":
            shown = with_own_robots(act.site)
            self._publish(act, place, shown, shown)
            if place.shown is shown:
                place.own = act.site
        elif act.what == "dev":
            self._dev(act, place)
        elif act.what == "rollback":
            self._rollback(act, place)
        elif act.what in ("mark", "unmark"):
            self._mark(act, place)
        elif act.what == "take down":
            self._take_down(place)
        else:
            self._promote(act, self.places["testing" if act.what == "promote" else "preview"], place)

    def _publish(self, act: Act, place: Place, site: Snapshot, wanted: Snapshot, chosen: Chosen | None = None,
                 there: Remote | None = None) -> None:
        """``wanted``: the site with its content. ``there``: where it was chosen."""
        # The website settings of a deploy are among what a release brings back.
        website = Website(error=("404.html", "error.html")[act.number % 2], error_is_default=False)
        given = chosen.website if chosen is not None else None
        there = there or self.remote(place, website=website)
        prepared = prepare(there, site, website=given)
        if act.trouble.kind == "late" and act.other is not None:
            self.act(act.other)
            if prepared.settled:
                return  # it had nothing to do, and so does nothing, whatever the other has done since
        place.unsettled = True
        outcome = publish(there, site, prepared, PublishOptions(
            allow_delete=True, threads=self.threads, origin=chosen.origin if chosen is not None else None))
        self._ended(place, outcome, wanted)
        if act.trouble.kind == "none":
            self._learn_releases()
            prepared = prepare(there, site, website=given)
            assert publish(there, site, prepared).status is Status.UNCHANGED, (
                self.done, prepared.plan.steps, prepared.settings)

    def _ended(self, place: Place, outcome: Outcome, wanted: Snapshot) -> None:
        now = self.state(place)
        if not place.unsettled and (now is None or now.release != outcome.release):
            return  # while this run gave its lock back, another computer has published
        if outcome.status in (Status.PUBLISHED, Status.UNCHANGED):
            place.shown, place.unsettled = wanted, False
            self._check_shown(place)
        else:
            assert self.troubled, (self.done, [str(one) for one in outcome.failures])

    def _dev(self, act: Act, place: Place) -> None:
        there = self.remote(place)
        states = OverlayStates(there.states.store, there.states.prefix)
        there, counts = replace(there, states=states), Counts()
        half = Snapshot(dict(sorted(act.site.files.items())[:max(1, len(act.site) // 2)]))
        place.named = None
        for site in (act.site, half, act.site)[:1 + act.number % 3]:
            prepared = prepare(there, site, known=states.known, direct=True)
            place.unsettled = True
            outcome = publish(there, site, prepared, PublishOptions(
                allow_delete=True, threads=self.threads, record=False))
            self._ended(place, outcome, site)
            counts, website = outcome.counts, outcome.prepared.wanted.website
        record_dev_release(there, states, counts, website)

    def _rollback(self, act: Act, place: Place) -> None:
        ids = sorted(place.released)
        there = self.remote(place)
        state = there.states.load()
        if state is None or not ids:
            raise NothingToDo
        release = ids[act.number % len(ids)]
        site, website = place.released[release]
        try:
            chosen = rollback.released(release, None, local=True)(ACCOUNT, there)
        except SitepubError as error:
            assert error.code == "ContentNotKept" and not state.keeps(release), (self.done, error)
            raise NothingToDo from None
        self._publish(act, place, chosen.snapshot, site, chosen, there)
        if act.trouble.kind == "none":
            assert self.cloud.bucket(place.bucket).values["website"] == website, self.done

    def _mark(self, act: Act, place: Place) -> None:
        ids = sorted(place.released)
        there = self.remote(place)
        state = there.states.load()
        if state is None or not ids:
            raise NothingToDo
        release = ids[act.number % len(ids)]
        try:
            mark_in(there, release, "stable", remove=act.what == "unmark", local=True)
        except SitepubError as error:
            if error.code != "ContentNotKept" or state.keeps(release):
                raise
            raise NothingToDo from None

    def _promote(self, act: Act, source: Place, target: Place) -> None:
        with ExitStack() as opened:
            try:
                site = promote.live_in(source.project, ACCOUNT, opened)
            except SitepubError as error:
                assert error.code in ("NotDeployed", "NoSuchPreview", "Unfinished"), (self.done, error)
                raise NothingToDo from None
            # A source that was killed with nothing but deletions to do may be promoted.
            wanted = self._found(site) if source.unsettled else source.own if source.name == "preview" else source.shown
            assert wanted is not None
            there = self.remote(target)
            chosen = promote.promoted(site, there, None, {})
            self._publish(act, target, chosen.snapshot, wanted, chosen, there)

    def _found(self, site: LiveSite) -> Snapshot:
        """What is live, with its content."""
        objects = self.cloud.bucket(site.bucket).objects
        files = {}
        for file in site_from(site, site.key_prefix):
            there = objects[file.key]
            files[file.key] = replace(file, copies=(), data=file.data if file.key in site.own else there.data)
            assert file.key in site.own or there.headers == file.headers
        return Snapshot(files)

    def _take_down(self, place: Place) -> None:
        there = self.remote(place)
        removal = prepare_removal(there)
        if removal is None:
            raise NothingToDo
        self._give_up(place)
        # What another computer has published before this run got the lock is taken down too, when the user approves.
        removed = remove(there, removal, approve=lambda _again: self._give_up(place))
        if removed.failures or removed.interrupted:
            assert self.troubled, self.done
            return
        if not place.unsettled:
            return  # while this run gave its lock back, another computer has published
        place.unsettled, place.shown, place.own = False, None, None
        assert {key: data for key, (data, _) in self._objects(place).items()} == self.foreign[place.bucket], self.done

    def _give_up(self, place: Place) -> None:
        there = remote(self.view, place.project).states
        place.unsettled, place.named = True, None
        place.given_up |= set(records.Releases(there.store, there.prefix, there.shards).ids())
        for release in place.given_up:
            place.released.pop(release, None)

    def _others(self, act: Act, place: Place) -> None:
        """Another program writes, changes and deletes objects of its own. Some have the content of the site's."""
        theirs = self.foreign[place.bucket]
        bucket = self.cloud.bucket(place.bucket)
        if place.name == "preview" and not bucket.exists:
            raise NothingToDo
        bucket.exists = True
        key = ("theirs/notes.md", "zz-theirs.html", "theirs.css")[act.number % 3]
        if key in theirs and act.number % 2:
            del bucket.objects[key], theirs[key]
            return
        data = next((file.data for file in act.site if file.data), b"theirs")
        theirs[key] = data
        bucket.objects[key] = Object(data, FOREIGN, self.cloud.etag_of(data), self.cloud.now)

    # -- trouble ---------------------------------------------------------------------------------------

    @contextmanager
    def _in_trouble(self, act: Act) -> Iterator[None]:
        cloud, trouble = self.cloud, act.trouble
        before = self.troubled
        self.troubled = trouble.kind != "none"
        if trouble.kind in ("kill", "killed elsewhere"):
            cloud.kill_at, cloud.kill_after = trouble.at, trouble.after
        elif trouble.kind in ("failure", "failures"):
            cloud.fail = failing(trouble.at, forever=trouble.kind == "failures")
        elif trouble.kind in ("meets", "sleeps") and act.other is not None:
            cloud.fail = self._meeting(act.other, trouble)
        try:
            yield
        finally:
            self.troubled = before

    def _meeting(self, other: Act, trouble: Trouble) -> Callable[[str, str], Exception | None]:
        count = 0

        def meet(_what: str, _key: str) -> Exception | None:
            nonlocal count
            count += 1
            if count != trouble.at + 1:
                return None
            cloud, writes = self.cloud, list(self.cloud.writes)
            again, cloud.fail = cloud.fail, lambda _what, _key: None
            if trouble.kind == "sleeps":
                self.slept += 100
                cloud.now += 100
            cloud._lock.release()
            try:
                self.act(other)
            finally:
                cloud._lock.acquire()
                cloud.fail, cloud.writes[:] = again, writes
            return None

        return meet

    # -- the laws --------------------------------------------------------------------------------------

    def _objects(self, place: Place) -> Live:
        return {key: (there.data, there.headers) for key, there in self.cloud.bucket(place.bucket).objects.items()}

    def _all_objects(self) -> dict[str, Live]:
        return {name: self._objects(place) for name, place in self.places.items()}

    def _check_shown(self, place: Place) -> None:
        """The bucket has what was published byte by byte, what stays for open pages, and what is of others."""
        if place.unsettled or place.shown is None:
            return
        there = self._objects(place)
        for key, data in self.foreign[place.bucket].items():
            assert there.pop(key, None) == (data, FOREIGN), f"{key} is another program's: {self.done}"
        state = self.state(place)
        assert state is not None
        stays = set(state.retained)
        assert not stays & place.shown.files.keys()
        wanted = {file.key: (file.data or b"", file.headers) for file in place.shown}
        found = {key: one for key, one in there.items() if key not in stays}
        assert found == wanted, f"{place.name} is not as published: {self.done}"
        assert stays <= there.keys() and all(deletion_rank(key) >= 3 for key in stays), self.done

    def state(self, place: Place) -> State | None:
        return remote(self.view, place.project).states.load()

    def _look(self) -> None:
        """After each write."""
        self.view.now = self.cloud.now
        for place in self.places.values():
            if not self.cloud.bucket(place.bucket).exists:
                continue
            self._pages_whole(place)
            self._nothing_foreign_touched(place)
            self._all_is_kept(place)

    def _pages_whole(self, place: Place) -> None:
        objects = self.cloud.bucket(place.bucket).objects
        theirs = self.foreign[place.bucket]
        now = self.cloud.now
        for key, there in objects.items():
            if key.endswith((".html", "main.css")) and key not in theirs:
                for needed in _NEEDS.findall(there.data.decode()):
                    assert needed in objects, f"{place.name}: {key} is live and needs {needed}: {self.done}"
                    if key.endswith(".html") and place.named is not None:
                        place.named[needed] = now
        if self.keep and place.named:
            self.seen += len(place.named)
            for needed, at in place.named.items():
                assert needed in objects or now - at >= self.keep, (
                    f"{place.name}: a tab that was open {now - at:.0f} s ago needs {needed}: {self.done}")

    def _nothing_foreign_touched(self, place: Place) -> None:
        objects = self.cloud.bucket(place.bucket).objects
        for key, data in self.foreign[place.bucket].items():
            there = objects.get(key)
            assert there is not None and (there.data, there.headers) == (data, FOREIGN), (
                f"{key} is another program's: {self.done}")

    def _all_is_kept(self, place: Place) -> None:
        """Everything is there that it takes to go back to any release that is kept, and what the root names."""
        there = remote(self.view, place.project)
        if not self.cloud.bucket(there.states.store.bucket).exists:
            return
        state = there.states.load()
        if state is None:
            return
        kept = KeptContent(there.states.store, there.states.prefix)
        objects = self.cloud.bucket(there.states.store.bucket).objects
        data = {key: one.data for key, one in objects.items() if key.startswith(kept.prefix)}
        contents = contents_of(data)
        assert {kept.content_of(key) for key in data} == contents, "each holds what its name says"
        contents |= contents_of({key: one.data for key, one in self.cloud.bucket(place.bucket).objects.items()})
        for manifest in (state.manifest, state.retained, *(one.manifest for one in state.former)):
            for key, entry in ShardedManifest.of(manifest).stream():
                # Its shards are there, and of what can be promoted from here they know the headers.
                promotable = state.pending is None and manifest is state.manifest
                assert not promotable or entry.headers_hash in {"", *there.states.shards.headers}, (
                    f"{place.name}: the response headers of {key} are not known: {self.done}")
        releases = records.Releases(there.states.store, there.states.prefix, there.states.shards)
        for release in releases.ids():
            found = releases.read(release, state)
            if not found.kept or release in place.given_up:
                continue
            for key, entry in found.manifest.items():
                assert not entry.size or (entry.md5, entry.size) in contents, (
                    f"{place.name}: {key} of {release} is gone: {self.done}")

    def _learn_releases(self) -> None:
        """A run that was killed behind its last write of the state has made a release all the same."""
        for place in self.places.values():
            state = self.state(place)
            release = state.release if state is not None else None
            if release is None or place.shown is None or place.unsettled or release.id in place.released:
                continue
            there = remote(self.view, place.project).states
            if there.store.head(f"{there.prefix}releases/{release.id}.json.gz") is None:
                continue  # of a sitepub dev that did not end
            place.released[release.id] = (
                place.shown, self.cloud.bucket(place.bucket).values["website"])

    # -- the end ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Deploys without trouble: whatever has happened, they end as if it had not."""
        from tests.publish.sites import plain

        self.cloud.now += 1000
        for place in self.places.values():
            if self.state(place) is None:
                continue
            for text in ("1", "2", "3", "4"):
                site = plain(last=text)
                self.act(Act("show", "prod", site) if place.name == "preview" else Act(
                    "deploy", place.name, site, 0))
                self.cloud.now += self.keep + DAY
            self._no_litter(place)

    def _no_litter(self, place: Place) -> None:
        state = self.state(place)
        assert state is not None and not state.litter, self.done
        there = remote(self.view, place.project).states
        releases = records.Releases(there.store, there.prefix, there.shards)
        manifests = [ShardedManifest.of(one) for one in (state.manifest, state.retained)]
        manifests += [found.manifest for one in releases.ids() if (found := releases.read(one, state)).kept]
        shards = {ref.name for manifest in manifests for ref in manifest.refs}
        contents = {(entry.md5, entry.size) for manifest in manifests for entry in manifest.values()}
        objects = self.cloud.bucket(there.store.bucket).objects
        names = [key.removeprefix(there.prefix).split("/") for key in objects if key.startswith(there.prefix)]
        kept = KeptContent(there.store, there.prefix)
        assert {name[1] for name in names if name[0] == "shards"} == shards, self.done
        assert {kept.content_of(f"{there.prefix}{'/'.join(name)}") for name in names if name[0] == "content"
                } <= contents, self.done
        assert {name[0] for name in names} <= {"shards", "content", "releases", "state.json.gz", "previews"}, (
            names, self.done)
        assert set(releases.ids()) >= place.released.keys(), "the records of all releases stay"

    def remove_everything(self) -> None:
        """Nothing is left but what is of others."""
        for name in ("preview", "prod", "testing"):
            place = self.places[name]
            there = self.remote(place)
            removal = prepare_removal(there)
            if removal is not None:
                self._give_up(place)
                removed = remove(there, removal)
                assert not removed.failures and not removed.interrupted
            left = {key: one.data for key, one in self.cloud.bucket(place.bucket).objects.items()}
            assert left == self.foreign[place.bucket], self.done
