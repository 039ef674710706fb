"""What is applied is what was shown. Others change something between the plan and its steps: it is asked about,
refused, or found not to be needed any more. The official SDK says what is there."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.host_run import apply_hosts
from sitepub.cli.main import run
from sitepub.domains.service_api import ServiceApi
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.domains.openssl import Authority, needs_openssl
from tests.e2e.conftest import Sitepub, assert_whole_plan_applied, make_sitepub
from tests.edgeone_zone import made_zone
from tests.terminal.screen import Screen

_numbers = itertools.count(1)
_STEP_OF = {
    "AddCdnDomain": {"create"}, "UpdateDomainConfig": {"update", "create"}, "StartCdnDomain": {"start"},
    "StopCdnDomain": {"take down"}, "DeleteCdnDomain": {"take down"},
    "CreateRecord": {"dns", "create", "ownership", "certificate"}, "ModifyRecord": {"dns"},
    "DeleteRecord": {"dns", "create", "ownership", "certificate", "take down"},
    "ApplyCertificate": {"certificate"}, "UploadCertificate": {"certificate"}, "CompleteCertificate": {"certificate"},
    "DeleteCertificate": {"old certificate", "take down"}, "PurgeUrlsCache": {"purge"}, "PurgePathCache": {"purge"},
    "PushUrlsCache": {"prefetch"}, "CreateAccelerationDomain": {"create"}, "ModifyAccelerationDomain": {"update"},
    "ModifyHostsCertificate": {"certificate", "update", "create"}, "CreateL7AccRules": {"create", "update"},
    "ModifyAccelerationDomainStatuses": {"start", "take down"}, "DeleteAccelerationDomains": {"take down"},
    "DeleteL7AccRules": {"take down"}}
"""Calls that write → the kinds of steps that may make them."""


@dataclass
class Result:
    code: int
    out: str
    err: str
    writes: list[str]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def host(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["hosts"][0]
        return found


@dataclass
class Flow:
    """One site with one host in a zone of its own. Whatever it runs, the steps that were applied are those that the
    plan has shown, in its order, and no call wrote anything else."""

    program: Sitepub
    account: Account
    folder: Path
    zone: str

    @property
    def host(self) -> str:
        return f"www.{self.zone}"

    def configure(self, *hosts: dict[str, Any], **inputs: Any) -> None:
        (self.folder / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": self.folder.name, "inputs": {
                "src": "./src", **inputs, "hosts": list(hosts)}}))

    def write(self, text: str) -> None:
        (self.folder / "src/index.html").write_text(text)

    def __call__(self, *arguments: str, typed: str = "", meanwhile: Callable[[], object] | None = None) -> Result:
        """``meanwhile``: what others do after the plan was shown. ``typed``: on a terminal."""
        screen = Screen(tty=bool(typed), typed=typed, environ={**self.program.environ, "NO_COLOR": "1"})
        writes: list[str] = []
        call = ServiceApi.call

        def noted(api: ServiceApi, service: str, action: str, params: Any, *, host: str = "") -> dict[str, Any]:
            if action in _STEP_OF:
                writes.append(action)
            return call(api, service, action, params, host=host)

        def begun(*given: Any, **more: Any) -> Any:
            if meanwhile is not None:
                with pytest.MonkeyPatch.context() as outside:
                    outside.setattr(ServiceApi, "call", call)
                    meanwhile()
            return apply_hosts(*given, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ServiceApi, "call", noted)
            patch.setattr("sitepub.actions.deploying.hosts_turn.apply_hosts", begun)
            code = run([*arguments, "--local", "--cwd", str(self.folder)], screen)
        return Result(code, screen.printed, screen.noted, writes)

    def plan(self, *options: str) -> list[dict[str, Any]]:
        """The steps that are printed."""
        planned = self("plan", "--json", *options)
        assert planned.code == 0 and planned.writes == [], planned.err
        return [step for host in planned.json["hosts"] for step in host["steps"]]

    def deploy(self, *options: str) -> Result:
        """Applied is exactly what the plan prints."""
        printed = self.plan(*[one for one in options if one == "--verify"])
        done = self("deploy", "--json", *options)
        assert done.code == 0, done.err
        self.check(done, printed)
        return done

    def check(self, done: Result, printed: list[dict[str, Any]]) -> None:
        applied = [step for host in done.json["hosts"] for step in host["steps"]]
        assert [{key: value for key, value in step.items() if key != "result"} for step in applied] == printed
        assert_whole_plan_applied(done.json)
        kinds = {step["kind"] for step in applied if step["result"] == "done"}
        assert [action for action in done.writes if not _STEP_OF[action] & kinds] == []

    # As others see and change it

    def domain(self) -> dict[str, Any] | None:
        found = self.account.sdk("cdn", "DescribeDomainsConfig", {
            "Filters": [{"Name": "domain", "Value": [self.host]}]})["Domains"]
        return dict(found[0]) if found else None

    def record(self) -> int:
        listed = self.account.sdk("dnspod", "DescribeRecordList", {"Domain": self.zone, "Subdomain": "www"})
        return int(listed["RecordList"][0]["RecordId"])

    def point_elsewhere(self) -> None:
        self.account.sdk("dnspod", "ModifyRecord", {
            "Domain": self.zone, "RecordId": self.record(), "SubDomain": "www", "RecordType": "A",
            "RecordLine": "默认", "Value": "192.0.2.9"})

    def delete_record(self) -> None:
        self.account.sdk("dnspod", "DeleteRecord", {"Domain": self.zone, "RecordId": self.record()})

    def set(self, **config: Any) -> None:
        self.account.sdk("cdn", "UpdateDomainConfig", {"Domain": self.host, **config})

    def lead_elsewhere(self) -> None:
        self.set(Origin={"OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"})

    def stop(self) -> None:
        self.account.sdk("cdn", "StopCdnDomain", {"Domain": self.host})

    def delete(self) -> None:
        self.stop()
        self.account.sdk("cdn", "DeleteCdnDomain", {"Domain": self.host})

    def make_elsewhere(self) -> None:
        self.account.sdk("cdn", "AddCdnDomain", {"Domain": self.host, "ServiceType": "web", "Origin": {
            "OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"}})

    def add_address(self) -> None:
        self.account.add(self.zone, "www", "A", "192.0.2.7")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("changed") / "data", "--pace", "0", "--most-buckets", "10000") as cloud:
        Account(cloud).switches(quota={"free_certificates": 100_000})
        yield cloud


@pytest.fixture
def flow(cloud: LocalCloud, home: Path, tmp_path: Path) -> Flow:
    number = next(_numbers)
    account, zone = Account(cloud), f"changed{number}-{os.getpid()}.com"
    account.zone(zone)
    folder = tmp_path / f"changed{number}"
    (folder / "src").mkdir(parents=True)
    found = Flow(make_sitepub(cloud, home), account, folder, zone)
    found.write("one")
    found.configure({"host": found.host, "seo": {"switch": "on"}})
    return found


def test_what_is_applied_is_what_the_plan_prints(flow: Flow) -> None:
    flow.configure({"host": flow.host, "seo": {"switch": "on"}, "pushCdn": {"urls": ["/"]}}, https="auto")
    first = flow.deploy()
    assert [step["kind"] for step in first.host["steps"]] == ["certificate", "create", "dns", "prefetch"]
    flow.write("two")
    assert [step["kind"] for step in flow.deploy().host["steps"]] == ["purge", "prefetch"]
    flow.configure({"host": flow.host, "seo": {"switch": "off"}}, https="auto")
    assert [step["kind"] for step in flow.deploy().host["steps"]] == ["update"]
    assert flow.deploy("--verify").writes == []
    flow.point_elsewhere()
    flow.stop()
    assert [step["kind"] for step in flow.deploy("--verify", "--yes").host["steps"]] == ["start", "dns"]
    flow.configure()
    assert [step["kind"] for step in flow.deploy("--yes").host["steps"]] == ["take down"]
    assert flow.domain() is None


def not_yet(_flow: Flow) -> None:
    """The host was never set up."""


@pytest.mark.parametrize("edge", ["edgeone", "cos"])
def test_what_is_applied_is_what_the_plan_prints_on_the_other_edges(flow: Flow, edge: str) -> None:
    if edge == "edgeone":
        made_zone(flow.account.sdk, flow.zone)
    flow.configure({"host": flow.host, "edge": edge}, https="auto")
    kinds = [step["kind"] for step in flow.deploy().host["steps"]]
    assert kinds == (["create", "dns", "certificate"] if edge == "edgeone" else ["certificate", "dns", "create"])
    assert flow.deploy("--verify").writes == []
    flow.point_elsewhere()
    assert [step["kind"] for step in flow.deploy("--verify", "--yes").host["steps"]] == ["dns"]
    flow.configure(*([{"host": flow.host}] if edge == "cos" else []), https="auto")
    steps = [step["kind"] for host in flow.deploy("--yes").json["hosts"] for step in host["steps"]]
    assert steps == (["create", "dns", "take down"] if edge == "cos" else ["take down"])
    assert flow.deploy("--verify").writes == []


BEFORE: dict[str, tuple[Callable[[Flow], object], Callable[[Flow], object], str]] = {
    # name: (how it was set up, what others do after the plan was shown, words of the new plan)
    "the domain is made by others": (not_yet, Flow.make_elsewhere, "old.example.net"),
    "a record of others appears": (not_yet, Flow.add_address, "192.0.2.7"),
    "our record is changed": (Flow.deploy, Flow.point_elsewhere, "192.0.2.9"),
    "our record is deleted": (Flow.deploy, Flow.delete_record, "create CNAME"),
    "the domain is deleted": (Flow.deploy, Flow.delete, "create www."),
    "the domain is stopped": (Flow.deploy, Flow.stop, "it is offline"),
    "the domain is taken over": (Flow.deploy, Flow.lead_elsewhere, "old.example.net"),
    "a setting is changed": (Flow.deploy, lambda flow: flow.set(Seo={"Switch": "off"}), "Seo.Switch: off"),
}


@pytest.mark.parametrize("what", BEFORE)
def test_a_change_after_the_plan_is_refused_asked_about_or_goes_on_with_a_yes(flow: Flow, what: str) -> None:
    set_up, change, words = BEFORE[what]
    set_up(flow)
    # Something is to be done, so that the hosts are looked at.
    flow.configure({"host": flow.host, "seo": {"switch": "on"}, "ipFreqLimit": {"switch": "on", "qps": 7}})
    refused = flow("deploy", "--json", meanwhile=lambda: change(flow))
    assert (refused.code, refused.json["error"]["code"], refused.writes) == (5, "ChangedSincePlan", []), refused.err
    assert "changed since the plan" in refused.err and words in refused.err
    assert refused.host["status"] == "waiting" and refused.json["url"], "the files are published"
    done = flow.deploy("--yes")
    assert done.host["status"] == "online"
    domain = flow.domain()
    assert domain is not None and domain["IpFreqLimit"]["Qps"] == 7 and domain["Seo"]["Switch"] == "on"
    assert flow.account.records(flow.zone, "www") == [("CNAME", domain["Cname"].rstrip("."), "ENABLE")]
    assert flow.deploy("--verify").writes == []


@pytest.mark.parametrize("typed", ["y\n", "n\n", "--yes"])
def test_on_a_terminal_the_new_steps_are_shown_and_asked_about(flow: Flow, typed: str) -> None:
    flow.deploy()
    flow.configure({"host": flow.host, "seo": {"switch": "off"}})
    options, keys = (["--yes"], "") if typed == "--yes" else ([], typed)
    done = flow("deploy", *options, typed=keys, meanwhile=flow.point_elsewhere)
    assert "changed since the plan: this would be done now" in done.err and "192.0.2.9" in done.err
    if typed == "n\n":
        assert (done.code, done.writes) == (5, [])
        assert flow.account.records(flow.zone, "www") == [("A", "192.0.2.9", "ENABLE")]
    else:
        assert done.code == 0 and sorted(done.writes) == ["ModifyRecord", "UpdateDomainConfig"], done.err
        assert flow.account.records(flow.zone, "www")[0][0] == "CNAME"


def test_a_step_that_is_not_needed_any_more_says_so(flow: Flow) -> None:
    flow.deploy()
    flow.configure({"host": flow.host, "seo": {"switch": "off"}})
    done = flow("deploy", "--json", meanwhile=lambda: flow.set(Seo={"Switch": "off"}))
    assert (done.code, done.writes) == (0, []), done.err
    assert [(step["kind"], step["result"]) for step in done.host["steps"]] == [("update", "not needed")]
    assert "not needed any more: update" in done.err


def test_a_purge_that_another_run_has_made_is_not_made_again(flow: Flow) -> None:
    flow.deploy()
    flow.write("two")
    purged = flow("deploy", "--json", meanwhile=lambda: flow.program("purge", "--local", cwd=flow.folder))
    assert (purged.code, purged.writes) == (0, []), purged.err
    assert [(step["kind"], step["result"]) for step in purged.host["steps"]] == [("purge", "not needed")]


@needs_openssl
def test_a_certificate_that_others_replace_after_the_plan_is_asked_about(flow: Flow, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    flow.configure({"host": flow.host}, https="auto")
    flow.deploy()

    def bind_another() -> None:
        leaf = authority.leaf("short", flow.host, days=10)
        id = flow.account.sdk("ssl", "UploadCertificate", {
            "CertificatePublicKey": authority.chain(leaf), "CertificatePrivateKey": leaf.key_pem})["CertificateId"]
        flow.set(Https={"Switch": "on", "CertInfo": {"CertId": id}})

    flow.configure({"host": flow.host, "seo": {"switch": "off"}}, https="auto")
    refused = flow("deploy", "--json", meanwhile=bind_another)
    assert (refused.code, refused.json["error"]["code"], refused.writes) == (5, "ChangedSincePlan", []), refused.err
    assert "Https.CertInfo.CertId" in refused.err
    assert flow.deploy().host["status"] == "online"


CALLS: dict[str, tuple[str, Callable[[Flow], object], bool]] = {
    # name: (the first call of this kind after which others act, what they do, whether our run set it up before)
    "a record appears when the domain was made": ("AddCdnDomain", Flow.add_address, False),
    "the domain is taken over after its update": ("UpdateDomainConfig", Flow.lead_elsewhere, True),
    "the record is deleted after the update": ("UpdateDomainConfig", Flow.delete_record, True),
    "the record is changed after the update": ("UpdateDomainConfig", Flow.point_elsewhere, True),
    "the domain is stopped after the update": ("UpdateDomainConfig", Flow.stop, True),
    "the domain is deleted after the update": ("UpdateDomainConfig", Flow.delete, True),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_change_in_the_middle_of_the_steps_ends_the_host_and_is_in_the_next_plan(
        flow: Flow, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    action, change, before = CALLS[what]
    if before:
        flow.deploy()
        flow.configure({"host": flow.host, "seo": {"switch": "off"}})
    call, left = ServiceApi.call, [True]

    def changing(api: ServiceApi, service: str, name: str, params: Any, *, host: str = "") -> dict[str, Any]:
        answer = call(api, service, name, params, host=host)
        if name == action and left and left.pop():
            change(flow)
        return answer

    monkeypatch.setattr(ServiceApi, "call", changing)
    ended = flow("deploy", "--json", "--yes")
    assert (ended.code, ended.json["error"]["code"]) == (5, "ChangedSincePlan"), ended.err
    assert ended.writes == [action], "nothing more is written"
    assert ended.host["status"] == "failed" and "changed since the plan" in ended.err
    monkeypatch.undo()
    assert flow.deploy("--yes").host["status"] == "online"
    assert flow.deploy("--verify").writes == []
