from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.project import Host
from sitepub.domains.dns.changes import REPLACEABLE, Change, RecordPlan, after, plan_cname, plan_txt
from sitepub.domains.dns.dnspod import DEFAULT_LINE, DnsPod, Record
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.job import HostJob
from sitepub.domains.records import DnsRecord, HostRecord, TxtRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import AgreedRecord, HostStep, HostStepKind, PlanChanged
from sitepub.errors import CloudError, SitepubError
from tests.conftest import LocalCloud
from tests.domains.account import Account, CutOff, Heard, Kept, Killed, removal_of, work_on

CDN = "www.example.com.cdn.dnsv1.com"


def record(id: int, type: str, value: str, name: str = "www", **more: object) -> Record:
    return Record(id, name, type, value, **more)  # type: ignore[arg-type]


def words(plan: RecordPlan) -> list[str]:
    return [change.words for change in plan.changes]


def test_a_free_name_gets_its_record() -> None:
    assert words(plan_cname([], CDN)) == [f"create CNAME → {CDN}"]


@pytest.mark.parametrize("value", [CDN, CDN + ".", CDN.upper()])
def test_a_right_record_is_left_as_it_is(value: str) -> None:
    assert plan_cname([record(1, "CNAME", value)], CDN) == RecordPlan()


def test_our_own_record_is_corrected_and_a_strangers_only_with_a_yes() -> None:
    there = [record(1, "CNAME", "old.example.net")]
    ours, strange = plan_cname(there, CDN, {1}), plan_cname(there, CDN)
    assert words(ours) == words(strange) == [f"CNAME → {CDN} (was CNAME → old.example.net)"]
    assert (ours.foreign, strange.foreign) == (False, True)


def test_addresses_make_room_and_the_last_of_them_becomes_the_cname() -> None:
    plan = plan_cname([record(1, "A", "192.0.2.1"), record(2, "AAAA", "2001:db8::1")], CDN)
    assert words(plan) == ["delete AAAA → 2001:db8::1", f"CNAME → {CDN} (was A → 192.0.2.1)"]
    assert plan.foreign


def test_mail_of_a_name_is_never_touched() -> None:
    plan = plan_cname([record(1, "MX", "mail.example.com."), record(2, "A", "192.0.2.1")], CDN)
    assert plan.changes == ()
    assert "cannot stand beside the MX record" in plan.blocked


def test_at_the_zones_own_name_the_risk_is_told_also_without_mail() -> None:
    [warning] = plan_cname([], CDN, apex=True).warnings
    assert "zone's own name" in warning and "mail" in warning
    assert plan_cname([], CDN).warnings == ()


def test_at_the_zones_own_name_a_cname_stands_beside_mail_with_a_warning() -> None:
    there = [record(1, "MX", "mail.example.com.", "@"), record(2, "NS", "a.dnspod.net.", "@", default_ns=True)]
    plan = plan_cname(there, CDN)
    assert words(plan) == [f"create CNAME → {CDN}"]
    assert "beside MX" in plan.warnings[0]


def test_other_lines_and_paused_records_are_left_alone() -> None:
    there = [record(1, "CNAME", "elsewhere.example.net", line="境外"),
             record(2, "A", "192.0.2.1", enabled=False)]
    assert words(plan_cname(there, CDN)) == [f"create CNAME → {CDN}"]


def test_a_paused_right_record_is_enabled() -> None:
    plan = plan_cname([record(1, "CNAME", CDN, enabled=False)], CDN, {1})
    assert words(plan) == [f"enable CNAME → {CDN}"]


def test_a_proof_stands_beside_the_proofs_of_others() -> None:
    there = [record(1, "TXT", "somebody", "_cdnauth"), record(2, "TXT", "old", "_cdnauth")]
    assert words(plan_txt(there, "new", {2})) == ["delete TXT → old", "create TXT → new"]
    assert plan_txt(there, '"somebody"') == RecordPlan()
    assert "beside the CNAME" in plan_txt([record(1, "CNAME", "x.example.net")], "new").blocked


RECORDS = st.lists(st.builds(
    Record, id=st.integers(1, 10**6), name=st.just("www"),
    type=st.sampled_from(["A", "AAAA", "CNAME", "MX", "TXT", "显性URL"]),
    value=st.sampled_from([CDN, CDN + ".", "192.0.2.1", "x.example.net", "y.example.net"]),
    line=st.sampled_from([DEFAULT_LINE, "境外"]), enabled=st.booleans()), max_size=6, unique_by=lambda one: one.id)


