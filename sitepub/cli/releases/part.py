"""A part of the visitors, as it is written on the command line: ``--traffic`` and ``--replace`` of deploy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from sitepub.config.project import Project

_PART = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})(%?)")
SMALLEST = 0.0001
"""The router knows visitors by 10,000 numbers."""


def part_of(_context: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """``0.1`` or ``10%`` as a number from 0 to 1; ``None``: it was left out."""
    if value is None:
        return None
    found = _PART.fullmatch(value.strip())
    part = (float(found[1]) / (100 if found[2] else 1)) if found is not None else -1.0
    if not 0 <= part <= 1:
        hint = ""
        if found is not None and not found[2] and 1 < part <= 100:
            hint = f", or {found[1]}%"
        raise click.BadParameter(f"{value!r} is not a part of the visitors: write 0.1{hint} (from 0 to 1)")
    if 0 < part < SMALLEST:
        raise click.BadParameter(f"{value!r} is too small: the smallest part is {SMALLEST}")
    return part


def share_options() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Passed on as ``traffic`` (``None``: not given) and ``replaces`` (a word, or ``None``)."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        function = click.option("--replace", "replaces", type=click.Choice(["share", "stable", "both"]),
                                help="While a part of the visitors gets a release of its own: replace that one"
                                     " (share), the one of all others (stable), or both.")(function)
        return click.option("--traffic", metavar="PART", callback=part_of,
                            help="Give the release to a part of the visitors: 0.1, or 10%.")(function)

    return add


def with_share(project: Project, traffic: float | None, replaces: str | None) -> Project:
    """The project with what the options say. Raises UsageError."""
    if project.preview is not None and (traffic is not None or replaces is not None):
        raise click.UsageError("--traffic and --replace do not go with --preview: a preview has visitors of its own")
    return project if traffic is None else replace(project, traffic=traffic)


def percent(part: float) -> str:
    """``12.5 %``."""
    return f"{part * 100:.2f}".rstrip("0").rstrip(".") + " %"
