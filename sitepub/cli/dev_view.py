"""What ``sitepub dev`` shows: a line for each thing that happens, and how things stand at the bottom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sitepub.cli import boundary
from sitepub.cli.story import Story
from sitepub.dev.view import Commands, Published
from sitepub.errors import Refused, SitepubError
from sitepub.publish.outcome import Outcome, Status
from sitepub.terminal.keys import Keys
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted, human_seconds
from sitepub.terminal.status_bar import StatusBar
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.logs.visit import Visit
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.progress import Progress

_KEYS = "o open  r again  l logs  c clear  q quit"
_SHORT_KEYS = "o r l c q"
_KEYS_EXPLAINED = "keys: o opens the browser, r publishes again, l shows or hides visits, c clears the screen, q ends"
_NAMES = 3


class DevView(Story):
    """:class:`sitepub.dev.view.View` on a terminal."""

    sums_up = False  # a publish has a line of its own, with its time

    def __init__(self, terminal: Terminal, *, yes: bool = False) -> None:
        super().__init__(terminal, yes=yes)
        self._bar = StatusBar(terminal)
        self._may_ask = True
        """Questions are asked until keys are commands."""
        self._with_keys = False
        self._keys = ExitStack()
        self._lock = threading.Lock()
        self._files = 0
        self._last = self._last_time = ""
        self._where: Callable[[], str] = str
        self._shown_url = ""
        self._failed = False
        self._show_next = True
        """Show the next publish also when it changes nothing: the first one, after a failure, and on request."""

    # -- what happens ---------------------------------------------------------------------------------------

    def tool_line(self, line: str) -> None:
        self._terminal.program("tool", line)

    def error(self, error: SitepubError) -> None:
        self._show_next = True
        if self._terminal.wants_json:
            self._terminal.json({**boundary.error_object(error), "action": "dev"})
            if self._terminal.stdout_is_tty:
                return
        for line in boundary.lines(self._terminal, error):
            self._terminal.err(line)
        self._failed = True
        self._update("")

    def waiting(self, why: str) -> None:
        self._show_next = True
        self._terminal.note(f"{self._clock()} waiting, and trying again until it works: {visible(why)}")
        self._update("waiting")

    def phase(self, text: str) -> None:
        self._update(text)

    def published(self, what: Published) -> None:
        with self._lock:
            self._files = what.files
        if self._terminal.wants_json:
            self._terminal.json(_as_object(what))
        status = what.outcome.status
        if status is Status.PUBLISHED:
            self._last_time = self._clock()
            self._last = f"{self._last_time} ({_short(what.seconds)})"
            self._terminal.note(self._line(what))
        elif self._show_next:
            self._terminal.note(f"{self._clock()} {_beside(what)}everything is live: {counted(what.files, 'file')}")
        elif what.built:
            self._terminal.note(f"{self._clock()} {_beside(what)}built, and nothing has changed:"
                                f" {counted(what.files, 'file')}")
        self._show_next = self._failed = False
        self._show_url()
        self._update("")

    def visit(self, visit: Visit) -> None:
        from sitepub.logs.lines import line

        width = self._terminal.width - 1 if self._terminal.live else None
        today = datetime.now().astimezone().date()
        self._terminal.note(line(self._terminal, visit, today=today, on_stderr=True, width=width))

    def purge_listener(self) -> AbstractContextManager[PurgeLines]:
        return nullcontext(PurgeLines(self))

    def approve(self, prepared: Prepared) -> None:
        if self._may_ask or self._yes or not (prepared.plan.taken_over or prepared.other):
            super().approve(prepared)
            return
        if prepared.other is not None:
            raise Refused(prepared.other.words, code="OtherProject", hint=prepared.other.hint)
        from sitepub.publish.guards import shown

        taken = prepared.plan.taken_over
        raise Refused(f"{counted(len(taken), 'object')} in the bucket that sitepub did not upload would get other"
                      f" content:\n{shown(taken)}", code="ForeignObjects",
                      hint="if the site may replace them: start sitepub dev with --yes")

    @contextmanager
    def transfer(self) -> Iterator[Progress]:
        self._bar.stop()
        try:
            with super().transfer() as progress:
                yield progress
        finally:
            self._bar.start()

    # -- the screen ----------------------------------------------------------------------------------------

    def at(self, url: str) -> None:
        self._where = lambda: url
        self._show_url()

    def start(self, commands: Commands) -> None:
        self._where = lambda: commands.url
        self._show_url()
        self._update("" if self._files else "starting")
        self._bar.start()

    def ready(self, commands: Commands) -> None:
        self._may_ask = False
        if not self._terminal.live or self._terminal.wants_json:
            return
        keys = Keys(self._terminal.stdin, lambda key: self._pressed(key, commands),
                    lambda: commands.call(self._bar.redraw))
        self._keys.enter_context(keys)
        if self._terminal.stdin_is_tty:
            self._with_keys = True
            self._terminal.note(_KEYS_EXPLAINED)
            self._update("")

    def stop(self) -> None:
        self._keys.close()
        self._bar.stop()

    def _pressed(self, key: str, commands: Commands) -> None:
        match key.lower():
            case "o":
                commands.open_browser()
            case "r":
                self._show_next = True
                commands.publish_all()
            case "l":
                commands.switch_visits()
            case "c":
                self._bar.clear_screen()
            case "q" | "\x04":
                commands.quit()

    def _show_url(self) -> None:
        url = self._where()
        if url != self._shown_url:
            self._shown_url = url
            self._terminal.note(url)

    def _update(self, phase: str) -> None:
        with self._lock:
            doing = phase or f"{'failed, ' if self._failed else ''}watching {counted(self._files, 'file')}"
            last = f"last publish {self._last}" if self._last else ""
            brief = f"last publish {self._last_time}" if self._last else ""
            keys, short = (_KEYS, _SHORT_KEYS) if self._with_keys else ("", "")
            url = self._where()
        separator = " · " if self._terminal.unicode else " | "
        self._bar.show(*(separator.join(filter(None, parts)) for parts in (
            (doing, last, url, keys), (doing, last, url, short), (doing, brief, url), (doing, last, keys),
            (doing, last, short), (doing, short), (doing,))))

    def _line(self, what: Published) -> str:
        assert isinstance(what.outcome, Outcome)  # nothing has changed in the other
        counts = what.outcome.counts
        parts = [(counts.uploaded, "uploaded"), (counts.copied, "copied"), (counts.headers, "given new headers"),
                 (counts.deleted, "deleted")]
        words = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "settings written"
        gone = {step.key for step in what.outcome.prepared.plan.deletions}
        groups = (("published", [key for key in what.changed if key not in gone]),
                  ("deleted", [key for key in what.changed if key in gone]))
        done = ", ".join(f"{self._terminal.style(verb, 'green', on_stderr=True)} {_names(keys)}"
                         for verb, keys in groups if keys)
        done = done or self._terminal.style("published", "green", on_stderr=True)
        return f"{self._clock()} {_beside(what)}{done} ({words}) in {_short(what.seconds)}"

    @staticmethod
    def _clock() -> str:
        return f"{datetime.now():%H:%M:%S}"


class PurgeLines:
    """What happens to the caches, as lines. Implements :class:`~sitepub.domains.job.Listener`."""

    def __init__(self, view: DevView) -> None:
        self._view = view

    def status(self, host: str, text: str) -> None:
        self._view.phase(f"{host}: {text}")

    def done(self, host: str, text: str) -> None:
        self._view.note(f"{host}: {text}")

    def todo(self, host: str, text: str) -> None:
        self._view.note(f"{host}: {text}")


def _names(keys: Sequence[str]) -> str:
    more = len(keys) - _NAMES
    return ", ".join(visible(key) for key in keys[:_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _short(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else human_seconds(seconds)


def _beside(what: Published) -> str:
    return f"{what.target}: " if what.target != "site" else ""


def _as_object(what: Published) -> dict[str, Any]:
    counts = what.outcome.counts
    return {
        "version": 1, "action": "dev", "event": "published", "status": "ok", "target": what.target, "url": what.url,
        "time": round(time.time(), 3), "seconds": round(what.seconds, 3), "files": what.files,
        "changed": list(what.changed),
        "changes": {"uploaded": counts.uploaded, "copied": counts.copied, "headers": counts.headers,
                    "deleted": counts.deleted, "unchanged": counts.unchanged}}
