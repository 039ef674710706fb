"""What the rules of EdgeOne's rule engine say about response headers (EdgeOne 1552/90438)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sitepub.local.services.records import TeoRule

_HOSTS = re.compile(r"\$\{http\.request\.host\} in \[('[^']+'(?:, ?'[^']+')*)\]\Z")


def hosts_of(condition: str) -> list[str] | None:
    """The hosts of a condition on the host alone; None for any other condition."""
    found = _HOSTS.match(condition)
    return None if found is None else re.findall(r"'([^']+)'", found[1])


def header_actions(rules: Iterable[TeoRule], host: str) -> Iterator[tuple[str, str, str]]:
    """Action, name and value for the answers of a host, from the top rule to the last."""
    for one in rules:
        for branch in one.rule["Branches"] if one.rule["Status"] == "enable" else ():
            if host in (hosts_of(branch["Condition"]) or ()):
                for action in branch["Actions"]:
                    yield from ((header["Action"], header["Name"], header.get("Value") or "")
                                for header in action["ModifyResponseHeaderParameters"]["HeaderActions"])