@given(RECORDS, st.sets(st.integers(0, 5)), st.booleans())
def test_after_a_plan_the_name_points_there_and_nothing_else_of_it_has_changed(
        there: Sequence[Record], own: set[int], apex: bool) -> None:
    there = [Record(one.id, "@" if apex else "www", one.type, one.value, one.line, one.enabled) for one in there]
    ours = {one.id for number, one in enumerate(there) if number in own}
    plan = plan_cname(there, CDN, ours)
    touched = {change.record.id: change for change in plan.changes if change.record is not None}
    by_id = {one.id: one for one in there}
    for id, change in touched.items():
        assert by_id[id].type in REPLACEABLE and by_id[id].line == DEFAULT_LINE
        assert change.foreign == (id not in ours)
    if plan.blocked:
        assert not plan.changes
        return
    left = after(there, plan)
    active = [one for one in left if one.enabled and one.line == DEFAULT_LINE and one.type in REPLACEABLE]
    assert [one.says("CNAME", CDN) for one in active] == [True]
    untouched = {one.id for one in there} - set(touched)
    assert {one.id for one in left} >= untouched
    # Done once, there is nothing left to do.
    assert plan_cname(left, CDN, {one.id for one in active} | ours) == RecordPlan(warnings=plan.warnings)
    # Visitors find something at any time: only the last write may leave the name with one record.
    standing = [one for one in there if one.enabled and one.line == DEFAULT_LINE and one.type in REPLACEABLE]
    if standing:
        assert all(change.change is not Change.CREATE for change in plan.changes)


# With the embedded cloud


@pytest.fixture
def account(local_cloud: LocalCloud) -> Account:
    return Account(local_cloud)


def point(account: Account, host: str, kept: Kept, *, cname: str = CDN, dns: Dns | None = None,
          heard: Heard | None = None) -> list[str]:
    """Plan, agree, do; the summaries of the plan."""
    dns = dns or account.dns()
    steps = dns.plan(Host(host), kept.record, cname)
    carry_out(dns, Host(host), steps, work_on(kept, heard), cname)
    return [step.summary for step in steps]


def carry_out(dns: Dns, host: Host, steps: Sequence[HostStep], job: HostJob, cname: str = CDN) -> list[str]:
    """What was agreed to; why steps were not needed."""
    dns.adopt(job)
    notes = [dns.remind(host, cname, job) if step.kind is HostStepKind.RECORD
             else dns.apply(step, host, cname, job, steps) for step in steps]
    return [note for note in notes if note]


def test_a_record_is_made_in_the_zone_recorded_and_resolves(account: Account) -> None:
    account.zone("made.example")
    kept = Kept("www.made.example")
    assert point(account, "www.made.example", kept) == [f"www.made.example: create CNAME → {CDN}"]
    assert account.records("made.example", "www") == [("CNAME", CDN, "ENABLE")]
    assert [(one.zone, one.name, one.value, one.id > 0) for one in kept.record.dns] == [
        ("made.example", "www", CDN, True)]
    # Before the record was made it was written down.
    assert kept.versions[1].dns[0].id == 0
    assert account.resolver.cname("www.made.example") == CDN
    assert account.dns().plan(Host("www.made.example"), kept.record, CDN) == ()
    # Another target: corrected in place, without asking, because it is ours.
    id = kept.record.dns[0].id
    steps = account.dns().plan(Host("www.made.example"), kept.record, "other.cdn.dnsv1.com")
    assert [step.destructive for step in steps] == [False]
    point(account, "www.made.example", kept, cname="other.cdn.dnsv1.com")
    assert account.records("made.example", "www") == [("CNAME", "other.cdn.dnsv1.com", "ENABLE")]
    assert [(one.id, one.value) for one in kept.record.dns] == [(id, "other.cdn.dnsv1.com")]


def test_a_zone_of_a_subdomain_comes_before_its_parent(account: Account) -> None:
    account.zone("parent.example")
    account.zone("sub.parent.example")
    point(account, "a.sub.parent.example", Kept("a.sub.parent.example"))
    assert account.records("sub.parent.example", "a") == [("CNAME", CDN, "ENABLE")]
    assert account.records("parent.example", "a.sub") == []


