"""What ``sitepub dev`` does between two looks at the inbox: read the configuration, build, publish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sitepub.actions.build import hash_cache_file
from sitepub.actions.dev_hosts import left_to_deploy
from sitepub.actions.dev_purge import Purge, Purging, purged
from sitepub.actions.dev_target import PublishTeller, Target, whole
from sitepub.actions.dev_trouble import end_of, told_in_browser
from sitepub.actions.dev_waits import Waits
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.dev.leftovers import Leftovers
from sitepub.dev.session import End, Task, Work
from sitepub.dev.sources import Sources
from sitepub.errors import Interrupted, Problem, SitepubError
from sitepub.publish.publish import Outcome
from sitepub.site.folder import publish_folder
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud

PREVIEW = "preview"
"""Name of the target beside the real one."""
_LOOK = 10.0
"""Seconds between two looks whether the site was removed."""
_FILLED = 1.5
"""Seconds within which a tool that writes a page again has filled it."""
_NOT_READY = frozenset({"MissingFolder", "EmptyFolder", "MissingIndex"})


@dataclass(frozen=True, slots=True)
class Published:
    """What one publish did, for the screen."""

    target: str
    url: str
    outcome: Outcome
    changed: Sequence[str]
    files: int
    seconds: float
    """From the end of the burst (or of the build) until it was live."""
    built: bool = False
    """A build went before it."""


class View(PublishTeller, Protocol):
    """Whom the day is told to. Called from several threads."""

    def hook_line(self, line: str) -> None: ...

    @property
    def hook_columns(self) -> int | None: ...

    def tool_line(self, line: str) -> None:
        """A line of ``dev.command``."""

    def warn(self, problem: Problem) -> None: ...

    def error(self, error: SitepubError) -> None:
        """Something failed; dev goes on."""

    def waiting(self, why: str) -> None:
        """Something is tried again until it works: the network, somebody else's deploy."""

    def phase(self, text: str) -> None:
        """What is being done now; "" for nothing."""

    def published(self, what: Published) -> None: ...


@dataclass(frozen=True, slots=True)
class How:
    """The command line of ``sitepub dev``."""

    config_file: Path
    stage: str | None = None
    inputs: tuple[str, ...] = ()
    allow_delete: bool = False
    allow_empty: bool = False
    poll: bool = False
    purge: Purge | None = None
    """``None``: nothing is purged."""
    new_region: bool = False
    """A region that is not known may be a new one."""


