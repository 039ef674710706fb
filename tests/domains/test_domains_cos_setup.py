"""A host on the bucket itself: the bucket takes it when its CNAME points there, and needs minutes until it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.edges.cos_domain import CosDomain
from sitepub.domains.edges.edge import EdgeStatus
from sitepub.domains.edges.visit import refusal
from sitepub.domains.hosts.apply_host import ApplyHost
from sitepub.domains.hosts.context import HostContext, ServedBy
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.plan import HostPlan, Place, plan_host, plan_removal
from sitepub.domains.hosts.removal import TakeDown
from sitepub.domains.hosts.served import Served
from sitepub.domains.steps import HostStepKind
from sitepub.errors import CloudError
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos.bucket_domains import BucketDomainRules, BucketDomains, DomainRule
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account, Heard, Kept, work_on
from tests.domains.edge_cases import QUICK, Case, make_case


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("bucket-hosts") / "data", "--pace", "0") as cloud:
        yield cloud


class SlowBucket:
    """The bucket's domains, when COS is asked before it knows the DNS record, or before the domain is in force."""

    def __init__(self, inner: BucketDomains) -> None:
        self._inner = inner
        self.refusals: list[str] = []
        """Codes of the next writes of the domains."""
        self.certificate_refusals: list[str] = []
        self.certificates = 0
        self.written: list[list[DomainRule]] = []

    def get_domains(self) -> BucketDomainRules:
        return self._inner.get_domains()

    def put_domains(self, rules: Sequence[DomainRule]) -> None:
        if self.refusals:
            raise CloudError("not yet", code=self.refusals.pop(0))
        self._inner.put_domains(rules)
        self.written.append(list(rules))

    def get_certificate_status(self, domain: str) -> str:
        return self._inner.get_certificate_status(domain)

    def put_certificate(self, domain: str, chain: str, key: str) -> None:
        if self.certificate_refusals:
            raise CloudError("not yet", code=self.certificate_refusals.pop(0))
        self._inner.put_certificate(domain, chain, key)
        self.certificates += 1

    def delete_certificate(self, domain: str) -> None:
        self._inner.delete_certificate(domain)


@dataclass
class Setup:
    """A fresh website bucket and one host."""

    case: Case
    folder: Path
    host: Host
    heard: Heard = field(default_factory=Heard)

    def __post_init__(self) -> None:
        cloud = self.case.account.cloud
        connected = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region,
                          self.case.account.embedded)
        self.bucket = SlowBucket(BucketDomains(connected, self.case.bucket))
        self.edge = CosDomain(lambda: self.bucket, self.case.endpoint, waiting=QUICK,
                              visit=lambda host: refusal(host, self.case.endpoint, self.case.account.embedded))
        self.names = self.case.account.dns()
        self.office = CertificateOffice(SslService(self.case.account.api), self.names, self.folder,
                                        used_by_others=lambda _host: ())
        self.kept = Kept(self.host.host)

    def plan(self) -> HostPlan:
        place = Place(self.case.bucket, self.case.account.cloud.region, self.case.endpoint, "http")
        return plan_host(self.host, place, self.kept.record, self.edge, self.office, self.names, "hash")

    def kinds(self) -> list[HostStepKind]:
        return [step.kind for step in self.plan().steps]

    def apply(self, *, wait: bool = True, served: ServedBy = lambda _host, _target: None) -> HostOutcome:
        place = Place(self.case.bucket, self.case.account.cloud.region, self.case.endpoint, "http")
        return ApplyHost(self.plan(), HostContext(
            self.host, place, lambda _kind, _bucket="": self.edge, self.office, self.names,
            work_on(self.kept, self.heard, wait=wait), served)).apply()

    def take_down(self) -> HostOutcome:
        [step] = plan_removal(self.kept.record, self.edge, "sitepub remove").steps
        return TakeDown(step, self.edge, self.office, self.names, work_on(self.kept)).apply()

    def records(self) -> list[tuple[str, str]]:
        return [(type, value) for type, value, _ in self.case.account.records(
            self.case.zone, self.host.host.removesuffix(f".{self.case.zone}"))]


Make = Callable[..., Setup]


@pytest.fixture
def make(cloud: LocalCloud, tmp_path: Path) -> Iterator[Make]:
    def setup(*, held: bool = True, case: Case | None = None, **of_host: object) -> Setup:
        case = case or make_case("cos", cloud, zone_in_dnspod=held)
        return Setup(case, tmp_path, Host(case.host(), edge="cos", **of_host))  # type: ignore[arg-type]

    yield setup
    Account(cloud).pace(0)


