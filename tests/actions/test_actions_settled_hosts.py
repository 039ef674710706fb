"""What a deploy may remember of its hosts: that nothing is to be done for them, only where that is sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from sitepub.actions.deploying.hosts_done import unchanged_hosts
from sitepub.actions.deploying.settled import settled_hosts
from sitepub.actions.hosts import HostsPrepared
from sitepub.actions.slots.slots_of import at_rest
from sitepub.config.project import Host, Releases
from sitepub.domains.hosts.plan import HostPlan
from sitepub.domains.hosts.site_hosts import HostsPlan
from sitepub.domains.records import CertificateInUse, DnsRecord, HostRecord, TxtRecord
from sitepub.publish.states.slot_state import Slot, Slots
from sitepub.publish.states.state import LiveShare
from sitepub.publish.unchanged.settled_hosts import SettledHosts, hosts_hash
from tests.publish.memory_cloud import project

NOW = datetime.now(UTC)
HOST = Host("www.example.com", https={"http2": "on"}, auto_certificate=True)


def iso(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat(timespec="seconds")


RECORD = HostRecord(host="www.example.com", edge="cdn", cname="www.example.com.cdn.dnsv1.com", created=True,
                    settings_hash="h", certificate=CertificateInUse(id="abc", not_before=iso(-1), not_after=iso(89)))


def settled(host: Host = HOST, records: dict[str, HostRecord] | None = None) -> SettledHosts | None:
    found = {"www.example.com": RECORD} if records is None else records
    plan = HostsPlan((HostPlan(host.host, host.edge, RECORD, host=host, hash="h"),))
    return settled_hosts([host], HostsPrepared(None, plan), found)  # type: ignore[arg-type]


def with_record(**changes: Any) -> dict[str, HostRecord]:
    return {"www.example.com": msgspec.structs.replace(RECORD, **changes)}


UNSURE: dict[str, Callable[[], SettledHosts | None]] = {
    "a step that did not end": lambda: settled(records=with_record(setup="dns")),
    "ownership is not proved": lambda: settled(records=with_record(ownership=TxtRecord(name="_cdnauth", value="x"))),
    "a record that proves it is there still": lambda: settled(records=with_record(
        dns=(DnsRecord(zone="example.com", name="_cdnauth", type="TXT", value="x", purpose="ownership"),))),
    "other settings were applied": lambda: settled(records=with_record(settings_hash="other")),
    "settings are not known to be applied": lambda: settled(records=with_record(settings_hash="")),
    "a certificate that is due": lambda: settled(records=with_record(
        certificate=CertificateInUse(id="abc", not_before=iso(-70), not_after=iso(20)))),
    "another edge": lambda: settled(records=with_record(edge="edgeone")),
    "no record": lambda: settled(records={}),
    "a host that goes": lambda: settled(records={**with_record(), "old.example.com": RECORD}),
    "what is left on another edge": lambda: settled(records={**with_record(), "www.example.com on cdn": RECORD}),
    "a certificate of its own": lambda: settled(replace(HOST, https={
        "certInfo": {"certificate": "a.pem", "privateKey": "a.key"}}, auto_certificate=False)),
    "a certificate for visitors": lambda: settled(replace(HOST, https={"clientCertInfo": {"certificate": "ca.pem"}})),
    "hosts that are not mentioned any more": lambda: settled_hosts([], None, {"www.example.com": RECORD}),
}


@pytest.mark.parametrize("why", UNSURE)
def test_what_is_not_sure_is_looked_at_by_the_next_deploy(why: str) -> None:
    assert UNSURE[why]() is None


def test_a_settled_host_is_remembered_until_its_certificate_is_due() -> None:
    found = settled()
    assert found is not None
    due = (NOW + timedelta(days=59)).timestamp()
    assert abs(found.until - due) < 2
    assert found.holds(hosts_hash([HOST]), due - 60)
    assert not found.holds(hosts_hash([HOST]), due + 60)
    done = unchanged_hosts(found)
    assert done is not None
    assert [(one.host, one.edge, one.status, one.cname) for one in done.outcomes] == [
        ("www.example.com", "cdn", "unchanged", RECORD.cname)]
    assert done.records["www.example.com"].certificate == CertificateInUse(id="abc", not_after=iso(89))


@pytest.mark.parametrize("changes", [
    {"edge": "cos"}, {"area": "global"}, {"https": {"http2": "off"}}, {"https": None}, {"settings": {"seo": 1}},
    {"auto_certificate": False}, {"force_redirect": {"switch": "on"}}, {"dns": "off"}, {"host": "a.example.com"},
    {"auto_refresh": False}])
def test_other_settings_of_a_host_end_it(changes: dict[str, Any]) -> None:
    found = settled()
    assert found is not None
    assert not found.holds(hosts_hash([replace(HOST, **changes)]), NOW.timestamp())
    assert not found.holds(hosts_hash([]), NOW.timestamp())
    assert not found.holds(hosts_hash([HOST, replace(HOST, host="b.example.com")]), NOW.timestamp())


def test_a_site_without_hosts_has_nothing_to_be_done() -> None:
    found = settled_hosts([], None, {})
    assert found is not None
    assert found.holds(hosts_hash([]), NOW.timestamp())
    assert unchanged_hosts(found) is None
    assert not found.holds(hosts_hash([HOST]), NOW.timestamp())


RESTING = Slots((Slot("a", "1"), Slot("b", "2")), live="b", before="a", until=1, hosts=("www.example.com",))
AT_EDGEONE = Host("www.example.com", edge="edgeone")
BUSY: dict[str, Slots | None] = {
    "no slots yet": None,
    "a run was about to move the visitors": msgspec.structs.replace(RESTING, moving=True),
    "the root holds another release": msgspec.structs.replace(RESTING, apart=True),
    "visitors get the root": msgspec.structs.replace(RESTING, live=""),
    "a host is not led": msgspec.structs.replace(RESTING, hosts=()),
    "a host more is led": msgspec.structs.replace(RESTING, hosts=("old.example.com", "www.example.com")),
    "a slot is left over, and goes when no page needs it": msgspec.structs.replace(
        RESTING, all=(*RESTING.all, Slot("c", "0")), before="c", until=9_999_999_999),
}


@pytest.mark.parametrize("what", BUSY)
def test_slots_that_are_not_at_rest_are_looked_at(what: str) -> None:
    asked = project(hosts=(AT_EDGEONE,), releases=Releases(slots=2))
    assert at_rest(asked, RESTING, ())
    assert not at_rest(asked, BUSY[what], ())


def test_slots_are_at_rest_only_without_a_share_and_as_many_as_serverless_yml_says() -> None:
    share = LiveShare(release="1", share=0.1, since=iso(0), by="me")
    assert not at_rest(project(hosts=(AT_EDGEONE,), releases=Releases(slots=2)), RESTING, (share,))
    assert not at_rest(project(hosts=(AT_EDGEONE,)), RESTING, ())
    assert at_rest(project(hosts=(AT_EDGEONE,)), None, ())
    assert at_rest(project(releases=Releases(slots=2)), None, ()), "no host that could be led"
    assert not at_rest(project(releases=Releases(slots=2)), RESTING, ())
