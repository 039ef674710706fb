"""What EdgeOne's rule engine says about the answers of a host: headers and redirects (EdgeOne 1552/90438)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sitepub.local.services.records import TeoRule
from sitepub.local.services.rule_conditions import read_condition

HEADERS = "ModifyResponseHeader"
REDIRECT = "AccessURLRedirect"
"""The two actions that the embedded edge carries out."""


def actions_of(rules: Iterable[TeoRule], host: str, name: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The parameters of every action of this name that may be taken for a host, from the top rule to the last, each
    with the conditions above it; where those are on host and path alone."""
    for one in rules:
        if one.rule["Status"] == "enable":
            yield from _of_branches(one.rule["Branches"], host, name, ())


def _of_branches(branches: Iterable[Mapping[str, Any]], host: str, name: str, above: tuple[str, ...]
                 ) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for branch in branches:
        condition = read_condition(branch["Condition"])
        if condition is None or not condition.of_host(host) or not (condition.hosts or above):
            continue
        conditions = (*above, branch["Condition"])
        for action in branch.get("Actions") or ():
            if action["Name"] == name:
                yield conditions, action[f"{name}Parameters"]
        for below in branch.get("SubRules") or ():
            yield from _of_branches(below.get("Branches") or (), host, name, conditions)


def header_actions(rules: Iterable[TeoRule], host: str) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Conditions, action, name and value for the answers of a host, in the order in which they are done."""
    for conditions, parameters in actions_of(rules, host, HEADERS):
        for header in parameters["HeaderActions"]:
            yield conditions, header["Action"], header["Name"], header.get("Value") or ""