DNS, CREATE, RECORD = HostStepKind.DNS, HostStepKind.CREATE, HostStepKind.RECORD


def test_in_a_fresh_bucket_the_record_comes_first(make: Make) -> None:
    setup = make()
    plan = setup.plan()
    assert [step.kind for step in plan.steps] == [DNS, CREATE]
    assert setup.case.endpoint in plan.steps[0].summary and "points to it" in plan.steps[0].reason
    outcome = setup.apply()
    assert outcome.status == "online" and [one.step for one in outcome.steps] == list(plan.steps)
    assert setup.records() == [("CNAME", setup.case.endpoint)]
    assert setup.kinds() == [] and setup.apply().status == "unchanged"


def test_a_certificate_is_made_before_and_bound_after(make: Make) -> None:
    setup = make(https={"switch": "on"}, auto_certificate=True)
    assert setup.kinds() == [HostStepKind.CERTIFICATE, DNS, CREATE]
    assert setup.apply().status == "online"
    assert setup.bucket.certificates == 1, "a certificate that is set again takes its time again"
    state = setup.edge.describe(setup.host.host)
    assert state is not None and state.https and setup.kinds() == []


def test_a_certificate_that_is_refused_before_the_domain_is_in_force_is_set_again(make: Make) -> None:
    setup = make(https={"switch": "on"}, auto_certificate=True)
    setup.bucket.certificate_refusals = ["UserCnameInvalid"] * 2
    outcome = setup.apply(wait=False)
    assert outcome.status == "waiting" and "certificate" in outcome.waiting
    assert setup.apply().status == "online" and setup.bucket.certificates == 1
    assert any("not in force yet" in one for one in setup.heard.statuses)


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_visitors_get_a_new_certificate_when_its_time_has_come(make: Make, seconds: float) -> None:
    """COS takes up to an hour."""
    setup = make(https={"switch": "on"}, auto_certificate=True)
    assert setup.edge.certificate_time == 3600
    setup.edge.certificate_time = seconds
    wrong = Served("00", "2099-01-01T00:00:00+00:00", "CN=other", covers=False)
    answers = [wrong, wrong]

    def served(host: str, target: str) -> Served | None:
        assert (host, target) == (setup.host.host, setup.case.endpoint)
        return answers.pop() if answers else None

    outcome = setup.apply(served=served)
    assert outcome.status == ("online" if seconds else "waiting")
    if not seconds:
        assert "certificate of another host" in outcome.waiting


def test_a_second_host_of_the_bucket_needs_no_proof_beside_its_record(make: Make) -> None:
    first = make()
    first.apply()
    second = make(case=first.case)
    assert second.kinds() == [DNS, CREATE] and second.apply().status == "online"
    assert [rule.name for rule in second.bucket.get_domains().rules] == [first.host.host, second.host.host]
    assert not second.case.account.records(second.case.zone, "@")


@pytest.mark.parametrize(("type", "value"), [("A", "192.0.2.7"), ("CNAME", "old.example.net.")])
def test_a_name_that_others_serve_is_moved_at_once_where_nothing_else_proves_it(
        make: Make, type: str, value: str) -> None:
    setup = make()
    setup.case.account.add(setup.case.zone, setup.host.host.removesuffix(f".{setup.case.zone}"), type, value)
    plan = setup.plan()
    assert [step.kind for step in plan.steps] == [DNS, CREATE] and plan.destructive
    assert setup.apply().status == "online" and setup.records() == [("CNAME", setup.case.endpoint)]


def test_a_name_that_others_serve_stays_there_until_the_bucket_has_taken_it_where_it_names_a_proof(make: Make) -> None:
    first = make()
    first.apply()
    setup = make(case=first.case)
    setup.case.account.add(setup.case.zone, setup.host.host.removesuffix(f".{setup.case.zone}"), "A", "192.0.2.7")
    assert setup.kinds() == [CREATE, DNS]
    assert setup.apply().status == "online" and setup.records() == [("CNAME", setup.case.endpoint)]
    assert not setup.case.account.records(setup.case.zone, "@"), "the proof is gone again"


