"""A run of dev: publish once, then after every change, until the run ends.

The main thread waits for messages (changes, the end of a task, what the user asks for) and decides what is next. The
worker does one task at a time in a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sitepub import interrupts
from sitepub.config.project import Project
from sitepub.dev.beginning.first_look import FirstLook, first_look
from sitepub.dev.browser import open_in_background
from sitepub.dev.failures import Failures
from sitepub.dev.hosts import PlanHosts
from sitepub.dev.inbox import CallHere, Changed, Message, PublishAll, Quit, TaskEnded
from sitepub.dev.leftovers import Leftovers
from sitepub.dev.options import DevOptions
from sitepub.dev.publisher import Publisher
from sitepub.dev.purging import Purge
from sitepub.dev.reload_client import HEARTBEAT, ReloadClient
from sitepub.dev.runs import HookRuns
from sitepub.dev.schedule import End, Job, Schedule, Task
from sitepub.dev.sources import Role
from sitepub.dev.targets import Connect, Targets
from sitepub.dev.tool import Tool
from sitepub.dev.view import View
from sitepub.dev.visits import Visits
from sitepub.dev.waits import Waits
from sitepub.dev.worker import Worker
from sitepub.errors import HookFailed
from sitepub.site.build.process import kill_all
from sitepub.watch.bursts import Burst
from sitepub.watch.changes import Change

_PATIENCE = 3.0
"""Seconds that the running task is given to end."""
_TOOL_PATIENCE = 8.0


class Loop:
    """One run for one site. Implements :class:`~sitepub.dev.view.Commands`."""

    def __init__(self, project: Project, options: DevOptions, view: View, environ: Mapping[str, str], *,
                 connect: Connect, plan_hosts: PlanHosts, purge: Purge | None = None,
                 look: FirstLook | None = None) -> None:
        """Connects, and reads what the folder is like now, if there is no ``look`` yet; raises what ``connect``
        raises. ``purge``: ``None`` purges nothing."""
        self._project = project
        self._options = options
        self._view = view
        self._environ = environ
        self._stop = threading.Event()
        self._first = True
        self._schedule = Schedule()
        self._runs = HookRuns()
        self._leftovers = Leftovers()
        self._tool = Tool(environ, self.call, view.tool_line, view.note)
        waits = Waits(view.waiting)
        self.targets = Targets(project, options, connect, environ, view, waits, self._stop)
        if look is None:
            look = self._first_look()
        self._inbox, self._watched = look.inbox, look.watched
        self._visits = Visits(self.targets, options.visits, environ, view.note, view.visit)
        self._failures = Failures(view, self.targets, waits, self._stop)
        self._publisher = Publisher(options, environ, view, self.targets, self._failures, self._stop, plan_hosts, purge)
        self._publisher.begin(look.local, said=look.said)
        self._worker = Worker(
            project, options, environ, view, self.targets, waits, self._failures, self._publisher, self._leftovers,
            self._stop, ended=lambda task, end: self._inbox.put(TaskEnded(task, end)),
            reconfigured=lambda new: self.call(lambda: self._follow(new)))

    def _first_look(self) -> FirstLook:
        self._view.at(self.url)
        try:
            return first_look(self._project, self._options, self.targets.first.cloud, self._environ, self._view.note)
        except BaseException:  # Ctrl-C
            self.targets.close()
            raise

    # -- the run -------------------------------------------------------------------------------------------

    def run(self, asked: threading.Event) -> None:
        """Until the user asks for the end, or a signal has set ``asked`` (and called :meth:`quit`, which ends the wait
        for messages). Nothing that was started is left running afterwards."""
        try:
            self._view.start(self)
            self._follow(self._project)
            self._schedule.publish_all()
            while not asked.is_set():
                self._begin_what_is_due(time.monotonic())
                message = self._inbox.get(self._patience(time.monotonic()))
                if isinstance(message, Quit):
                    break
                self._handle(message)
        finally:
            self._stop.set()
            try:
                self._end()
            finally:
                # After a hook that does not end when asked to, or a second Ctrl-C: nothing is left running.
                kill_all()
                self._visits.stop()
                self._view.stop()

    def _begin_what_is_due(self, now: float) -> None:
        self._take_bursts(now)
        self._ask_guard_when_due(now)
        self._take_from_tool(now)
        task = self._schedule.next(now)
        if task is not None:
            if task.job is Job.BUILD:
                self._ask_guard()
                self._runs.began(task, now)
            self._worker.begin(task)

    def _patience(self, now: float) -> float:
        """Seconds until something is due."""
        tool = self._tool.due if self._schedule.running is not Job.PUBLISH else None
        times = [*self._watched.due, self._schedule.due, self._runs.due, tool, now + HEARTBEAT]
        return max(0.0, min(time for time in times if time is not None) - now)

    def _handle(self, message: Message | None) -> None:
        match message:
            case Changed(changes):
                now = time.monotonic()
                for change in changes:
                    self._changed(change, now)
            case TaskEnded(task, end):
                self._task_ended(task, end, time.monotonic())
            case PublishAll():
                self._schedule.publish_all(anyway=True)
            case CallHere(what):
                what()
            case _:
                self._idle()

    def _idle(self) -> None:
        """No message came for a while."""
        if self._schedule.running is None:
            self.targets.check()
        self._leftovers.tidy()
        self.targets.show(ReloadClient.alive)

    # -- changes -------------------------------------------------------------------------------------------

    def _changed(self, change: Change, now: float) -> None:
        sources = self._watched.sources
        role = sources.role(change.path)
        if role is Role.SOURCE and not sources.builds:
            self._tool.touched(change.path)
        elif role is not None:
            if role is Role.OUTPUT:
                self._tool.writing()
            self._watched.add(change, role, now)

    def _take_bursts(self, now: float) -> None:
        building = self._schedule.running is Job.BUILD or self._runs.due is not None
        for role, burst in self._watched.take(now):
            if role is Role.SOURCE and building:
                self._runs.during(burst.paths)
                continue
            if role is Role.SOURCE:
                self._runs.outside(burst.paths)
            if role is Role.OUTPUT:
                self._tool.wrote()
                self._publisher.changed()
            self._schedule.changed(role, burst)

    def _ask_guard_when_due(self, now: float) -> None:
        if self._runs.due is not None and now >= self._runs.due and self._watched.is_quiet(Role.SOURCE):
            self._ask_guard()

    def _ask_guard(self) -> None:
        """Were the changes during the last build made by the user or by the hook?"""
        verdict = self._runs.verdict()
        for path in sorted(verdict.own):
            self._view.note(f"the hook itself writes {_short(path, self._watched.sources.project.root)}: such changes"
                            " during a build do not start another one (dev.ignore would leave them out altogether)")
        if verdict.again:
            self._schedule.changed_during_build(time.monotonic() + verdict.pause)

    def _take_from_tool(self, now: float) -> None:
        """What the output of ``dev.command`` says about its builds."""
        if self._schedule.running is not Job.PUBLISH:  # whose end would take a failure off the page again
            result = self._tool.take(now)
            if isinstance(result, HookFailed):
                self._failures.show(result)
                self._first_has_ended()
            elif result:
                self._publisher.built()
                self._schedule.changed(Role.OUTPUT, Burst(everything=True))
        self._schedule.held = self._tool.holds

    # -- the end of a task ---------------------------------------------------------------------------------

    def _task_ended(self, task: Task, end: End, now: float) -> None:
        self._schedule.ended(end, now)
        if task.job is Job.BUILD:
            self._runs.ended(now, polling=self._watched.polling)
        if task.job is Job.CONFIGURE and end is End.DONE and (failed := self._tool.failed) is not None:
            self._failures.show(failed)
        if task.job is Job.PUBLISH or end is End.FAILED:
            self._first_has_ended()

    def _first_has_ended(self) -> None:
        """The first publish has ended, well or not: from now on the user may ask for things."""
        if not self._first:
            return
        self._first = False
        self._view.ready(self)
        if self._options.shows_visits:
            self._visits.switch()
        if self._options.opens_browser:
            self.open_browser()

    def _follow(self, project: Project) -> None:
        """Watch what belongs to this project from now on, run its tool, and show its visits."""
        news = self._watched.follow(project)
        self._schedule.builds = self._watched.sources.builds
        if news:
            self._schedule.publish_all()
        self._tool.follow(project)
        self._visits.follow()

    # -- what the user may ask -----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.targets.first.url

    def publish_all(self) -> None:
        self._inbox.put(PublishAll())

    def open_browser(self) -> None:
        open_in_background(self.url, self._environ, self._view.note)

    def switch_visits(self) -> None:
        self._visits.switch_in_background()

    def call(self, what: Callable[[], None]) -> None:
        self._inbox.put(CallHere(what))

    def quit(self) -> None:
        self._inbox.put(Quit())

    # -- the end -------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """End everything. The running task finishes its requests; what was done is recorded. After Ctrl-C there is
        less than a second for all of it."""
        tool = threading.Thread(target=self._tool.stop, name="dev.command end", daemon=True)
        tool.start()
        self._watched.stop()
        reached = self.targets.reached
        if self._worker.join(interrupts.left(2 * _PATIENCE) / 2 if reached else 0.0):
            # The network may have gone unnoticed: it is not waited for now.
            finishing = threading.Thread(target=self.targets.finish, args=(reached,), name="dev end", daemon=True)
            finishing.start()
            finishing.join(interrupts.left(_PATIENCE))
        self.targets.close()
        if self._worker.join(interrupts.left(_PATIENCE)):
            self._publisher.close()
        self._leftovers.end()
        tool.join(interrupts.left(_TOOL_PATIENCE))


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
