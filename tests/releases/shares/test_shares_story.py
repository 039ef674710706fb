"""A share from its beginning to each of its ends, through the program, seen by visitors of the embedded edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.errors import SitepubError
from tests.conftest import LocalCloud
from tests.releases.shares.conftest import SharedSite, make


@pytest.fixture(scope="module")
def site(shared_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> SharedSite:
    made = make(shared_cloud, tmp_path_factory.mktemp("story"), "story")
    made.write(0)
    assert made.refused("deploy", "--traffic", "0.1") == "NoSlots"
    assert made.do("traffic", "0.5", code=1)["error"]["code"] == "NotDeployed"
    made.write(1)
    made.do("deploy")
    assert made.refused("traffic", "0.5") == "NoShare"
    assert not made.do("traffic", "0")["changed"] and not made.do("traffic", "1")["changed"]
    return made


def test_a_share_begins_grows_and_ends(site: SharedSite) -> None:
    assert site.versions() == {1} and site.do("traffic")["share"] is None
    site.write(2)
    plan = site.do("plan", "--traffic", "0.3")
    assert [(step["kind"], step["slot"]) for step in plan["slots"]] == [("fill slot", "b"), ("lead visitors", "b")]
    assert "30 % of the visitors" in plan["slots"][1]["summary"] and plan["refusal"] is None
    begun = site.do("deploy", "--traffic", "0.3", "-m", "try it")
    share = begun["share"]["release"]
    assert begun["share"]["part"] == 0.3 and begun["release"] != share
    assert site.versions(24) == {1, 2}
    found = site.do("traffic")
    assert (found["stable"]["part"], found["share"]["part"], found["share"]["release"]) == (0.7, 0.3, share)
    errors = found["share"]["errors"]
    assert errors["answers"] > 0 and errors["part"] == 0 and found["stable"]["errors"]["answers"] > 0
    assert found["errors_since"] and site.do("traffic", "--no-logs")["share"]["errors"] is None
    listed = site.do("releases")
    assert [one["release"] for one in listed["shares"]] == [share] and share not in [
        one["id"] for one in listed["releases"]] and listed["shares"][0]["message"] == "try it"
    assert site.do("info")["share"]["part"] == 0.3
    assert site.do("mark", share, "good", code=1)["error"]["code"] == "OnlyShared"

    had = {number for number in range(24) if site.version(number) == 2}
    assert site.do("traffic", "60%")["changed"] and not site.do("traffic", "0.6")["changed"]
    assert had < {number for number in range(24) if site.version(number) == 2}
    shown = site.run("traffic", tty=True).printed
    assert "40 %" in shown and "60 %" in shown and "share" in shown

    dry = site.do("rollback", "--dry-run")
    assert [step["kind"] for step in dry["slots"]] == ["lead visitors"]
    back = site.do("rollback")
    assert back["of"] == begun["release"] and set(back["changes"].values()) == {0, back["changes"]["unchanged"]}
    assert site.versions() == {1} and site.do("traffic")["share"] is None
    assert len(site.do("releases")["releases"]) == 1, "to end a share is no release"


def test_the_release_of_a_share_for_all(site: SharedSite) -> None:
    site.write(3)
    share = site.do("deploy", "--inputs", "traffic=0.5")["share"]["release"]
    site.write(9)
    published = site.do("deploy", "--inputs", "publish=true")
    assert (published["release"], published["marked"]) == (share, "stable"), "what is in the folder is not looked at"
    assert site.versions() == {3}
    live = site.do("releases")["releases"][0]
    assert live["live"] and live["id"] == share and live["marks"] == ["stable"]
    site.write(4)
    share = site.do("deploy", "--traffic", "0.5")["share"]["release"]
    assert site.do("traffic", "1")["stable"] == {**site.do("traffic")["stable"], "release": share, "part": 1.0}
    assert site.versions() == {4}
    assert site.do("rollback")["of"] == live["id"] and site.versions() == {3}, "and back, as after every release"


def test_a_deploy_in_the_middle_of_a_share_asks_which_of_the_two_it_replaces(site: SharedSite) -> None:
    site.write(5)
    stable = site.version(0)
    site.do("deploy", "--traffic", "0.5")
    site.write(6)
    for words in ((), ("--traffic", "0.2"), ("--yes",)):
        assert site.refused("deploy", *words) == "ShareRunning"
    assert site.do("plan")["refusal"]["code"] == "ShareRunning"
    assert site.refused("deploy", "--replace", "stable") == "NoIdleSlot"
    assert site.refused("deploy", "--traffic", "0") == site.refused(
        "deploy", "--traffic", "0.1", "--inputs", "publish=true") == "CannotSplit"
    declined = site.run("deploy", tty=True, typed="\n", code=5)
    assert "Which one? [share/both]" in declined.noted and site.versions() == {stable, 5}

    site.run("deploy", tty=True, typed="share\n")
    assert site.versions() == {stable, 6} and site.do("traffic")["share"]["part"] == 0.5
    site.write(7)
    site.do("deploy", "--traffic", "0.5", "--yes")
    assert site.versions() == {stable, 7}
    site.do("deploy", "--traffic", "0.45")
    assert site.do("traffic")["share"]["part"] == 0.45, "the same site: only the part changes, and nothing is asked"

    site.configure(releases={"slots": 3})
    site.write(8)
    site.do("deploy", "--replace", "stable")
    assert site.versions() == {8, 7} and site.do("traffic")["share"]["part"] == 0.45
    site.write(9)
    site.do("deploy", "--replace", "both")
    assert site.versions() == {9} and site.do("traffic")["share"] is None
    site.write(10)
    site.do("deploy", "--traffic", "0.5")
    site.write(9)
    site.do("deploy", "--traffic", "1")
    assert site.versions() == {9} and site.do("traffic")["share"] is None, "what is live, for all"


@pytest.mark.parametrize(("where", "again"), [
    ("sitepub.actions.slots.zone_pointer.ZonePointer.point", ("traffic", "1")),
    ("sitepub.publish.slots.turn.Turn._root", ("deploy", "--inputs", "publish=true"))])
def test_a_share_for_all_whose_run_was_killed_is_ended_by_the_same_command(
        site: SharedSite, where: str, again: tuple[str, ...]) -> None:
    """Before the pointer moved, and between it and the bucket's root."""
    version = 20 + len(site.do("releases")["releases"])
    site.write(version)
    stable = site.version()
    share = site.do("deploy", "--traffic", "0.5", "-m", f"version {version}")["share"]["release"]
    with pytest.MonkeyPatch.context() as patch:
        def killed(*_: object, **__: object) -> None:
            raise SitepubError("killed", code="Killed")

        patch.setattr(where, killed)
        assert site.do(*again, code=1)["error"]["code"] == "Killed"
    assert site.versions() <= {stable, version}
    site.do(*again)
    assert site.versions() == {version} and site.do("traffic")["share"] is None
    live = site.do("releases")["releases"][0]
    assert (live["live"], live["id"], live["message"]) == (True, share, f"version {version}")
    slots = site.do("info")["slots"]
    assert slots["root"] is None and site.do("plan")["status"] == "unchanged"


