"""What every edge can do, in one suite over the three of them. The official SDKs say what is really there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sitepub.domains.edges.edge import CnameWanted, EdgeStatus, OwnershipWanted, PurgeKind
from sitepub.domains.edges.waiting import Waiting
from sitepub.errors import CloudError, Interrupted, SitepubError
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_domains import BucketDomains
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.domains.edge_cases import Case, cos_sdk, make_case

KINDS = ("cdn", "edgeone", "cos")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("edges") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def cases(cloud: LocalCloud) -> dict[str, Case]:
    return {kind: make_case(kind, cloud) for kind in KINDS}


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Iterator[Case]:
    yield cases[request.param]
    cases[request.param].account.pace(0)


def silent(_text: str) -> None:
    """Nobody listens."""


def test_a_host_that_is_not_there_is_none_and_all_of_it_is_to_be_made(case: Case) -> None:
    host = case.host()
    assert case.edge.describe(host) is None
    assert case.edge.differences(case.wanted(host), None)
    assert case.truth(host) is None


def test_a_new_domain_comes_online_with_the_website_as_its_origin(case: Case) -> None:
    state = case.made()
    assert (state.status, state.origin, state.https) == (EdgeStatus.ONLINE, case.endpoint, False)
    assert state.cname and state.cname != state.host
    assert case.truth(state.host) is not None


def test_nothing_differs_from_what_was_made(case: Case) -> None:
    state = case.made()
    assert case.edge.differences(case.wanted(state.host), state) == ()


def test_making_a_domain_again_after_a_kill_that_hid_the_answer_is_fine(case: Case) -> None:
    state = case.made()
    case.edge.create(case.wanted(state.host))
    assert case.ready(state.host).status is EdgeStatus.ONLINE


def test_making_a_domain_that_somebody_else_made_meanwhile_is_refused(case: Case) -> None:
    if case.kind == "cos":
        pytest.skip("a bucket's own rules are all of this account and bucket")
    state = case.made()
    other = replace(case.wanted(state.host), origin="other-1250000000.cos-website.ap-beijing.myqcloud.com")
    with pytest.raises(CloudError) as told:
        case.edge.create(other)
    assert told.value.code.startswith("ResourceInUse")
    assert case.ready(state.host).origin == case.endpoint


def test_a_domain_is_stopped_started_and_deleted_when_it_is_offline(case: Case) -> None:
    state = case.made()
    case.edge.stop(state)
    stopped = case.edge.wait(state.host, EdgeStatus.OFFLINE, report=silent)
    assert stopped is not None and stopped.status is EdgeStatus.OFFLINE
    case.edge.start(stopped)
    started = case.edge.wait(state.host, EdgeStatus.ONLINE, report=silent)
    assert started is not None
    case.edge.stop(started)
    again = case.edge.wait(state.host, EdgeStatus.OFFLINE, report=silent)
    assert again is not None
    case.edge.delete(again)
    assert case.edge.describe(state.host) is None
    assert case.truth(state.host) is None
    case.edge.delete(again)


def test_a_certificate_is_bound_and_taken_away_again(case: Case) -> None:
    state = case.made()
    certificate = case.certificate(state.host)
    on = case.wanted(state.host, certificate, https={"switch": "on"})
    assert [leaf for leaf in case.edge.differences(on, state) if "Cert" in leaf.path]
    case.edge.update(on, state)
    bound = case.ready(state.host)
    assert bound.https
    assert case.edge.differences(case.wanted(state.host, certificate, bound=certificate, https={"switch": "on"}),
                                 bound) == ()
    off = case.wanted(state.host, https={"switch": "off"})
    case.edge.update(off, bound)
    plain = case.ready(state.host)
    assert not plain.https
    assert case.edge.differences(off, plain) == ()
    taken = case.wanted(state.host, certificate, bound=certificate, https={"switch": "on"})
    assert case.edge.differences(taken, plain), "one that another tool took away is put back"


def test_another_certificate_takes_the_place_of_the_first(case: Case) -> None:
    state = case.made()
    first, second = case.certificate(state.host), case.certificate(state.host)
    case.edge.update(case.wanted(state.host, first, https={"switch": "on"}), state)
    bound = case.ready(state.host)
    renewed = case.wanted(state.host, second, bound=first, https={"switch": "on"})
    assert case.edge.differences(renewed, bound)
    case.edge.update(renewed, bound)
    now = case.ready(state.host)
    assert case.edge.differences(case.wanted(state.host, second, bound=second, https={"switch": "on"}), now) == ()
    assert now.certificate_id in (second.id, "")


def test_a_domain_that_leads_elsewhere_is_brought_to_the_site(case: Case, cloud: LocalCloud) -> None:
    state = case.made()
    wanted = case.wanted(state.host)
    if case.kind == "cos":
        value = BucketDomains(_connected(cloud), case.bucket).get_domains().verification
        case.account.add(case.zone, "@", "TXT", value)
        cos_sdk(cloud).put_bucket_domain(Bucket=case.bucket, DomainConfiguration={"DomainRule": [
            {"Name": state.host, "Type": "REST", "Status": "ENABLED"}]})
    else:
        case.edge.update(replace(wanted, origin=make_case(case.kind, cloud).endpoint), state)
    away = case.ready(state.host)
    assert away.origin != case.endpoint
    assert case.edge.differences(wanted, away)
    case.edge.update(wanted, away)
    assert case.ready(state.host).origin == case.endpoint


def _connected(cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region,
                 Account(cloud).embedded)


def test_states_take_time_and_are_told_while_they_are_waited_for(case: Case) -> None:
    if case.kind == "cos":
        pytest.skip("COS does not tell when a domain is in force")
    host, heard = case.host(), list[str]()
    case.account.pace(3600)
    case.edge.create(case.wanted(host))

    def told(text: str) -> None:
        heard.append(text)
        case.account.pace(0)

    assert case.edge.wait(host, EdgeStatus.ONLINE, report=told) is not None
    assert heard and "0 s" in heard[0]


def test_a_wait_ends_with_ctrl_c_and_with_its_patience(case: Case) -> None:
    state = case.made()
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        case.edge.wait(state.host, EdgeStatus.OFFLINE, report=silent, stop=stop)
    impatient = Waiting(patience=0)
    with pytest.raises(SitepubError) as told:
        impatient.until(state.host, lambda: case.edge.describe(state.host), EdgeStatus.OFFLINE, report=silent)
    assert told.value.code == "EdgeTimeout"
    assert case.edge.wait(f"gone.{case.zone}", EdgeStatus.ONLINE, report=silent) is None


def test_no_change_is_sent_while_one_is_being_deployed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if case.kind == "cos":
        pytest.skip("COS takes changes at any time")
    monkeypatch.setattr("sitepub.domains.service_api.pauses", lambda _patience: [0.01] * 3)  # not five minutes
    state = case.made()
    case.account.pace(3600)
    case.edge.stop(state)
    busy = case.edge.describe(state.host)
    assert busy is not None and busy.status is EdgeStatus.PROCESSING
    with pytest.raises(CloudError) as told:
        case.edge.start(busy)
    assert state.host in told.value.message and told.value.request_id


def test_a_purge_is_done_and_its_tasks_can_be_followed(case: Case) -> None:
    state = case.made()
    quota = case.edge.purge_quota(state.host, "mainland")
    for kind, addresses in ((PurgeKind.URLS, [f"http://{state.host}/a b/中.html"]),
                            (PurgeKind.FOLDERS, [f"http://{state.host}/posts/"]), (PurgeKind.HOST, [])):
        tasks = case.edge.purge(state.host, kind, addresses, area="mainland")
        assert set(case.edge.purge_status(tasks).values()) <= {"done"}
        assert bool(tasks) is (case.kind != "cos")
    if case.kind == "cdn":
        after = case.edge.purge_quota(state.host, "mainland")
        assert (quota.urls - after.urls, quota.folders - after.folders) == (1, 3)


def test_the_owner_is_proved_with_a_txt_record_where_the_zone_is_not_in_the_account(
    case: Case, cloud: LocalCloud
) -> None:
    elsewhere = make_case(case.kind, cloud, zone_in_dnspod=False)
    host = elsewhere.host()
    account = Account(cloud)
    # EdgeOne asks when its own zone was not proved; a zone that lives nowhere was not.
    wanted = elsewhere.wanted(host)
    if case.kind == "cos":
        # A bucket names the record only when it has a domain.
        with pytest.raises(CnameWanted) as cname:
            elsewhere.edge.create(wanted)
        assert cname.value.cname == elsewhere.endpoint and not elsewhere.edge.names_proof()
        account.zone(f"first-{elsewhere.zone}")
        account.add(f"first-{elsewhere.zone}", "www", "CNAME", elsewhere.endpoint + ".")
        elsewhere.edge.create(elsewhere.wanted(f"www.first-{elsewhere.zone}"))
        assert elsewhere.edge.names_proof()
    with pytest.raises(OwnershipWanted) as asked:
        elsewhere.edge.create(wanted)
    txt = asked.value.txt
    assert txt.name.endswith(elsewhere.zone) and txt.value
    assert not elsewhere.edge.prove_ownership(host)
    name = txt.name.removesuffix(elsewhere.zone).rstrip(".") or "@"
    account.zone_elsewhere(elsewhere.zone, [{"name": name, "type": "TXT", "value": txt.value}])
    assert elsewhere.edge.prove_ownership(host)
    if elsewhere.edge.describe(host) is None:
        elsewhere.edge.create(wanted)
    assert elsewhere.ready(host).status is EdgeStatus.ONLINE


def test_the_domains_of_others_stay_as_they_are(case: Case) -> None:
    theirs, ours = case.made(), case.made()
    before = case.truth(theirs.host)
    case.edge.stop(ours)
    stopped = case.edge.wait(ours.host, EdgeStatus.OFFLINE, report=silent)
    assert stopped is not None
    case.edge.delete(stopped)
    assert case.truth(theirs.host) == before
