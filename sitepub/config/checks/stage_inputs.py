"""Keys of a stage's own inputs: those of all stages are checked, not only those of the one at hand."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.checks.nearest import did_you_mean
from sitepub.config.ignored import IGNORED
from sitepub.config.models.inputs import InputsShape
from sitepub.config.stages import Stages
from sitepub.errors import Problem

_SPELLINGS = ("bucket", "code", "envPath")
"""Keys that are read and brought to others."""


def check_stage_inputs(stages: Stages) -> Iterator[Problem]:
    known = {str(field.alias) for field in InputsShape.model_fields.values()} | {*_SPELLINGS} | {
        path[1] for path in IGNORED if path[0] == "inputs" and len(path) == 2}
    for stage, node in stages.settings:
        inputs = node.get("inputs")
        for key, child in inputs.entries.items() if inputs is not None else ():
            if key not in known:
                yield Problem(f"unknown key `stages.{stage}.inputs.{key}`", child.key_here, did_you_mean(key, known))
