"""Records what the whole test run sends to the embedded cloud's API, and judges it at the end.

At the end, and not in each cloud: a run starts hundreds of clouds in processes of their own, most of them through the
real command, and none of them may import the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.cloud_api.gateway.recording import FOLDER
from tests.official.judge import judge
from tests.official.models import known

FINDINGS = pytest.StashKey[Counter[str]]()
COUNT = pytest.StashKey[int]()
_MOST_SHOWN = 60


def begin(config: pytest.Config) -> None:
    """In the first process: its workers, and the clouds that they start, inherit the folder's name."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="embedded-cloud-calls-")


def recorded(folder: Path) -> Iterator[dict[str, Any]]:
    """Every call; one that its writer was killed in is left out."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield json.loads(line)


def end(config: pytest.Config) -> bool:
    """Judge all calls; whether nothing was found. The folder is removed."""
    folder = os.environ.get(FOLDER)
    if hasattr(config, "workerinput") or not folder:
        return True
    found: Counter[str] = Counter()
    count = 0
    for call in recorded(Path(folder)):
        count += 1
        found.update(one for one in judge(call) if one not in known("answers"))
    shutil.rmtree(folder, ignore_errors=True)
    config.stash[FINDINGS], config.stash[COUNT] = found, count
    return not found


def summary(config: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    found = config.stash.get(FINDINGS, Counter())
    if not found:
        return []
    lines = [f"{times} x {one}" for one, times in found.most_common(_MOST_SHOWN)]
    rest = len(found) - len(lines)
    return [*lines, *([f"and {rest} more"] if rest else []),
            "Repair them, or enter them in tests/official/exceptions.py with a source."]
