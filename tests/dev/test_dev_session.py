"""What is to be done next, decided without doing anything."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sitepub.dev.session import End, Session, Task, Work
from sitepub.dev.sources import Role
from sitepub.watch.bursts import Burst

EVERYTHING = Burst(everything=True)


def one(name: str) -> Burst:
    return Burst(frozenset({Path(name)}))


def do(session: Session, work: Work, end: End = End.DONE, now: float = 0.0) -> Task:
    task = session.next(now)
    assert task is not None and task.work is work
    session.ended(end, now)
    return task


def test_a_folder_is_published_from_what_has_changed() -> None:
    session = Session(builds=False)
    assert session.next(0.0) is None and session.due is None
    session.changed(Role.OUTPUT, one("a"))
    session.changed(Role.OUTPUT, one("b"))
    assert do(session, Work.PUBLISH).burst == Burst(frozenset({Path("a"), Path("b")}))
    assert session.next(0.0) is None


def test_one_thing_at_a_time_and_nothing_that_comes_meanwhile_is_forgotten() -> None:
    session = Session(builds=True)
    session.again()
    assert session.next(0.0) == Task(Work.BUILD)
    session.changed(Role.SOURCE, one("a"))
    session.changed(Role.CONFIG)
    assert session.next(0.0) is None and session.due is None
    session.ended(End.DONE, 0.0)
    do(session, Work.CONFIGURE)
    do(session, Work.BUILD)
    assert do(session, Work.PUBLISH).burst == EVERYTHING
    assert session.next(0.0) is None


def test_a_failed_build_publishes_nothing() -> None:
    session = Session(builds=True)
    session.changed(Role.SOURCE)
    do(session, Work.BUILD)
    do(session, Work.PUBLISH, End.LATER)
    session.changed(Role.SOURCE)
    do(session, Work.BUILD, End.FAILED)
    assert session.due is None and session.failed is Work.BUILD
    session.changed(Role.SOURCE)
    do(session, Work.BUILD)
    do(session, Work.PUBLISH)
    assert session.failed is None


def test_a_mistake_in_the_configuration_stops_only_itself() -> None:
    session = Session(builds=False)
    session.changed(Role.CONFIG)
    do(session, Work.CONFIGURE, End.FAILED)
    assert session.due is None
    session.changed(Role.OUTPUT, one("a"))
    do(session, Work.PUBLISH)
    session.changed(Role.CONFIG)
    do(session, Work.CONFIGURE)
    assert do(session, Work.PUBLISH).burst == EVERYTHING


def test_a_lost_network_is_waited_out_longer_and_longer() -> None:
    session = Session(builds=False)
    session.changed(Role.OUTPUT, one("a"))
    now, waits = 0.0, []
    for _ in range(6):
        do(session, Work.PUBLISH, End.LATER, now)
        assert session.due is not None
        waits.append(session.due - now)
        assert session.next(session.due - 0.001) is None
        now = session.due
    assert waits == sorted(waits) and waits[0] == 1.0 and waits[-1] == 5.0
    session.changed(Role.OUTPUT, one("b"))
    assert session.due == 0.0, "a save is a reason to try at once"


def test_what_is_being_written_is_tried_again_in_a_moment_but_not_for_ever() -> None:
    session = Session(builds=False)
    session.changed(Role.OUTPUT, one("a"))
    now, waits = 0.0, []
    for _ in range(25):
        do(session, Work.PUBLISH, End.SOON, now)
        assert session.due is not None
        waits.append(session.due - now)
        now = session.due
    assert waits[0] < 0.5 and waits[-1] == 5.0


def test_a_follow_up_of_the_loop_guard_waits_and_real_changes_do_not() -> None:
    session = Session(builds=True)
    session.changed(Role.SOURCE)
    do(session, Work.BUILD)
    session.changed_during_build(3.0)
    do(session, Work.PUBLISH)
    assert session.due == 3.0 and session.next(2.9) is None
    assert do(session, Work.BUILD, now=3.0).follow_up
    do(session, Work.PUBLISH, now=3.0)
    session.changed_during_build(9.0)
    session.changed(Role.SOURCE)
    assert not do(session, Work.BUILD, now=4.0).follow_up


happenings = st.lists(st.one_of(
    st.sampled_from(["config", "source", "again", "during"]),
    st.sampled_from(list("abc")),
    st.sampled_from([End.DONE, End.FAILED, End.SOON, End.LATER])), max_size=60)


@given(happenings, st.booleans())
def test_whatever_happens_everything_ends_up_published(happening: list[str | End], builds: bool) -> None:
    """Published means: after the last change, a good build (if there is a hook), then a good publish that was
    told of each path that changed since the publish before, or of everything."""
    session = Session(builds=builds)
    now = 0.0
    built = True
    unknown: set[Path] = set()
    running: Task | None = None
    at_begin: set[Path] = set()

    def begin() -> None:
        nonlocal running, at_begin
        if running is None:
            running = session.next(now)
            if running is not None and running.work is Work.PUBLISH:
                told = running.burst
                # A kept snapshot remembers what it was told even when the publish fails.
                unknown.clear() if told.everything else unknown.difference_update(told.paths)

    def end(how: End) -> None:
        nonlocal running, built
        if running is None:
            return
        if running.work is Work.BUILD:
            built = how is End.DONE
        if running.work is Work.PUBLISH and builds:
            assert built, "what was not built is not published"
        session.ended(how, now)
        running = None

    for what in happening:
        begin()
        if isinstance(what, End):
            end(what)
        elif what == "config":
            session.changed(Role.CONFIG)
        elif what == "source" and builds:
            session.changed(Role.SOURCE)
        elif what == "during" and builds and running is not None:
            session.changed_during_build(now + 1)
        elif what == "again":
            session.again()
        elif not builds and len(what) == 1:
            unknown.add(Path(what))
            session.changed(Role.OUTPUT, one(what))
        now += 0.5
    if running is not None:
        end(End.DONE)
    if builds and not built:
        session.changed(Role.SOURCE)  # a build that failed is tried again when somebody repairs something
    for _ in range(20):
        now = max(now, session.due or now)
        begin()
        end(End.DONE)
    assert session.due is None and not unknown and built
