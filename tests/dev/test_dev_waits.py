"""What is waited for is told once, and what is over in a moment is not."""

from __future__ import annotations

import time

from sitepub.actions.dev_waits import Waits
from sitepub.dev.session import End
from sitepub.errors import NetworkError, Refused

LOCKED = Refused("somebody else deploys", code="Locked")
GONE = NetworkError("the network is gone")


def test_a_lock_that_is_met_is_tried_again_in_a_moment_without_a_word() -> None:
    told: list[str] = []
    waits = Waits(told.append)
    assert waits.again("site", End.LATER, LOCKED) is End.SOON and told == [] and "site" not in waits
    while waits.again("site", End.LATER, LOCKED) is End.SOON:
        time.sleep(0.02)
    assert told == ["somebody else deploys"] and "site" in waits
    waits.again("site", End.LATER, LOCKED)
    assert len(told) == 1
    waits.over("site")
    assert waits.again("site", End.LATER, LOCKED) is End.SOON and "site" not in waits


def test_a_network_that_is_gone_is_told_at_once_and_once_for_each_target() -> None:
    told: list[str] = []
    waits = Waits(told.append)
    for name in ("site", "site", "preview"):
        assert waits.again(name, End.LATER, GONE) is End.LATER
    assert told == ["the network is gone"] * 2
    waits.over("site")
    assert "preview" in waits and "site" not in waits


def test_silence_is_told_when_it_lasts() -> None:
    told: list[str] = []
    waits = Waits(told.append)
    waits.no_answer("site", "my-bucket", time.monotonic())
    assert told == []
    for _ in range(3):
        waits.no_answer("site", "my-bucket", time.monotonic() - 60)
    assert told == ["no good answer from my-bucket so far"]
