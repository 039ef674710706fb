"""Every call of the cloud API and its answer, as lines of JSON in a folder that a developer names.

The tests read them and hold them against the models that the cloud publishes. Keys and certificates are among them, so
the files are for their owner alone, and nothing is written unless the folder is named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "EMBEDDED_CLOUD_CALLS"
"""Environment variable with the folder; without it nothing is written."""


@dataclass(slots=True)
class Recorded:
    """One call."""

    service: str
    version: str
    action: str
    language: str
    parameters: Mapping[str, Any]


def record(call: Recorded, answer: Mapping[str, Any]) -> None:
    """Append one call. `answer`: the Response object."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    with Path(folder, f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({**asdict(call), "answer": answer}) + "\n")
