"""Model of ``inputs.releases``: which releases are kept, and how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from sitepub.config.models.fields import Duration, Shape, Whole, duration, whole, wrong


def _longest(days: int) -> AfterValidator:
    def check(seconds: int) -> int:
        if seconds > days * 86400:
            raise wrong(f"expected {days} d at most")
        return seconds

    return AfterValidator(check)


class KeepShape(Shape):
    """How many releases are kept with their content."""

    number: Whole = Field(100, ge=1, le=1000, description="So many, the live one among them.")
    age: Annotated[Duration, _longest(3650)] | None = Field(None, description=(
        "And none that is older: `90 d`. The live one is always kept."))


def _keep(value: object) -> object:
    """A number of releases, an age, or a map with both."""
    if isinstance(value, dict) or value is None:
        return value
    try:
        return {"number": whole(value)}
    except PydanticCustomError:
        pass
    try:
        age = duration(value)
    except PydanticCustomError:
        raise wrong("expected a number of releases (100), an age (90 d), or a map with `number` and `age`") from None
    return {"number": 1000, "age": f"{age / 3600:.3f} h"}


class ReleasesShape(Shape):
    """Which releases are kept, and how long."""

    keep: Annotated[KeepShape, BeforeValidator(_keep), WithJsonSchema({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 1000}, {"type": "string"},
        {"type": "object", "properties": {"number": {"type": "integer", "minimum": 1, "maximum": 1000},
                                          "age": {"type": ["string", "number"]}}, "additionalProperties": False}]})
        ] | None = Field(None, description=(
            "Releases that are kept with their content, so that they can go live again: a number, an age (`90 d`), or"
            " `{number: …, age: …}`. The default is 100."))
    keep_assets: Annotated[Duration, _longest(30)] = Field(7 * 86400, description=(
        "How long files that are no pages stay live after the site has dropped them, for pages that are open: `7 d`,"
        " `12 h`; 0 deletes them at once, 30 d is the most."))
    slots: Whole = Field(1, ge=1, le=5, description=(
        "2 to 5 folders of the bucket that hold one release each, so that a host with `edge: edgeone` is moved from one"
        " release to another as a whole, and back. 1: the bucket's root alone."))
