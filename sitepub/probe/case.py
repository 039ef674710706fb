"""One claim about the cloud, the expected answer, and what was seen instead."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Value = str | int | bool | None | tuple["Value", ...]
"""What an answer is compared by. Never a secret: the result is meant for bug reports."""
Facts = Mapping[str, Value]
Where = TypeVar("Where")


class Verdict(StrEnum):
    """How the cloud's answer stands to the claim."""

    SAME = "same"
    DIFFERS = "differs"
    FAILED = "failed"
    """The question could not be asked, or its answer not read."""
    SKIPPED = "skipped"
    """It cannot be asked here; the note says why."""


class Skip(Exception):
    """The case cannot be tried here; the message says why."""


@dataclass(frozen=True, slots=True)
class Case(Generic[Where]):
    """A claim, and how to try it."""

    name: str
    claim: str
    source: str
    """The page of the API documentation (``436/7749``), an RFC, or "reported"/"assumed" where no document says it."""
    expected: Facts
    """A tuple as a value means: any of these."""
    look: Callable[[Where], Facts]
    patience: float = 0.0
    """Seconds during which the cloud may still answer as before: it is asked again until it agrees."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case."""

    case: str
    group: str
    claim: str
    source: str
    verdict: Verdict
    expected: Facts
    seen: Facts
    note: str = ""
    request_id: str = ""
    """Of the last request: the cloud's support finds it by this."""


def agrees(expected: Facts, seen: Facts) -> bool:
    """Whether every expected value is there; a tuple names several that are right."""
    return all(seen.get(name) in value if isinstance(value, tuple) else seen.get(name) == value
               for name, value in expected.items())


class Table(Generic[Where]):
    """The cases of one group, in the order of their definition."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.cases: list[Case[Where]] = []

    def case(self, claim: str, source: str, /, *, patience: float = 0.0, **expected: Value
             ) -> Callable[[Callable[[Where], Facts]], Callable[[Where], Facts]]:
        """Put the decorated function into the table. It asks the cloud and returns what is compared."""

        def add(look: Callable[[Where], Facts]) -> Callable[[Where], Facts]:
            name = f"{self.group}.{look.__name__.replace('_', '-')}"
            self.cases.append(Case(name, claim, source, expected, look, patience))

            @functools.wraps(look)
            def same(where: Where) -> Facts:
                return look(where)

            return same

        return add
