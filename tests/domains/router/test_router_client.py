"""The router's function, rules and variables on the embedded cloud: made once, killed anywhere, never another's."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from sitepub.domains.router.route import MOST_VARIABLES, Slot, encoded, variable_of
from sitepub.domains.router.router import Router
from sitepub.domains.router.rules import conditions_of
from sitepub.domains.router.script import FUNCTION_REMARK, code, name_of, rule_remark
from sitepub.domains.router.steps import FunctionTaken, RouteOfAnother, RuleInTheWay, TooManyRoutes
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import ConfigError, NotFound, Unanswered
from tests.domains.account import Account, CutOff, Killed
from tests.domains.router.router_site import SITE, RouterSite, route
from tests.edgeone_zone import made_zone

A = Slot(".sitepub/slots/a/", "20261129-0001")
B = Slot(".sitepub/slots/b/", "20261129-0002")
OTHERS_CODE = "addEventListener('fetch', event => event.respondWith(new Response('mine')));"


class Zone:
    """A zone of its own for one test, and what is in it as the official SDK says."""

    def __init__(self, account: Account, number: int) -> None:
        self.account = account
        self.name = f"zone-{number}.com"
        self.host = f"www.{self.name}"
        self.other = f"shop.{self.name}"
        account.zone(self.name)
        self.id = made_zone(account.sdk, self.name, kind="dnsPodAccess")
        self.router = Router(account.api, self.id, sleep=lambda _seconds: None)

    def sdk(self, action: str, **given: Any) -> dict[str, Any]:
        return self.account.sdk("teo", action, {"ZoneId": self.id, **given})

    def with_api(self, api: ServiceApi) -> Router:
        return Router(api, self.id, sleep=lambda _seconds: None)

    def functions(self) -> list[str]:
        return [one["Name"] for one in self.sdk("DescribeFunctions")["Functions"]]

    def rules(self) -> list[tuple[str, list[Any]]]:
        """Remarks, and the values of the conditions, from the first to the last."""
        return [(one["Remark"], [part["Values"] for each in one["FunctionRuleConditions"]
                                 for part in each["RuleConditions"]])
                for one in self.sdk("DescribeFunctionRules")["FunctionRules"]]

    def variables(self) -> dict[str, str]:
        [function] = [one for one in self.sdk("DescribeFunctions")["Functions"] if one["Name"] == name_of(self.id)]
        return {one["Key"]: one["Value"] for one in self.sdk(
            "DescribeFunctionRuntimeEnvironment", FunctionId=function["FunctionId"])["EnvironmentVariables"]}

    def others(self) -> tuple[str, str]:
        """A function of others, and a rule that starts it for one path of the host; their ids."""
        function = self.sdk("CreateFunction", Name=f"mine-{self.name.partition('.')[0]}",
                            Content=OTHERS_CODE)["FunctionId"]
        rule = self.sdk("CreateFunctionRule", FunctionId=function, Remark="mine", FunctionRuleConditions=[
            {"RuleConditions": [{"Operator": "equal", "Target": "url", "Values": ["/api"]},
                                {"Operator": "equal", "Target": "host", "Values": [self.host]}]}])["RuleId"]
        return str(function), str(rule)


@pytest.fixture
def zone(router_site: RouterSite, request: pytest.FixtureRequest) -> Zone:
    return Zone(router_site.account, zlib.crc32(request.node.name.encode()))


def test_made_once_and_taken_away(zone: Zone) -> None:
    state = zone.router.ensure([zone.host, zone.other, zone.host])
    assert state == zone.router.ensure([zone.host, zone.other]), "a second run changes nothing"
    assert zone.functions() == [name_of(zone.id)]
    assert zone.rules() == [(rule_remark(host), [[host]]) for host in (zone.host, zone.other)]
    zone.router.point([route(zone.host, A), route(zone.other, A)])
    assert zone.router.read(zone.host) == route(zone.host, A) and zone.router.read("no." + zone.name) is None
    assert zone.router.look().routes == {host: route(host, A) for host in (zone.host, zone.other)}
    assert not zone.router.remove(), "it still has routes"
    assert zone.router.forget([zone.host], SITE) == (zone.host,)
    assert (zone.rules(), list(zone.variables())) == ([(rule_remark(zone.other), [[zone.other]])],
                                                     [variable_of(zone.other)])
    assert zone.router.forget([zone.host, zone.other], SITE) == (zone.other,)
    assert zone.router.remove() and zone.router.remove()
    assert (zone.functions(), zone.rules(), zone.router.look().function) == ([], [], None)
    assert zone.router.forget([zone.host], SITE) == () and zone.router.read(zone.host) is None


class Counting(ServiceApi):
    """Names the calls that change something."""

    def __init__(self, inner: ServiceApi) -> None:
        self._inner = inner
        self.writes: list[str] = []

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if not action.startswith("Describe"):
            self.writes.append(action)
        return self._inner.call(service, action, params, host=host)


def test_the_pointer_moves_by_one_call(zone: Zone) -> None:
    zone.router.ensure([zone.host, zone.other])
    api = Counting(zone.account.api)
    for slot in (A, B, B, A):
        zone.with_api(api).point([route(zone.host, slot), route(zone.other, slot)])
    assert api.writes == ["HandleFunctionRuntimeEnvironment"] * 3, "nothing is written where it is so already"


@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(6))
def test_killed_at_each_call(zone: Zone, at: int, sent: bool) -> None:
    """Two hosts are set up and pointed, then all is taken away: each run begins anew after the kill."""

    def up(router: Router) -> None:
        router.ensure([zone.host, zone.other])
        router.point([route(zone.host, A), route(zone.other, B)])

    def down(router: Router) -> None:
        router.forget([zone.host, zone.other], SITE)
        router.remove()

    for work in (up, down):
        try:
            work(zone.with_api(CutOff(zone.account.api, at, sent=sent)))
        except Killed:
            work(zone.router)
        if work is up:
            assert zone.functions() == [name_of(zone.id)]
            assert zone.rules() == [(rule_remark(host), [[host]]) for host in (zone.host, zone.other)]
            assert zone.variables() == {variable_of(one.host): encoded(one)
                                        for one in (route(zone.host, A), route(zone.other, B))}
    assert (zone.functions(), zone.rules()) == ([], [])


class Deaf(CutOff):
    """The answer to one call that writes is lost, and so is what follows from it: the caller has to look."""

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        try:
            return super().call(service, action, params, host=host)
        except Killed:
            self._left = -1
            raise Unanswered("no answer") from None


@pytest.mark.parametrize("at", range(4))
def test_an_answer_that_is_lost(zone: Zone, at: int) -> None:
    router = zone.with_api(Deaf(zone.account.api, at, sent=True))
    router.ensure([zone.host, zone.other])
    router.point([route(zone.host, A)])
    assert (len(zone.functions()), len(zone.rules()), len(zone.variables())) == (1, 2, 1)


def test_what_the_service_refuses_while_it_is_busy_is_tried_again(zone: Zone) -> None:
    zone.account.switches(functions_busy=True)
    try:
        router = Router(ServiceApi(zone.account.api._api, sleep=lambda _seconds: None), zone.id,
                        sleep=lambda _seconds: None)
        router.ensure([zone.host, zone.other])
        router.point([route(zone.host, A)])
        router.point([route(zone.host, B)])
        assert router.read(zone.host) == route(zone.host, B)
        router.forget([zone.host, zone.other], SITE)
        assert router.remove()
    finally:
        zone.account.switches(functions_busy=False)


def test_what_others_made_stays(zone: Zone) -> None:
    function, rule = zone.others()
    state = zone.router.ensure([zone.host])
    [before] = state.before(zone.host)
    assert (before.id, before.remark, before.all) == (rule, "mine", False), "it takes /api first, and that is said"
    zone.router.point([route(zone.host, A)])
    zone.router.forget([zone.host], SITE)
    zone.router.remove()
    assert [one["FunctionId"] for one in zone.sdk("DescribeFunctions")["Functions"]] == [function]
    assert [name for name, _ in zone.rules()] == ["mine"]


def test_a_rule_of_others_for_all_requests_of_the_host(zone: Zone) -> None:
    function, _ = zone.others()
    zone.sdk("CreateFunctionRule", FunctionId=function, Remark="all", FunctionRuleConditions=conditions_of(zone.host))
    with pytest.raises(RuleInTheWay, match='"all"') as caught:
        zone.router.ensure([zone.other, zone.host])
    assert "trigger rules" in (caught.value.hint or "")
    assert len(zone.functions()) == 1, "nothing is half made"


def test_a_function_of_others_with_the_router_s_name(zone: Zone) -> None:
    zone.sdk("CreateFunction", Name=name_of(zone.id), Content=OTHERS_CODE, Remark="mine")
    with pytest.raises(FunctionTaken, match=name_of(zone.id)):
        zone.router.ensure([zone.host])
    assert zone.router.read(zone.host) is None and not zone.router.remove()
    with pytest.raises(NotFound):
        zone.router.point([route(zone.host, A)])


def test_the_name_is_taken_in_another_zone(zone: Zone, router_site: RouterSite) -> None:
    """Names are those of the account."""
    router_site.account.sdk("teo", "CreateFunction", {
        "ZoneId": router_site.zone, "Name": name_of(zone.id), "Content": OTHERS_CODE})
    with pytest.raises(FunctionTaken):
        zone.router.ensure([zone.host])


def test_code_that_was_changed_is_put_right(zone: Zone) -> None:
    zone.router.ensure([zone.host])
    function = zone.router.look().function
    assert function is not None
    zone.sdk("ModifyFunction", FunctionId=function.id, Content=code() + "\n// changed")
    zone.router.ensure([zone.host])
    zone.sdk("ModifyFunction", FunctionId=function.id, Content=OTHERS_CODE)  # still ours by its remark
    state = zone.router.ensure([zone.host])
    assert state.function is not None and (state.function.content, state.function.remark) == (code(), FUNCTION_REMARK)


def test_two_sites_of_a_zone_at_once(zone: Zone) -> None:
    """Each has a rule and a variable of its own, so none undoes what the other does."""
    hosts, failed = [f"h{number}.{zone.name}" for number in range(4)], []

    def work(host: str) -> None:
        try:
            router = zone.with_api(zone.account.api)
            router.ensure([host])
            router.point([route(host, A, site=f"app/{host}/web")])
        except Exception as error:
            failed.append(error)

    zone.router.ensure([zone.host])
    threads = [threading.Thread(target=work, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert {remark for remark, _ in zone.rules()} == {rule_remark(host) for host in (*hosts, zone.host)}
    assert set(zone.variables()) == set(map(variable_of, hosts))


def test_a_route_of_another_site_is_not_touched(zone: Zone) -> None:
    zone.router.ensure([zone.host, zone.other])
    zone.router.point([route(zone.host, A, site="other/prod/web")])
    for act in (lambda: zone.router.point([route(zone.other, A), route(zone.host, B)]),
                lambda: zone.router.forget([zone.other, zone.host], SITE)):
        with pytest.raises(RouteOfAnother, match="other/prod/web"):
            act()
    assert (len(zone.rules()), list(zone.variables())) == (2, [variable_of(zone.host)])


def test_more_hosts_than_variables(zone: Zone) -> None:
    zone.router.ensure([zone.host])
    many = [route(f"p{number}.{zone.name}", A) for number in range(MOST_VARIABLES)]
    zone.router.point(many)
    with pytest.raises(TooManyRoutes, match="no room for www"):
        zone.router.point([route(zone.host, A)])
    with pytest.raises(ConfigError, match="5000"):
        zone.router.point([route(many[0].host, A, others=(B,) * 100)])
    zone.router.point([route(many[0].host, B)])
    assert len(zone.variables()) == MOST_VARIABLES
