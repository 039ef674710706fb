"""Telling a hook that writes from a user who types."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sitepub.dev.loop_guard import PAUSES, LoopGuard, stamps

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
