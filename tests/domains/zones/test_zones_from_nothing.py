"""From an account with a plan and nothing else to hosts on EdgeOne, and back to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sitepub.config.project import NewZone
from sitepub.domains.hosts import site_hosts
from sitepub.domains.hosts.served import Served
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import CloudError, ConfigError, Position, Unanswered
from tests.amount import AMOUNT
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account, CutOff, Killed
from tests.domains.zones.bench import Bench
from tests.edgeone_zone import allow_dnspod, made_zone

HERE = Position("serverless.yml", 9, 5)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("nothing") / "data", "--pace", "0") as found:
        yield found


@pytest.fixture
def account(cloud: LocalCloud) -> Iterator[Account]:
    found = Account(cloud)
    yield found
    found.switches(plans=[{}], no_icp=[])
    found.pace(0)


def online(bench: Bench) -> None:
    """One zone, proved, with every host of the site, and nothing else."""
    [zone] = bench.zones()
    assert (zone["Status"], zone["Type"]) == ("active", "partial")
    assert sorted(one["DomainName"] for one in bench.domains()) == sorted(host.host for host in bench.hosts)
    assert all(one["DomainStatus"] == "online" and one["Certificate"]["Mode"] == "eofreecert"
               for one in bench.domains())
    assert bench.records() == sorted((name or "@", "CNAME") for name in bench.names), "the proof is not needed any more"
    assert all(record.made_zone is not None and record.made_zone.id == zone["ZoneId"] and not record.setup
               for record in bench.book.records.values())
    assert bench.plan().steps == ()


def test_a_host_gets_its_zone_and_both_go_again(account: Account) -> None:
    bench = Bench(account)
    steps = bench.plan().steps
    assert [step.kind.value for step in steps] == ["zone", "zone ownership", "create", "dns", "certificate"]
    assert steps[0].summary == (
        f"create the EdgeOne zone {bench.domain} in the plan edgeone-{account.cloud.app_id} (standard)")
    assert [str(leaf) for leaf in steps[0].details] == ["Area: overseas"]
    assert steps[1].summary == f"prove that {bench.domain} is yours: TXT edgeonereclaim.{bench.domain}"
    assert bench.zones() == [] and not any(step.destructive for step in steps)
    [outcome] = bench.deploy()
    assert (outcome.status, [result.step for result in outcome.steps]) == ("online", list(steps))
    online(bench)
    [step] = bench.site().removal(bench.book.records).steps
    assert f"delete the EdgeOne zone {bench.domain} when nothing else is in it" in step.summary and step.destructive
    [gone] = bench.remove()
    assert (gone.status, gone.left) == ("removed", ())
    assert bench.zones() == [] and bench.records() == [] and bench.book.records == {}


def test_hosts_of_one_run_share_one_new_zone_and_the_last_one_deletes_it(account: Account) -> None:
    bench = Bench(account, ("www", "blog", ""))
    plan = bench.plan()
    assert [step.summary for step in plan.steps if step.kind.value == "zone"] == [
        f"create the EdgeOne zone {bench.domain} in the plan edgeone-{account.cloud.app_id} (standard)",
        f"use the EdgeOne zone {bench.domain} for blog.{bench.domain}",
        f"use the EdgeOne zone {bench.domain} for {bench.domain}"]
    assert {outcome.status for outcome in bench.deploy()} == {"online"}
    online(bench)
    # One that comes later belongs to it too, and any of them may go first.
    bench.names = ("blog", "late")
    outcomes = bench.deploy()
    assert {outcome.status for outcome in outcomes} == {"unchanged", "online", "removed"}
    assert all("stays" in sentence for outcome in outcomes for sentence in outcome.left)
    online(bench)
    assert {outcome.status for outcome in bench.remove()} == {"removed"}
    assert bench.zones() == [] and bench.records() == []


@pytest.mark.parametrize("parity", [0, 1] if AMOUNT == "long" else [0])
def test_killed_at_any_call_of_setup_and_removal_nothing_is_doubled_and_nothing_is_left(
    account: Account, parity: int
) -> None:
    """Before a call is sent, and after it was carried out, by turns."""
    at, going = 0, True
    while going:
        going, sent = False, at % 2 == parity
        bench = Bench(account)
        try:
            bench.deploy(CutOff(account.api, at, sent=sent))
        except Killed:
            going = True
        [outcome] = bench.deploy()
        assert outcome.status in ("online", "unchanged"), (at, outcome)
        online(bench)
        try:
            bench.remove(CutOff(account.api, at, sent=sent))
        except Killed:
            going = True
        bench.remove()
        assert (bench.zones(), bench.records(), bench.book.records) == ([], [], {}), at
        at += 1
    assert at >= 9


def test_removed_after_a_kill_at_any_call_of_the_setup_nothing_is_left(account: Account) -> None:
    at = 0
    while at < 4 or AMOUNT == "long":
        bench = Bench(account)
        try:
            bench.deploy(CutOff(account.api, at, sent=True))
            break
        except Killed:
            bench.remove()
            assert (bench.zones(), bench.records(), bench.book.records) == ([], [], {}), at
        at += 1
    bench.remove()


@pytest.mark.parametrize("at", [4, 5] if AMOUNT == "long" else [5])
def test_deployed_after_a_killed_removal_the_paused_zone_is_switched_on_again(account: Account, at: int) -> None:
    bench = Bench(account)
    bench.deploy()
    with pytest.raises(Killed):
        bench.remove(CutOff(account.api, at, sent=at == 4))
    [zone] = bench.zones()
    assert zone["Paused"] and bench.domains() == []
    assert [step.kind.value for step in bench.plan().steps] == ["zone", "create", "dns", "certificate"]
    assert bench.plan().steps[0].summary == f"switch the EdgeOne zone {bench.domain} on"
    bench.deploy()
    online(bench)
    bench.remove()
    assert bench.zones() == []


class Broken(ServiceApi):
    """Fails at one call that writes: it is refused, or carried out without an answer."""

    def __init__(self, inner: ServiceApi, at: int, *, unanswered: bool) -> None:
        self._inner, self._left, self._unanswered = inner, at, unanswered

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action.startswith(("Describe", "Check")):
            return self._inner.call(service, action, params, host=host)
        self._left -= 1
        if self._left != -1:
            return self._inner.call(service, action, params, host=host)
        if not self._unanswered:
            raise CloudError("out of order", code="InternalError")
        self._inner.call(service, action, params, host=host)
        raise Unanswered("no answer")


@pytest.mark.parametrize("unanswered", [False, True])
def test_broken_at_any_call_of_setup_and_removal_nothing_is_doubled_and_nothing_is_left(
    account: Account, unanswered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_hosts, "_PAUSES", (0.0, 0.0))
    calls = range(8) if AMOUNT == "long" else (0, 2, 5) if unanswered else (0, 1, 4)
    for at in calls:
        bench = Bench(account)
        [outcome] = bench.deploy(Broken(account.api, at, unanswered=unanswered))
        assert outcome.status == ("online" if unanswered else "failed"), (at, outcome)
        bench.deploy()
        online(bench)
        bench.remove(Broken(account.api, at, unanswered=unanswered))
        bench.remove()
        assert (bench.zones(), bench.records(), bench.book.records) == ([], [], {}), at


def test_through_dnspod_nothing_has_to_be_proved(cloud: LocalCloud) -> None:
    account = Account(cloud)
    allow_dnspod(account.sdk)
    bench = Bench(account)
    assert "through DNSPod where EdgeOne may use it" in bench.plan().steps[0].reason
    [outcome] = bench.deploy()
    assert outcome.status == "online"
    assert [result.note for result in outcome.steps if not result.needed] == [
        f"EdgeOne knows that {bench.domain} is yours"]
    [zone] = bench.zones()
    assert (zone["Type"], zone["Status"]) == ("dnsPodAccess", "active")
    bench.remove()
    account.sdk("cam", "DeleteRole", {"RoleName": "TEO_QCSLinkedRoleInDnspodAccessEO"})
    assert bench.zones() == []


def test_a_proof_elsewhere_is_shown_and_the_next_run_goes_on(account: Account) -> None:
    bench = Bench(account, in_dnspod=False, https=False)
    [outcome] = bench.deploy(wait=False)
    assert outcome.status == "waiting" and f"edgeonereclaim.{bench.domain}" in outcome.waiting
    [todo] = bench.heard.todos
    value = todo.split()[-1]
    assert f"edgeonereclaim.{bench.domain}  TXT  " in todo
    [zone] = bench.zones()
    assert zone["Status"] == "pending"
    assert [step.kind.value for step in bench.plan().steps] == ["zone ownership", "create", "record"]
    account.zone_elsewhere(bench.domain, [{"name": "edgeonereclaim", "type": "TXT", "value": value}])
    [outcome] = bench.deploy(wait=False)
    assert outcome.status == "waiting" and "DNS does not point" in outcome.waiting
    assert [one["ZoneId"] for one in bench.zones()] == [zone["ZoneId"]]
    account.zone_elsewhere(bench.domain, [
        {"name": "www", "type": "CNAME", "value": bench.book.records[f"www.{bench.domain}"].cname}])
    [outcome] = bench.deploy()
    assert (outcome.status, outcome.waiting) == ("unchanged", "")
    bench.remove()
    assert bench.zones() == []


def test_what_others_have_in_the_zone_keeps_it(account: Account) -> None:
    bench = Bench(account, https=False)
    bench.deploy()
    [zone] = bench.zones()
    account.sdk("teo", "CreateAccelerationDomain", {"ZoneId": zone["ZoneId"], "DomainName": f"shop.{bench.domain}",
                                                    "OriginInfo": {"OriginType": "IP_DOMAIN", "Origin": "192.0.2.1"}})
    [outcome] = bench.remove()
    assert outcome.left == (f"the EdgeOne zone {bench.domain} stays: shop.{bench.domain} is in it",)
    [zone] = bench.zones()
    assert not zone["Paused"] and bench.records() == []


@pytest.mark.parametrize("status", ["online", "offline"])
def test_a_proxy_of_others_in_the_zone_is_not_switched_off(account: Account, status: str) -> None:
    bench = Bench(account, https=False)
    bench.deploy()
    [zone] = bench.zones()
    where = {"ZoneId": zone["ZoneId"]}
    proxy = account.sdk("teo", "CreateL4Proxy", {**where, "ProxyName": "mail", "Area": "overseas"})["ProxyId"]
    account.sdk("teo", "ModifyL4ProxyStatus", {**where, "ProxyId": proxy, "Status": status})
    [outcome] = bench.remove()
    assert outcome.left == (f"the EdgeOne zone {bench.domain} stays: L4 proxy mail is in it",)
    [zone] = bench.zones()
    [left] = account.sdk("teo", "DescribeL4Proxy", where)["L4Proxies"]
    assert not zone["Paused"] and left["Status"] == status
    account.sdk("teo", "DeleteL4Proxy", {**where, "ProxyId": proxy})


def test_a_zone_of_others_is_used_and_stays(account: Account) -> None:
    bench = Bench(account, https=False)
    made_zone(account.sdk, bench.domain)
    assert [step.kind.value for step in bench.plan().steps] == ["create", "dns"]
    bench.deploy()
    bench.remove()
    assert len(bench.zones()) == 1


def test_a_zone_that_others_create_after_the_plan_is_used_and_stays(account: Account) -> None:
    bench = Bench(account, https=False)
    site = bench.site()
    plan = site.plan(bench.book.records)
    made_zone(account.sdk, bench.domain)
    import threading

    [outcome] = site.apply(plan, bench.book, bench.heard, threading.Event())
    assert outcome.status == "online" and len(bench.zones()) == 1
    assert bench.book.records[f"www.{bench.domain}"].made_zone is None
    bench.remove()
    assert len(bench.zones()) == 1


def test_a_zone_without_a_plan_gets_one_after_a_question(account: Account) -> None:
    bench = Bench(account, https=False)
    account.sdk("teo", "CreateZone", {"ZoneName": bench.domain, "Type": "partial", "Area": "overseas"})
    first = bench.plan().steps[0]
    assert "bind the EdgeOne zone" in first.summary and first.destructive
    [outcome] = bench.deploy()
    assert outcome.status == "online"


@pytest.mark.parametrize(("plans", "wanted", "chosen"), [
    ([{"id": "e-1", "type": "plan-standard"}, {"id": "e-2", "type": "plan-personal"}], "", "e-2"),
    ([{"id": "e-1", "type": "plan-trial"}, {"id": "e-2", "type": "plan-enterprise"}], "", "e-2"),
    ([{"id": "e-1", "type": "plan-personal", "sites": 0}, {"id": "e-2", "type": "plan-basic"}], "", "e-2"),
    ([{"id": "e-1", "type": "plan-personal", "status": "expired"}, {"id": "e-2", "type": "plan-basic"}], "", "e-2"),
    ([{"id": "e-1", "type": "plan-personal"}, {"id": "e-2", "type": "plan-basic"}], "basic", "e-2"),
    ([{"id": "e-1", "type": "plan-personal"}, {"id": "e-2", "type": "plan-basic"}], "plan-basic", "e-2"),
    ([{"id": "e-1", "type": "plan-personal"}, {"id": "e-2", "type": "plan-personal"}], "E-2", "e-2"),
    ([{"id": "e-1", "type": "plan-personal", "area": "overseas"}, {"id": "e-2", "area": "mainland"}], "", "e-1"),
])
def test_which_plan_is_taken(account: Account, plans: list[dict[str, Any]], wanted: str, chosen: str) -> None:
    account.switches(plans=plans)
    bench = Bench(account, in_dnspod=False, new_zone=NewZone(plan=wanted))
    assert f"in the plan {chosen} (" in bench.plan().steps[0].summary


@pytest.mark.parametrize(("plans", "area", "words"), [
    ([], "", ["no plan takes a new one: it has no plan"]),
    ([{"id": "e-1", "type": "plan-basic", "sites": 0}], "", ["e-1 (basic) has as many zones as it may have"]),
    ([{"id": "e-1", "type": "plan-basic", "status": "expired"}, {"id": "e-2", "status": "overdue-isolated"}], "",
     ["e-1 (basic) has ended", "e-2 (standard) is locked until the bill is paid"]),
    ([{"id": "e-1", "type": "plan-basic", "area": "overseas"}], "mainland", ["serves overseas, not mainland"]),
    ([{"id": "e-1", "type": "plan-basic", "area": "mainland"}], "global", ["serves mainland, not global"]),
])
def test_without_a_plan_nothing_is_made_and_it_says_what_would_do(
    account: Account, plans: list[dict[str, Any]], area: Any, words: list[str]
) -> None:
    account.switches(plans=plans)
    bench = Bench(account, new_zone=NewZone(area=area))
    with pytest.raises(ConfigError) as caught:
        bench.deploy()
    [problem] = caught.value.problems
    assert all(word in problem.message for word in words), problem.message
    assert "sitepub never buys" in str(problem.hint) and "personal 4.2 USD" in str(problem.hint)
    assert "https://console.cloud.tencent.com/edgeone" in str(problem.hint)
    assert bench.zones() == [] and bench.records() == [] and bench.book.records == {}


def test_a_plan_that_is_not_there_is_named_with_those_that_are(account: Account) -> None:
    account.switches(plans=[{"id": "edgeone-a", "type": "plan-basic"}])
    bench = Bench(account, in_dnspod=False, new_zone=NewZone(plan="personal", position=HERE))
    with pytest.raises(ConfigError) as caught:
        bench.plan()
    [problem] = caught.value.problems
    assert "no EdgeOne plan 'personal'" in problem.message and "edgeone-a (basic)" in str(problem.hint)
    assert problem.position == HERE


@pytest.mark.parametrize(("domain", "words"), [
    ("xn--fiqz9s.com", "letters beyond ASCII"), ("co.uk", "public suffix"), ("com.cn", "public suffix"),
])
def test_names_that_can_have_no_zone(account: Account, domain: str, words: str) -> None:
    bench = Bench(account, ("",) if "suffix" in words else ("www",), in_dnspod=False, domain=domain)
    with pytest.raises(ConfigError) as caught:
        bench.plan()
    assert words in caught.value.problems[0].message


@pytest.mark.parametrize(("host", "zone"), [
    ("a.b.shop{}.com", "shop{}.com"), ("www.shop{}.com.cn", "shop{}.com.cn"), ("x.shop{}.co.uk", "shop{}.co.uk"),
    ("www.shop{}.city.kawasaki.jp", "city.kawasaki.jp"), ("a.www.shop{}.kawasaki.jp", "www.shop{}.kawasaki.jp"),
    ("docs.shop{}.github.io", "github.io"), ("www.shop{}.dev", "shop{}.dev"),
])
def test_the_zone_is_the_registered_domain(account: Account, host: str, zone: str) -> None:
    number = str(abs(hash(host)) % 10**8)
    bench = Bench(account, ("",), in_dnspod=False, domain=host.format(number))
    assert f"create the EdgeOne zone {zone.format(number)} in" in bench.plan().steps[0].summary


def test_without_a_filing_the_area_can_be_changed_and_the_next_run_goes_on(account: Account) -> None:
    bench = Bench(account, https=False, new_zone=NewZone(area="global"))
    account.switches(no_icp=[bench.domain])
    [outcome] = bench.deploy()
    assert outcome.status == "failed" and outcome.error is not None
    assert "no ICP filing" in outcome.error.message and "area: overseas" in str(outcome.error.hint)
    bench.new_zone = NewZone(area="overseas")
    assert bench.plan().steps[0].summary == f"let the EdgeOne zone {bench.domain} serve overseas"
    [outcome] = bench.deploy()
    assert outcome.status == "online" and [zone["Area"] for zone in bench.zones()] == ["overseas"]
    # It has a host now, so the area stays.
    bench.new_zone = NewZone(area="mainland")
    with pytest.raises(ConfigError) as caught:
        bench.site().plan(bench.book.records, verify=True)
    assert "serves overseas, and `area: mainland` is written" in caught.value.problems[0].message


def test_who_has_https_elsewhere_does_not_lose_it_without_a_question(account: Account) -> None:
    bench = Bench(account, https=False)
    account.add(bench.domain, "www", "A", "192.0.2.7")

    def asked(until: str, *, covers: bool = True) -> list[str]:
        bench.seen = lambda _host, _target: Served("f", until, "CN=x", covers)
        return [step.reason for step in bench.plan().steps if step.destructive]

    foreign = asked("2001-01-01T00:00:00+00:00")
    assert asked("2999-01-01T00:00:00+00:00", covers=False) == foreign, "the record of others is asked about anyway"
    [reason] = asked("2999-01-01T00:00:00+00:00")
    assert "visitors have HTTPS now and would lose it: write `https: auto`" in reason and [reason] != foreign
    bench.https = True
    assert asked("2999-01-01T00:00:00+00:00") == foreign


class Meanwhile(ServiceApi):
    """Another run creates the zone at the same moment."""

    def __init__(self, bench: Bench) -> None:
        self._inner, self._bench = bench.account.api, bench

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action == "CreateZone" and not self._bench.zones():
            made_zone(self._bench.account.sdk, self._bench.domain, area="global")
        return self._inner.call(service, action, params, host=host)


def test_two_runs_that_create_the_zone_at_the_same_moment_make_one(account: Account) -> None:
    bench = Bench(account, https=False)
    [outcome] = bench.deploy(Meanwhile(bench))
    [zone] = bench.zones()
    assert outcome.status == "online" and zone["Area"] == "global"
    assert bench.book.records[f"www.{bench.domain}"].made_zone is None
    bench.remove()
    assert len(bench.zones()) == 1, "it is the other run's"
