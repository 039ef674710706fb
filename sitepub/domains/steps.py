"""The steps that bring a host from what it is to what the project says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class HostStepKind(StrEnum):
    """What is done, in the order of doing it for one host."""

    CERTIFICATE = "certificate"
    """Upload a certificate, apply for one, renew it."""
    CREATE = "create"
    """Create the domain on its edge."""
    UPDATE = "update"
    """Change settings of the domain on its edge."""
    START = "start"
    """Put an offline domain online."""
    DNS = "dns"
    """Create or change a record in DNSPod."""
    RECORD = "record"
    """A record that the user has to add: its zone is not in the account's DNSPod."""
    WAIT = "wait"
    """Nothing to write, only to wait for: a setup that an earlier run began."""
    PURGE = "purge"
    PREFETCH = "prefetch"
    TAKE_DOWN = "take down"
    """Take the domain away: stop it, delete it, and the records and certificates that sitepub made."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting that changes: ``Https.Http2`` from ``off`` to ``on``."""

    path: str
    """As the edge's API names it, dotted: "Cache.RuleCache", "Https.Hsts.MaxAge"."""
    before: Any = field(repr=False)
    """``None``: not set."""
    after: Any = field(repr=False)

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {"path": self.path, "before": self._told(self.before), "after": self._told(self.after)}

    def __str__(self) -> str:
        """For people: ``Https.Http2: off → on``; a new setting without what was before."""
        if self.before is None:
            return f"{self.path}: {_text(self._told(self.after))}"
        return f"{self.path}: {_text(self._told(self.before))} → {_text(self._told(self.after))}"

    def _told(self, value: Any) -> Any:
        if value and self.path.rpartition(".")[2].lower() in _SECRET:
            return _HIDDEN
        return _shown(value)


@dataclass(frozen=True, slots=True)
class HostStep:
    """One step for one host."""

    kind: HostStepKind
    host: str
    summary: str
    """For the plan: "create www.example.com on the CDN", "CNAME www.example.com → …"."""
    reason: str
    details: tuple[Leaf, ...] = ()
    """Settings, leaf by leaf."""
    destructive: bool = False
    """Takes away or changes what sitepub did not make, or takes a host down: needs ``--yes`` or a prompt."""
    edge: str = ""

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {"kind": self.kind.value, "host": self.host, "summary": self.summary, "reason": self.reason,
                "destructive": self.destructive,
                "details": [leaf.as_object() for leaf in self.details]}


_HIDDEN = "(hidden)"
_SECRET = ("privatekey", "secretkey", "backupsecretkey")


def _shown(value: Any) -> Any:
    """Never a key: the CDN's answers hold secrets of signed addresses."""
    if isinstance(value, Mapping):
        return {key: _HIDDEN if str(key).lower() in _SECRET and inner else _shown(inner)
                for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    return value


def _text(value: Any) -> str:
    import json

    if value is None or value == "":
        return "not set"
    if isinstance(value, str):
        return value
    return json.dumps(_shown(value), ensure_ascii=False, separators=(", ", ": "))
