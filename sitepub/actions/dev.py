"""Dev: publish once, then whenever something is saved, until it is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sitepub import interrupts
from sitepub.actions.connect import connect
from sitepub.actions.dev_inbox import Inbox
from sitepub.actions.dev_runs import HookRuns
from sitepub.actions.dev_target import Target
from sitepub.actions.dev_tool import Tool
from sitepub.actions.dev_work import PREVIEW, How, View, Worker
from sitepub.actions.interrupt import stopping
from sitepub.config.project import Project
from sitepub.dev.live import HEARTBEAT
from sitepub.dev.session import End, Session, Task, Work
from sitepub.dev.sources import Role, Sources
from sitepub.embedded.cloud import data_folder, find
from sitepub.errors import HookFailed
from sitepub.site.build.process import kill_all
from sitepub.tencent.cloud import Cloud
from sitepub.terminal import secrets
from sitepub.watch.bursts import CONFIG, OUTPUT, SITE, SOURCES, Burst, Bursts
from sitepub.watch.changes import Change
from sitepub.watch.watcher import Watcher
from sitepub.watch.watching import open_watcher

_PATIENCE = 3.0
"""Seconds that the work under way is given to end."""
_TOOL_PATIENCE = 8.0
_AGAIN = "what was published is live; the next dev or deploy goes on from there"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which clouds."""

    local: bool = False
    serve: bool = False
    """A preview on the embedded cloud beside the real one."""
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    task: Task
    end: End


@dataclass(frozen=True, slots=True)
class Stop:
    """End dev."""


@dataclass(frozen=True, slots=True)
class Again:
    """Build and publish now."""


@dataclass(frozen=True, slots=True)
class Call:
    """Do this in the main thread."""

    what: Callable[[], None]


