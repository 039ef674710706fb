"""Which slot answered a visitor: EdgeOne's lines of visits and of what an edge function asked for on their behalf."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sitepub.logs.slot_answers import Answers, SlotAnswers

A, B = ".sitepub/slots/a/", ".sitepub/slots/b/"
SINCE = datetime(2026, 11, 29, 12, tzinfo=UTC)


def visit(id: str, status: int, path: str = "/x", **more: Any) -> str:
    return json.dumps({"RequestID": id, "ParentRequestID": "-", "EdgeFunctionSubrequest": 0, "RequestUrl": path,
                       "RequestTime": "2026-11-29T12:00:01Z", "EdgeResponseStatusCode": status, **more})


def asked(parent: str, slot: str, status: int, **more: Any) -> str:
    return visit(f"{parent}-{slot}", status, f"/{slot}x", **{"ParentRequestID": parent, "EdgeFunctionSubrequest": 1,
                                                            **more})


def counted(*lines: str, **more: Any) -> dict[str, Answers]:
    found = SlotAnswers((A, B), SINCE, **more)
    found.add(lines)
    return found.found


def test_each_visit_counts_for_the_slot_that_was_asked_first_with_the_status_that_the_visitor_got() -> None:
    found = counted(visit("1", 200), asked("1", A, 200), asked("2", B, 404), visit("2", 404), asked("3", B, 503),
                    visit("3", 503), asked("4", A, 403), visit("4", 403), visit("5", 200, "/without-the-router"))
    assert found == {A: Answers(2, refused=1), B: Answers(2, missing=1, failed=1)}
    assert (found[A].part, found[B].part, found[B].errors) == (0.5, 1.0, 2)


def test_what_one_slot_lacks_and_another_has_is_no_error() -> None:
    assert counted(asked("1", B, 404), asked("1", A, 200), visit("1", 200)) == {B: Answers(1)}


def test_a_visit_whose_own_line_is_not_there_yet_counts_with_what_the_slot_answered() -> None:
    assert counted(asked("1", B, 404), asked("2", A, 200)) == {B: Answers(1, missing=1), A: Answers(1)}


@pytest.mark.parametrize("line", [
    "", "{", "[]", "null", '"text"', asked("1", ".sitepub/slots/c/", 200), asked("1", "sitepub/slots/a/", 200),
    asked("1", A, 200, RequestTime="2026-11-29T11:59:59Z"), asked("1", A, 200, RequestTime="-"),
    asked("1", A, 200, EdgeFunctionSubrequest=0), asked("1", A, 200, EdgeFunctionSubrequest=-1),
    asked("1", A, 200, RequestUrl=None)])
def test_what_says_nothing_of_the_slots_is_not_counted(line: str) -> None:
    assert counted(line) == {}


@pytest.mark.parametrize("change", [
    {"EdgeFunctionSubrequest": "1"}, {"RequestTime": "2026-11-29T12:00:00"},
    {"RequestTime": "2026-11-29T20:00:00+08:00"}, {"EdgeResponseStatusCode": "404"}])
def test_fields_may_be_text_and_times_without_a_zone_are_utc(change: dict[str, Any]) -> None:
    assert counted(asked("1", A, 404, **change)) == {A: Answers(1, missing=1)}


def test_an_end_is_kept_and_no_answers_have_no_share_of_errors() -> None:
    assert counted(asked("1", A, 200), until=datetime(2026, 11, 29, 12, 0, 1, tzinfo=UTC)) == {}
    assert Answers().part is None and Answers(4, missing=1).part == 0.25
