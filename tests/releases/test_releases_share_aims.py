"""Who gets a release that is deployed: what the options and the share that runs make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sitepub.actions.deploying.values import DeployOptions
from sitepub.actions.releases.share import ANSWERS, Aim, Replaced, aim_of, publishes, refuse_share
from sitepub.cli.story import Story
from sitepub.config.load import load_project
from sitepub.config.project import Host, Project, Releases
from sitepub.errors import Refused
from sitepub.publish.states.state import LiveShare
from tests.terminal.screen import Screen

RUNNING = LiveShare("20261121T213000Z-ab12cd", 0.1, "2026-11-29T12:00:00+00:00", "ann@pc")
SHARE, STABLE, BOTH = Replaced


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("aims")
    (folder / "serverless.yml").write_text(
        "component: website\nname: aims\ninputs:\n  src:\n    src: ./src\n  region: ap-guangzhou\n", encoding="utf-8")
    return load_project(folder / "serverless.yml", environ={})


def project(plain: Project, part: float | None, slots: int, *, publish: bool = False) -> Project:
    return replace(plain, traffic=part, publish=publish, releases=Releases(slots=slots),
                   hosts=(Host("www.example.com", edge="edgeone"),))


def never(words: str, _answers: Mapping[str, str], _refusal: Refused) -> str:
    pytest.fail(f"asked: {words}")


@pytest.mark.parametrize(("part", "wanted"), [
    (None, Aim()), (1, Aim()), (0.1, Aim(0.1)), (0.0001, Aim(0.0001)), (0.9999, Aim(0.9999))])
def test_without_a_share_there_is_nothing_to_ask(plain: Project, part: float | None, wanted: Aim) -> None:
    assert aim_of(project(plain, part, 2), (), None, never) == wanted


@pytest.mark.parametrize(("part", "slots", "said", "wanted"), [
    (None, 2, SHARE, Aim(0.1, RUNNING)), (None, 3, STABLE, Aim(None, RUNNING)),
    (None, 2, BOTH, Aim(None, RUNNING, ends=True)), (0.3, 2, SHARE, Aim(0.3, RUNNING)),
    (1, 2, None, Aim(None, RUNNING, ends=True)), (1, 2, BOTH, Aim(None, RUNNING, ends=True))])
def test_an_option_says_what_is_replaced(plain: Project, part: float | None, slots: int, said: Replaced | None,
                                         wanted: Aim) -> None:
    assert aim_of(project(plain, part, slots), (RUNNING,), said, never) == wanted


@pytest.mark.parametrize(("part", "slots", "offered", "answer"), [
    (None, 3, [SHARE, STABLE, BOTH], STABLE), (None, 2, [SHARE, BOTH], SHARE), (0.2, 2, [SHARE], SHARE),
    (None, 5, [SHARE, STABLE, BOTH], BOTH)])
def test_a_deploy_in_the_middle_of_a_share_asks_which_of_the_two_it_replaces(
        plain: Project, part: float | None, slots: int, offered: list[Replaced], answer: Replaced) -> None:
    asked: list[list[str]] = []

    def ask(words: str, answers: Mapping[str, str], refusal: Refused) -> str:
        assert "0.1 of the visitors" in words and refusal.code == "ShareRunning" and refusal.hint is not None
        assert all(f"--replace {one}" in refusal.hint for one in answers)
        asked.append(list(answers))
        return answer

    found = aim_of(project(plain, part, slots), (RUNNING,), None, ask)
    assert asked == [offered] and found.ends is (answer is BOTH)


def test_yes_answers_only_what_has_one_answer() -> None:
    story = Story(Screen(), yes=True)
    assert story.choose("", {"share": "the only one"}, Refused("asked")) == "share"
    with pytest.raises(Refused, match="asked"):
        story.choose("", {str(one): what for one, what in ANSWERS.items()}, Refused("asked"))


def test_the_same_site_again_changes_the_part_and_asks_nothing(plain: Project) -> None:
    assert aim_of(project(plain, 0.2, 2), (RUNNING,), None, never, same=lambda one: one is RUNNING) == Aim(0.2, RUNNING)


def test_publish_makes_the_release_of_the_share_live_as_it_is(plain: Project) -> None:
    published = project(plain, None, 2, publish=True)
    assert publishes(published, DeployOptions()) and aim_of(published, (), None, never) == Aim()
    assert not publishes(published, DeployOptions(replaces="both"))
    assert aim_of(published, (RUNNING,), BOTH, never) == Aim(None, RUNNING, ends=True)
    for other in (project(plain, 1, 2, publish=True), project(plain, None, 1, publish=True), project(plain, None, 2)):
        assert not publishes(other, DeployOptions())


@pytest.mark.parametrize(("part", "publish", "slots", "shares", "said", "code"), [
    (0, False, 2, (), None, "CannotSplit"), (0.00001, False, 2, (), None, "CannotSplit"),
    (0, False, 2, (RUNNING,), SHARE, "CannotSplit"), (0.1, True, 2, (), None, "CannotSplit"),
    (None, False, 2, (), SHARE, "NoShare"), (1, False, 2, (), SHARE, "NoShare"),
    (0.1, False, 3, (RUNNING,), STABLE, "CannotSplit"), (0.1, False, 3, (RUNNING,), BOTH, "CannotSplit"),
    (1, False, 3, (RUNNING,), STABLE, "CannotSplit"), (1, False, 3, (RUNNING,), SHARE, "CannotSplit"),
    (None, False, 2, (RUNNING,), STABLE, "NoIdleSlot")])
def test_what_cannot_be(plain: Project, part: float | None, publish: bool, slots: int, shares: tuple[LiveShare, ...],
                        said: Replaced | None, code: str) -> None:
    with pytest.raises(Refused) as error:
        aim_of(project(plain, part, slots, publish=publish), shares, said, never)
    assert error.value.code == code and error.value.hint


@pytest.mark.parametrize(("part", "said", "wanted"), [
    (0.1, SHARE, Aim(0.1)), (0.1, BOTH, Aim(0.1)), (None, STABLE, Aim()), (None, BOTH, Aim())])
def test_where_no_share_runs_any_more_there_is_nothing_to_choose(plain: Project, part: float | None, said: Replaced,
                                                                wanted: Aim) -> None:
    assert aim_of(project(plain, part, 2), (), said, never) == wanted


def test_an_edge_that_can_and_a_site_without_slots(plain: Project) -> None:
    for part in (0, 0.1):
        with pytest.raises(Refused) as error:
            refuse_share(project(plain, part, 1))
        assert error.value.code == "CannotSplit" and "releases.slots: 2" in str(error.value.hint)
    refuse_share(project(plain, 1, 1))
    refuse_share(project(plain, None, 1))
