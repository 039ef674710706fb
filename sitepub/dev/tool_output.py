"""Builds that succeed or fail in the output of a tool (pure; times are given, in seconds).

``hexo generate --watch`` and similar tools go on running when a build fails: only what they print shows it, see
:mod:`sitepub.site.build.signs`. For an unknown tool, only its death is a failure.

A build that writes before it fails may stand still in between. So what was written is held until the tool says how the
build ended, as far as it is a tool that says so: one that names the beginning of a build, or one that has spoken after
it had written before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from sitepub.site.build.signs import SILENT, Allowed, Sign, is_stack, meaning
from sitepub.terminal.messages import plain

_STARTS = 5.0
"""Seconds after its start in which a tool that prints nothing and writes nothing is taken to have built."""
_STARTS_AGAIN = 20.0
"""The same for one that had died: the output may be half of a build."""
_STUCK = 60.0
"""Seconds without a line and without a file after which a build that was begun is no longer waited for."""
_DETAILS = 0.3
"""Seconds of silence after which a failure has printed all its lines …"""
_LONGEST_DETAILS = 2.0
_FIRST_WORD = 1.0
"""Seconds of silence after its first files in which a tool may still say that this build failed."""
_WORD = 3.0
"""The same later on, for a tool that has said before how a build ended after it had written …"""
_LONGEST_WORD = 10.0
_MOST_IN_VAIN = 2
"""… unless it was silent so often: it writes files of which it does not speak."""
_AFTERWARDS = 0.3
"""Files that are seen so soon after a word belong to it: changes may come later than lines that were printed after
them."""
_REPAIRED = 3.0
"""Seconds of silence after a repair that mean that it was one."""
_ANOTHER = 10.0
"""Seconds of silence between two builds of a tool that prints no beginning."""
_LINES = 40


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A build has failed, or the failure before is repaired."""

    failed: bool
    headline: str = ""
    lines: tuple[str, ...] = ()


class _Stage(StrEnum):
    STARTING = "starting"
    BUILDING = "building"
    WRITTEN = "written"
    """It has written files, and may say that their build failed."""
    FINE = "fine"
    FAILED = "failed"


