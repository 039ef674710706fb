"""Model of ``inputs.checks``: what is checked before publishing."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sitepub.config.models.fields import Shape, TextList, wrong

KINDS = ("link", "image", "script", "style", "file", "anchor", "case", "slash", "canonical", "sitemap", "feed",
         "mixed-content", "other-stage", "local-address", "error-page", "redirect", "gone", "size")
"""What may be skipped."""
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s{0,10}(|b|k|kb|m|mb|g|gb|kib|mib|gib)")
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3,
          "kib": 1024, "mib": 1024**2, "gib": 1024**3}


def size(value: object) -> int:
    """Bytes of ``2 MB``, ``300kB``, ``1.5 MiB``; a plain number means bytes."""
    text = str(value).strip().lower() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise wrong("expected a size like 300 KB or 2 MB")
    return round(float(found[1]) * _UNITS[found[2]])


def _some(count: int) -> int:
    if count <= 0:
        raise wrong("expected more than nothing")
    return count


def _kind(value: object) -> object:
    if value not in KINDS:
        raise wrong("expected " + ", ".join(KINDS))
    return value


Size = Annotated[int, BeforeValidator(size), AfterValidator(_some), WithJsonSchema({
    "type": ["string", "number"], "pattern": r"^\s*\d{1,12}(\.\d{1,6})?\s*([bB]|[kKmMgG]([iI]?[bB])?)?\s*$"})]
"""Bytes."""
SkippedKind = Annotated[str, BeforeValidator(_kind), WithJsonSchema({"enum": list(KINDS)})]


def _sizes(value: Any) -> Any:
    if not isinstance(value, dict):
        raise wrong("expected a map such as {page: 2 MB, '*.js': 300 KB}")
    return value


class ChecksShape(Shape):
    """What is checked before publishing."""

    mode: Literal["warn", "fail"] | None = Field(None, description=(
        "`fail`: a finding ends `deploy` with exit code 1 before anything is changed. `warn`, the default: it is shown."
        " `sitepub check` ends with 1 unless this says `warn`."))
    size: Annotated[dict[str, Size], BeforeValidator(_sizes), WithJsonSchema({
        "type": "object", "additionalProperties": {"type": ["string", "number"]}})] = Field({}, description=(
            "The most that something may have: `page` (a page with the scripts, styles and pictures of the site that it"
            " loads), `total` (the whole site), and patterns of files in gitignore syntax: `'*.js': 300 KB`."))
    skip: list[SkippedKind] = Field([], description="Kinds of findings that are not wanted: `[anchor, mixed-content]`.")
    ignore: TextList = Field([], description=(
        "Addresses that are not checked, as they are written or as paths; `*` stands for anything: `/admin/*`."))