class Worker:
    """Does the tasks, one at a time, in a thread of its own."""

    def __init__(self, how: How, view: View, environ: Mapping[str, str], stop: threading.Event,
                 ended: Callable[[Task, End], None]) -> None:
        self.how = how
        self.view = view
        self.environ = environ
        self.stop = stop
        self._ended = ended
        self.project: Project | None = None
        self.targets: list[Target] = []
        self.relocate: Callable[[Project, Target], Cloud | None] = lambda _project, _target: None
        """Where the cloud of a target is now; ``None``: where it was."""
        self.reconfigured: Callable[[Project], None] = lambda _project: None
        self._kept: KeptSnapshot | None = None
        self._told = ""
        self._emptied: float | None = None
        """When pages that had content were first found empty: a tool may be about to fill them."""
        self._mistake: SitepubError | None = None
        """What is wrong with the configuration: work goes on with the last good one, and pages say so."""
        self._hosts_of: Project | None = None
        """The configuration whose custom domains were looked at last."""
        self.waits = Waits(view.waiting)
        self._purging = Purging(how.purge, view.note) if how.purge is not None else None
        self.leftovers = Leftovers()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        """When the task under way was begun."""
        self._sure: set[str] = set()
        self.built = False
        """Built since the last publish that ended well."""
        self._looking: threading.Thread | None = None
        self._looked = 0.0

    # -- one task in a thread ------------------------------------------------------------------------------

    def begin(self, task: Task) -> None:
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(task,), name=f"dev {task.work}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the task under way; whether it has ended."""
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _run(self, task: Task) -> None:
        try:
            end = self._do(task)
        except Interrupted:
            end = End.FAILED
        except SitepubError as error:
            if task.work is Work.CONFIGURE:
                self._mistake = error
            end = self._explain(error)
        except OSError as error:
            end = self._explain(SitepubError(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "),
                                             code="System"))
        except Exception as error:
            end = self._explain(SitepubError(f"this is a bug in sitepub: {type(error).__name__}: {error}",
                                             code="Bug", hint="--debug shows where"))
        if end in (End.DONE, End.FAILED):
            self.view.phase("")
        self._ended(task, end)

    def _do(self, task: Task) -> End:
        if task.work is Work.CONFIGURE:
            return self._configure()
        if task.work is Work.BUILD:
            return self._build()
        return self._publish(task)

    def look_around(self) -> None:
        """Between two pieces of work, in a thread of its own: whether the site is still there."""
        now = time.monotonic()
        if (self._looking is not None and self._looking.is_alive()) or now - self._looked < _LOOK:
            return
        self._looked = now
        self._looking = threading.Thread(target=self._look, name="dev look", daemon=True)
        self._looking.start()

    def _look(self) -> None:
        for target in self.targets:
            with suppress(SitepubError, OSError):
                if target.name not in self.waits and target.is_removed() and not self.stop.is_set():
                    target.tell_removed(self.view)

    # -- the tasks -----------------------------------------------------------------------------------------

    def _configure(self) -> End:
        how = self.how
        project = load_project(how.config_file, stage=how.stage, inputs=how.inputs, environ=self.environ,
                               new_region=how.new_region)
        Sources(project, how.config_file)
        for problem in project.warnings:
            self.view.warn(problem)
        if project != self.project:
            for target in self.targets:
                target.reopen(project, self.relocate(project, target) or target.cloud)
            self.project, self._kept = project, None
            self.reconfigured(project)
            self.view.note(f"{how.config_file.name} was read again")
        elif self._kept is not None:
            self._kept.touch_all()
        self._told, self._mistake = "", None
        return End.DONE

    def _build(self) -> End:
        from sitepub.site.build.env_for_build import env_for_build
        from sitepub.site.build.hook import run_hook

        assert self.project is not None
        self.view.phase("building")
        self.leftovers.end()
        with env_for_build(self.project, self.view.warn):
            run_hook(self.project, environ=self.environ, output=self.view.hook_line, stop=self.stop,
                     background=self.leftovers.keep, columns=self.view.hook_columns)
        self.built = True
        return End.DONE

    def _publish(self, task: Task) -> End:
        project = self.project
        assert project is not None
        if task.burst.everything:
            self._sure = {target.name for target in self.targets}
        folder = publish_folder(project)
        kept = self._kept
        if kept is None or kept.folder != folder.absolute():
            kept = self._kept = KeptSnapshot(project, folder, environ=self.environ,
                                             cache_file=hash_cache_file(folder, self.environ))
        if task.burst.everything:
            kept.touch_all()
        kept.touch(task.burst.paths)
        began = time.monotonic()
        self.view.phase("publishing")
        before = kept.warnings
        snapshot = kept.snapshot()
        for problem in snapshot.warnings:
            if problem not in before:
                self.view.warn(problem)
        end = End.DONE
        for target in self.targets:
            try:
                found = self._publish_to(target, snapshot, began)
            except SitepubError as error:
                found = self._explain(error, target)
            end = found if end is End.DONE else end
        if end is End.DONE:
            self.built = False
        return end

    def _publish_to(self, target: Target, snapshot: Snapshot, began: float) -> End:
        cloud = self.relocate(target.project, target)
        if cloud is not None and cloud != target.cloud:
            target.reopen(target.project, cloud)
        outcome, changed = target.publish(snapshot, self.view, self.stop, allow_delete=self.how.allow_delete,
                                          allow_empty=self.how.allow_empty, sure=target.name in self._sure)
        if not whole(outcome):
            if self.stop.is_set():
                return End.FAILED
            return self._partly(target, outcome)
        self._emptied = None
        self._sure.discard(target.name)
        target.tell(lambda live: live.published(changed))
        if (mistake := self._mistake) is not None:
            target.tell(lambda live: live.failed(told_in_browser(mistake)))
        self._told = ""
        self.waits.over(target.name)
        self.view.published(Published(target.name, target.url, outcome, changed, len(snapshot),
                                      time.monotonic() - began, self.built))
        if target.name != PREVIEW:
            if changed and self._purging is not None:
                self.view.phase("purging")
                failed = purged(self._purging, target.project, outcome.state, changed)
                if failed is not None:
                    self.view.error(failed)
            if self._hosts_of != target.project:
                self._hosts_of = target.project
                for sentence in left_to_deploy(target.project, target.cloud, target.remote, outcome.prepared):
                    self.view.note(sentence)
        return End.DONE

    def _partly(self, target: Target, outcome: Outcome) -> End:
        errors = [failure.error for failure in outcome.failures]
        ends = [end_of(error) for error in errors]
        for end in (End.LATER, End.SOON):
            if end in ends:
                return self.waits.again(target.name, end, errors[ends.index(end)])
        shown = "\n".join(f"  {failure}" for failure in outcome.failures[:5])
        error = SitepubError(f"{len(errors)} of {len(outcome.prepared.plan.steps)} files were not published:\n{shown}",
                             code="PartlyDone", hint="r tries it again")
        target.tell(lambda live: live.failed(str(error)))
        self.view.error(error)
        return End.FAILED

    # -- what goes wrong -----------------------------------------------------------------------------------

    def _explain(self, error: SitepubError, target: Target | None = None) -> End:
        if self.stop.is_set():
            return End.FAILED
        end = end_of(error)
        if error.code == "EmptyPages" and time.monotonic() - self._empty_since() < _FILLED:
            return End.SOON
        if end is not End.FAILED:
            return self.waits.again(target.name if target is not None else "", end, error)
        project = self.project
        unfinished = error.code in _NOT_READY and project is not None and project.dev.command is not None
        if unfinished:
            if self._told != error.message:
                self.view.note(f"waiting for dev.command: {error.message}")
            self._told = error.message
            return End.FAILED
        for one in self.targets if target is None else [target]:
            one.tell(lambda live: live.failed(told_in_browser(error)))
        self.view.error(error)
        self._told = error.message
        return End.FAILED

    def _empty_since(self) -> float:
        """When pages were found empty first, since the last publish."""
        if self._emptied is None:
            self._emptied = time.monotonic()
        return self._emptied

    def fail(self, error: SitepubError) -> None:
        """Something else failed: it is shown in the terminal and in every browser."""
        for target in self.targets:
            target.tell(lambda live: live.failed(told_in_browser(error)))
        self.view.error(error)

    def failed(self, target: Target) -> None:
        """A request got no good answer and is tried again."""
        if not self.stop.is_set():
            self.waits.no_answer(target.name, target.remote.bucket, self._began)
