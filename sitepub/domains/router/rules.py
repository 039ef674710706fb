"""Rules that start functions in an EdgeOne zone: which of them a request of a host meets first (pure).

A rule has conditions, of which one is enough; each has parts that must all hold (CreateFunctionRule, teo 2022-09-01).
Only the first rule that matches runs, and a larger Priority comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitepub.domains.router.script import rule_remark

_ALL = "all"
"""The value that stands for every request."""


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """A rule as the API describes it."""

    id: str
    priority: int
    remark: str
    function: str
    """Id of the function that it starts; "": it chooses among several."""
    functions: frozenset[str]
    """Ids of all functions that it may start."""
    conditions: Sequence[Mapping[str, Any]]

    def is_for(self, host: str) -> bool:
        """Whether its conditions are those that sitepub gives the rule of a host."""
        return _plain(self.conditions) == _plain(conditions_of(host))


@dataclass(frozen=True, slots=True)
class RuleBefore:
    """A rule that sitepub did not make, and that takes requests of a host before its router does."""

    id: str
    remark: str
    all: bool
    """Every request of the host; else those that fit its further conditions."""


def rule_of(found: Mapping[str, Any]) -> FunctionRule:
    """From an answer of DescribeFunctionRules."""
    chosen = {str(one.get("FunctionId")) for name in ("RegionMappingSelections", "WeightedSelections")
              for one in found.get(name) or ()}
    direct = str(found.get("TriggerType") or "direct") == "direct"
    function = str(found.get("FunctionId") or "") if direct else ""
    return FunctionRule(str(found.get("RuleId")), int(found.get("Priority") or 0), str(found.get("Remark") or ""),
                        function, frozenset(chosen | {function}) - {""},
                        tuple(found.get("FunctionRuleConditions") or ()))


def conditions_of(host: str) -> list[dict[str, Any]]:
    """What the rule of a host asks: the host, and nothing else.

    Assumed for ``*.preview.example.com``, because no document says it: a condition on the host takes the name of a
    wildcard acceleration domain, and means every host that the domain serves."""
    return [{"RuleConditions": [{"Operator": "equal", "Target": "host", "Values": [host]}]}]


def own_rules(rules: Iterable[FunctionRule], host: str, function: str) -> list[FunctionRule]:
    """The rules of sitepub for a host, by what they say of themselves and what they start; the first comes first."""
    found = [rule for rule in rules if rule.function == function and rule.remark == rule_remark(host)]
    return sorted(found, key=lambda rule: -rule.priority)


def rules_before(rules: Iterable[FunctionRule], host: str, function: str) -> tuple[RuleBefore, ...]:
    """The rules of others that take requests of the host first. Where a new rule comes is not documented, so each of
    them counts while sitepub has none."""
    rules = list(rules)
    own = own_rules(rules, host, function) if function else []
    above = own[0].priority if own else -1
    found = []
    for rule in sorted(rules, key=lambda rule: -rule.priority):
        if rule.function == function and function:
            continue
        takes = max((_takes(one, host) for one in rule.conditions), default=0)
        if takes and rule.priority > above:
            found.append(RuleBefore(rule.id, rule.remark, takes == 2))
    return tuple(found)


def _takes(condition: Mapping[str, Any], host: str) -> int:
    """Of the requests of a host: 0 none, 1 some, 2 all."""
    least = 2
    for part in condition.get("RuleConditions") or ():
        least = min(least, _part_takes(part, host))
    return least


def _part_takes(part: Mapping[str, Any], host: str) -> int:
    values = {str(value).lower() for value in part.get("Values") or ()}
    if values == {_ALL}:
        return 2
    if part.get("Target") != "host":
        return 1
    named = any(_covers(value, host) for value in values)
    if part.get("Operator") == "equal":
        return 2 if named else int(any(_covers(host, value) for value in values))
    return 0 if part.get("Operator") == "notequal" and named else 2


def _covers(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.removeprefix("*.").endswith(pattern[1:]))


def _plain(conditions: Sequence[Mapping[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """Without what answers add: members that are null or have their default."""
    return [[(part.get("Operator"), part.get("Target"), tuple(part.get("Values") or ()), part.get("Name") or "")
             for part in one.get("RuleConditions") or ()] for one in conditions]
