"""Visits are told in order, none lost and none twice, whatever the log service does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.errors import CloudError
from sitepub.logs.cls_topic import ClsTopic, Pace
from sitepub.logs.merge import Seen, Settling, in_order
from sitepub.logs.visit import Visit
from tests.logs.log_service import BEGIN, LogService, Record

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def visit(seconds: float, name: str = "") -> Visit:
    return Visit(NOW + timedelta(seconds=seconds), 200, "GET", "h", f"/{name}", id=name)


# The parts


def test_a_visit_is_new_once() -> None:
    seen = Seen()
    assert [seen.take(name, 5) for name in ("a", "b", "a", "b", "c")] == [True, True, False, False, True]


def test_what_no_question_can_bring_again_is_forgotten() -> None:
    seen = Seen()
    for at in range(1000):
        seen.take(str(at), at)
        seen.forget_before(at - 10)
    assert len(seen) == 11


def test_an_earlier_visit_that_comes_within_the_holding_time_goes_first() -> None:
    settling = Settling(5)
    settling.add([visit(2, "late")], now=0)
    settling.add([visit(1, "early")], now=3)
    assert settling.ready(now=4.9) == []
    assert [one.id for one in settling.ready(now=5)] == ["early", "late"]


def test_a_visit_that_comes_too_late_for_its_place_is_told_all_the_same() -> None:
    settling = Settling(5)
    settling.add([visit(2, "first")], now=0)
    assert [one.id for one in settling.ready(now=5)] == ["first"]
    settling.add([visit(1, "late")], now=6)
    assert [one.id for one in settling.ready(now=11)] == ["late"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=60), st.integers(0, 8))
def test_settling_loses_nothing_and_orders_what_came_in_time(arrivals: list[tuple[int, int]], hold: int) -> None:
    settling = Settling(hold)
    arrivals.sort(key=lambda pair: pair[1])
    told: list[Visit] = []
    for number, (at, arrived) in enumerate(arrivals):
        told += settling.ready(arrived)
        settling.add([visit(at, str(number))], arrived)
    told += settling.rest()
    assert sorted(one.id for one in told) == sorted(str(number) for number in range(len(arrivals)))
    moments = {str(number): pair for number, pair in enumerate(arrivals)}
    for before, after in pairwise(told):
        # Only one that came when the other was already let go may be out of its place.
        if before.time > after.time:
            assert moments[after.id][1] >= moments[before.id][1] + hold


@given(st.lists(st.integers(0, 100), max_size=60))
def test_nearly_ordered_visits_are_ordered(seconds: list[int]) -> None:
    ordered = [visit(one).time for one in sorted(seconds)]
    assert [one.time for one in in_order(map(visit, sorted(seconds)), 3)] == ordered
    shuffled = [visit(one, str(number)) for number, one in enumerate(seconds)]
    assert [one.id for one in in_order(shuffled, 100)] == [
        one.id for one in sorted(shuffled, key=lambda one: one.time)]
    assert len(list(in_order(shuffled, 2))) == len(shuffled)


# Following a topic


def test_visits_are_told_in_order_once_each() -> None:
    service = LogService([Record(number, number * 0.5) for number in range(100)])
    assert service.follow(120) == [f"/{number}" for number in range(100)]


def test_a_record_that_the_service_shows_seconds_late_still_takes_its_place() -> None:
    service = LogService([Record(0, 10.0), Record(1, 11.0, shown=14.5), Record(2, 12.0), Record(3, 30.0)])
    assert service.follow(60) == ["/0", "/1", "/2", "/3"]


def test_a_record_that_comes_minutes_late_is_told() -> None:
    service = LogService([Record(0, 10.0), Record(1, 11.0, shown=500.0), Record(2, 400.0)])
    assert service.follow(700) == ["/0", "/2", "/1"]


def test_a_record_that_comes_hours_late_is_told_once() -> None:
    records = [Record(0, 10.0), Record(1, 11.0, shown=5 * 3600.0), Record(2, 4 * 3600.0)]
    service = LogService(records)
    assert service.follow(6 * 3600) == ["/0", "/2", "/1"]
    long = [question for question in service.questions if question["To"] - question["From"] > 1000_000]
    assert len(long) <= 6 * 3600 / 900, "such questions are rare"


def test_answers_that_tell_everything_twice_and_backwards_change_nothing() -> None:
    records = [Record(number, number * 0.25) for number in range(200)]
    service = LogService(records, twice=True, scrambled=True)
    assert service.follow(120) == [f"/{number}" for number in range(200)]


def test_a_service_that_is_out_of_reach_is_waited_for_and_nothing_is_lost() -> None:
    service = LogService([Record(number, float(number)) for number in range(300)], fails=((20, 200),))
    notes: list[str] = []
    assert service.follow(400, notes=notes) == [f"/{number}" for number in range(300)]
    assert len(notes) == 2
    assert "waiting" in notes[0]
    assert "again" in notes[1]


def test_more_records_than_a_cursor_leads_to_are_read_all_the_same() -> None:
    service = LogService([Record(number, number * 0.001) for number in range(23_500)])
    service.now += 60
    read = [visit.path for visit in service.topic().read(BEGIN)]
    assert read == [f"/{number}" for number in range(23_500)]


def test_more_records_than_a_cursor_leads_to_within_one_moment_are_read_all_the_same() -> None:
    service = LogService([Record(number, 1.0) for number in range(12_345)] + [Record(20_000, 2.0)])
    service.now += 60
    read = [visit.path for visit in service.topic().read(BEGIN)]
    assert len(read) == len(set(read)) == 12_346
    assert read[-1] == "/20000"


def test_questions_overlap_and_far_ones_are_rare() -> None:
    service = LogService([])
    service.follow(600, Pace(every=2, overlap=60, far_every=30, far=900))
    ends = [question["To"] - question["From"] for question in service.questions]
    assert len(ends) == 300
    assert min(ends[1:]) > 0
    assert sum(1 for end in ends[100:] if end > 400_000) < 30


def test_memory_stays_bounded_over_a_long_time() -> None:
    seen_sizes = []
    service = LogService([Record(number, float(number)) for number in range(2000)])
    original = Seen.forget_before

    def measured(self: Seen, at: int) -> None:
        original(self, at)
        seen_sizes.append(len(self))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Seen, "forget_before", measured)
        assert len(service.follow(2100, Pace(far=100, farthest=100, overlap=10))) == 2000
    assert max(seen_sizes) < 150


def test_an_error_that_waiting_does_not_cure_ends_the_following() -> None:
    class Gone(LogService):
        def call(self, *_: object) -> dict[str, object]:
            raise CloudError("no index", code="ResourceNotFound.IndexNotExist")

    with pytest.raises(CloudError, match="no index"):
        Gone([]).follow(10)


def test_a_topic_without_an_index_of_the_host_is_filtered_here() -> None:
    class NoIndex(LogService):
        def call(self, service: str, version: str, action: str, params: object, /) -> dict[str, object]:
            assert isinstance(params, dict)
            if params["QueryString"]:
                raise CloudError("no index", code="FailedOperation.SyntaxError")
            return super().call(service, version, action, params)

    service = NoIndex([Record(0, 1.0), Record(1, 2.0)])
    service.now += 10
    for host, count in (("www.example.com", 2), ("WWW.example.com", 2), ("other.example.com", 0)):
        topic = ClsTopic(service, "t", [host], clock=lambda: service.now)
        assert len(list(topic.read(BEGIN))) == count


@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 800)), max_size=40),
    st.booleans(), st.booleans(),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 60)), max_size=3),
)
def test_none_is_lost_and_none_is_twice_whatever_the_service_does(
        visits: list[tuple[float, float]], twice: bool, scrambled: bool, gaps: list[tuple[float, float]]) -> None:
    records = [Record(number, at, shown=at + late) for number, (at, late) in enumerate(visits)]
    fails = tuple((begin, begin + length) for begin, length in gaps)
    service = LogService(records, twice=twice, scrambled=scrambled, fails=fails)
    told = service.follow(1400)
    assert sorted(told) == sorted(f"/{record.number}" for record in records)
