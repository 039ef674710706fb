"""A wildcard domain of EdgeOne for the previews of a site: one CNAME record, a certificate where one can be had, and
where there is none, the reason for which each preview gets a domain of its own."""

from __future__ import annotations

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.host_names import below_wildcard
from sitepub.domains.hosts.claims import Claim, Claims
from sitepub.domains.hosts.plan import needs_look
from sitepub.domains.hosts.site_hosts import Hosts
from sitepub.domains.hosts.wildcards import refusal
from sitepub.domains.steps import HostStepKind
from sitepub.domains.zones.zones import proof_record
from sitepub.errors import CloudError, Refused
from tests.domains.account import CutOff, Killed
from tests.domains.edge_cases import Case
from tests.domains.openssl import Authority, needs_openssl
from tests.domains.test_domains_edgeone_certificates import Bench, authority, case, kinds
from tests.edgeone_zone import made_zone
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore

__all__ = ["authority", "case"]
WHOLE = [HostStepKind.CREATE, HostStepKind.DNS]


def bench_of(case: Case, *, https: bool = True) -> Bench:
    bench = Bench(case, host=f"*.p.{case.host()}")
    if not https:
        bench.host = Host(bench.host.host, edge="edgeone", https={"switch": "off"})
    return bench


def test_without_https_it_is_one_domain_and_one_record(case: Case) -> None:
    bench = bench_of(case, https=False)
    plan = bench.plan()
    assert kinds(plan) == WHOLE and not plan.refused
    assert bench.apply(plan).status == "online"
    [(kind, value, _)] = case.account.records(case.zone, bench.label)
    assert (kind, value) == ("CNAME", bench.kept.record.cname) and bench.label.startswith("*.")
    truth = case.truth(bench.host.host)
    assert truth is not None and truth["OriginDetail"]["Origin"] == case.endpoint
    assert bench.plan().steps == () and not needs_look(bench.kept.record, "hash")
    assert case.account.resolver.chain(below_wildcard(bench.host.host))[0] == bench.kept.record.cname


def test_without_a_certificate_it_is_not_made_and_the_reason_is_written_down(case: Case) -> None:
    bench = bench_of(case)
    plan = bench.plan()
    [step] = plan.steps
    assert (step.kind, plan.work) == (HostStepKind.SEPARATE, ())
    assert "each preview gets a domain of its own" in step.reason and "connected by CNAME" in step.reason
    outcome = bench.apply(plan)
    record = bench.kept.record
    assert outcome.status == "unchanged" and case.truth(bench.host.host) is None
    assert (record.created, record.cname, record.dns) == (False, "", ()) and "upload one there" in record.refused
    assert not needs_look(record, "hash"), "it is asked again once a day, not with every deploy"


@needs_openssl
def test_with_a_certificate_of_the_account_it_is_made_later(case: Case, authority: Authority) -> None:
    bench = bench_of(case)
    bench.apply(bench.plan())
    leaf = authority.leaf("w", bench.host.host, days=10)
    id = bench.upload(authority.chain(leaf), leaf.key_pem)
    assert bench.plan().refused, "browsers do not trust it"
    bench.trust = BrowserTrust(str(authority.root.cert))
    plan = bench.plan()
    assert kinds(plan) == WHOLE
    assert bench.apply(plan).status == "online" and bench.mode == "sslcert"
    used = bench.kept.record.certificate
    assert used is not None and used.id == id and bench.kept.record.refused == ""
    assert bench.plan().steps == (), "one that ends soon stays: nobody but the user can bring another"


def test_where_edgeone_writes_the_dns_the_certificate_is_free(case: Case) -> None:
    account = case.account
    zone = f"free{case.zone}"
    account.zone(zone)
    made_zone(account.sdk, zone, kind="dnsPodAccess")
    bench = Bench(case, host=f"*.{zone}")
    plan = bench.plan()
    assert kinds(plan) == [*WHOLE, HostStepKind.CERTIFICATE]
    assert bench.apply(plan).status == "online" and bench.kept.record.certificate is not None
    assert bench.plan().steps == ()


