"""Does the tasks of a run, one at a time, in a thread: read the configuration, build, publish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.dev.failures import Failures
from sitepub.dev.leftovers import Leftovers
from sitepub.dev.options import DevOptions
from sitepub.dev.publisher import Publisher
from sitepub.dev.schedule import End, Job, Task
from sitepub.dev.sources import Sources
from sitepub.dev.targets import Targets
from sitepub.dev.view import View
from sitepub.dev.waits import Waits
from sitepub.errors import Interrupted, SitepubError


class Worker:
    """``begin`` and ``join`` are for the main thread."""

    def __init__(self, project: Project, options: DevOptions, environ: Mapping[str, str], view: View, targets: Targets,
                 waits: Waits, failures: Failures, publisher: Publisher, leftovers: Leftovers, stop: threading.Event, *,
                 ended: Callable[[Task, End], None], reconfigured: Callable[[Project], None]) -> None:
        """Both callbacks are called in the worker's thread: ``ended`` after every task, ``reconfigured`` with a
        configuration that differs from the last one."""
        self._project = project
        self._options = options
        self._environ = environ
        self._view = view
        self._targets = targets
        self._waits = waits
        self._failures = failures
        self._publisher = publisher
        self._leftovers = leftovers
        self._stop = stop
        self._ended = ended
        self._reconfigured = reconfigured
        self._thread: threading.Thread | None = None

    def begin(self, task: Task) -> None:
        """Begin a task; the one before it has ended."""
        self._waits.task_began(time.monotonic())
        self._thread = threading.Thread(target=self._run, args=(task,), name=f"dev {task.job}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the running task. Returns whether it has ended."""
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
            if task.job is Job.CONFIGURE:
                self._failures.misconfigured(error)
            end = self._failures.handle(error, self._project)
        except OSError as error:
            end = self._failures.handle(SitepubError(
                f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), code="System"), self._project)
        except Exception as error:
            end = self._failures.handle(SitepubError(
                f"this is a bug in sitepub: {type(error).__name__}: {error}", code="Bug",
                hint="--debug shows where"), self._project)
        if end in (End.DONE, End.FAILED):
            self._view.phase("")
        self._ended(task, end)

    def _do(self, task: Task) -> End:
        match task.job:
            case Job.CONFIGURE:
                return self._configure()
            case Job.BUILD:
                return self._build()
            case Job.PUBLISH:
                return self._publisher.publish(self._project, task.burst)

    def _configure(self) -> End:
        options = self._options
        project = load_project(options.config_file, stage=options.stage, inputs=options.inputs, environ=self._environ,
                               new_region=options.new_region)
        Sources(project, options.config_file)  # raises for patterns that are not valid
        for problem in project.warnings:
            self._view.warn(problem)
        if project != self._project:
            self._targets.reconfigure(project)
            self._project = project
            self._publisher.forget()
            self._reconfigured(project)
            self._view.note(f"{options.config_file.name} was read again")
        else:
            self._publisher.scan_again()
        self._failures.configured()
        return End.DONE

    def _build(self) -> End:
        from sitepub.site.build.env_for_build import env_for_build
        from sitepub.site.build.hook import run_hook

        self._view.phase("building")
        self._leftovers.end()
        with env_for_build(self._project, self._view.warn):
            run_hook(self._project, environ=self._environ, output=self._view.hook_line, stop=self._stop,
                     background=self._leftovers.keep, columns=self._view.hook_columns)
        self._publisher.built()
        return End.DONE