def test_what_is_live_in_a_stage_is_promoted_to_a_share(shared_cloud: LocalCloud, tmp_path: Path) -> None:
    site = make(shared_cloud, tmp_path, "prod")
    hosts = [{"host": "${stage}.shared-out.com", "edge": "edgeone"}]
    site.configure(releases={"slots": 2}, hosts=hosts)
    site.do("deploy", "--stage", "prod")
    site.write(2)
    site.do("deploy", "--stage", "testing")
    promoted = site.do("promote", "testing", "--traffic", "0.5")
    assert promoted["share"]["part"] == 0.5 and site.versions() == {1, 2}
    assert site.refused("promote", "testing") == "ShareRunning"
    site.do("promote", "testing", "--replace", "both")
    assert site.versions() == {2} and site.do("traffic", "--stage", "prod")["share"] is None
    site.write(3)
    site.do("deploy", "--stage", "prod", "--traffic", "0.5")
    for stage in ("prod", "testing"):
        assert site.do("remove", "--yes", "--stage", stage)["left"] == []


def test_a_site_without_slots_has_no_share(shared_cloud: LocalCloud, tmp_path: Path) -> None:
    plain = make(shared_cloud, tmp_path, "plain")
    plain.configure()
    assert plain.refused("deploy", "--traffic", "0.1") == "CannotSplit"
    assert plain.refused("deploy", "--replace", "share") == "NoShare"
    assert plain.refused("traffic", "0.5") == "CannotSplit" and plain.do("traffic", "1", code=1)
