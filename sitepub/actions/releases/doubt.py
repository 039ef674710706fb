"""What a user is asked before something is published that may not be meant."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.errors import Problem, Refused


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question. Without a terminal and without ``--yes`` the run is refused."""

    words: str
    """Why it is asked; may have several lines."""
    question: str
    code: str
    """Of the refusal."""
    hint: str

    def refusal(self) -> Refused:
        return Refused(self.words, code=self.code, hint=self.hint)

    def warning(self) -> Problem:
        """For a plan, which asks nothing."""
        return Problem(f"this is asked before anything is changed: {self.words}", hint=self.hint)
