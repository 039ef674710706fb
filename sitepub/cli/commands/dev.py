"""``sitepub dev``: publish whenever something is saved, and show who visits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from sitepub.cli.options import Run, command, yes_option
from sitepub.config.project import Project
from sitepub.errors import ExitCode, SitepubError, UsageError

if TYPE_CHECKING:
    from sitepub.actions.dev import Dev
    from sitepub.cli.dev_view import DevView
    from sitepub.logs.filters import Filter


@command(project=True)
@click.option("--serve", is_flag=True, help="Serve a preview with live reload beside the real cloud.")
@click.option("--poll", is_flag=True, help="Look for changes instead of waiting for the system's events.")
@click.option("--purge", is_flag=True, help="Purge what has changed from the caches of the custom domains.")
@click.option("--logs/--no-logs", default=None, help="Show visits from the start (default with --local).")
@click.option("--status", metavar="CODES", multiple=True, help="Show visits of these statuses: 404 or 4xx,5xx.")
@click.option("--path", metavar="GLOB", multiple=True, help="Show visits of these paths: /blog/** or *.html.")
@click.option("--open", "open_browser", is_flag=True, help="Open the site in the browser when it is live.")
@click.option("--allow-delete", is_flag=True, help="Allow to delete more than half of the site.")
@click.option("--allow-empty", is_flag=True, help="Allow pages that had content to be empty now.")
@yes_option()
def dev(run: Run, serve: bool, poll: bool, purge: bool, logs: bool | None, status: tuple[str, ...],
        path: tuple[str, ...], open_browser: bool, allow_delete: bool, allow_empty: bool, yes: bool) -> int:
    """Publish once, then whenever something is saved.

    With --local the pages are served by the embedded cloud and reload by themselves. With --json, one object
    is printed for each publish and each failure.
    """
    from sitepub.actions.dev import Dev, Wish
    from sitepub.actions.dev_cloud import OwnCloud
    from sitepub.actions.dev_work import How
    from sitepub.cli.dev_view import DevView
    from sitepub.config.load import load_project, look_for_projects
    from sitepub.logs.filters import parse_filter

    found = look_for_projects(run.folder)
    if len(found.files) != 1:
        raise UsageError(f"sitepub dev is for one site, and there are {len(found.files)}",
                         hint="name one: --cwd " + found.files[0].parent.name)
    file = found.files[0]
    terminal = run.terminal
    project = load_project(file, stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=yes)
    view = DevView(terminal, yes=yes)
    for problem in project.warnings:
        view.warn(problem)
    wanted = parse_filter(status=status, path=path)
    how = How(file, run.stage, run.inputs, allow_delete, allow_empty, poll,
              _purger(run, view) if purge else None, yes)
    shows_logs = run.local if logs is None else logs
    own = OwnCloud(run.environ, terminal.note) if run.local or serve else None
    try:
        session = Dev(project, how, Wish(run.local, serve, run.profile), view, run.environ)
        code = _run(run, session, view, _Visits(run, session, wanted), logs=shows_logs, open_browser=open_browser)
    finally:
        ended = own is not None and own.end()
    terminal.note(_goodbye(session, ended=ended))
    return code


def _goodbye(session: Dev, *, ended: bool) -> str:
    """``ended``: the embedded cloud that dev had started ended with it."""
    real = next((target for target in session.targets if target.cloud.embedded is None), None)
    if real is not None:
        return f"dev has ended. The site stays at {real.url}"
    if ended:
        return ("dev has ended, and with it the embedded cloud that it had started; the site is kept:"
                " sitepub deploy --local shows it again")
    return f"dev has ended. The embedded cloud still runs, with the site at {session.url}"


def _run(run: Run, session: Dev, view: DevView, visits: _Visits, *, logs: bool, open_browser: bool) -> int:
    from contextlib import ExitStack

    from sitepub.actions.dev import Call
    from sitepub.terminal.keys import Keys

    terminal = run.terminal
    with ExitStack() as stack:
        def ready() -> None:
            """The first publish has ended: from now on keys are commands."""
            view.may_ask = False
            if logs:
                visits.switch()
            if open_browser:
                _open(run, session.url)
            if terminal.live and not terminal.wants_json:
                keys = Keys(terminal.stdin, lambda key: _pressed(run, key, session, view, visits),
                            lambda: session.inbox.put(Call(view.bar.redraw)))
                stack.enter_context(keys)
                if terminal.stdin_is_tty:
                    view.take_keys()

        session.ready = ready
        session.reconfigured = visits.follow
        stack.callback(view.stop)
        stack.callback(visits.stop)
        view.start(lambda: session.url)
        ended_by_user = session.run()
    return ExitCode.OK if ended_by_user else ExitCode.INTERRUPTED


def _pressed(run: Run, key: str, session: Dev, view: DevView, visits: _Visits) -> None:
    from sitepub.actions.dev import Again, Stop

    match key.lower():
        case "o":
            _open(run, session.url)
        case "r":
            view.asked()
            session.inbox.put(Again())
        case "l":
            threading.Thread(target=visits.switch, name="logs", daemon=True).start()
        case "c":
            view.bar.clear_screen()
        case "q" | "\x04":
            session.inbox.put(Stop())


def _open(run: Run, url: str) -> None:
    from sitepub.config.programs import on_absolute_path
    from sitepub.leaks.cloud_secrets import secret_values, without_secrets
    from sitepub.terminal.browser import open_browser

    def work() -> None:
        why = open_browser(url, on_absolute_path(without_secrets(run.environ, secret_values(run.environ))))
        if why is not None:
            run.terminal.note(f"no browser could be opened: {why}. The address: {url}")

    threading.Thread(target=work, name="browser", daemon=True).start()


class _Visits:
    """The lines of visits, on or off."""

    def __init__(self, run: Run, session: Dev, wanted: Filter) -> None:
        self._run = run
        self._session = session
        self._wanted = wanted
        self._feed: Any = None
        self._of: tuple[object, ...] = ()
        """What decided where they were looked for."""
        self._lock = threading.Lock()

    def switch(self) -> None:
        """On if they are off, off if they are on. A source that cannot be opened is told."""
        terminal = self._run.terminal
        with self._lock:
            if self._feed is not None:
                self._feed.stop()
                self._feed = None
                terminal.note("visits are not shown any more")
                return
            try:
                self._feed = self._begin()
            except SitepubError as error:
                terminal.note(error.message + (f" ({error.hint})" if error.hint else ""))

    def follow(self) -> None:
        """The site may live somewhere else now: visits, if they are shown, are taken from there."""
        threading.Thread(target=self._follow, name="logs", daemon=True).start()

    def _follow(self) -> None:
        with self._lock:
            if self._feed is None or self._session.targets[0].visited == self._of:
                return
            self._feed.stop()
            self._feed = None
        self.switch()

    def _begin(self) -> Any:
        from sitepub.actions.logs import where_embedded
        from sitepub.logs.choose import open_source
        from sitepub.logs.feed import Feed

        target, terminal = self._session.targets[0], self._run.terminal
        where = where_embedded(self._run.environ) if target.cloud.embedded is not None else None
        self._of = target.visited
        source = open_source(target.project, target.cloud, where=where, note=terminal.note)
        feed = Feed(source, self._wanted, note=terminal.note)
        terminal.note(f"visits from {source.name}, told {source.delay}")
        feed.start(self._show)
        return feed

    def _show(self, visit: Any) -> None:
        from datetime import datetime

        from sitepub.logs.lines import line

        terminal = self._run.terminal
        width = terminal.width - 1 if terminal.live else None
        terminal.note(line(terminal, visit, today=datetime.now().astimezone().date(), on_stderr=True, width=width))

    def stop(self) -> None:
        with self._lock:
            if self._feed is not None:
                self._feed.stop()
                self._feed = None


class _Heard:
    """What happens to the caches, as lines. Implements ``domains.services.Listener``."""

    def __init__(self, view: DevView) -> None:
        self._view = view

    def status(self, host: str, text: str) -> None:
        self._view.phase(f"{host}: {text}")

    def done(self, host: str, text: str) -> None:
        self._view.note(f"{host}: {text}")

    def todo(self, host: str, text: str) -> None:
        self._view.note(f"{host}: {text}")


def _purger(run: Run, view: DevView) -> Callable[[Project, Sequence[str]], None]:
    """What ``--purge`` does when something has changed: the state knows what is stale by now."""

    def purge(project: Project, _changed: Sequence[str]) -> None:
        from contextlib import nullcontext

        from sitepub.actions.purge import PurgeOptions
        from sitepub.actions.purge import purge as action

        action(project, (), PurgeOptions(run.local, run.profile, wait=False), run.environ,
               lambda: nullcontext(_Heard(view)))

    return purge