def test_a_plan_of_the_zone_that_has_none_is_no_failure_of_the_deploy(case: Case) -> None:
    bench = bench_of(case, https=False)
    case.account.switches(edgeone_without_wildcards=True)
    try:
        outcome = bench.apply(bench.plan())
    finally:
        case.account.switches(edgeone_without_wildcards=False)
    assert outcome.status == "unchanged" and "OperationDenied.UnsupportedPlan" in outcome.done[0]
    record = bench.kept.record
    assert record.refused and not record.created and not record.setup and record.settings_hash == "hash"
    assert kinds(bench.plan()) == WHOLE, "what is looked at is tried again"
    assert bench.apply(bench.plan()).status == "online" and bench.kept.record.refused == ""


@pytest.mark.parametrize("code", [
    "OperationDenied.DomainNoICP", "LimitExceeded", "InternalError", "OperationDenied.PlanHasBeenExpired",
    "ResourceInUse.OthersHost"])
def test_other_errors_stay_errors(code: str) -> None:
    assert refusal("*.a.com", CloudError("no", code=code)) == ""
    assert refusal("www.a.com", CloudError("no", code="OperationDenied.UnsupportedPlan")) == ""
    assert refusal("*.a.com", CloudError("no", code="OperationDenied.UnsupportedPlan")) != ""


def test_killed_at_any_call_it_is_whole_after_the_next_run(case: Case) -> None:
    for sent in (False, True):
        for at in range(6):
            bench = bench_of(case, https=False)
            try:
                bench.apply(bench.plan(), CutOff(case.account.api, at, sent=sent))
            except Killed:
                assert bench.apply(bench.plan()).status in ("online", "unchanged")
            else:
                break
            assert [one[0] for one in case.account.records(case.zone, bench.label)] == ["CNAME"]
            assert bench.plan().steps == ()
        else:
            pytest.fail("it takes more calls than were tried")


def test_the_record_that_proves_it_is_below_the_name_without_the_star() -> None:
    found = {"DnsVerification": {"Subdomain": "edgeonereclaim", "RecordType": "TXT", "RecordValue": "v"}}
    proof = proof_record(found, "*.p.example.com")
    assert proof is not None and (proof.name, proof.value) == ("edgeonereclaim.p.example.com", "v")


def test_it_is_claimed_like_every_host_under_a_key_without_a_star() -> None:
    store = MemoryStore(MemoryCloud(), "states")
    store.cloud.bucket("states").exists = True
    one, other = (Claims(store, Claim(app=app, stage="s", name="n", state=f"{app}/state")) for app in "ab")
    store.put("a/state", b"x", {})
    one.take("*.p.a.com", None)
    with pytest.raises(Refused, match="claimed by the site n"):
        other.take("*.p.a.com", None)
    assert [listed.key for listed in store.list("hosts/")] == ["hosts/_any.p.a.com.json"]


def test_one_that_another_site_has_is_no_failure(case: Case) -> None:
    """Two stages with the same `preview.host`: hosts below it may still be free."""
    bench = bench_of(case, https=False)
    store = MemoryStore(MemoryCloud(), "states")
    store.cloud.bucket("states").exists = True
    one, other = (Claim(app="a", stage=stage, name="n", state=f"{stage}/state") for stage in ("one", "two"))
    store.put("one/state", b"x", {})
    Claims(store, one).take(bench.host.host, None)
    edge, office, names = bench.parts()
    hosts = Hosts((bench.host,), bench.place, lambda _kind, _bucket="": edge, office, names, Claims(store, other),
                  lambda _host, _target: None)
    [plan] = hosts.plan({}).hosts
    assert kinds(plan) == [HostStepKind.SEPARATE] and "claimed by the site n (app a, stage one)" in plan.refused
    assert plan.error is None and plan.work == ()