def test_a_strangers_record_is_flagged_in_the_plan_and_safe_without_one(account: Account) -> None:
    account.zone("strange.example")
    account.add("strange.example", "www", "A", "192.0.2.7")
    account.add("strange.example", "www", "A", "192.0.2.8")
    host, kept, dns = Host("www.strange.example"), Kept("www.strange.example"), account.dns()
    steps = dns.plan(host, kept.record, "")
    assert [step.destructive for step in steps] == [True, True]
    # Agreed to one of them only, or to none: both stay.
    for agreed in (steps[:1], steps[1:]):
        with pytest.raises(PlanChanged) as caught:
            carry_out(dns, host, agreed, work_on(kept))
        assert "192.0.2." in caught.value.message and "not sitepub's" in caught.value.message
    assert len(account.records("strange.example", "www")) == 2
    assert carry_out(dns, host, steps, work_on(kept)) == []
    assert account.records("strange.example", "www") == [("CNAME", CDN, "ENABLE")]
    # It stays when the host is taken down: sitepub changed it, and did not make it.
    assert kept.record.dns == ()
    removed = HostRecord(host=host.host, cname=CDN)
    [stays] = account.dns().withdraw(removal_of(removed), work_on(Kept(host.host, removed)))
    assert "sitepub did not make it" in stays
    assert account.records("strange.example", "www") == [("CNAME", CDN, "ENABLE")]


def test_a_host_that_also_gets_mail_is_told(account: Account) -> None:
    account.zone("mail.example")
    account.add("mail.example", "www", "MX", "mx.mail.example.", MX=10)
    heard, kept = Heard(), Kept("www.mail.example")
    steps = account.dns().plan(Host("www.mail.example"), kept.record, "")
    assert [step.kind for step in steps] == [HostStepKind.RECORD]
    point(account, "www.mail.example", kept, heard=heard)
    assert "cannot stand beside the MX record" in heard.todos[0]
    assert account.records("mail.example", "www") == [("MX", "mx.mail.example", "ENABLE")]


def test_a_zone_elsewhere_gets_the_exact_record_told_until_it_is_there(account: Account) -> None:
    account.zone_elsewhere("elsewhere.example", [{"name": "@", "type": "NS", "value": "ns.elsewhere.example"}])
    heard, kept, host = Heard(), Kept("www.elsewhere.example"), Host("www.elsewhere.example")
    steps = account.dns().plan(host, kept.record, CDN)
    assert [(step.kind, step.destructive) for step in steps] == [(HostStepKind.RECORD, False)]
    assert f"www.elsewhere.example  CNAME  {CDN}" in steps[0].summary
    point(account, host.host, kept, heard=heard)
    assert heard.todos == [f"www.elsewhere.example: add this record at the provider of the DNS:"
                           f" www.elsewhere.example  CNAME  {CDN}"]
    account.zone_elsewhere("elsewhere.example", [{"name": "www", "type": "CNAME", "value": CDN}])
    assert account.dns().plan(host, kept.record, CDN) == ()
    assert account.resolver.chain(host.host)[0] == CDN
    account.zone_elsewhere("elsewhere.example", [])


def test_an_apex_elsewhere_is_told_what_is_possible(account: Account) -> None:
    steps = account.dns().plan(Host("apex-elsewhere.example"), HostRecord(host="apex-elsewhere.example"), CDN)
    assert "ALIAS" in steps[0].reason


def test_dns_off_only_tells(account: Account) -> None:
    account.zone("off.example")
    host, heard = Host("www.off.example", dns="off"), Heard()
    dns = account.dns(hosts=[host])
    assert dns.plan(host, HostRecord(host=host.host), CDN)[0].reason.startswith("dns: off")
    dns.remind(host, CDN, work_on(Kept(host.host), heard))
    assert heard.todos and account.records("off.example", "www") == []
    with pytest.raises(SitepubError) as caught:
        account.dns(hosts=[host], patience=0).prove(
            host.host, TxtRecord(name="_cdnauth.off.example", value="x"), work_on(Kept(host.host), heard))
    assert caught.value.code == "DnsRecordMissing"
    assert account.records("off.example", "_cdnauth") == []


