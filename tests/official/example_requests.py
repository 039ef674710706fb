"""The parameters in the requests of the official documentation, as tccli's ``examples.json`` has them."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

_COMMON = frozenset({"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "Token"})


def parameters_of(request: str) -> dict[str, Any] | str | None:
    """Of a POST its JSON, of a GET its query as text; None where it cannot be read."""
    if request.lstrip().startswith("http"):
        query = re.sub(r"<[^>]*>|\s*\n\s*", "", request.partition("?")[2])
        return urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _COMMON])
    start = request.find("{")
    try:
        found = json.loads(request[start:], strict=False) if start >= 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
