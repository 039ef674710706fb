"""Every call of the cloud API and its answer, as lines of JSON in a folder that a developer names.

The tests read them and hold them against the models that the cloud publishes. Keys and certificates are among them, so
the files are for their owner alone, and nothing is written unless the folder is named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "EMBEDDED_CLOUD_CALLS"
"""Environment variable with the folder; without it nothing is written."""


def record(headers: Mapping[str, str], body: bytes, answer: Mapping[str, Any]) -> None:
    """Append one call. `answer`: the Response object. A call whose body is not JSON is left out."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    try:
        parameters = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return
    # Credential=ID/DATE/SERVICE/tc3_request
    scope = headers.get("Authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    call = {
        "service": scope[2] if len(scope) > 2 else "",
        "version": headers.get("X-TC-Version", ""), "action": headers.get("X-TC-Action", ""),
        "language": headers.get("X-TC-Language", ""), "parameters": parameters, "answer": answer,
    }
    with Path(folder, f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(call) + "\n")
