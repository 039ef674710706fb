"""All schemas of answers, by the command that prints them."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.cli.schemas.looking import LOOKING
from sitepub.cli.schemas.others import OTHERS
from sitepub.cli.schemas.parts import Schema
from sitepub.cli.schemas.publishing import PUBLISHING

OUTPUTS: Mapping[str, Schema] = {**PUBLISHING, **LOOKING, **OTHERS}
"""Name → schema. A folder with several sites answers with a list of them in `projects`."""


def output_schema(name: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"sitepub {name} --json",
            **OUTPUTS[name]}
