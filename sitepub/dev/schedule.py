"""The schedule: which job is next (pure; times are given, in seconds).

    idle → configure → build → publish → idle, and a pause when a job has to be tried again

It is given what has changed and how each job ended, and asked for the next task. One task runs at a time; what changes
meanwhile is done after it. No change is forgotten before it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sitepub.dev.sources import Role
from sitepub.watch.bursts import Burst


class Job(StrEnum):
    CONFIGURE = "configure"
    """Read serverless.yml and the files beside it again."""
    BUILD = "build"
    """Run the hook."""
    PUBLISH = "publish"
    """Scan what has changed and publish it."""


class End(StrEnum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    """By a mistake of the user's: trying again is of no use before something changes."""
    SOON = "soon"
    """A file is being written: try again in a moment."""
    LATER = "later"
    """The network is gone, or another deploy runs: try again after a while."""


_SOON = 0.25
_LATER = (1.0, 2.0, 3.0, 5.0)
"""Seconds before the first, second … next try; the last one again and again."""
_SOON_TIMES = 20
"""After so many tries in a row that were each in a moment, the next ones are after a while."""


_NOTHING = Burst()


@dataclass(frozen=True, slots=True)
class Task:
    """A job to do now."""

    job: Job
    burst: Burst = _NOTHING
    """PUBLISH: what may have changed since the last task of this kind was given out."""
    follow_up: bool = False
    """BUILD: only because of what has changed while the hook ran the last time."""


class Schedule:
    def __init__(self, *, builds: bool = False) -> None:
        """``builds``: there is a hook to run when a source changes."""
        self.builds = builds
        self.running: Job | None = None
        self.failed: Job | None = None
        """What failed last, and has not been done well since."""
        self.held = False
        """Nothing may be published now: a tool is building, or its build has failed."""
        self._configure = False
        self._build = False
        self._follow_up = False
        self._build_at = 0.0
        self._publish = False
        self._anyway = False
        self._burst = Burst()
        self._not_before = 0.0
        self._tries = 0

    # -- what happens --------------------------------------------------------------------------------------

    def changed(self, role: Role, burst: Burst = _NOTHING) -> None:
        """A burst has ended. (Bursts in the sources while the hook runs go to the loop guard first.)"""
        self._not_before, self._tries = 0.0, 0
        if role is Role.CONFIG:
            self._configure = True
        elif role is Role.SOURCE:
            self._build, self._follow_up, self._build_at = True, False, 0.0
        else:
            self._publish = True
            self._burst = self._burst.with_(burst)

    def changed_during_build(self, not_before: float) -> None:
        """The loop guard asks for another run of the hook, not before this time."""
        if not self._build:
            self._build = self._follow_up = True
            self._build_at = not_before

    def publish_all(self, *, anyway: bool = False) -> None:
        """Build and publish everything. ``anyway``: the user asks for it, so also when held."""
        self._anyway = anyway
        self.changed(Role.SOURCE if self.builds else Role.OUTPUT, Burst(everything=True))

    def ended(self, end: End, now: float) -> None:
        """The running task has ended."""
        job, self.running = self.running, None
        assert job is not None
        if end is End.DONE:
            self._not_before, self._tries = 0.0, 0
            if self.failed is job or job is Job.PUBLISH:
                self.failed = None
            self._after(job)
            return
        if end is End.FAILED:
            self.failed = job
            if job is Job.BUILD:
                self._publish = False  # the output may be half of a site
            return
        self._tries += 1
        soon = end is End.SOON and self._tries <= _SOON_TIMES
        later = _LATER[min(self._tries, len(_LATER)) - 1]
        self._not_before = now + (_SOON if soon else later)
        if job is Job.CONFIGURE:
            self._configure = True
        elif job is Job.BUILD:
            self._build = True
        else:
            self._publish = True

    def _after(self, job: Job) -> None:
        if job is Job.CONFIGURE:
            self._burst = Burst(everything=True)
            if self.builds:
                self._build, self._follow_up, self._build_at = True, False, 0.0
            else:
                self._publish = True
        elif job is Job.BUILD:
            self._burst = Burst(everything=True)
            self._publish = True

    # -- what to do ----------------------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When there is a task: 0.0 at once; ``None``: there is none, or one is running."""
        publish = self._publish and (self._anyway or not self.held)
        if self.running is not None or not (self._configure or self._build or publish):
            return None
        if self._configure or publish:
            return self._not_before
        return max(self._not_before, self._build_at)

    def next(self, now: float) -> Task | None:
        """The next task, which counts as running from now on."""
        due = self.due
        if due is None or now < due:
            return None
        if self._configure:
            self._configure = False
            return self._begin(Task(Job.CONFIGURE))
        if self._build and now >= self._build_at:
            self._build = False
            task = Task(Job.BUILD, follow_up=self._follow_up)
            self._follow_up = False
            return self._begin(task)
        self._publish = self._anyway = False
        task = Task(Job.PUBLISH, self._burst)
        self._burst = Burst()
        return self._begin(task)

    def _begin(self, task: Task) -> Task:
        self.running = task.job
        return task
