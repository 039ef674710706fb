"""What each slot answered, counted from EdgeOne's log files.

The router asks for ``/.sitepub/slots/a/x`` on behalf of a visitor who asked for ``/x``. EdgeOne writes a line for each:
the one of the router's request has ``EdgeFunctionSubrequest`` 1 and ``ParentRequestID``, the RequestID of the
visitor's (1145/61300; in the files and in real-time logs). That ``RequestUrl`` of such a line is the path that the
function asked for is not said anywhere: where it is not, nothing is counted, and that is what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Answers:
    """To visitors, of one slot."""

    total: int = 0
    missing: int = 0
    """Status 404."""
    refused: int = 0
    """Any other status of 400 to 499."""
    failed: int = 0
    """Status 500 and above."""

    @property
    def errors(self) -> int:
        return self.missing + self.refused + self.failed

    @property
    def part(self) -> float | None:
        """Of errors among all; ``None``: there were no answers."""
        return self.errors / self.total if self.total else None

    def and_one(self, status: int) -> Answers:
        return replace(self, total=self.total + 1, missing=self.missing + (status == 404),
                       refused=self.refused + (400 <= status < 500 and status != 404),
                       failed=self.failed + (status >= 500))


@dataclass(slots=True)
class SlotAnswers:
    """Counts while lines come in, file by file."""

    slots: Collection[str]
    """Their folders in the bucket, with the slash behind them."""
    since: datetime
    until: datetime | None = None
    found: dict[str, Answers] = field(default_factory=dict)

    def add(self, lines: Iterable[str]) -> None:
        """The lines of one hour. A visitor got what the router ended with, so the status is that of the visitor's own
        line: what one slot lacks may have come from another. The slot is the first that was asked, by the order of
        the lines, which is that of their ends."""
        slot_of: dict[str, str] = {}
        own: dict[str, int] = {}
        statuses: dict[str, int] = {}
        for text in lines:
            line = _line(text)
            if line is None or not self._counts(str(line.get("RequestTime") or "")):
                continue
            id, status = str(line.get("RequestID") or ""), _status(line)
            if str(line.get("EdgeFunctionSubrequest")) != "1":
                statuses[id] = status
                continue
            parent, slot = str(line.get("ParentRequestID") or ""), self._slot(str(line.get("RequestUrl") or ""))
            if slot is not None and parent not in slot_of:
                slot_of[parent], own[parent] = slot, status
        for parent, slot in slot_of.items():
            self.found[slot] = self.found.get(slot, Answers()).and_one(statuses.get(parent) or own[parent])

    def _slot(self, path: str) -> str | None:
        key = path.removeprefix("/")
        return next((slot for slot in self.slots if key.startswith(slot)), None)

    def _counts(self, text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return False
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.since.tzinfo)
        return moment >= self.since and (self.until is None or moment < self.until)


def _line(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _status(line: dict[str, Any]) -> int:
    try:
        return int(line.get("EdgeResponseStatusCode") or 0)
    except (TypeError, ValueError):
        return 0