class ToolOutput:
    """Follows what one tool prints, its deaths, changes of its sources, and what it writes."""

    def __init__(self, allowed: Allowed | None = None) -> None:
        """``allowed``: the lines that are no failures, whatever they look like."""
        self._allowed = allowed or Allowed()
        self._before = ""
        self._stage = _Stage.FINE
        self._last = 0.0
        """When it last printed or wrote something, or one of its sources was changed."""
        self._patience = _STARTS
        self._said_at = -_AFTERWARDS
        """When it last said how a build ended."""
        self._alone = False
        """It had not said then that one began."""
        self._unsaid = False
        """It has written files since."""
        self._says = False
        """It has said how a build ended after it had written, without saying that one began."""
        self._in_vain = 0
        self._written_at = 0.0
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._headline = ""
        self._broken: set[str] = set()
        self._touched = False
        self._silent = False
        self._failed_at = 0.0
        self._report_at: float | None = None
        self._reported = False

    # -- what happens --------------------------------------------------------------------------------------

    def started(self, now: float) -> None:
        """It was started, for the first time or again."""
        self._patience = _STARTS_AGAIN if self._stage is _Stage.FAILED else _STARTS
        self._stage, self._last = _Stage.STARTING, now
        self._broken.clear()
        self._lines.clear()

    def died(self, headline: str, now: float) -> None:
        """It ended by itself and should not have."""
        self._stage, self._touched, self._silent = _Stage.FAILED, False, False
        self._headline, self._failed_at, self._report_at = headline, now, now

    def finished(self) -> None:
        """It ended by itself with status 0."""
        if self._stage is not _Stage.FAILED:
            self._stage = _Stage.FINE

    def line(self, text: str, now: float) -> None:
        """It printed a line."""
        text = plain(text).rstrip()
        sign, file = meaning(text, self._before)
        self._before = text
        if sign in (Sign.FAILED, Sign.SUSPECTED) and self._allowed(text):
            sign = None
        another = now - self._last >= _ANOTHER
        self._last = now
        if another or sign is Sign.BEGUN:
            self._lines.clear()
        if text.strip() and not is_stack(text):
            self._lines.append(text)
        if self._report_at is not None:
            self._report_at = min(now + _DETAILS, self._failed_at + _LONGEST_DETAILS)
        if sign in (Sign.GOOD, Sign.ENDED, Sign.FAILED, Sign.SUSPECTED):
            self._alone = self._stage is not _Stage.BUILDING
            self._says = self._says or (self._unsaid and self._alone)
            self._unsaid, self._said_at = False, now
        match sign:
            case Sign.BEGUN:
                self._stage = _Stage.BUILDING
            case Sign.FAILED | Sign.SUSPECTED:
                if file:
                    self._broken.add(file)
                self._silent = SILENT.search(text) is not None
                self._fail(text.strip(), now)
            case Sign.GOOD:
                self._fine()
            case Sign.ENDED if self._stage is not _Stage.FAILED or self._touched or (another and not self._broken):
                self._fine()

    def touched(self, path: PurePath, now: float) -> None:
        """One of its sources was changed."""
        self._said_at = now - _AFTERWARDS  # files that are seen from now on may be of the next build
        if self._stage is not _Stage.FAILED:
            return
        self._last = now
        name = path.as_posix()
        self._broken = {file for file in self._broken if not name.endswith(file)}
        self._touched = not self._broken

    def writing(self, now: float) -> None:
        """A file of the site was written."""
        if now - self._said_at >= _AFTERWARDS:
            self._unsaid = True
        else:
            self._says = self._says or self._alone

    def wrote(self, now: float) -> None:
        """Files of the site were written, and nothing followed for a moment."""
        self._last = max(self._last, now)
        waits = self._unsaid and self._says and self._in_vain < _MOST_IN_VAIN
        if self._stage is _Stage.STARTING or (self._stage is _Stage.FINE and waits):
            self._patience = _WORD if waits else _FIRST_WORD
            self._stage, self._written_at = _Stage.WRITTEN, now
        elif self._touched:
            self._silent = True  # printed or not: something was built after the repair

    # -- what follows --------------------------------------------------------------------------------------

    @property
    def holds(self) -> bool:
        """The output may be half of a site, or of a build that failed: not to be published."""
        return self._stage is not _Stage.FINE

    @property
    def failed(self) -> bool:
        """Is a failure what was reported last?"""
        return self._reported

    @property
    def due(self) -> float | None:
        """When :meth:`take` may have a result."""
        if self._report_at is not None:
            return self._report_at
        match self._stage:
            case _Stage.STARTING:
                return self._last + self._patience
            case _Stage.BUILDING:
                return self._last + _STUCK
            case _Stage.WRITTEN:
                return min(self._last + self._patience, self._written_at + _LONGEST_WORD)
            case _Stage.FAILED:
                return self._last + _REPAIRED if self._silent and self._touched else None
            case _Stage.FINE:
                return 0.0 if self._reported else None

    def take(self, now: float) -> BuildResult | None:
        """What has to be reported by now."""
        due = self.due
        if due is None or now < due:
            return None
        if self._report_at is not None:
            self._report_at, self._reported = None, True
            return self.failure
        if self._stage is _Stage.WRITTEN and self._says:
            self._in_vain += 1
        self._unsaid = False
        self._fine()
        if self._reported:
            self._reported = False
            return BuildResult(failed=False)
        return None

    @property
    def failure(self) -> BuildResult:
        """The last failure."""
        return BuildResult(True, self._headline, tuple(self._lines))

    def _fail(self, headline: str, now: float) -> None:
        if self._stage is not _Stage.FAILED or self._touched:
            self._headline, self._failed_at = headline, now
            self._report_at = now + _DETAILS
        self._stage, self._touched, self._last = _Stage.FAILED, False, now

    def _fine(self) -> None:
        self._stage = _Stage.FINE
        self._touched = self._silent = False
        self._broken.clear()
        self._report_at = None

