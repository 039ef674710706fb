"""What the engine reports while it works. The terminal subscribes; tests record."""

from __future__ import annotations

from typing import Protocol

from sitepub.publish.plan import Step


class Progress(Protocol):
    """Called from worker threads: implementations must be thread-safe and quick."""

    def part(self, words: str) -> None:
        """What is planned next is a part of the work with a name of its own, such as "Filling slot b"."""

    def planned(self, steps: int, total_bytes: int) -> None:
        """The work ahead: number of steps and bytes to send."""

    def started(self, step: Step) -> None: ...

    def sent(self, step: Step, count: int) -> None:
        """``count`` more bytes of the step went out; negative when a retry starts over."""

    def finished(self, step: Step) -> None: ...

    def failed(self, step: Step, error: Exception) -> None: ...

    def retried(self, step: Step, error: Exception, wait: float) -> None:
        """The request failed and is tried again after ``wait`` seconds."""


class Silent:
    """Says nothing."""

    def part(self, words: str) -> None:
        del words

    def planned(self, steps: int, total_bytes: int) -> None:
        del steps, total_bytes

    def started(self, step: Step) -> None:
        del step

    def sent(self, step: Step, count: int) -> None:
        del step, count

    def finished(self, step: Step) -> None:
        del step

    def failed(self, step: Step, error: Exception) -> None:
        del step, error

    def retried(self, step: Step, error: Exception, wait: float) -> None:
        del step, error, wait
