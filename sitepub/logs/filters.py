"""Which visits are wanted: statuses, paths, hosts, and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import unquote

from sitepub.errors import UsageError
from sitepub.logs.visit import Visit
from sitepub.site.globs import whole_path

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|min|m|h|d|w)")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Sources count time from here; there are no earlier visits."""
_STATUS = re.compile(r"[1-5]xx|[1-5][0-9]{2}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Every condition that is set has to hold; of the words of one condition, one."""

    statuses: tuple[str, ...] = ()
    """``404``, ``5xx``."""
    paths: tuple[str, ...] = ()
    """Globs: ``*`` is anything within a folder, ``**`` anything, ``?`` one character."""
    hosts: tuple[str, ...] = ()
    """Lower case."""

    def matches(self, visit: Visit) -> bool:
        if self.statuses and not any(_is_status(visit.status, word) for word in self.statuses):
            return False
        if self.hosts and visit.host.partition(":")[0].lower() not in self.hosts:
            return False
        if not self.paths:
            return True
        # People write the path as they read it; the log has it percent-encoded.
        path = unquote(visit.path)
        return any(_pattern(glob).match(path) for glob in self.paths)


def parse_filter(*, status: Sequence[str] = (), path: Sequence[str] = (), host: Sequence[str] = ()) -> Filter:
    """From the command line. Raises :class:`~sitepub.errors.UsageError`."""
    statuses = []
    for word in ",".join(status).lower().split(","):
        word = word.strip()
        if word and not _STATUS.fullmatch(word):
            raise UsageError(f"--status: {word!r} is not a status",
                             hint="statuses and classes, with commas between: --status 404,5xx")
        if word:
            statuses.append(word)
    return Filter(tuple(dict.fromkeys(statuses)), tuple(glob for glob in path if glob),
                  tuple(name.strip().lower() for name in ",".join(host).split(",") if name.strip()))


def parse_since(text: str, now: datetime) -> datetime:
    """``2h``, ``30m``, ``1h30m``, ``2026-11-20``, ``2026-11-20T10:00`` (local unless it names a zone), UTC.

    Raises :class:`~sitepub.errors.UsageError`.
    """
    compact = text.strip().lower()
    found = list(_SPAN.finditer(compact))
    if found and "".join(match[0] for match in found) == compact:
        seconds = sum(float(match[1]) * _UNITS[match[2]] for match in found)
        try:
            return max((now - timedelta(seconds=seconds)).astimezone(UTC), _FIRST)
        except OverflowError:
            return _FIRST
    try:
        moment = datetime.fromisoformat(text.strip())
        # Without a zone it is the clock on the wall. Some systems know that of no year before 1970.
        moment = max(moment.astimezone(UTC), _FIRST) if moment.year > _FIRST.year else _FIRST
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"--since: {text!r} is neither a span nor a time",
                         hint="a span such as 30m, 2h, 7d, or a time such as 2026-11-20T10:00") from None
    if moment > now:
        raise UsageError(f"--since: {text!r} is in the future")
    return moment


def _is_status(status: int, word: str) -> bool:
    return status // 100 == int(word[0]) if word.endswith("xx") else status == int(word)


_pattern = lru_cache(maxsize=256)(whole_path)
