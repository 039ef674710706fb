"""Edge functions of EdgeOne (teo 2022-09-01): what is kept of them, and which one a request starts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sitepub.local.base.pace import Change, Pace


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable."""

    value: str
    type: str
    """`string`, `json` or `secret`."""


@dataclass(frozen=True, slots=True)
class EdgeFunction:
    """A function, as it was last set, and as it is served until that is deployed."""

    id: str
    zone: str
    owner: str
    name: str
    remark: str
    content: str
    created: float
    updated: float
    change: Change
    variables: dict[str, Variable]
    served_content: str = ""
    """Until the change has ended; "": nothing is deployed yet."""
    served_variables: dict[str, Variable] | None = None

    def served(self, now: float, pace: Pace) -> tuple[str, Mapping[str, Variable]]:
        """Code and variables that visitors meet now."""
        if self.change.under_way(now, pace):
            return self.served_content, self.served_variables or {}
        return self.content, self.variables


@dataclass(frozen=True, slots=True)
class EdgeFunctionRule:
    """A rule that starts functions. Those of a zone are kept in no order: `place` says which comes first."""

    id: str
    zone: str
    place: int
    """The smallest comes first."""
    conditions: list[dict[str, Any]]
    trigger: str
    """`direct`, `weight` or `region`."""
    function: str
    regions: list[dict[str, Any]]
    weights: list[dict[str, Any]]
    remark: str
    created: float
    updated: float

    def functions(self) -> set[str]:
        """Ids of all functions that it may start."""
        if self.trigger == "direct":
            return {self.function}
        return {one["FunctionId"] for one in (self.weights if self.trigger == "weight" else self.regions)}

    def chosen(self, country: str, random: Callable[[], float]) -> str:
        """Id of the function that it starts for one request; "": none."""
        if self.trigger == "direct":
            return self.function
        if self.trigger == "region":
            by_region = {region: one["FunctionId"] for one in self.regions for region in one["Regions"]}
            return str(by_region.get(country) or by_region.get("Default") or "")
        point = random() * 100
        for one in self.weights:
            point -= one["Weight"]
            if point < 0:
                return str(one["FunctionId"])
        return ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What conditions are compared with."""

    host: str
    domain: str
    """Name of the acceleration domain: it differs from the host where that is a wildcard."""
    scheme: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Case-insensitive."""
    address: str
    country: str = ""


def first_rule(rules: Iterable[EdgeFunctionRule], visit: Visit) -> EdgeFunctionRule | None:
    """The rule that runs: the first that matches, and no other."""
    return next((rule for rule in sorted(rules, key=lambda rule: rule.place)
                 if any(_all_hold(one, visit) for one in rule.conditions)), None)


def _all_hold(condition: Mapping[str, Any], visit: Visit) -> bool:
    return all(_holds(part, visit) for part in condition["RuleConditions"])


def _holds(part: Mapping[str, Any], visit: Visit) -> bool:
    operator, target = part["Operator"], part["Target"]
    found = _found(part, visit)
    if operator in ("exist", "notexist"):
        return bool(found) is (operator == "exist")
    values = part.get("Values") or []
    if target == "client_ip":
        equal = _in_network(visit.address, values)
    else:
        ignore = bool(part.get("IgnoreCase")) or target in ("host", "request_protocol", "client_country")
        wanted = {_cased(str(value), ignore) for value in values}
        equal = "all" in wanted or any(_cased(one, ignore) in wanted for one in found)
    return equal is (operator == "equal")


def _found(part: Mapping[str, Any], visit: Visit) -> list[str]:
    """What the request has for a target."""
    target, name = part["Target"], part.get("Name") or ""
    last = visit.path.rpartition("/")[2]
    if target == "query_string":
        ignore = bool(part.get("IgnoreNameCase"))
        return [value for key, value in parse_qsl(visit.query, keep_blank_values=True)
                if _cased(key, ignore) == _cased(name, ignore)]
    if target == "request_header":
        value = visit.headers.get(name)
        return [] if value is None else [value]
    found = {
        # assumed: the name of a wildcard domain stands for every host that it serves
        "host": [visit.host, visit.domain],
        "url": [visit.path],
        "full_url": [f"{visit.scheme}://{visit.host}{visit.path}"],
        "filename": [last.rpartition(".")[0] or last],
        "extension": [last.rpartition(".")[2]] if "." in last else [],
        "client_country": [visit.country],
        "request_protocol": [visit.scheme],
        "request_method": [visit.method],
    }
    return found.get(target, [])


def _cased(text: str, ignore: bool) -> str:
    return text.lower() if ignore else text


def _in_network(address: str, values: Iterable[str]) -> bool:
    try:
        own = ipaddress.ip_address(address)
        return any(own in ipaddress.ip_network(value, strict=False) for value in values)
    except ValueError:
        return False
