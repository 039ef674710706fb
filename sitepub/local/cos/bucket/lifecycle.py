"""Lifecycle rules of a bucket (COS API 436/8280): reading them. :mod:`lifecycle_run` carries them out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from xml.etree.ElementTree import Element

from sitepub.local.base.documents import choice, invalid, malformed, read, text, whole

RULES = 1000
STORAGE_CLASSES = (
    "STANDARD_IA", "MAZ_STANDARD_IA", "INTELLIGENT_TIERING", "MAZ_INTELLIGENT_TIERING", "ARCHIVE",
    "MAZ_ARCHIVE", "DEEP_ARCHIVE", "COLD",
)
ACTIONS = (
    "Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class Action:
    """Removal, or with `storage_class` a move, `days` after or on a date (Unix seconds). `markers`: delete markers
    that hide nothing any more are removed."""

    days: int | None = None
    date: float | None = None
    storage_class: str = ""
    markers: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    enabled: bool
    prefix: str
    tags: frozenset[tuple[str, str]]
    newest: tuple[Action, ...]
    older: tuple[Action, ...]
    """For versions that a newer one hides."""
    abort_days: int | None = None

    def covers(self, key: str, tags: frozenset[tuple[str, str]]) -> bool:
        return key.startswith(self.prefix) and self.tags <= tags


@lru_cache(maxsize=256)
def parse_lifecycle(body: bytes) -> tuple[Rule, ...]:
    """The rules of a checked document."""
    root = read(body, "LifecycleConfiguration", limit=512 * 1024)
    return tuple(_rule(element) for element in root.findall("Rule"))


def _rule(element: Element) -> Rule:
    limits = [element.find(path) for path in ("Filter", "Filter/And")]
    places = [place for place in limits if place is not None]
    prefixes = [text(place, "Prefix") for place in (element, *places)]
    tags = frozenset((text(tag, "Key") or "", text(tag, "Value") or "") for place in places
                     for tag in place.findall("Tag"))
    abort = element.find("AbortIncompleteMultipartUpload")
    return Rule(
        enabled=text(element, "Status") == "Enabled",
        prefix=next((prefix for prefix in prefixes if prefix), ""),
        tags=tags,
        newest=tuple(_action(child) for child in element if child.tag in ("Expiration", "Transition")),
        older=tuple(_action(child) for child in element if child.tag.startswith("NoncurrentVersion")),
        abort_days=None if abort is None else whole(abort, "DaysAfterInitiation"),
    )


def _action(element: Element) -> Action:
    date = text(element, "Date")
    days = whole(element, "NoncurrentDays" if element.tag.startswith("Noncurrent") else "Days")
    return Action(days, None if date is None else _moment(date), (text(element, "StorageClass") or "").upper(),
                  text(element, "ExpiredObjectDeleteMarker") == "true")


def _moment(date: str) -> float:
    moment = datetime.fromisoformat(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def check_lifecycle(body: bytes) -> None:
    """Raises ServiceError MalformedXML, InvalidArgument.

    Unlike in the other documents, unknown elements are ignored: the SDK's own tests send one
    to the service and expect success.
    """
    root = read(body, "LifecycleConfiguration", limit=512 * 1024)
    rules = root.findall("Rule")
    if not rules:
        raise malformed("LifecycleConfiguration needs at least one Rule.")
    if len(rules) > RULES:
        raise invalid(f"A bucket can have {RULES} lifecycle rules, not {len(rules)}.")
    identifiers = [name for rule in rules if (name := text(rule, "ID"))]
    if len(set(identifiers)) != len(identifiers):
        raise invalid("Rule ID must be unique.")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: Element) -> None:
    if len(text(rule, "ID") or "") > 255:
        raise invalid("Rule ID can have 255 characters.")
    if choice(rule, "Status", ("Enabled", "Disabled")) is None:
        raise malformed("A Rule needs a Status.")
    if rule.find("Filter") is None and rule.find("Prefix") is None:
        raise malformed("A Rule needs a Filter.")
    found = [element for element in rule if element.tag in ACTIONS]
    if not found:
        raise malformed(f"A Rule needs one of {', '.join(ACTIONS)}.")
    for element in found:
        _check_action(element)


def _check_action(action: Element) -> None:
    name = action.tag
    if name == "AbortIncompleteMultipartUpload":
        if whole(action, "DaysAfterInitiation", least=1) is None:
            raise malformed(f"{name} needs DaysAfterInitiation.")
        return
    if name.startswith("Noncurrent"):
        if whole(action, "NoncurrentDays", least=1) is None:
            raise malformed(f"{name} needs NoncurrentDays.")
    else:
        _check_when(action)
    if name.endswith("Transition"):
        storage = text(action, "StorageClass")
        if (storage or "").upper() not in STORAGE_CLASSES:
            raise invalid(f"StorageClass must be one of {', '.join(STORAGE_CLASSES)}, not {storage!r}.")


def _check_when(action: Element) -> None:
    days = whole(action, "Days", least=1 if action.tag == "Expiration" else 0)
    date = text(action, "Date")
    marker = choice(action, "ExpiredObjectDeleteMarker", ("true", "false"))
    if sum(value is not None for value in (days, date, marker)) != 1:
        raise malformed(f"{action.tag} needs either Days or Date.")
    if date is not None:
        try:
            if not _DATE.fullmatch(date):
                raise ValueError
            _moment(date)
        except ValueError:
            raise invalid(f"Date must be an ISO 8601 time, not {date!r}.") from None
