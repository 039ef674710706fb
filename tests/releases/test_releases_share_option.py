"""How a part of the visitors is written, and shown."""

from __future__ import annotations

import click
import pytest

from sitepub.cli.releases.part import part_of, percent

CONTEXT, PARAM = click.Context(click.Command("traffic")), click.Argument(["part"])


@pytest.mark.parametrize(("text", "part"), [
    ("0.1", 0.1), (".5", 0.5), ("1", 1), ("0", 0), ("1.0", 1), ("10%", 0.1), ("0.5%", 0.005), ("100%", 1),
    (" 5% ", 0.05), ("0.0001", 0.0001), ("0%", 0)])
def test_a_part_is_a_number_or_a_percentage(text: str, part: float) -> None:
    assert part_of(CONTEXT, PARAM, text) == pytest.approx(part)


@pytest.mark.parametrize(("text", "hint"), [
    ("10", "10%"), ("1.5", "1.5%"), ("101", "0.1 "), ("101%", "0.1 "), ("-0.1", "0.1 "), ("a", "0.1 "), ("", "0.1 "),
    ("0,1", "0.1 "), ("1e-3", "0.1 "), ("nan", "0.1 "), ("0.00001", "0.0001"), ("10 %%", "0.1 ")])
def test_what_is_no_part_is_refused_with_how_to_write_it(text: str, hint: str) -> None:
    with pytest.raises(click.BadParameter) as error:
        part_of(CONTEXT, PARAM, text)
    assert hint in error.value.message


def test_a_part_is_shown_without_empty_digits() -> None:
    assert [percent(part) for part in (0.1, 0.125, 0.0001, 1, 0, 0.9999)] == [
        "10 %", "12.5 %", "0.01 %", "100 %", "0 %", "99.99 %"]
