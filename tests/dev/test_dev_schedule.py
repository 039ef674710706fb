"""What is to be done next, decided without doing anything."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sitepub.dev.schedule import End, Job, Schedule, Task
from sitepub.dev.sources import Role
from sitepub.watch.bursts import Burst

EVERYTHING = Burst(everything=True)


def one(name: str) -> Burst:
    return Burst(frozenset({Path(name)}))


def do(schedule: Schedule, job: Job, end: End = End.DONE, now: float = 0.0) -> Task:
    task = schedule.next(now)
    assert task is not None and task.job is job
    schedule.ended(end, now)
    return task


def test_a_folder_is_published_from_what_has_changed() -> None:
    schedule = Schedule(builds=False)
    assert schedule.next(0.0) is None and schedule.due is None
    schedule.changed(Role.OUTPUT, one("a"))
    schedule.changed(Role.OUTPUT, one("b"))
    assert do(schedule, Job.PUBLISH).burst == Burst(frozenset({Path("a"), Path("b")}))
    assert schedule.next(0.0) is None


def test_one_thing_at_a_time_and_nothing_that_comes_meanwhile_is_forgotten() -> None:
    schedule = Schedule(builds=True)
    schedule.publish_all()
    assert schedule.next(0.0) == Task(Job.BUILD)
    schedule.changed(Role.SOURCE, one("a"))
    schedule.changed(Role.CONFIG)
    assert schedule.next(0.0) is None and schedule.due is None
    schedule.ended(End.DONE, 0.0)
    do(schedule, Job.CONFIGURE)
    do(schedule, Job.BUILD)
    assert do(schedule, Job.PUBLISH).burst == EVERYTHING
    assert schedule.next(0.0) is None


def test_a_failed_build_publishes_nothing() -> None:
    schedule = Schedule(builds=True)
    schedule.changed(Role.SOURCE)
    do(schedule, Job.BUILD)
    do(schedule, Job.PUBLISH, End.LATER)
    schedule.changed(Role.SOURCE)
    do(schedule, Job.BUILD, End.FAILED)
    assert schedule.due is None and schedule.failed is Job.BUILD
    schedule.changed(Role.SOURCE)
    do(schedule, Job.BUILD)
    do(schedule, Job.PUBLISH)
    assert schedule.failed is None


def test_a_mistake_in_the_configuration_stops_only_itself() -> None:
    schedule = Schedule(builds=False)
    schedule.changed(Role.CONFIG)
    do(schedule, Job.CONFIGURE, End.FAILED)
    assert schedule.due is None
    schedule.changed(Role.OUTPUT, one("a"))
    do(schedule, Job.PUBLISH)
    schedule.changed(Role.CONFIG)
    do(schedule, Job.CONFIGURE)
    assert do(schedule, Job.PUBLISH).burst == EVERYTHING


def test_a_lost_network_is_waited_out_longer_and_longer() -> None:
    schedule = Schedule(builds=False)
    schedule.changed(Role.OUTPUT, one("a"))
    now, waits = 0.0, []
    for _ in range(6):
        do(schedule, Job.PUBLISH, End.LATER, now)
        assert schedule.due is not None
        waits.append(schedule.due - now)
        assert schedule.next(schedule.due - 0.001) is None
        now = schedule.due
    assert waits == sorted(waits) and waits[0] == 1.0 and waits[-1] == 5.0
    schedule.changed(Role.OUTPUT, one("b"))
    assert schedule.due == 0.0, "a save is a reason to try at once"


def test_what_is_being_written_is_tried_again_in_a_moment_but_not_for_ever() -> None:
    schedule = Schedule(builds=False)
    schedule.changed(Role.OUTPUT, one("a"))
    now, waits = 0.0, []
    for _ in range(25):
        do(schedule, Job.PUBLISH, End.SOON, now)
        assert schedule.due is not None
        waits.append(schedule.due - now)
        now = schedule.due
    assert waits[0] < 0.5 and waits[-1] == 5.0


def test_a_follow_up_of_the_loop_guard_waits_and_real_changes_do_not() -> None:
    schedule = Schedule(builds=True)
    schedule.changed(Role.SOURCE)
    do(schedule, Job.BUILD)
    schedule.changed_during_build(3.0)
    do(schedule, Job.PUBLISH)
    assert schedule.due == 3.0 and schedule.next(2.9) is None
    assert do(schedule, Job.BUILD, now=3.0).follow_up
    do(schedule, Job.PUBLISH, now=3.0)
    schedule.changed_during_build(9.0)
    schedule.changed(Role.SOURCE)
    assert not do(schedule, Job.BUILD, now=4.0).follow_up


happenings = st.lists(st.one_of(
    st.sampled_from(["config", "source", "again", "during"]),
    st.sampled_from(list("abc")),
    st.sampled_from([End.DONE, End.FAILED, End.SOON, End.LATER])), max_size=60)


@given(happenings, st.booleans())
def test_whatever_happens_everything_ends_up_published(happening: list[str | End], builds: bool) -> None:
    """Published means: after the last change, a good build (if there is a hook), then a good publish that was
    reported of each path that changed since the publish before, or of everything."""
    schedule = Schedule(builds=builds)
    now = 0.0
    built = True
    unknown: set[Path] = set()
    running: Task | None = None
    at_begin: set[Path] = set()

    def begin() -> None:
        nonlocal running, at_begin
        if running is None:
            running = schedule.next(now)
            if running is not None and running.job is Job.PUBLISH:
                reported = running.burst
                # A kept snapshot remembers what it was reported even when the publish fails.
                unknown.clear() if reported.everything else unknown.difference_update(reported.paths)

    def end(how: End) -> None:
        nonlocal running, built
        if running is None:
            return
        if running.job is Job.BUILD:
            built = how is End.DONE
        if running.job is Job.PUBLISH and builds:
            assert built, "what was not built is not published"
        schedule.ended(how, now)
        running = None

    for what in happening:
        begin()
        if isinstance(what, End):
            end(what)
        elif what == "config":
            schedule.changed(Role.CONFIG)
        elif what == "source" and builds:
            schedule.changed(Role.SOURCE)
        elif what == "during" and builds and running is not None:
            schedule.changed_during_build(now + 1)
        elif what == "again":
            schedule.publish_all()
        elif not builds and len(what) == 1:
            unknown.add(Path(what))
            schedule.changed(Role.OUTPUT, one(what))
        now += 0.5
    if running is not None:
        end(End.DONE)
    if builds and not built:
        schedule.changed(Role.SOURCE)  # a build that failed is tried again when something is repaired
    for _ in range(20):
        now = max(now, schedule.due or now)
        begin()
        end(End.DONE)
    assert schedule.due is None and not unknown and built
