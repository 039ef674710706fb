"""What ``sitepub dev`` shows: a line for each thing that happens, and how things stand at the bottom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sitepub.actions.dev_work import Published
from sitepub.cli import boundary
from sitepub.cli.story import Story
from sitepub.errors import Refused, SitepubError
from sitepub.publish.guards import shown
from sitepub.publish.prepare import Prepared
from sitepub.publish.progress import Progress
from sitepub.publish.publish import Status
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted, human_seconds
from sitepub.terminal.status_bar import StatusBar
from sitepub.terminal.terminal import Terminal

_KEYS = "o open  r again  l logs  c clear  q quit"
_SHORT_KEYS = "o r l c q"
_KEYS_TOLD = "keys: o opens the browser, r publishes again, l shows or hides visits, c clears the screen, q ends"
_NAMES = 3


class DevView(Story):
    """:class:`sitepub.actions.dev_work.View` on a terminal."""

    sums_up = False  # what was published is told, with its time

    def __init__(self, terminal: Terminal, *, yes: bool = False) -> None:
        super().__init__(terminal, yes=yes)
        self.bar = StatusBar(terminal)
        self.may_ask = True
        """Questions are asked until the keys mean something else."""
        self.with_keys = False
        self._lock = threading.Lock()
        self._files = 0
        self._last = self._last_time = ""
        self._where: Callable[[], str] = str
        self._told_url = ""
        self._failed = False
        self._tell = True
        """Say so too when there was nothing to publish: at first, after a failure, and when asked."""

    # -- from dev ------------------------------------------------------------------------------------------

    def tool_line(self, line: str) -> None:
        self._terminal.program("tool", line)

    def error(self, error: SitepubError) -> None:
        self._tell = True
        if self._terminal.wants_json:
            self._terminal.json({**boundary.error_object(error), "action": "dev"})
            if self._terminal.stdout_is_tty:
                return
        for line in boundary.lines(self._terminal, error):
            self._terminal.err(line)
        self._failed = True
        self._update("")

    def waiting(self, why: str) -> None:
        self._tell = True
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
        elif self._tell:
            self._terminal.note(f"{self._clock()} {_beside(what)}everything is live: {counted(what.files, 'file')}")
        elif what.built:
            self._terminal.note(f"{self._clock()} {_beside(what)}built, and nothing has changed:"
                                f" {counted(what.files, 'file')}")
        self._tell = self._failed = False
        self._tell_url()
        self._update("")

    def approve(self, prepared: Prepared) -> None:
        if self.may_ask or self._yes or not (prepared.plan.taken_over or prepared.other):
            super().approve(prepared)
            return
        if prepared.other is not None:
            raise Refused(prepared.other.words, code="OtherProject", hint=prepared.other.hint)
        taken = prepared.plan.taken_over
        raise Refused(f"{counted(len(taken), 'object')} in the bucket that sitepub did not upload would get other"
                      f" content:\n{shown(taken)}", code="ForeignObjects",
                      hint="if the site may replace them: start sitepub dev with --yes")

    @contextmanager
    def transfer(self) -> Iterator[Progress]:
        self.bar.stop()
        try:
            with super().transfer() as progress:
                yield progress
        finally:
            self.bar.start()

    # -- the screen ----------------------------------------------------------------------------------------

    def start(self, where: Callable[[], str]) -> None:
        """``where``: the address to look at, which a change of the configuration may change."""
        self._where = where
        self._tell_url()
        self._update("starting")
        self.bar.start()

    def asked(self) -> None:
        """The user wants to know: the next publish is told whatever it does."""
        self._tell = True

    def stop(self) -> None:
        self.bar.stop()

    def take_keys(self) -> None:
        """From now on keys are commands."""
        self.with_keys = True
        self._terminal.note(_KEYS_TOLD)
        self._update("")

    def _tell_url(self) -> None:
        url = self._where()
        if url != self._told_url:
            self._told_url = url
            self._terminal.note(url)

    def _update(self, phase: str) -> None:
        with self._lock:
            doing = phase or f"{'failed, ' if self._failed else ''}watching {counted(self._files, 'file')}"
            last = f"last publish {self._last}" if self._last else ""
            brief = f"last publish {self._last_time}" if self._last else ""
            keys, short = (_KEYS, _SHORT_KEYS) if self.with_keys else ("", "")
            url = self._where()
        separator = " · " if self._terminal.unicode else " | "
        self.bar.show(*(separator.join(filter(None, parts)) for parts in (
            (doing, last, url, keys), (doing, last, url, short), (doing, brief, url), (doing, last, keys),
            (doing, last, short), (doing, short), (doing,))))

    def _line(self, what: Published) -> str:
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
