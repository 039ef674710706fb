"""A visitor who opens pages at every moment of fifty deploys and ways back, with kills in between, and loads later what
they name: nothing is missing as long as dropped files are kept."""

from __future__ import annotations

from random import Random

import pytest

from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.histories.acts import Act, Kind, Stage, Trouble, What
from tests.publish.histories.world import DAY, WEEK, World
from tests.publish.sites import site_file, snapshot

DEPLOYS = 50
_WHAT: tuple[What, ...] = ("deploy", "deploy", "deploy", "rollback", "promote")
_TROUBLE: tuple[Kind, ...] = ("none", "none", "kill", "killed elsewhere", "failure", "failures")
_WHERE: tuple[Stage, ...] = ("prod", "prod", "testing")


def app(random: Random, version: int) -> Snapshot:
    """Pages that load some of the chunks that a build has made; most chunks stay the same from build to build."""
    built = [f"assets/chunk{number}.{version - version % (number + 1):08x}.js" for number in range(6)]
    files = [site_file(chunk, chunk.encode(), "text/javascript", version % 2) for chunk in built]
    for page in range(random.randint(1, 4)):
        needed = "".join(f"<needs {chunk}>" for chunk in random.sample(built, 3))
        files.append(site_file(f"p{page}.html", needed.encode(), "text/html"))
    return snapshot(*files)


@pytest.mark.parametrize("seed", range(times(1, long=100)))
def test_a_tab_that_stays_open_misses_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    world = World(monkeypatch, keep=WEEK, number=8)
    for version in range(DEPLOYS):
        trouble = Trouble(random.choice(_TROUBLE), random.randrange(40), random.random() < 0.5)
        where = random.choice(_WHERE)
        world.act(Act(random.choice(_WHAT), where, app(random, version), random.randrange(100), trouble))
        world.cloud.now += random.choice((60, 3600, DAY / 2, 2 * DAY))
    assert world.seen > DEPLOYS, "pages were open that name what has been dropped"
