"""The router of an EdgeOne zone: one edge function, a rule for each host, a variable for each host (teo 2022-09-01).

Everything here looks before it writes, so a run that was killed anywhere is gone on with, and a second one changes
nothing. Functions and rules without the marks of sitepub, and routes of other sites, are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sitepub.domains.busy import DEPLOYING, pauses
from sitepub.domains.poll import Patience
from sitepub.domains.router.route import Route, decoded, variable_of
from sitepub.domains.router.rules import conditions_of, own_rules, rule_of
from sitepub.domains.router.script import FUNCTION_REMARK, code, name_of, rule_remark
from sitepub.domains.router.steps import (
    EdgeFunction,
    RouterState,
    RouterStep,
    RouterStepKind,
    changed_variables,
    refuse_another,
    steps_for,
    taken,
)
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import CloudError, NotFound, Unanswered
from sitepub.interrupts import pause

T = TypeVar("T")
_NAME_TAKEN = "InvalidParameter.FunctionNameConflict"
_BUSY = "ResourceInUse"
_GONE = frozenset({"ResourceUnavailable.FunctionNotFound", "ResourceUnavailable.RuleNotFound",
                   "ResourceNotFound"})
_READ_BACK = Patience(20.0, 0.5, 3.0)
"""Until the service answers with what was set."""
_UNANSWERED = Patience(15.0, 1.0, 5.0)
_ROUNDS = 3
"""A run beside this one may change things between look and write."""


class Router:
    """The router of one zone. Safe for many threads as far as ServiceApi is."""

    def __init__(self, api: ServiceApi, zone: str, *, sleep: Callable[[float], None] = pause) -> None:
        """``zone``: ZoneId. ``sleep``: waits; raises :class:`~sitepub.errors.Interrupted` on Ctrl-C."""
        self._api = api
        self.zone = zone
        self._sleep = sleep

    # What is there

    def look(self) -> RouterState:
        """Function, rules and variables as they are. Three calls; changes nothing."""
        function = self._function()
        rules = self._call("DescribeFunctionRules", {}).get("FunctionRules") or ()
        variables = self._variables(function) if function is not None and function.is_ours else {}
        return RouterState(self.zone, function, tuple(map(rule_of, rules)), variables)

    def read(self, host: str) -> Route | None:
        """Where the visitors of a host are led; ``None``: nowhere, or by something that sitepub did not write."""
        function = self._function()
        if function is None or not function.is_ours:
            return None
        value = self._variables(function).get(variable_of(host))
        return decoded(value) if value is not None else None

    # Function and rules

    def ensure(self, hosts: Iterable[str]) -> RouterState:
        """See to it that the function is there with the code of this sitepub, and a rule for each host. Returns what is
        there then. Raises what :func:`steps.check` raises, before anything is made."""
        hosts = list(dict.fromkeys(hosts))
        return self._answered(lambda: self._ensure(hosts))

    def _ensure(self, hosts: Sequence[str]) -> RouterState:
        state = self.look()
        for _ in range(_ROUNDS):
            steps = steps_for(state, hosts)
            if not steps:
                return state
            function = state.function_id
            for step in steps:
                function = self._do(step, function)
            state = self.look()
        raise CloudError(f"the edge function {name_of(self.zone)} or its rules do not stay as they are set",
                         code="EdgeFunctionChanged", hint="Another run may change them too: run again when it is done.")

    def _do(self, step: RouterStep, function: str) -> str:
        """Carry out a step; the function's id, also when it is new."""
        match step.kind:
            case RouterStepKind.CREATE_FUNCTION:
                return self._create()
            case RouterStepKind.UPDATE_FUNCTION:
                self._call("ModifyFunction", {"FunctionId": function, "Content": code(), "Remark": FUNCTION_REMARK})
            case RouterStepKind.CREATE_RULE:
                self._call("CreateFunctionRule", _rule(step.host, function), host=step.host)
            case RouterStepKind.UPDATE_RULE:
                self._call("ModifyFunctionRule", {"RuleId": step.rule, **_rule(step.host, function)}, host=step.host)
            case RouterStepKind.DELETE_RULE:
                self._delete_rules([step.rule])
        return function

    def _create(self) -> str:
        try:
            answer = self._call("CreateFunction", {"Name": name_of(self.zone), "Content": code(),
                                                   "Remark": FUNCTION_REMARK})
        except CloudError as error:
            if error.code != _NAME_TAKEN:
                raise
            there = self._function()  # a run beside this one was faster
            if there is None or not there.is_ours:
                raise taken(name_of(self.zone)) from error
            return there.id
        return str(answer.get("FunctionId"))

    # The pointer

    def point(self, routes: Iterable[Route]) -> None:
        """Lead the visitors of these hosts: one call for all of them, and nothing where it is so already. Returns when
        the service answers with the new routes.

        Raises :class:`~steps.RouteOfAnother` and :class:`~steps.TooManyRoutes` before anything is changed, and
        :class:`~sitepub.errors.NotFound` where :meth:`ensure` was not called."""
        routes = list(routes)
        self._answered(lambda: self._point(routes))

    def _point(self, routes: Sequence[Route]) -> None:
        function = self._function()
        if function is None or not function.is_ours:
            raise NotFound(f"the edge function {name_of(self.zone)} is not there", code="EdgeFunctionNotFound",
                           hint="Run `sitepub deploy --verify`: it makes it.")
        state = RouterState(self.zone, function, variables=self._variables(function))
        changed = changed_variables(state, routes)
        if not changed:
            return
        self._call("HandleFunctionRuntimeEnvironment", {
            "FunctionId": function.id, "Operation": "setEnvironmentVariable",
            "EnvironmentVariables": [{"Key": name, "Value": value, "Type": "string"}
                                     for name, value in changed.items()]})
        for wait in (*pauses(_READ_BACK), None):
            there = self._variables(function)
            if all(there.get(name) == value for name, value in changed.items()):
                return
            if wait is not None:
                self._sleep(wait)
        raise CloudError(f"the edge function {name_of(self.zone)} does not answer with the routes that were set",
                         code="RouteNotTaken", hint="Run again; visitors see the old release or the new one, whole.")

    # Away with it

    def forget(self, hosts: Iterable[str], site: str) -> tuple[str, ...]:
        """Lead the visitors of these hosts no more: rule and variable go, the bucket's root answers. The hosts that
        were led. Raises :class:`~steps.RouteOfAnother` for one of another site, before anything is changed."""
        hosts = list(dict.fromkeys(hosts))
        return self._answered(lambda: self._forget(hosts, site))

    def _forget(self, hosts: Sequence[str], site: str) -> tuple[str, ...]:
        state = self.look()
        if state.function is None or not state.function.is_ours:
            return ()
        names = {host: variable_of(host) for host in hosts}
        there = [host for host, name in names.items() if name in state.variables]
        for host in there:
            refuse_another(host, site, state.variables[names[host]])
        rules = [(host, rule.id) for host in hosts for rule in own_rules(state.rules, host, state.function.id)]
        if rules:
            self._delete_rules([id for _, id in rules])
        if there:
            # The type says nothing here; what is deleted is named by its key.
            self._call("HandleFunctionRuntimeEnvironment", {
                "FunctionId": state.function.id, "Operation": "deleteEnvironmentVariable",
                "EnvironmentVariables": [{"Key": names[host]} for host in there]})
        return tuple(host for host in hosts if host in there or host in dict(rules))

    def remove(self) -> bool:
        """Delete the function when nothing needs it: it has no variable, and no rule starts it. Deleting it would take
        both away (DeleteFunction). Whether it is gone."""
        return self._answered(self._remove)

    def _remove(self) -> bool:
        state = self.look()
        if state.function is None:
            return True
        if (not state.function.is_ours or state.variables
                or any(state.function.id in rule.functions for rule in state.rules)):
            return False
        try:
            self._call("DeleteFunction", {"FunctionId": state.function.id})
        except CloudError as error:
            if error.code not in _GONE:
                raise
        return True

    # Calls

    def _function(self) -> EdgeFunction | None:
        name = name_of(self.zone)  # the filter finds every name that this one is part of
        found = self._api.pages(
            "teo", "DescribeFunctions", {"ZoneId": self.zone, "Filters": [{"Name": "name", "Values": [name]}]},
            "Functions", size=200, total=lambda answer: int(answer.get("TotalCount") or 0))
        one = next((one for one in found if one.get("Name") == name), None)
        return None if one is None else EdgeFunction(
            str(one.get("FunctionId")), name, str(one.get("Remark") or ""), str(one.get("Content") or ""))

    def _variables(self, function: EdgeFunction) -> dict[str, str]:
        answer = self._call("DescribeFunctionRuntimeEnvironment", {"FunctionId": function.id})
        return {str(one.get("Key")): str(one.get("Value") or "")
                for one in answer.get("EnvironmentVariables") or ()}

    def _delete_rules(self, ids: Sequence[str]) -> None:
        try:
            self._call("DeleteFunctionRules", {"RuleIds": list(ids)})
        except CloudError as error:
            if error.code not in _GONE:
                raise

    def _call(self, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        """One call for the zone, made again while something of it is in use elsewhere."""
        for wait in pauses(DEPLOYING):
            try:
                return self._api.call("teo", action, {"ZoneId": self.zone, **params}, host=host)
            except CloudError as error:
                if error.code != _BUSY:
                    raise
                self._sleep(wait)
        return self._api.call("teo", action, {"ZoneId": self.zone, **params}, host=host)

    def _answered(self, work: Callable[[], T]) -> T:
        """Do the work, and again when a call that changes something got no answer: it looks first, and goes on from
        what it finds."""
        for wait in pauses(_UNANSWERED):
            try:
                return work()
            except Unanswered:
                self._sleep(wait)
        return work()


def _rule(host: str, function: str) -> dict[str, Any]:
    return {"FunctionRuleConditions": conditions_of(host), "TriggerType": "direct", "FunctionId": function,
            "Remark": rule_remark(host)}
