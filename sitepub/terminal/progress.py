"""The progress of a transfer: moving bars on a terminal, a line now and then elsewhere.

Worker threads only change numbers under a lock (well under a microsecond each); one thread of ours reads
the numbers ten times a second and draws. It draws nothing during the first moments, so that work which is
done at once neither flickers nor pays for importing rich.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sitepub.terminal.live_display import FIRST_FRAME, FRAME, draw
from sitepub.terminal.messages import display_width, visible
from sitepub.terminal.secrets import scrub
from sitepub.terminal.sizes import counted, human_bytes, human_seconds
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_RATE_WINDOW = 5.0
"""Seconds over which the rate is measured."""
_LINE_EVERY = 10.0
"""Plain lines: one after so many seconds, or earlier when another tenth is done …"""
_LINE_NOT_BEFORE = 2.0
"""… but never sooner after the last one than this."""
_NAMES_SHOWN = 3
_KNOWN_AFTER = 3.0
"""Seconds since the first byte or file before which the remaining time cannot be estimated: connections are made,
and the first files are no measure for the others."""
_FORESEEN = 20.0
"""So many times as long as it has been going on is what can be foreseen: a minute after three seconds, an hour after
three minutes."""


@dataclass(slots=True)
class Numbers:
    """What has happened so far. A snapshot: safe to read without the lock."""

    steps: int = 0
    total_bytes: int = 0
    done: int = 0
    failed: int = 0
    retried: int = 0
    sent: int = 0
    running: tuple[str, ...] = ()
    """Names of the steps under way, the longest-running first."""
    rate: float = 0.0
    """Bytes a second, lately."""
    step_rate: float = 0.0
    elapsed: float = 0.0
    moving: float = math.inf
    """Seconds since the first byte or step was done."""

    @property
    def share(self) -> float:
        """How much is done, 0 to 1: by bytes and by steps, whichever is further behind."""
        parts = [(self.done + self.failed) / self.steps] if self.steps else []
        parts += [self.sent / self.total_bytes] if self.total_bytes else []
        return max(0.0, min(parts, default=1.0))

    @property
    def seconds_left(self) -> float | None:
        """By bytes and by steps, whichever takes longer; ``None`` when nothing moves, and as long as what moves says
        nothing of what is to come."""
        if self.moving < _KNOWN_AFTER:
            return None
        waits: list[float] = []
        for todo, rate in ((self.total_bytes - self.sent, self.rate),
                           (self.steps - self.done - self.failed, self.step_rate)):
            if todo > 0:
                if rate <= 0:
                    return None
                waits.append(todo / rate)
        left = max(waits, default=0.0)
        return left if left <= _FORESEEN * self.moving else None


@dataclass
class TransferProgress:
    """Counts a transfer and shows it while used as a context manager. Its methods are thread-safe.

    ``name`` identifies a step (an object key). ``verb`` heads the lines: "Uploading".
    """

    terminal: Terminal
    verb: str = "Uploading"
    noun: str = "file"
    sums_up: bool = True
    """A line at the end."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _running: dict[str, None] = field(default_factory=dict, repr=False)
    _numbers: Numbers = field(default_factory=Numbers, repr=False)
    _samples: deque[tuple[float, int, int]] = field(default_factory=deque, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)
    _began: float = field(default_factory=time.monotonic, repr=False)
    _moved: float | None = field(default=None, repr=False)
    """When the first byte or step was seen to be done."""
    _ended_parts: list[str] = field(default_factory=list, repr=False)
    """Their lines."""

    # Called by the engine, from many threads

    def part(self, words: str) -> None:
        """What comes now is counted by itself, under these words instead of the verb."""
        ended = self.summary() if self._numbers.steps else None
        with self._lock:
            self.verb, self._numbers, self._moved = words, Numbers(), None
            self._began = time.monotonic()
            self._samples.clear()
            self._samples.append((self._began, 0, 0))
            if ended is not None:
                self._ended_parts.append(ended)

    def planned(self, steps: int, total_bytes: int) -> None:
        """The work ahead. May be called again when there is more."""
        with self._lock:
            self._numbers.steps = steps
            self._numbers.total_bytes = total_bytes

    def started(self, name: str) -> None:
        with self._lock:
            self._running[name] = None

    def sent(self, name: str, count: int) -> None:
        """``count`` more bytes; negative when a retry starts over."""
        del name
        with self._lock:
            self._numbers.sent += count

    def finished(self, name: str) -> None:
        with self._lock:
            self._running.pop(name, None)
            self._numbers.done += 1

    def failed(self, name: str, error: Exception) -> None:
        with self._lock:
            self._running.pop(name, None)
            self._numbers.failed += 1
        self.terminal.say_debug(f"failed: {visible(name)}: {visible(str(error))}")

    def retried(self, name: str, error: Exception, wait: float) -> None:
        with self._lock:
            self._numbers.retried += 1
        self.terminal.say_debug(f"again in {wait:.1f} s: {visible(name)}: {visible(str(error))}")

    # Shown by one thread

    def numbers(self) -> Numbers:
        """The numbers now."""
        now = time.monotonic()
        with self._lock:
            raw = self._numbers
            running = tuple(self._running)
            self._samples.append((now, raw.sent, raw.done + raw.failed))
            while len(self._samples) > 2 and self._samples[0][0] < now - _RATE_WINDOW:
                self._samples.popleft()
            then, sent_then, done_then = self._samples[0]
            seconds = max(now - then, 1e-6)
            enough = seconds >= FRAME / 2
            if self._moved is None and (raw.sent or raw.done or raw.failed):
                self._moved = now
            return Numbers(
                steps=raw.steps, total_bytes=raw.total_bytes, done=raw.done, failed=raw.failed,
                retried=raw.retried, sent=raw.sent, running=running, elapsed=now - self._began,
                moving=now - self._moved if self._moved is not None else 0.0,
                rate=(raw.sent - sent_then) / seconds if enough else 0.0,
                step_rate=(raw.done + raw.failed - done_then) / seconds if enough else 0.0,
            )

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._samples.append((self._began, 0, 0))
        if not self.terminal.quiet:
            show = self._show_live if self.terminal.live else self._show_lines
            self._thread = threading.Thread(target=show, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        del error, trace
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self.sums_up and kind is None and not self.terminal.quiet:
            for line in self._ended_parts:
                self.terminal.note(line)
            if self._numbers.steps:
                self.terminal.note(self.summary())

    def summary(self) -> str:
        """The line at the end."""
        now = self.numbers()
        words = f"{self.verb}: {counted(now.done, self.noun)}" + (f", {human_bytes(now.sent)}" if now.sent else "")
        words += f" in {human_seconds(now.elapsed)}"
        if now.elapsed >= 1 and now.sent:
            words += f" ({human_bytes(now.sent / now.elapsed)}/s)"
        return words + _troubles(now)

    def _show_lines(self) -> None:
        told_at, told_share = time.monotonic(), 0.0
        announced: str | None = None
        while not self._ended.wait(FRAME):
            now = self.numbers()
            if not now.steps:
                continue
            clock = time.monotonic()
            if announced != self.verb:
                if now.elapsed < FIRST_FRAME:
                    continue
                size = f", {human_bytes(now.total_bytes)}" if now.total_bytes else ""
                self.terminal.note(f"{self.verb}: {counted(now.steps, self.noun)}{size}")
                announced, told_at, told_share = self.verb, clock, 0.0
                continue
            waited = clock - told_at
            if waited >= _LINE_EVERY or (waited >= _LINE_NOT_BEFORE and now.share >= told_share + 0.1):
                told_at, told_share = clock, now.share
                self.terminal.note(f"{self.verb}: {status(now, self.noun)}")

    def _show_live(self) -> None:
        draw(self.terminal, self._frame, self._ended)

    def _frame(self, console: Console) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        now = self.numbers()
        if not now.steps:
            return Text(f"{self.verb}: getting ready", no_wrap=True, overflow="ellipsis")
        width = min(console.width - 1, 100)
        full, rest = ("━", "━") if self.terminal.unicode else ("#", "-")
        filled = int(now.share * width)
        bar = Text.assemble((full * filled, "cyan"), (rest * (width - filled), "dim"))
        names = [_end_of(scrub(visible(name)), width - 2) for name in now.running[:_NAMES_SHOWN]]

        def line(text: str, style: str = "") -> Text:
            return Text(text, style=style, no_wrap=True, overflow="ellipsis")

        lines: list[RenderableType] = [line(f"{self.verb}: {status(now, self.noun)}"), bar,
                                       *(line(f"  {name}", "dim") for name in names)]
        more = len(now.running) - _NAMES_SHOWN
        if more > 0:
            lines.append(line(f"  and {more} more", "dim"))
        return Group(*lines)


def status(now: Numbers, noun: str) -> str:
    """``120/1,000 files  3.1 MB of 24 MB  1.2 MB/s  17 s left``."""
    parts = [f"{now.done:,}/{counted(now.steps, noun)}"]
    if now.total_bytes:
        parts.append(f"{human_bytes(max(now.sent, 0))} of {human_bytes(now.total_bytes)}")
        parts.append(f"{human_bytes(max(now.rate, 0))}/s")
    left = now.seconds_left
    if left is not None and left > 0:
        parts.append(f"{human_seconds(left)} left")
    return "  ".join(parts) + _troubles(now)


def _troubles(now: Numbers) -> str:
    words = f", {now.retried:,} retried" if now.retried else ""
    return words + (f", {now.failed:,} failed" if now.failed else "")


def _end_of(name: str, room: int) -> str:
    """The end of a long name: that is where files differ."""
    if display_width(name) <= room:
        return name
    while display_width(name) > room - 3:
        name = name[1:]
    return f"...{name}"
