"""The terminal of a CI system: its log, with groups, annotations, hidden values and the colours that it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from sitepub.ci.log_words import COLORED, LogWords
from sitepub.errors import ConfigError, Problem, SiteError, SitepubError
from sitepub.terminal import secrets
from sitepub.terminal.terminal import Terminal


class CiTerminal(Terminal):
    """What a command prints as ``--json`` is kept; everything else goes to stderr, where the log shows it."""

    annotates = True

    def __init__(self, stderr: TextIO, environ: Mapping[str, str], words: LogWords) -> None:
        self.kept = io.StringIO()
        super().__init__(stdin=io.StringIO(), stdout=self.kept, stderr=stderr, environ=environ)
        self._words = words
        self._group: str | None = None

    def colored(self, stream_is_tty: bool) -> bool:
        asked = self._asked_for_colors()
        return self._words.system in COLORED and not stream_is_tty if asked is None else asked

    def program(self, label: str, line: str) -> None:
        """Lines of the hook are a group of their own."""
        if self._group != label:
            self.close()
            self._group = label
            self.raw(self._words.group(label))
        super().program(label, line)

    def note(self, text: str = "") -> None:
        self.close()
        super().note(text)

    def warn(self, what: str | Problem) -> None:
        self.close()
        super().warn(what)
        self.annotate("warning", Problem(what) if isinstance(what, str) else what)

    def annotate(self, kind: str, problem: Problem) -> None:
        line = self._words.annotation(kind, problem)
        if line is not None:
            self.err(line)

    def annotate_error(self, error: SitepubError) -> None:
        self.close()
        problems = error.problems if isinstance(error, ConfigError | SiteError) else ()
        for problem in problems or (Problem(error.message, error.position, error.hint),):
            self.annotate("error", problem)

    def close(self) -> None:
        """End the group that is open."""
        if self._group is not None:
            end = self._words.end_of_group(self._group)
            self._group = None
            if end is not None:
                self.raw(end)

    def raw(self, text: str) -> None:
        """A line with the control characters of the system, and unscrubbed: only what sitepub wrote itself."""
        self._write(self.stderr, text)

    @contextmanager
    def masking(self) -> Iterator[None]:
        """Each secret that comes into use is hidden by the system, too."""
        def hide(secret: str) -> None:
            for line in self._words.mask(secret):
                self.raw(line)

        for secret in secrets.held():
            hide(secret)
        secrets.on_new.append(hide)
        try:
            yield
        finally:
            secrets.on_new.remove(hide)
            self.close()
