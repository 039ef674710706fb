"""``sitepub preview open``: show a preview on this computer, and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from sitepub.cli.browse import browse
from sitepub.cli.options import Run, command
from sitepub.config.project import Project
from sitepub.errors import ExitCode

if TYPE_CHECKING:
    from sitepub.actions.previews.opening import Progress, Shown
    from sitepub.tencent.cloud import Embedded
    from sitepub.terminal.terminal import Terminal


@command(project=True)
@click.argument("name", metavar="NAME")
@click.option("--lan", is_flag=True, help="Serve it to other devices in this network, until Ctrl-C; shows a QR code.")
@click.option("--no-browser", is_flag=True, help="Print the address; do not open the browser.")
def open_(run: Run, name: str, lan: bool, no_browser: bool) -> int:
    """Show a preview on this computer, byte by byte as it was deployed.

    Its files are fetched and served by the embedded cloud as a website endpoint serves them. So it needs no host, and
    browsers show its pages where those of its own address are downloaded.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "preview open", lambda project: _open(run, project, name, lan=lan, browser=not no_browser))


def _open(run: Run, project: Project, name: str, *, lan: bool, browser: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.previews.opening import show_here
    from sitepub.terminal.sizes import counted

    terminal = run.terminal
    shown = show_here(project, name, local=run.local, profile=run.profile, environ=run.environ, view=_View(terminal))
    if shown.fetched:
        terminal.note(f"{counted(shown.fetched, 'file')} fetched from the preview {shown.name}.")
    terminal.result(f"preview: {shown.name}\nwebsite: {terminal.style(shown.url, 'bold')}")
    report: dict[str, object] = {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
                                 "preview": shown.name, "url": shown.url, "fetched": shown.fetched, "lan": None}
    if browser and terminal.live and not terminal.wants_json:
        browse(run, shown.url)
    if lan:
        _serve(terminal, project, shown, report)
        return report, int(ExitCode.INTERRUPTED)
    return report, 0


def _serve(terminal: Terminal, project: Project, shown: Shown, report: dict[str, object]) -> None:
    """Until Ctrl-C."""
    from sitepub.actions.interrupt import stopping
    from sitepub.actions.previews.lan import served_in_the_network
    from sitepub.terminal.qr import qr_code

    assert shown.cloud.embedded is not None
    with (stopping(break_in=False) as stop,
          served_in_the_network(_at(shown.cloud.embedded, shown.url), urlsplit(shown.url).netloc, project.key_prefix)
          as url):
        report["lan"] = url
        if terminal.wants_json:
            terminal.note(f"network: {url}")
        terminal.result(f"network: {terminal.style(url, 'bold')}")
        code = qr_code(terminal, url) if not terminal.quiet else None
        if code is not None:
            terminal.result(f"\n{code}")
        terminal.note("Every device in this network can see it. Ctrl-C ends this.")
        while not stop.wait(0.5):
            pass


def _at(embedded: Embedded, url: str) -> Embedded:
    """Where the address is served: by the website endpoint, or by the edge."""
    return replace(embedded, port=urlsplit(url).port or embedded.port)


class _View:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @contextmanager
    def fetching(self) -> Iterator[Progress]:
        from sitepub.terminal.progress import TransferProgress

        with TransferProgress(self._terminal, verb="Fetching", sums_up=False) as display:
            yield display
