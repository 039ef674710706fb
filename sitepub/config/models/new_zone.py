"""Model of ``edgeone`` of a host and of previews: the zone that is created where there is none."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sitepub.config.models.fields import Shape, Text


class EdgeOneShape(Shape):
    """The EdgeOne zone that is created where the account has none for the host."""

    plan: Text | None = Field(None, description=(
        "The plan that it is bound to: its id (`edgeone-…`) or its type (`personal`, `basic`, `standard` …). Left out:"
        " one of the account's plans that takes another zone."))
    area: Literal["mainland", "overseas", "global"] | None = Field(None, description=(
        "Where it is served; `mainland` and `global` need an ICP filing. Left out: `area` of the host, else the plan's"
        " area, else `overseas`."))
