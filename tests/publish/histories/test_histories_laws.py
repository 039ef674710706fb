"""The laws over deploys, dev, going back, marks, promotion, previews and collecting together: whatever happens in which
order, with kills, failures and another computer in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.publish.states import shards
from sitepub.site.snapshot import Snapshot
from tests.amount import AMOUNT, times
from tests.publish.histories.acts import Act, Trouble, What
from tests.publish.histories.world import WEEK, World
from tests.publish.sites import plain, site_file, sites, snapshot

_WHAT = ("deploy", "deploy", "deploy", "rollback", "rollback", "promote", "promote", "show", "show", "publish preview",
         "dev", "mark", "unmark", "take down", "time", "others")


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """About two keys each, so that these small sites have several."""
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 2)


@st.composite
def full_sites(draw: st.DrawFn) -> Snapshot:
    site = draw(sites())
    own = draw(st.none() | st.sampled_from([b"Allow: /", b"", b"User-agent: *\nDisallow: /\n"]))
    return site if own is None else snapshot(*site, site_file("robots.txt", own, age=1))


troubles = st.one_of(
    st.just(Trouble()), st.just(Trouble()),
    st.builds(Trouble, st.sampled_from(["kill", "killed elsewhere", "failure", "failures", "meets", "sleeps", "late"]),
              st.integers(0, 40), st.booleans()))


@st.composite
def acts(draw: st.DrawFn) -> Act:
    act = draw(st.builds(Act, st.sampled_from(_WHAT), st.sampled_from(["prod", "prod", "testing"]), full_sites(),
                         st.integers(0, 9), troubles))
    if act.trouble.kind not in ("meets", "sleeps", "late"):
        return act
    meanwhile = st.sampled_from([what for what in _WHAT if what != "time"])
    other = draw(st.builds(Act, meanwhile, st.sampled_from(["prod", "prod", "testing"]), full_sites(),
                           st.integers(0, 9)))
    return replace(act, other=other)


@settings(max_examples=times(6, long=2000), derandomize=AMOUNT != "long",  # new histories in the long run only
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large])
@given(st.lists(acts(), min_size=4, max_size=12), st.sampled_from([0, WEEK]), st.sampled_from([1, 1, 4]))
def test_the_laws_hold_in_every_history_of_releases(history: Sequence[Act], keep: int, threads: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = World(patch, keep=keep, threads=threads)
        for act in history:
            world.act(act)
        world.settle()
        world.remove_everything()


@pytest.mark.parametrize("what", ["show", "take down", "publish preview", "deploy", "dev", "promote", "mark"])
@pytest.mark.parametrize("at", [0, 1, 2, 5, 8, 9, 10, 11, 12, 13])
def test_the_laws_hold_where_a_preview_is_taken_down_while_another_computer_is_at_it(at: int, what: What) -> None:
    """Before the lock is taken (0), while it is held, and once the state and its bucket are about to go (10 to 12)."""
    with pytest.MonkeyPatch.context() as patch:
        world = World(patch, keep=0)
        world.act(Act("show", site=plain(a="1")))
        world.act(Act("take down", trouble=Trouble("meets", at), other=Act(what, site=plain(a="2"), number=1)))
        world.settle()
        world.remove_everything()


@pytest.mark.usefixtures("one_after_another")
@pytest.mark.parametrize("what", ["show", "take down", "publish preview"])
@pytest.mark.parametrize("at", range(10))
def test_the_laws_hold_where_a_preview_is_taken_down_while_a_deploy_of_it_sleeps(at: int, what: What) -> None:
    """Also between the record of its release and the shards that this names."""
    with pytest.MonkeyPatch.context() as patch:
        world = World(patch, keep=0)
        world.act(Act("show", site=plain(a="1")))
        world.act(Act("show", site=plain(a="2"), trouble=Trouble("sleeps", at), other=Act(what, number=1)
                      if what != "show" else Act(what, site=plain(a="3"), number=1)))
        world.settle()
        world.remove_everything()