class Dev:
    """One session of one site."""

    def __init__(self, project: Project, how: How, wish: Wish, view: View, environ: Mapping[str, str]) -> None:
        """Connects; raises what :func:`~sitepub.actions.connect.connect` raises."""
        self.how, self.wish, self.view, self.environ = how, wish, view, environ
        self.inbox = Inbox()
        self.stop = threading.Event()
        self.worker = Worker(how, view, environ, self.stop, lambda task, end: self.inbox.put(Ended(task, end)))
        self.worker.project = project
        self.worker.targets = self._targets(project)
        self.worker.relocate = self._relocate
        self.worker.reconfigured = lambda new: self.inbox.put(Call(lambda: self._watch(new)))
        self.watched_folders = 0
        self._watcher: Watcher | None = None
        self._polling = False
        self._sources: Sources
        self._tool = Tool(environ, lambda what: self.inbox.put(Call(what)), view.tool_line, view.note)
        self._session = Session(builds=False)
        self._bursts: dict[Role, Bursts] = {}
        self._runs = HookRuns()
        self._first = True
        self.ready: Callable[[], None] = lambda: None
        """Called once, when the first publish has ended, well or not."""
        self.reconfigured: Callable[[], None] = lambda: None
        """Called when the configuration is another one."""

    @property
    def targets(self) -> Sequence[Target]:
        return self.worker.targets

    @property
    def url(self) -> str:
        """Where to look: the preview, if there is one."""
        return self.targets[0].url

    # -- clouds --------------------------------------------------------------------------------------------

    def _targets(self, project: Project) -> list[Target]:
        wish = self.wish
        targets = []
        if wish.serve and not wish.local:
            embedded = connect(project, local=True, profile=None, environ=self.environ, warn=self.view.warn)
            targets.append(Target(project, embedded, name=PREVIEW, reload=True, failed=self.worker.failed))
        cloud = connect(project, local=wish.local, profile=wish.profile, environ=self.environ, warn=self.view.warn)
        targets.append(Target(project, cloud, name="site", reload=wish.local, failed=self.worker.failed))
        return targets

    def _relocate(self, project: Project, target: Target) -> Cloud | None:
        """The embedded cloud may have been started again on another port, or with another key pair; the real
        one may be another region's."""
        if target.name != PREVIEW and not self.wish.local:
            same = target.cloud.region == project.region and target.cloud.accelerate == project.accelerate
            return None if same else connect(project, local=False, profile=self.wish.profile,
                                             environ=self.environ, warn=self.view.warn)
        running = find(data_folder(self.environ))
        if running is None:
            return None  # waited for, by those who ask it
        secrets.register(running.credentials.secret_id, running.credentials.secret_key)
        return Cloud(running.credentials, running.app_id, project.region, running.address,
                     accelerate=project.accelerate)

    # -- the day -------------------------------------------------------------------------------------------

    def run(self) -> bool:
        """Until Ctrl-C, ``q``, or a signal. Nothing of it is left running afterwards. ``False``: a signal, not
        the user's own :class:`Stop`, ended it."""
        assert self.worker.project is not None
        with stopping(lambda: self.inbox.put(Stop()), again=_AGAIN, break_in=False) as asked:
            try:
                self._watch(self.worker.project)
                self._session.again()
                self._loop(asked)
            finally:
                self.stop.set()
                try:
                    self._end()
                finally:
                    # A hook that does not mind being asked, or a second Ctrl-C: nothing is left running.
                    kill_all()
            return not asked.is_set()

    def _loop(self, asked: threading.Event) -> None:
        while not asked.is_set():
            self._settle(time.monotonic())
            message = self.inbox.get(self._patience(time.monotonic()))
            match message:
                case Stop():
                    return
                case Ended(task, end):
                    self._ended(task, end)
                case Again():
                    self._session.again(anyhow=True)
                case Call(what):
                    what()
                case list():
                    self._changed(message)
                case None:
                    if self._session.running is None:
                        self.worker.look_around()
                    self.worker.leftovers.tidy()
                    for target in self.targets:
                        target.tell(lambda live: live.alive())

    def _patience(self, now: float) -> float:
        """Seconds until something has to be done."""
        times = [bursts.due for bursts in self._bursts.values()]
        listening = self._tool.due if self._session.running is not Work.PUBLISH else None
        times += [self._session.due, self._runs.due, listening, now + HEARTBEAT]
        return max(0.0, min(time for time in times if time is not None) - now)

    def _changed(self, changes: Sequence[Change]) -> None:
        now = time.monotonic()
        for change in changes:
            role = self._sources.role(change.path)
            if role is Role.SOURCE and not self._sources.builds:
                self._tool.touched(change.path)
            elif role is not None:
                self._bursts[role].add([change], now)

    def _settle(self, now: float) -> None:
        """Take bursts that have ended, and begin what is to be done."""
        building = self._session.running is Work.BUILD or self._runs.due is not None
        for role, bursts in self._bursts.items():
            burst = bursts.take(now)
            if burst is None:
                continue
            if role is Role.SOURCE and building:
                self._runs.during(burst.paths)
            else:
                if role is Role.SOURCE:
                    self._runs.outside(burst.paths)
                if role is Role.OUTPUT:
                    self._tool.wrote()
                self._session.changed(role, burst)
        if self._runs.due is not None and now >= self._runs.due and self._bursts[Role.SOURCE].due is None:
            self._ask_guard()
        self._listen(now)
        task = self._session.next(now)
        if task is not None:
            if task.work is Work.BUILD:
                self._ask_guard()
                self._runs.began(task, now)
            self.worker.begin(task)

    def _listen(self, now: float) -> None:
        """What the tool says of its builds."""
        if self._session.running is not Work.PUBLISH:  # whose end would take a failure off the page again
            said = self._tool.take(now)
            if isinstance(said, HookFailed):
                self.worker.fail(said)
                self._begun()
            elif said:
                self.worker.built = True
                self._session.changed(Role.OUTPUT, Burst(everything=True))
        self._session.held = self._tool.holds

    def _ended(self, task: Task, end: End) -> None:
        now = time.monotonic()
        self._session.ended(end, now)
        if task.work is Work.BUILD:
            self._runs.ended(now, polling=self._polling)
        if task.work is Work.CONFIGURE and end is End.DONE and (failed := self._tool.failed) is not None:
            self.worker.fail(failed)
        if task.work is Work.PUBLISH or end is End.FAILED:
            self._begun()

    def _begun(self) -> None:
        if self._first:
            self._first = False
            self.ready()

    def _ask_guard(self) -> None:
        """What was changed while the hook ran: by the user or by the hook?"""
        verdict = self._runs.verdict()
        for path in sorted(verdict.own):
            self.view.note(f"the hook itself writes {_short(path, self._sources.project.root)}: such changes during a"
                           " build do not start another one (dev.ignore would leave them out altogether)")
        if verdict.again:
            self._session.changed_during_build(time.monotonic() + verdict.pause)

    # -- what is watched and kept running ------------------------------------------------------------------

    def _watch(self, project: Project) -> None:
        """Watch what belongs to this project from now on, and run its tool."""
        old = self._sources.places if self._watcher is not None else None
        self._sources = sources = Sources(project, self.how.config_file)
        self._session.builds = sources.builds
        places = sources.places
        if old is None or (old.trees, old.folders) != (places.trees, places.folders):
            if self._watcher is not None:
                self._watcher.stop()
            self._watcher, why = open_watcher(places, self.inbox.put, poll=self.how.poll)
            self._polling = self.how.poll or why is not None
            if why is not None:
                self.view.note(f"looking for changes every now and then: {why}")
            if old is not None:
                # Nobody was looking in between.
                self._session.again()
        output = SITE if project.source.hook is None and project.dev.command is None else OUTPUT
        for role, pace in ((Role.CONFIG, CONFIG), (Role.SOURCE, SOURCES), (Role.OUTPUT, output)):
            if role not in self._bursts or self._bursts[role].pace != pace:
                self._bursts[role] = Bursts(pace)
        self._tool.follow(project)
        self.reconfigured()

    # -- the end -------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """End everything. The work under way finishes its requests; what was done is written down. After Ctrl-C there
        is less than a second for all of it."""
        tool = threading.Thread(target=self._tool.stop, name="dev.command end", daemon=True)
        tool.start()
        if self._watcher is not None:
            self._watcher.stop()
        reached = [target for target in self.targets if target.name not in self.worker.waits]

        def finish() -> None:
            for target in reached:
                target.finish()

        if self.worker.join(interrupts.left(2 * _PATIENCE) / 2 if reached else 0.0):
            # The network may be gone without anybody having noticed: it is not waited for now.
            finishing = threading.Thread(target=finish, name="dev end", daemon=True)
            finishing.start()
            finishing.join(interrupts.left(_PATIENCE))
        for target in self.targets:
            target.close()  # which breaks off requests that are still under way
        self.worker.join(interrupts.left(_PATIENCE))
        self.worker.leftovers.end()
        tool.join(interrupts.left(_TOOL_PATIENCE))


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
