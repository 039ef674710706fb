"""What it takes to have a host's visitors led by the router: the state of the zone, and the steps (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sitepub.domains.router.route import MOST_VARIABLES, Route, decoded, encoded
from sitepub.domains.router.rules import FunctionRule, RuleBefore, own_rules, rules_before
from sitepub.domains.router.script import is_current, is_made_by_sitepub, name_of
from sitepub.errors import ConfigError, Problem, Refused


class FunctionTaken(Refused):
    """An edge function has the name of the router, and sitepub did not make it."""

    code = "EdgeFunctionTaken"


class RuleInTheWay(Refused):
    """A rule that sitepub did not make sends all requests of the host to another function."""

    code = "EdgeFunctionRuleInTheWay"


class RouteOfAnother(Refused):
    """The host's visitors are led by another site, or by something that sitepub cannot read."""

    code = "RouteOfAnother"


class TooManyRoutes(ConfigError):
    """The function of the zone has no variable left."""


class RouterStepKind(StrEnum):
    """In the order of doing them."""

    CREATE_FUNCTION = "create function"
    UPDATE_FUNCTION = "update function"
    CREATE_RULE = "create rule"
    UPDATE_RULE = "update rule"
    DELETE_RULE = "delete rule"


@dataclass(frozen=True, slots=True)
class EdgeFunction:
    """As the API describes it."""

    id: str
    name: str
    remark: str
    content: str = field(repr=False)

    @property
    def is_ours(self) -> bool:
        return is_made_by_sitepub(self.remark, self.content)


@dataclass(frozen=True, slots=True)
class RouterState:
    """What is in the zone."""

    zone: str
    """ZoneId."""
    function: EdgeFunction | None
    """The one that has the name of the router, also when others made it."""
    rules: tuple[FunctionRule, ...] = ()
    """All rules of the zone that start functions."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of the function, when it is sitepub's."""

    @property
    def routes(self) -> dict[str, Route]:
        """By host."""
        found = (decoded(value) for value in self.variables.values())
        return {route.host: route for route in found if route is not None}

    @property
    def function_id(self) -> str:
        return self.function.id if self.function is not None else ""

    def before(self, host: str) -> tuple[RuleBefore, ...]:
        """Rules of others that take requests of the host first."""
        return rules_before(self.rules, host, self.function_id)


@dataclass(frozen=True, slots=True)
class RouterStep:
    """One call."""

    kind: RouterStepKind
    host: str
    """"": it is for all hosts of the zone."""
    summary: str
    """For the plan: "route www.example.com"."""
    reason: str
    rule: str = ""
    """Id of the rule that is changed or deleted."""


def steps_for(state: RouterState, hosts: Iterable[str]) -> tuple[RouterStep, ...]:
    """What is missing; nothing when all is there. Raises what :func:`check` raises."""
    hosts = list(dict.fromkeys(hosts))
    check(state, hosts)
    found: list[RouterStep] = []
    name = name_of(state.zone)
    if state.function is None:
        found.append(RouterStep(RouterStepKind.CREATE_FUNCTION, "", f"create the edge function {name}",
                                "it leads visitors to the release that is live"))
    elif not is_current(state.function.content):
        found.append(RouterStep(RouterStepKind.UPDATE_FUNCTION, "", f"update the edge function {name}",
                                "its code is not that of this sitepub"))
    for host in hosts:
        own = own_rules(state.rules, host, state.function_id) if state.function is not None else []
        if not own:
            found.append(RouterStep(RouterStepKind.CREATE_RULE, host, f"route {host} through {name}",
                                    "its visitors do not come through the edge function yet"))
        elif not own[0].is_for(host):
            found.append(RouterStep(RouterStepKind.UPDATE_RULE, host, f"route {host} through {name}",
                                    "its rule was changed", own[0].id))
        found += [RouterStep(RouterStepKind.DELETE_RULE, host, f"delete a rule that routes {host} a second time",
                             "two runs made it", more.id) for more in own[1:]]
    return tuple(found)


def check(state: RouterState, hosts: Iterable[str]) -> None:
    """Raises :class:`FunctionTaken` or :class:`RuleInTheWay`: what the user has to decide, before anything is made."""
    if state.function is not None and not state.function.is_ours:
        raise taken(state.function.name)
    for host in hosts:
        other = next((rule for rule in state.before(host) if rule.all), None)
        if other is not None:
            named = f'{other.id} ("{other.remark}")' if other.remark else other.id
            raise RuleInTheWay(
                f"{host}: rule {named} of its EdgeOne zone sends all requests of the host to another edge function, and"
                " only the first rule that matches runs",
                hint="Delete the rule, or take the host out of it (console: EdgeOne, edge functions, trigger rules), or"
                     " turn releases.slots off.")


def taken(name: str) -> FunctionTaken:
    return FunctionTaken(
        f"an edge function of this account is called {name}, and sitepub did not make it",
        hint="Its name is the one of sitepub's router. Make it again under another name and delete it (console:"
             " EdgeOne, edge functions).")


def changed_variables(state: RouterState, routes: Iterable[Route]) -> dict[str, str]:
    """The variables that have to be set for these routes. Raises :class:`RouteOfAnother`, :class:`TooManyRoutes`, and
    :class:`~sitepub.errors.ConfigError` for a route that does not fit a variable."""
    wanted: dict[str, str] = {}
    for route in routes:
        there = state.variables.get(route.variable)
        if there is not None:
            refuse_another(route.host, route.site, there)
        wanted[route.variable] = encoded(route)
    if len(state.variables.keys() | wanted.keys()) > MOST_VARIABLES:
        new = ", ".join(sorted(route.host for route in routes if route.variable not in state.variables))
        raise TooManyRoutes(Problem(
            f"no room for {new}: an edge function has {MOST_VARIABLES} variables, each host takes one, and"
            f" {len(state.variables)} are used", hint="Remove previews or hosts of this zone that are not needed."))
    return {name: value for name, value in wanted.items() if state.variables.get(name) != value}


def refuse_another(host: str, site: str, there: str) -> None:
    """Raises :class:`RouteOfAnother` unless what a variable holds is the route of this site."""
    route = decoded(there)
    if route is None:
        raise RouteOfAnother(
            f"{host}: its variable in the edge function holds something that this sitepub cannot read",
            hint="A newer sitepub wrote it, or it was changed in the console. Install the newer one, or delete the"
                 " variable (console: EdgeOne, edge functions).")
    if route.site != site:
        raise RouteOfAnother(
            f"{host}: its visitors are led by another site of sitepub: {route.site}",
            hint=f"Remove the host there first. If {route.site} is gone, delete the variable {route.variable} of the"
                 " edge function (console: EdgeOne, edge functions).")
