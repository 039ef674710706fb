"""The records of hosts in the state, while a run works on them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from sitepub.config.project import Host, Project, Source
from sitepub.domains.hosts.site_hosts import former_key, record_of
from sitepub.domains.records import DnsRecord, HostRecord
from sitepub.publish.locking.lock import Lock
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.states.host_records import HostLedger
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.publish.states.unpurged import unpurged_after
from tests.publish.memory_cloud import MemoryCloud

DNS = DnsRecord(zone="a.com", name="@", type="CNAME", value="x", id=4)


@pytest.fixture
def ledger() -> Iterator[HostLedger]:
    cloud = MemoryCloud()
    cloud.bucket("states").create()
    store = cloud.store("states")
    state = State(version=1, app="a", stage="s", name="n", region="r", bucket="b")
    with Lock(store, "a/s/n/") as lock:
        yield HostLedger(StateStore(store, "a/s/n/"), lock, state)


def saved(ledger: HostLedger) -> dict[str, HostRecord]:
    state = ledger._states.load()
    assert state is not None
    return dict(state.hosts)


def test_what_is_kept_is_saved_at_once(ledger: HostLedger) -> None:
    keeper = ledger.keeper(HostRecord(host="a.com"), coming=True)
    keeper.keep(msgspec.structs.replace(keeper.record, created=True))
    assert saved(ledger) == {"a.com": HostRecord(host="a.com", created=True)}
    assert ledger.keeper(HostRecord(host="a.com"), coming=True).record.created
    ledger.forget(HostRecord(host="a.com"))
    assert saved(ledger) == {}


def test_a_host_that_moves_leaves_its_old_edge_behind_and_takes_its_dns_records_along(ledger: HostLedger) -> None:
    ledger.keeper(HostRecord(host="a.com"), coming=True).keep(HostRecord(host="a.com", created=True, dns=(DNS,)))
    moved = record_of(Host("a.com", edge="cos"), ledger.state.hosts)
    ledger.keeper(moved, coming=True).keep(msgspec.structs.replace(moved, created=True))
    old = HostRecord(host="a.com", created=True)
    assert saved(ledger) == {"a.com": HostRecord(host="a.com", edge="cos", created=True, dns=(DNS,)),
                             former_key("a.com", "cdn"): old}

    leaving = ledger.keeper(old, coming=False)
    assert leaving.record == old
    leaving.keep(msgspec.structs.replace(old, setup="removal"))
    assert saved(ledger)["a.com"].edge == "cos" and saved(ledger)[former_key("a.com", "cdn")].setup == "removal"


def test_a_host_that_comes_back_finds_what_it_left_there(ledger: HostLedger) -> None:
    ledger.keeper(HostRecord(host="a.com"), coming=True).keep(HostRecord(host="a.com", created=True, dns=(DNS,)))
    moved = record_of(Host("a.com", edge="cos"), ledger.state.hosts)
    ledger.keeper(moved, coming=True).keep(moved)
    back = record_of(Host("a.com"), ledger.state.hosts)
    keeper = ledger.keeper(back, coming=True)
    assert keeper.record.created and keeper.record.dns == (DNS,)
    keeper.keep(keeper.record)
    assert {key: one.edge for key, one in saved(ledger).items()} == {"a.com": "cdn",
                                                                      former_key("a.com", "cos"): "cos"}
    assert saved(ledger)[former_key("a.com", "cos")].dns == ()


# What has to be purged


def project(**of_host: object) -> Project:
    from pathlib import Path

    return Project(Path("/p"), Path("/p/serverless.yml"), "a", "s", "n", Source(Path("/p")),
                   hosts=(Host("a.com", **of_host),))  # type: ignore[arg-type]


def plan(*steps: tuple[Action, str, Reason]) -> Plan:
    return Plan(tuple(Step(action, key, Phase.PAGES, reason) for action, key, reason in steps))


def test_changed_keys_are_to_be_purged_with_those_of_before_and_hashed_names_that_are_new_are_not() -> None:
    steps = plan((Action.UPLOAD, "a.html", Reason.CONTENT), (Action.UPLOAD, "index-DiwrgTda.js", Reason.NEW),
                 (Action.DELETE, "old.html", Reason.REMOVED), (Action.UPLOAD, "new.html", Reason.NEW))
    assert unpurged_after(("z.css",), steps, project()) == ("a.html", "new.html", "old.html", "z.css")
    assert unpurged_after(("z.css",), Plan(), project()) == ("z.css",)


def test_nothing_is_to_be_purged_where_nothing_is_cached_or_wanted() -> None:
    steps = plan((Action.UPLOAD, "a.html", Reason.CONTENT))
    for site in (project(edge="cos"), project(auto_refresh=False), Project(
            project().root, project().file, "a", "s", "n", project().source)):
        assert unpurged_after((), steps, site) == ()
    assert unpurged_after((), steps, project(only_refresh=True, auto_refresh=False)) == ("a.html",)
