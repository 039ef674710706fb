"""Telling a hook that writes from a user who types."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sitepub.dev.loop_guard import PAUSES, LoopGuard, changed_after, stamps

PAGE, DATA = Path("/blog/source/page.md"), Path("/blog/source/data.json")


def test_a_change_during_a_run_asks_for_another_one() -> None:
    guard = LoopGuard()
    verdict = guard.after_run({PAGE: b"1"}, follow_up=False)
    assert verdict.again and verdict.pause == 0 and not verdict.own
    assert not guard.after_run({}, follow_up=True).again


def test_the_same_content_again_asks_for_nothing() -> None:
    guard = LoopGuard()
    assert guard.after_run({DATA: b"same"}, follow_up=False).again
    assert not guard.after_run({DATA: b"same"}, follow_up=True).again
    assert not guard.after_run({DATA: b"same"}, follow_up=False).again
    assert guard.after_run({DATA: b"edited by the user"}, follow_up=False).again


def test_going_back_to_what_a_file_held_after_an_earlier_run_is_a_change() -> None:
    guard = LoopGuard()
    assert guard.after_run({PAGE: b"good"}, follow_up=False).again
    assert not guard.after_run({}, follow_up=True).again
    guard.outside([PAGE])  # a mistake, whose build fails …
    assert guard.after_run({PAGE: b"good"}, follow_up=False).again, "… and that is taken back at once"


def test_what_changes_in_every_run_is_found_out() -> None:
    guard = LoopGuard()
    pauses = []
    follow_up = False
    for number in range(10):
        verdict = guard.after_run({DATA: b"%d" % number}, follow_up=follow_up)
        follow_up = True
        if not verdict.again:
            break
        pauses.append(verdict.pause)
    assert verdict.own == {DATA} and tuple(pauses) == PAUSES
    assert guard.after_run({DATA: b"x", PAGE: b"y"}, follow_up=False).again, "the user's are still seen"


def test_ever_new_names_are_found_out_by_their_folder() -> None:
    guard = LoopGuard()
    for number in range(10):
        verdict = guard.after_run({Path(f"/blog/source/cache/{number}"): b"x"}, follow_up=number > 0)
        if not verdict.again:
            break
    assert verdict.own == {Path("/blog/source/cache")} and number == len(PAUSES)


def test_a_user_who_types_on_is_never_taken_for_the_hook() -> None:
    guard = LoopGuard()
    for number in range(50):
        assert guard.after_run({PAGE: b"%d" % number}, follow_up=number > 0).again
        guard.outside([PAGE])  # in the pause between two runs


def test_what_is_saved_right_after_a_run_is_slowed_down_but_never_taken_for_the_hook() -> None:
    guard = LoopGuard()
    for number in range(20):
        verdict = guard.after_run({PAGE: b"%d" % number}, follow_up=number > 0, late={PAGE})
        assert verdict.again and not verdict.own and verdict.pause == PAUSES[min(number, len(PAUSES) - 1)]


def test_a_pause_is_no_shorter_than_the_run_was() -> None:
    guard = LoopGuard()
    pauses = [guard.after_run({PAGE: b"%d" % number}, follow_up=number > 0, seconds=60.0).pause
              for number in range(len(PAUSES))]
    assert pauses == [0.0, 60.0, 60.0, 60.0]


def test_what_was_taken_for_the_hooks_and_is_saved_at_another_time_is_the_users_again() -> None:
    guard = LoopGuard()
    for number in range(len(PAUSES) + 1):
        verdict = guard.after_run({PAGE: b"%d" % number}, follow_up=number > 0)
    assert verdict.own == {PAGE} and not guard.after_run({PAGE: b"x"}, follow_up=False).again
    guard.outside([PAGE])
    assert guard.after_run({PAGE: b"y"}, follow_up=False).again


def test_what_was_changed_after_a_moment_is_known_also_when_it_was_moved_there(tmp_path: Path) -> None:
    old, young, moved = tmp_path / "old", tmp_path / "young", tmp_path / "moved"
    old.write_text("x")
    moment = old.stat().st_mtime
    while changed_after([old], moment) or not changed_after([young], moment):
        young.write_text("x")
    assert changed_after([old, young, tmp_path / "gone"], moment) == {young}
    if sys.platform != "win32":
        os.utime(young, (1, 1))
        young.rename(moved)
        assert changed_after([moved], moment) == {moved}


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)), max_size=6))
def test_a_hook_alone_never_runs_for_ever(script: list[dict[str, int]]) -> None:
    """The hook does the same things over and over, or something new each time."""
    guard = LoopGuard()
    follow_up = False
    for number in range(1000):
        what = script[number % len(script)] if script else {}
        during = {Path(f"/s/{name}"): (b"%d" % (number if kind == 3 else kind)) for name, kind in what.items()}
        if not guard.after_run(during, follow_up=follow_up).again:
            return
        follow_up = True
    raise AssertionError("it loops")


def test_stamps_tell_content(tmp_path: Path) -> None:
    file, folder, missing = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    file.write_text("1")
    folder.mkdir()
    first = stamps([file, folder, missing])
    file.write_text("2")
    second = stamps([file, folder, missing])
    assert first[file] != second[file] and first[folder] == second[folder] == b"" and first[missing] is None