@pytest.mark.parametrize("held", [False, True])
def test_a_record_that_is_made_by_hand_is_shown_first_and_not_waited_for(make: Make, held: bool) -> None:
    setup = make(held=held, dns="off" if held else "auto")
    assert setup.kinds() == [RECORD, CREATE]
    outcome = setup.apply()
    assert outcome.status == "waiting" and setup.case.endpoint in outcome.waiting
    assert any(setup.case.endpoint in one for one in setup.heard.todos)
    assert not setup.kept.record.created and setup.kinds() == [RECORD, CREATE]
    name = setup.host.host.removesuffix(f".{setup.case.zone}")
    if held:
        setup.case.account.add(setup.case.zone, name, "CNAME", setup.case.endpoint + ".")
    else:
        setup.case.account.zone_elsewhere(setup.case.zone, [
            {"name": name, "type": "CNAME", "value": setup.case.endpoint}])
    assert setup.kinds() == [CREATE] and setup.apply().status == "online"


def test_a_record_that_is_not_seen_yet_is_waited_for(make: Make) -> None:
    setup = make()
    setup.bucket.refusals = ["DNSRecordVerifyFailed"] * 2
    assert setup.apply().status == "online"
    assert any("does not see the CNAME record yet" in one for one in setup.heard.statuses)


def test_without_waiting_the_next_run_goes_on(make: Make) -> None:
    setup = make()
    setup.bucket.refusals = ["DNSRecordVerifyFailed"]
    outcome = setup.apply(wait=False)
    assert outcome.status == "waiting" and not setup.kept.record.created
    assert setup.records() == [("CNAME", setup.case.endpoint)] and setup.kinds() == [CREATE]
    assert setup.apply().status == "online"


def test_what_was_made_of_a_host_that_the_bucket_never_took_is_taken_down(make: Make) -> None:
    setup = make()
    setup.bucket.refusals = ["DNSRecordVerifyFailed"]
    setup.apply(wait=False)
    assert setup.take_down().status == "removed" and setup.records() == []


def test_a_refusal_that_no_record_can_change_is_an_error(make: Make) -> None:
    setup = make()
    setup.bucket.refusals = ["DomainAuditFailed"]
    with pytest.raises(CloudError) as caught:
        setup.apply()
    assert "ICP" in caught.value.message and not setup.kept.record.created


def test_a_domain_of_another_bucket_is_taken_where_the_record_points(make: Make) -> None:
    first = make()
    first.apply()
    second = make()
    second.host, second.kept = first.host, Kept(first.host.host)
    second.case.zone = first.case.zone
    assert second.apply().status == "online"
    assert [rule.name for rule in second.bucket.get_domains().rules] == [first.host.host]
    assert first.edge.describe(first.host.host) is None


def test_it_is_not_online_before_the_bucket_answers_for_it(make: Make) -> None:
    class InForce(Heard):
        """It comes into force as soon as it is waited for."""

        def status(self, host: str, text: str) -> None:
            super().status(host, text)
            if "not in force yet" in text:
                setup.case.account.pace(0)

    setup = make()
    setup.heard = InForce()
    setup.case.account.pace(3600)
    outcome = setup.apply(wait=False)
    assert outcome.status == "waiting"
    state = setup.edge.describe(setup.host.host)
    assert state is not None and state.status is EdgeStatus.PROCESSING and state.said == "not in force yet"
    assert setup.apply().status in ("online", "unchanged")
    assert any("not in force yet" in one for one in setup.heard.statuses)
    now = setup.edge.describe(setup.host.host)
    assert now is not None and now.status is EdgeStatus.ONLINE


ERROR = b"<?xml version='1.0'?><Error>\n\t<Code>%b</Code><Message>no</Message></Error>"


@pytest.mark.parametrize(("status", "body", "code"), [
    (400, ERROR % b"UserCnameInvalid", "UserCnameInvalid"), (403, ERROR % b"UserCnameInvalid", "UserCnameInvalid"),
    (404, ERROR % b"NoSuchKey", "NoSuchKey"), (403, ERROR % b"AccessDenied", "AccessDenied"),
    (200, ERROR % b"UserCnameInvalid", ""), (301, b"", ""), (404, b"<html>not here</html>", ""),
    (404, b"<Error>" + b"x" * 70_000 + b"<Code>UserCnameInvalid</Code>", ""), (500, b"\xff\xfe", ""),
    (404, b"<Code>UserCnameInvalid</Code>", ""),
])
def test_what_a_visitor_is_refused_with(status: int, body: bytes, code: str) -> None:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Host"] == "www.example.com"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        assert refusal("www.example.com", "unused.example", Embedded("127.0.0.1", server.server_port)) == code
        thread.join(5)


def test_a_bucket_that_cannot_be_visited_from_here_is_taken_at_its_word() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    assert refusal("www.example.com", "unused.example", Embedded("127.0.0.1", port)) == ""
