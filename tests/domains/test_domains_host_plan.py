"""When a host is looked at, whose it is, and how its record moves between edges."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.project import Host
from sitepub.domains.edges.cdn import Cdn
from sitepub.domains.hosts.claims import Claim, Claims
from sitepub.domains.hosts.plan import Place, host_hash, needs_look, plan_removal
from sitepub.domains.hosts.site_hosts import former_key, record_of
from sitepub.domains.records import CertificateInUse, CertificateRecord, DnsRecord, HostRecord, LastPurge, TxtRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import Position, Refused
from sitepub.publish.states.state import VERSION, State
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.publish.state_forms import decode, encode, version_1

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PLACE = Place("b-125", "ap-guangzhou", "b-125.cos-website.ap-guangzhou.myqcloud.com", "https")


def settled(**changes: Any) -> HostRecord:
    return msgspec.structs.replace(HostRecord(host="a.com", settings_hash="h", created=True), **changes)


def test_a_proof_that_was_left_behind_makes_a_deploy_look() -> None:
    left = DnsRecord(zone="a.com", name="@", type="TXT", value="v", id=7, purpose="ownership")
    assert needs_look(settled(dns=(left,)), "h", NOW)
    assert not needs_look(settled(dns=(msgspec.structs.replace(left, type="CNAME", purpose="cname"),)), "h", NOW)


def test_a_settled_host_is_not_looked_at() -> None:
    assert not needs_look(settled(), "h", NOW)
    assert not needs_look(settled(certificate=CertificateInUse(not_after="2027-02-01T00:00:00+00:00")), "h", NOW)


@pytest.mark.parametrize("record", [
    None, settled(setup="verify"), settled(settings_hash="other"), settled(ownership=TxtRecord(name="x", value="y")),
    settled(certificate=CertificateInUse(not_after="2026-12-10T00:00:00+00:00")),
    settled(certificate=CertificateInUse(not_after="2026-01-01T00:00:00+00:00")),
])
def test_a_host_is_looked_at_when_something_is_open_or_its_certificate_ends_soon(record: HostRecord | None) -> None:
    assert needs_look(record, "h", NOW)


def test_the_hash_changes_with_what_is_wanted_and_not_with_where_it_stands() -> None:
    host = Host("a.com", https={"switch": "on"}, position=Position("x", 1))
    base = host_hash(host, PLACE, "")
    assert base == host_hash(replace(host, position=Position("y", 9)), PLACE, "")
    others = [host_hash(replace(host, https={"switch": "off"}), PLACE, ""), host_hash(host, PLACE, "ab" * 32),
              host_hash(replace(host, edge="cos"), PLACE, ""),
              host_hash(host, replace(PLACE, bucket="c-125"), ""),
              host_hash(replace(host, settings={"seo": {"switch": "on"}}), PLACE, "")]
    assert len({base, *others}) == 6


def test_a_private_key_is_not_told_by_the_hash_of_the_same_certificate() -> None:
    def keyed(key: str) -> Host:
        return Host("a.com", https={"certInfo": {"certificate": "PEM", "privateKey": key}})

    assert host_hash(keyed("one"), PLACE, "f" * 64) == host_hash(keyed("two"), PLACE, "f" * 64)


def test_the_dns_records_and_certificates_of_a_host_go_with_it_to_another_edge_and_back() -> None:
    dns, made = DnsRecord(zone="a.com", name="@", type="CNAME", value="x"), CertificateRecord(id="c")
    old = settled(dns=(dns,), certificates=(made,))
    moved = record_of(Host("a.com", edge="cos"), {"a.com": old})
    assert (moved.edge, moved.created, moved.dns, moved.certificates) == ("cos", False, (dns,), (made,))
    bare = msgspec.structs.replace(old, dns=(), certificates=())
    back = record_of(Host("a.com"), {"a.com": moved, former_key("a.com", "cdn"): bare})
    assert (back.edge, back.created, back.dns) == ("cdn", True, (dns,))


texts = st.text("ab.", max_size=5)
records = st.builds(
    HostRecord, host=texts, edge=st.sampled_from(["cdn", "edgeone", "cos"]), cname=texts, created=st.booleans(),
    setup=texts, dns=st.lists(st.builds(DnsRecord, zone=texts, name=texts, type=texts, value=texts,
                                        id=st.integers(0, 9)), max_size=2).map(tuple),
    certificate=st.none() | st.builds(CertificateInUse, id=texts, not_after=texts),
    purge=st.none() | st.builds(LastPurge, at=texts, tasks=st.lists(texts, max_size=2).map(tuple)))


@given(st.dictionaries(texts, records, max_size=3), st.lists(texts, max_size=3))
def test_what_is_remembered_of_hosts_is_read_back_from_the_state(hosts: dict[str, HostRecord],
                                                                 keys: list[str]) -> None:
    state = State(version=VERSION, app="a", stage="s", name="n", region="r", bucket="b", hosts=hosts,
                  unpurged=tuple(keys))
    assert decode(encode(state), "here") == state


def test_a_state_from_before_there_were_hosts_is_still_read() -> None:
    old = State(version=1, app="a", stage="s", name="n", region="r", bucket="b")
    assert b"hosts" not in gzip.decompress(version_1(old))
    assert decode(version_1(old), "here").hosts == {}


# Claims


def claims(store: MemoryStore, name: str) -> Claims:
    return Claims(store, Claim(app="app", stage="dev", name=name, state=f"app/dev/{name}/state.json.gz"))


@pytest.fixture
def store() -> MemoryStore:
    cloud = MemoryCloud()
    cloud.bucket("states").create()
    made = cloud.store("states")
    for name in ("one", "two"):
        made.put(f"app/dev/{name}/state.json.gz", b"state", {})
    return made


def test_a_host_belongs_to_the_site_that_took_it_first(store: MemoryStore) -> None:
    one, two = claims(store, "one"), claims(store, "two")
    one.take("a.com", None)
    one.take("a.com", None)
    one.check("a.com", None)
    for refuse in (two.check, two.take):
        with pytest.raises(Refused) as told:
            refuse("a.com", Position("serverless.yml", 7))
        assert "one" in told.value.message and told.value.position is not None and told.value.position.line == 7
    two.release("a.com")
    assert two.holder("a.com") is not None, "only the holder gives it back"
    one.release("a.com")
    two.take("a.com", None)
    assert one.holder("a.com") is not None


def test_a_claim_of_a_site_that_is_gone_counts_for_nothing(store: MemoryStore) -> None:
    one, two = claims(store, "one"), claims(store, "two")
    one.take("a.com", None)
    store.delete(["app/dev/one/state.json.gz"])
    two.check("a.com", None)
    two.take("a.com", None)
    store.put("app/dev/one/state.json.gz", b"back", {})
    assert one.holder("a.com") is not None


def test_a_damaged_claim_is_replaced(store: MemoryStore) -> None:
    store.put("hosts/a.com.json", b"\x00", {})
    claims(store, "one").take("a.com", None)
    assert claims(store, "two").holder("a.com") is not None


@pytest.mark.parametrize(("record", "words"), [
    (HostRecord(host="a.com", setup="certificate", certificates=(CertificateRecord(id="c1"),)),
     "take a.com down: delete certificate c1"),
    (HostRecord(host="a.com", setup="begun"), "forget a.com: it never came to the CDN"),
    (HostRecord(host="a.com", cname="a.com.cdn.dnsv1.com"), "forget a.com: sitepub made nothing there"),
    (HostRecord(host="a.com", cname="x", certificates=(CertificateRecord(id="c1"),)),
     "take a.com down: delete certificate c1; the domain itself stays on the CDN: sitepub did not make it"),
    (settled(cname="x"), "take a.com down: delete it on the CDN"),
])
def test_the_plan_of_a_removal_says_what_is_true_of_the_domain(record: HostRecord, words: str) -> None:
    [step] = plan_removal(record, Cdn(cast(ServiceApi, None)), "sitepub remove").steps
    assert step.summary == words
