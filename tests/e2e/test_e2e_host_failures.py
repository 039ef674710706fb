"""What is told when something fails for a host: in words, with its exit code, once, and for programs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Sitepub, make_sitepub
from tests.e2e.test_e2e_faults import switch

_numbers = itertools.count(1)
NOT_ACTIVATED = "ResourceNotFound.CdnUserNotExists"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("failures") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


@pytest.fixture
def account(cloud: LocalCloud) -> Iterator[Account]:
    found = Account(cloud)
    yield found
    found.switches(product_upgraded=False, service_activated=True, no_icp=[], owned_by_other=[],
                   quota={"url_day": 10_000, "path_day": 100})


@pytest.fixture
def zone(account: Account) -> str:
    name = f"fail{next(_numbers)}-{os.getpid()}.com"
    account.zone(name)
    return name


def hosts_of(told: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["host"]: one for one in told["hosts"]}


def domain(account: Account, host: str) -> Mapping[str, Any] | None:
    told = account.sdk("cdn", "DescribeDomainsConfig", {"Filters": [{"Name": "domain", "Value": [host]}]})
    return told["Domains"][0] if told["Domains"] else None


def delete_elsewhere(account: Account, host: str) -> None:
    account.sdk("cdn", "StopCdnDomain", {"Domain": host})
    account.sdk("cdn", "DeleteCdnDomain", {"Domain": host})


def test_a_domain_that_another_program_deleted_is_planned_and_made_again(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("deleted-elsewhere", hosts=[{"host": host}])
    program.deploy(site.folder)
    delete_elsewhere(account, host)
    plan = program("plan", "--local", "--json", cwd=site.folder).json
    steps = [step["kind"] for step in hosts_of(plan)[host]["steps"]]
    assert plan["status"] == "planned" and "create" in steps
    assert hosts_of(program.deploy(site.folder))[host]["status"] == "online", "it does what the plan has shown"
    found = domain(account, host)
    assert found is not None and found["Status"] == "online"
    assert program("plan", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"


def test_a_deploy_that_is_partly_done_tells_programs_every_host(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    good, bad = f"good.{zone}", f"bad.{zone}"
    account.switches(no_icp=[bad])
    site = make_site("partly", hosts=[{"host": bad}, {"host": good}])
    run = program("deploy", "--local", "--json", cwd=site.folder)
    told = run.json
    assert (run.code, told["status"], told["action"]) == (4, "error", "deploy")
    hosts = hosts_of(told)
    assert (hosts[good]["status"], hosts[good]["error"]) == ("online", None)
    assert hosts[bad]["status"] == "failed"
    assert hosts[bad]["error"]["code"] == told["error"]["code"] == "ResourceUnavailable.CdnHostNoIcp"
    assert told["changes"]["uploaded"] == 3 and told["url"] and told["release"]
    shown = program("deploy", "--local", cwd=site.folder)
    assert shown.code == 4 and f"website: {told['url']}" in shown.out and f"{bad}: failed" in shown.out
    assert "Success" not in shown.err


def test_several_projects_tell_their_hosts_too(program: Sitepub, make_site: MakeSite, account: Account, zone: str
                                               ) -> None:
    site = make_site("parent-of-one", hosts=[{"host": f"bad.{zone}"}])
    account.switches(no_icp=[f"bad.{zone}"])
    run = program("deploy", "--local", "--json", "--yes", cwd=site.folder.parent)
    [told] = [one for one in run.json["projects"] if one["folder"] == site.folder.name]
    assert (run.code, told["status"], hosts_of(told)[f"bad.{zone}"]["status"]) == (4, "error", "failed")


def test_one_reason_is_told_once(program: Sitepub, make_site: MakeSite, account: Account, zone: str) -> None:
    host = f"www.{zone}"
    site = make_site("once", hosts=[{"host": host}])
    program.deploy(site.folder)
    account.switches(service_activated=False)
    site.write({"css/site.css": "body{color:red}"})
    run = program("deploy", "--local", "--verify", cwd=site.folder)
    assert run.code == 4 and run.err.count("not activated for") == 1, run.err
    account.switches(service_activated=True, quota={"url_day": 0, "path_day": 0})
    run = program("deploy", "--local", cwd=site.folder)
    assert run.code == 4 and run.err.count("purge quota") == 1, run.err
    run = program("purge", "--local", cwd=site.folder)
    assert run.code == 1 and run.err.count("purge quota") == 1, run.err


def test_a_plan_without_a_look_at_a_host_is_no_plan(program: Sitepub, make_site: MakeSite, account: Account, zone: str
                                                    ) -> None:
    host = f"www.{zone}"
    account.switches(service_activated=False)
    site = make_site("blind", hosts=[{"host": host}])
    for command in (("plan", "--detailed-exitcode"), ("deploy", "--dry-run")):
        run = program(*command, "--local", "--json", cwd=site.folder)
        assert (run.code, run.json["status"], run.json["error"]["code"]) == (4, "error", NOT_ACTIVATED)
        assert hosts_of(run.json)[host]["error"]["code"] == NOT_ACTIVATED
        assert len(run.json["steps"]) == 3, "what is known is told all the same"
    shown = program("plan", "--local", cwd=site.folder)
    assert shown.code == 4 and "index.html" in shown.out
    assert "not all hosts could be checked" in shown.err, shown.err
    assert shown.err.count("not activated for") == 1 and shown.err.count("request id") == 1
    assert program("deploy", "--local", cwd=site.folder).code == 4, "the deploy ends as its plan"


def test_a_host_that_never_came_to_its_edge_is_not_purged_from_it(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    account.switches(service_activated=False)
    site = make_site("never-there", hosts=[{"host": host}])
    steps = hosts_of(program("plan", "--local", "--json", cwd=site.folder).json)[host]["steps"]
    run = program("deploy", "--local", "--json", cwd=site.folder)
    told = hosts_of(run.json)[host]
    assert (run.code, steps, told["steps"], "purged" in told) == (4, [], [], False)
    account.switches(service_activated=True)
    program.deploy(site.folder)
    account.switches(service_activated=False)
    site.write({"css/site.css": "body{color:red}"})
    told = hosts_of(program("deploy", "--local", "--json", "--verify", cwd=site.folder).json)[host]
    assert [step["kind"] for step in told["steps"]] == ["purge"] and told["purged"]["failed"], "this one is tried"


def test_a_domain_that_was_deleted_elsewhere_is_made_again_with_a_yes_by_the_deploy_whose_purge_found_out(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("missed", hosts=[{"host": host}, {"host": f"two.{zone}"}])
    program.deploy(site.folder)
    delete_elsewhere(account, host)
    site.write({"css/site.css": "body{color:red}"})
    run = program("deploy", "--local", "--json", "--yes", cwd=site.folder)
    assert run.code == 0, run.err
    found = hosts_of(run.json)
    assert (found[host]["status"], found[host]["error"]) == ("online", None)
    assert [(step["kind"], step["result"]) for step in found[host]["steps"]] == [
        ("purge", "not needed"), ("create", "done"), ("dns", "done")]
    assert "purged" not in found[host], "nothing is in the cache of a new domain"
    assert found[f"two.{zone}"]["purged"]["failed"] == "" and found[f"two.{zone}"]["status"] == "unchanged"
    assert "was made by sitepub and is gone" in run.err and f"{host}: {host}" not in run.err
    truth = domain(account, host)
    assert truth is not None and account.records(zone, "www")[0][1] == truth["Cname"] == found[host]["cname"]
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"


def test_a_domain_that_was_stopped_elsewhere_is_put_online_and_purged(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("stopped", hosts=[{"host": host}])
    program.deploy(site.folder)
    account.sdk("cdn", "StopCdnDomain", {"Domain": host})
    site.write({"css/site.css": "body{color:red}"})
    # It was not in the plan, so it takes a yes; the next plan shows it.
    run = program("deploy", "--local", "--json", cwd=site.folder)
    refused = hosts_of(run.json)[host]
    assert (run.code, run.json["error"]["code"], refused["error"]["code"]) == (5, *["ChangedSincePlan"] * 2)
    assert "it is offline" in run.err and run.json["changes"]["uploaded"] == 1
    assert (domain(account, host) or {})["Status"] == "offline"
    planned = hosts_of(program("plan", "--local", "--json", cwd=site.folder).json)[host]
    assert [step["kind"] for step in planned["steps"]] == ["start", "purge"]
    found = hosts_of(program.deploy(site.folder))[host]
    assert (found["status"], found["purged"]["failed"]) == ("online", "")
    assert (domain(account, host) or {})["Status"] == "online"
    assert program("purge", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"


def test_a_domain_that_somebody_made_anew_is_not_taken_without_a_yes(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("retaken", hosts=[{"host": host}])
    program.deploy(site.folder)
    delete_elsewhere(account, host)
    told = account.sdk("dnspod", "DescribeRecordList", {"Domain": zone, "Subdomain": "www"})
    account.sdk("dnspod", "DeleteRecord", {"Domain": zone, "RecordId": told["RecordList"][0]["RecordId"]})
    account.add(zone, "www", "A", "127.0.0.9")
    site.write({"css/site.css": "body{color:red}"})
    run = program("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 5 and hosts_of(run.json)[host]["error"]["code"] == "ChangedSincePlan"
    assert domain(account, host) is None and account.records(zone, "www") == [("A", "127.0.0.9", "ENABLE")]
    # The next deploy does not believe the record any more: it looks, and asks.
    again = program("deploy", "--local", "--json", cwd=site.folder)
    assert (again.code, again.json["error"]["code"]) == (5, "HostsNotConfirmed")
    assert hosts_of(program.deploy(site.folder, "--yes"))[host]["status"] == "online"


def test_a_purge_by_hand_of_a_domain_that_is_gone_says_how_it_comes_back(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("gone-by-hand", hosts=[{"host": host}, {"host": f"two.{zone}"}])
    program.deploy(site.folder)
    delete_elsewhere(account, host)
    run = program("purge", "/a/", "--local", "--json", cwd=site.folder)
    assert run.code == 4 and "sitepub deploy --verify" in run.json["error"]["hint"]
    hosts = hosts_of(run.json)
    assert hosts[host]["failed"] and not hosts[f"two.{zone}"]["failed"] and hosts[f"two.{zone}"]["tasks"]
    program.deploy(site.folder, "--verify")
    assert program("purge", "/a/", "--local", cwd=site.folder).code == 0


def test_certificates_that_nobody_could_look_at_are_no_good_news(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    site = make_site("blind-certs", https="auto", hosts=[{"host": f"www.{zone}"}])
    program.deploy(site.folder)
    assert program("certs", "--local", cwd=site.folder).code == 0
    account.switches(service_activated=False)
    run = program("certs", "--local", "--json", cwd=site.folder)
    assert run.code == 4 and hosts_of(run.json)[f"www.{zone}"]["error"]["code"] == NOT_ACTIVATED


def test_files_that_failed_leave_the_hosts_for_the_next_deploy(
    program: Sitepub, make_site: MakeSite, zone: str, cloud: LocalCloud
) -> None:
    host = f"www.{zone}"
    site = make_site("half-done", hosts=[{"host": host}], releases={"keepAssets": 0})
    program.deploy(site.folder)
    (site.folder / "src/css/site.css").unlink()
    switch(cloud, "faults", "POST:500=1")
    try:
        run = program("deploy", "--local", "--json", cwd=site.folder)
    finally:
        switch(cloud, "faults", "")
    assert (run.code, run.json["status"]) == (4, "error"), run.err
    told = hosts_of(run.json)[host]
    assert (told["status"], [step["kind"] for step in told["steps"]]) == ("unchanged", ["purge"])
    assert "purged" not in told
    assert hosts_of(program.deploy(site.folder))[host]["purged"]["failed"] == ""


def test_a_removal_that_stops_at_a_host_tells_programs_which(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("stays", hosts=[{"host": host}])
    program.deploy(site.folder)
    account.switches(service_activated=False)
    run = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert (run.code, run.json["status"]) == (4, "error")
    assert hosts_of(run.json)[host]["error"]["code"] == NOT_ACTIVATED
    assert run.json["buckets"] == [] and run.err.count("not activated") == 1
    account.switches(service_activated=True)
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert domain(account, host) is None
