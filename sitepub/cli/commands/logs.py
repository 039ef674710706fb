"""``sitepub logs``: who visits, now or since when, one by one or counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.logs import Asked
    from sitepub.logs.source import Source

_BACK = timedelta(hours=2)
_BACK_STATS = timedelta(hours=24)


@command(project=True)
@click.option("--follow", "-f", is_flag=True, help="Show visits as they happen, until Ctrl-C.")
@click.option("--since", metavar="TIME",
              help="From when: 30m, 2h, 7d, or 2026-11-20T10:00. Default: 2h, with --stats 24h.")
@click.option("--status", metavar="CODES", multiple=True, help="Only these statuses: 404 or 4xx,5xx.")
@click.option("--path", metavar="GLOB", multiple=True, help="Only these paths: /blog/** or *.html.")
@click.option("--host", metavar="HOST", multiple=True, help="Only visits of this host.")
@click.option("--stats", is_flag=True, help="Show counts: per hour, pages, statuses, referrers, traffic.")
@click.option("--html", metavar="FILE", help="Write the counts as an HTML page with charts.")
@click.option("--source", type=click.Choice(["local", "cls", "cdn", "edgeone", "cos"]),
              help="Where to read: the embedded cloud, the log service, the CDN's files, EdgeOne's, the bucket's logs.")
def logs(run: Run, follow: bool, since: str | None, status: tuple[str, ...], path: tuple[str, ...],
         host: tuple[str, ...], stats: bool, html: str | None, source: str | None) -> int:
    """Show who visits the site. With --follow, --json prints one object a line."""
    from sitepub.actions.logs import Asked
    from sitepub.cli.projects import each_project
    from sitepub.config.finding import look_for_projects
    from sitepub.config.load import load_project
    from sitepub.errors import UsageError
    from sitepub.logs.choose import Kind
    from sitepub.logs.filters import parse_filter, parse_since

    asked = Asked(run.local, run.profile, Kind(source) if source else None,
                  parse_filter(status=status, path=path, host=host))
    now = datetime.now(UTC)
    begin = parse_since(since, now) if since else None
    if html == "":
        raise UsageError("--html: the name of the file is missing")
    if follow and html:
        raise UsageError("--html does not go with --follow: a page is written once")
    if follow or html:
        sites = look_for_projects(run.folder).files
        if len(sites) != 1:
            raise UsageError(f"{'--follow' if follow else '--html'} is for one site, and there are {len(sites)}",
                             hint="name one: --cwd " + sites[0].parent.name)
    if follow:
        project = load_project(sites[0], stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=True)
        return _follow(run, project, asked, begin, stats)
    if stats or html:
        since_then = begin or now - _BACK_STATS
        return each_project(run, "logs", lambda project: _count(run, project, asked, since_then, html))
    return each_project(run, "logs", lambda project: _show(run, project, asked, begin or now - _BACK))


def _show(run: Run, project: Project, asked: Asked, since: datetime) -> tuple[dict[str, object], int]:
    from sitepub.actions import logs as action
    from sitepub.logs.filters import Filter
    from sitepub.logs.lines import line
    from sitepub.logs.visit import iso

    terminal = run.terminal
    found: list[dict[str, object]] = []
    number = 0
    with action.opened(project, asked, run.environ, note=terminal.note, warn=terminal.warn) as source:
        _tell(run, source)
        today = datetime.now().astimezone().date()
        for visit in action.visits(source, asked.wanted, since):
            number += 1
            if terminal.wants_json:
                found.append(visit.as_object())
            else:
                terminal.result(line(terminal, visit, today=today, with_host=len(project.hosts) > 1))
                if terminal.reader_gone:
                    break
        if not number:
            what = "visits" if asked.wanted == Filter() else "such visits"
            terminal.note(f"no {what} since {since.astimezone():%Y-%m-%d %H:%M}")
        return {"status": "ok", "source": _source_object(source), "since": iso(since), "visits": found}, 0


def _count(run: Run, project: Project, asked: Asked, since: datetime, html: str | None
           ) -> tuple[dict[str, object], int]:
    from sitepub.actions import logs as action
    from sitepub.logs.chart import stats_lines

    terminal = run.terminal
    with action.opened(project, asked, run.environ, note=terminal.note, warn=terminal.warn) as source:
        _tell(run, source)
        counted = action.count(source, asked.wanted, since)
        result: dict[str, object] = {"status": "ok", "source": _source_object(source), "stats": counted.as_object()}
        if not terminal.wants_json:
            terminal.result("\n".join(stats_lines(terminal, counted)))
        if html is not None:
            file = run.folder / html
            action.write_report(counted, file, title=f"{project.name} ({project.stage})", source=source)
            terminal.note(f"written: {file}")
            result["html"] = str(file)
        return result, 0


def _follow(run: Run, project: Project, asked: Asked, since: datetime | None, stats: bool
            ) -> int:
    from sitepub.actions import logs as action
    from sitepub.actions.interrupt import stopping
    from sitepub.errors import ExitCode
    from sitepub.logs.chart import stats_lines
    from sitepub.logs.feed import Feed
    from sitepub.logs.lines import line
    from sitepub.logs.stats import Stats

    terminal = run.terminal
    counted = Stats(since=since or datetime.now(UTC))
    with action.opened(project, asked, run.environ, note=terminal.note, warn=terminal.warn) as source:
        _tell(run, source)
        feed = Feed(source, asked.wanted, since=since, note=terminal.note)
        feed.start()
        with stopping() as stop:
            try:
                for visit in feed.until(stop):
                    if stats:
                        counted.add(visit)
                    if terminal.wants_json:
                        if not stats:
                            terminal.json(visit.as_object())
                    else:
                        terminal.result(line(terminal, visit, today=datetime.now().astimezone().date(),
                                             with_host=len(project.hosts) > 1))
                    if terminal.reader_gone:
                        break
            finally:
                feed.stop()
        if stats:
            counted.until = datetime.now(UTC)
            if terminal.wants_json:
                terminal.json({"version": 1, "action": "logs", "status": "ok",
                               "source": _source_object(source), "stats": counted.as_object()})
            else:
                terminal.result("\n" + "\n".join(stats_lines(terminal, counted)))
        return int(ExitCode.INTERRUPTED if stop.is_set() else ExitCode.OK)


def _tell(run: Run, source: Source) -> None:
    shown = "shown at once" if source.delay == "at once" else f"delay: {source.delay}"
    run.terminal.note(f"visits from {source.name}, {shown}")


def _source_object(source: Source) -> dict[str, str]:
    return {"name": source.name, "delay": source.delay}
