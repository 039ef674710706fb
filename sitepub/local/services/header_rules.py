"""What the rules of EdgeOne's rule engine say about response headers (EdgeOne 1552/90438)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sitepub.local.services.records import TeoRule

HEADERS = "ModifyResponseHeader"
"""The one action that the embedded edge carries out."""
_HOSTS = re.compile(r"\$\{http\.request\.host\} in \[('[^']+'(?:, ?'[^']+')*)\]\Z")


def hosts_of(condition: str) -> list[str] | None:
    """The hosts of a condition on the host alone; None for any other condition."""
    found = _HOSTS.match(condition)
    return None if found is None else re.findall(r"'([^']+)'", found[1])


def header_actions(rules: Iterable[TeoRule], host: str) -> Iterator[tuple[str, str, str]]:
    """Action, name and value for the answers of a host, from the top rule to the last; of sub-rules where all
    conditions above are on the host, too."""
    for one in rules:
        if one.rule["Status"] == "enable":
            yield from _of_branches(one.rule["Branches"], host)


def _of_branches(branches: Iterable[Mapping[str, Any]], host: str) -> Iterator[tuple[str, str, str]]:
    for branch in branches:
        if host not in (hosts_of(branch["Condition"]) or ()):
            continue
        for action in branch.get("Actions") or ():
            if action["Name"] == HEADERS:
                yield from ((header["Action"], header["Name"], header.get("Value") or "")
                            for header in action[f"{HEADERS}Parameters"]["HeaderActions"])
        for below in branch.get("SubRules") or ():
            yield from _of_branches(below.get("Branches") or (), host)
