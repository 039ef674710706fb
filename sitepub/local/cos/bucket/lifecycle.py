"""Lifecycle rules of a bucket (COS API 436/8280): checked and given back, not carried out.

The embedded cloud lives shorter than the days that rules are about, so nothing expires in it.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from sitepub.local.base.documents import choice, invalid, malformed, read, text, whole

RULES = 1000
STORAGE_CLASSES = (
    "STANDARD_IA", "MAZ_STANDARD_IA", "INTELLIGENT_TIERING", "MAZ_INTELLIGENT_TIERING", "ARCHIVE",
    "DEEP_ARCHIVE", "COLD",
)
ACTIONS = (
    "Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?")


def check_lifecycle(body: bytes) -> None:
    """Raises ServiceError MalformedXML, InvalidArgument.

    Unlike in the other documents, elements that nobody knows are passed over: the SDK's own tests send one
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
    if date is not None and not _DATE.fullmatch(date):
        raise invalid(f"Date must be an ISO 8601 time, not {date!r}.")
