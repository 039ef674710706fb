"""What is waited for is reported once, and what is over in a moment is not."""

from __future__ import annotations

import time

from sitepub.dev.schedule import End
from sitepub.dev.waits import Waits
from sitepub.errors import NetworkError, Refused

LOCKED = Refused("another deploy runs", code="Locked")
GONE = NetworkError("the network is gone")


def test_a_lock_that_is_met_is_tried_again_in_a_moment_without_a_word() -> None:
    reported: list[str] = []
    waits = Waits(reported.append)
    assert waits.again("site", End.LATER, LOCKED) is End.SOON and reported == [] and "site" not in waits
    while waits.again("site", End.LATER, LOCKED) is End.SOON:
        time.sleep(0.02)
    assert reported == ["another deploy runs"] and "site" in waits
    waits.again("site", End.LATER, LOCKED)
    assert len(reported) == 1
    waits.over("site")
    assert waits.again("site", End.LATER, LOCKED) is End.SOON and "site" not in waits


def test_a_network_that_is_gone_is_reported_at_once_and_once_for_each_target() -> None:
    reported: list[str] = []
    waits = Waits(reported.append)
    for name in ("site", "site", "preview"):
        assert waits.again(name, End.LATER, GONE) is End.LATER
    assert reported == ["the network is gone"] * 2
    waits.over("site")
    assert "preview" in waits and "site" not in waits


def test_silence_is_reported_when_it_lasts() -> None:
    reported: list[str] = []
    waits = Waits(reported.append)
    waits.task_began(time.monotonic())
    waits.request_failed("site", "my-bucket")
    assert reported == []
    waits.task_began(time.monotonic() - 60)
    for _ in range(3):
        waits.request_failed("site", "my-bucket")
    assert reported == ["no good answer from my-bucket so far"]
