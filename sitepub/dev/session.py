"""The session: what is to be done next (pure; times are given, in seconds).

    idle → configuring → building → publishing → idle, and waiting when something has to be tried again

It is told what has changed and how each piece of work ended, and asked for the next one. One piece of work is
under way at a time; what changes meanwhile is remembered and done after it. Nothing that has changed is
forgotten before it was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sitepub.dev.sources import Role
from sitepub.watch.bursts import Burst


class Work(StrEnum):
    CONFIGURE = "configure"
    """Read serverless.yml and its relatives again."""
    BUILD = "build"
    """Run the hook."""
    PUBLISH = "publish"
    """Look at what has changed and bring it to the bucket."""


class End(StrEnum):
    """How a piece of work ended."""

    DONE = "done"
    FAILED = "failed"
    """By a mistake of the user's: trying again is no use before something changes."""
    SOON = "soon"
    """Something writes just now: try again in a moment."""
    LATER = "later"
    """The network is gone, or somebody else is deploying: try again after a while."""


_SOON = 0.25
_LATER = (1.0, 2.0, 3.0, 5.0)
"""Seconds before the first, second … next try; the last one again and again."""
_SOON_TIMES = 20
"""So often in a row something is tried in a moment; then after a while."""


_NOTHING = Burst()


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work to do now."""

    work: Work
    burst: Burst = _NOTHING
    """PUBLISH: what may have changed since the last task of this kind was given out."""
    follow_up: bool = False
    """BUILD: only because of what has changed while the hook ran the last time."""


class Session:
    """``builds``: there is a hook to run when a source changes."""

    def __init__(self, *, builds: bool) -> None:
        self.builds = builds
        self.running: Work | None = None
        self.failed: Work | None = None
        """What failed last, and was not done well since."""
        self.held = False
        """Nothing is to be published now: a tool is building, or its build has failed."""
        self._configure = False
        self._build = False
        self._follow_up = False
        self._build_at = 0.0
        self._publish = False
        self._anyhow = False
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
        """The loop guard says that the hook has to run again, and when."""
        if not self._build:
            self._build = self._follow_up = True
            self._build_at = not_before

    def again(self, *, anyhow: bool = False) -> None:
        """Build and publish whatever is there. ``anyhow``: the user asks for it, so also when held."""
        self._anyhow = anyhow
        self.changed(Role.SOURCE if self.builds else Role.OUTPUT, Burst(everything=True))

    def ended(self, end: End, now: float) -> None:
        """The work under way has ended."""
        work, self.running = self.running, None
        assert work is not None
        if end is End.DONE:
            self._not_before, self._tries = 0.0, 0
            if self.failed is work or work is Work.PUBLISH:
                self.failed = None
            self._after(work)
            return
        if end is End.FAILED:
            self.failed = work
            if work is Work.BUILD:
                self._publish = False  # what lies there may be half of a site
            return
        self._tries += 1
        soon = end is End.SOON and self._tries <= _SOON_TIMES
        later = _LATER[min(self._tries, len(_LATER)) - 1]
        self._not_before = now + (_SOON if soon else later)
        if work is Work.CONFIGURE:
            self._configure = True
        elif work is Work.BUILD:
            self._build = True
        else:
            self._publish = True

    def _after(self, work: Work) -> None:
        if work is Work.CONFIGURE:
            self._burst = Burst(everything=True)
            if self.builds:
                self._build, self._follow_up, self._build_at = True, False, 0.0
            else:
                self._publish = True
        elif work is Work.BUILD:
            self._burst = Burst(everything=True)
            self._publish = True

    # -- what to do ----------------------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When there is something to do: 0.0 at once; ``None``: nothing, or something is under way."""
        publish = self._publish and (self._anyhow or not self.held)
        if self.running is not None or not (self._configure or self._build or publish):
            return None
        if self._configure or publish:
            return self._not_before
        return max(self._not_before, self._build_at)

    def next(self, now: float) -> Task | None:
        """The next piece of work, which counts as under way from now on."""
        due = self.due
        if due is None or now < due:
            return None
        if self._configure:
            self._configure = False
            return self._begin(Task(Work.CONFIGURE))
        if self._build and now >= self._build_at:
            self._build = False
            task = Task(Work.BUILD, follow_up=self._follow_up)
            self._follow_up = False
            return self._begin(task)
        self._publish = self._anyhow = False
        task = Task(Work.PUBLISH, self._burst)
        self._burst = Burst()
        return self._begin(task)

    def _begin(self, task: Task) -> Task:
        self.running = task.work
        return task