def test_an_ownership_proof_is_made_seen_and_taken_away(account: Account) -> None:
    account.zone("proof.example")
    account.add("proof.example", "_cdnauth", "TXT", "of-somebody-else")
    kept, txt = Kept("www.proof.example"), TxtRecord(name="_cdnauth.proof.example", value="20261120abcdef")
    account.dns().prove("www.proof.example", txt, work_on(kept))
    assert ("TXT", "20261120abcdef", "ENABLE") in account.records("proof.example", "_cdnauth")
    assert "20261120abcdef" in account.resolver.txt("_cdnauth.proof.example")
    assert [one.purpose for one in kept.record.dns] == ["ownership"]
    account.dns().unprove(work_on(kept))
    assert account.records("proof.example", "_cdnauth") == [("TXT", "of-somebody-else", "ENABLE")]
    assert kept.record.dns == ()


@pytest.mark.parametrize("begun", [False, True], ids=["of somebody", "of a killed run"])
def test_a_record_that_exists_although_it_was_not_listed_is_ours_only_if_a_run_of_ours_began_it(
        account: Account, begun: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"late-{'ours' if begun else 'theirs'}.example"
    account.zone(name)
    account.add(name, "www", "CNAME", CDN)
    made = DnsRecord(zone=name, name="www", type="CNAME", value=CDN)
    kept = Kept(f"www.{name}", HostRecord(host=f"www.{name}", dns=(made,) if begun else ()))
    listed, late = DnsPod.records, [True]

    def records(self: DnsPod, zone: str, name: str) -> Sequence[Record]:
        return [] if late and late.pop() else listed(self, zone, name)

    dns = account.dns()
    [step] = dns.plan(Host(f"www.{name}"), HostRecord(host=f"www.{name}"), "other.example.net")
    agreed = replace(step, agreed=AgreedRecord(name, "www", "create", "CNAME", CDN), destructive=False)
    monkeypatch.setattr(DnsPod, "records", records)
    dns.apply(agreed, Host(f"www.{name}"), CDN, work_on(kept), [agreed])
    assert bool(kept.record.dns) is begun
    account.dns().withdraw(removal_of(kept.record), work_on(kept))
    assert account.records(name, "www") == ([] if begun else [("CNAME", CDN, "ENABLE")])


def test_a_run_that_was_killed_before_it_saw_the_answer_knows_its_record(account: Account) -> None:
    account.zone("killed.example")
    host = Host("www.killed.example")
    first = Kept(host.host)
    point(account, host.host, first)
    begun = first.versions[1]
    assert begun.dns[0].id == 0
    second = Kept(host.host, begun)
    point(account, host.host, second)
    assert second.record.dns == first.record.dns
    # Killed before the call: made by the next run.
    account.sdk("dnspod", "DeleteRecord", {"Domain": "killed.example", "RecordId": first.record.dns[0].id})
    third = Kept(host.host, begun)
    point(account, host.host, third)
    assert account.records("killed.example", "www") == [("CNAME", CDN, "ENABLE")]
    assert len(third.record.dns) == 1 and third.record.dns[0].id


def test_removal_takes_our_record_and_leaves_one_that_somebody_changed(account: Account) -> None:
    account.zone("gone.example")
    kept = Kept("www.gone.example")
    point(account, "www.gone.example", kept)
    assert account.dns().withdraw(removal_of(kept.record), work_on(kept)) == []
    assert account.records("gone.example", "www") == [] and list(kept.record.dns) == []
    point(account, "www.gone.example", kept)
    [made] = kept.record.dns
    account.sdk("dnspod", "ModifyRecord", {
        "Domain": "gone.example", "RecordId": made.id, "SubDomain": "www", "RecordType": "A",
        "RecordLine": "默认", "Value": "192.0.2.9"})
    stays = account.dns().withdraw(removal_of(kept.record), work_on(kept))
    assert "it was changed since" in stays[0]
    assert account.records("gone.example", "www") == [("A", "192.0.2.9", "ENABLE")]


def test_a_remark_and_the_ttl_of_a_corrected_record_stay(account: Account) -> None:
    account.zone("kept.example")
    id = account.add("kept.example", "www", "CNAME", "old.example.net.", TTL=1200, Remark="mine")
    record = HostRecord(host="www.kept.example", dns=(
        DnsRecord(zone="kept.example", name="www", type="CNAME", value="old.example.net", id=id),))
    point(account, "www.kept.example", Kept("www.kept.example", record))
    told = account.sdk("dnspod", "DescribeRecord", {"Domain": "kept.example", "RecordId": id})["RecordInfo"]
    assert (told["TTL"], told["Remark"], told["SubDomain"], told["Value"].rstrip(".")) == (1200, "mine", "www", CDN)


def test_an_account_without_zones_has_none(account: Account) -> None:
    pod = DnsPod(account.api)
    assert pod.zone_for("nobody.invalid") is None
    assert pod.zones() is pod.zones()


def test_the_apex_of_a_zone_in_dnspod_gets_its_record(account: Account) -> None:
    account.zone("apex.example")
    kept = Kept("apex.example")
    point(account, "apex.example", kept)
    assert account.records("apex.example", "@") == [("CNAME", CDN, "ENABLE")]


def test_a_refusal_of_dnspod_is_explained_and_leaves_no_claim(account: Account) -> None:
    account.zone("apexmail.example")
    account.add("apexmail.example", "@", "MX", "mx.apexmail.example.", MX=10)
    kept = Kept("apexmail.example")
    steps = account.dns().plan(Host("apexmail.example"), kept.record, CDN)
    assert "mail and other services of this name may become unreliable" in steps[0].reason
    with pytest.raises(CloudError) as caught:
        point(account, "apexmail.example", kept)
    assert "DNSPod does not take the CNAME record of apexmail.example" in caught.value.message
    assert kept.record.dns == ()


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("at", [0, 1])
def test_killed_at_any_write_the_next_run_ends_the_same(account: Account, at: int, sent: bool) -> None:
    zone = f"cut-{at}-{sent:d}.example"
    account.zone(zone)
    for address in ("192.0.2.1", "192.0.2.2"):
        account.add(zone, "www", "A", address)
    host, kept = Host(f"www.{zone}"), Kept(f"www.{zone}")
    first = Dns(DnsPod(CutOff(account.api, at, sent=sent)), account.resolver)
    steps = first.plan(host, kept.record, CDN)
    with pytest.raises(Killed):
        carry_out(first, host, steps, work_on(kept))
    assert account.records(zone, "www"), "visitors find something at any time"
    point(account, host.host, kept)
    assert account.records(zone, "www") == [("CNAME", CDN, "ENABLE")]
    assert account.dns().plan(host, kept.record, CDN) == ()


class Shared(ServiceApi):
    """The account's DNSPod, where another account shares a zone and does not let this one do everything: two accounts
    that share a zone are nothing that the embedded cloud has."""

    def __init__(self, inner: ServiceApi, code: str, *actions: str) -> None:
        self._inner, self._code, self._actions = inner, code, actions

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action in self._actions:
            raise CloudError("refused", code=self._code)
        return self._inner.call(service, action, params, host=host)


@pytest.mark.parametrize("code", ["OperationDenied.NoPermissionToOperateDomain", "OperationDenied.AccessDenied",
                                  "OperationDenied.DomainOwnerAllowedOnly"])
@pytest.mark.parametrize("actions", [("CreateRecord",), ("CreateRecord", "DescribeRecordList")])
def test_records_of_a_zone_that_this_key_may_not_change_are_told_instead(
        local_cloud: LocalCloud, code: str, actions: tuple[str, ...]) -> None:
    zone = f"shared{len(actions)}-{code.rpartition('.')[2].lower()}.example"
    account, host = Account(local_cloud), Host(f"www.{zone}")
    account.zone(zone)
    dns = Dns(DnsPod(Shared(account.api, code, *actions)), account.resolver, patience=1)
    kept, heard = Kept(host.host), Heard()
    carry_out(dns, host, dns.plan(host, kept.record, CDN), work_on(kept, heard))
    [told] = heard.todos
    assert "add this record at the provider of the DNS" in told and CDN in told
    assert kept.record.dns == ()
    [step] = dns.plan(host, kept.record, CDN)
    assert step.kind is HostStepKind.RECORD and code in step.reason and zone in step.reason
    dns.prove(host.host, TxtRecord(name=f"_proof.{host.host}", value="v1"), work_on(kept, heard, wait=False))
    assert "_proof" in heard.todos[-1]
    # Any other refusal is still one.
    other = Dns(DnsPod(Shared(account.api, "FailedOperation.Unknown", "CreateRecord")), account.resolver)
    with pytest.raises(CloudError, match="refused"):
        carry_out(other, host, account.dns().plan(host, kept.record, CDN), work_on(kept, heard))
