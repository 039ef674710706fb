"""Addresses of packed log files: whoever has one may fetch the file."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request

if TYPE_CHECKING:
    from sitepub.local.cloud import LocalCloud


def address(cloud: LocalCloud, path: str) -> str:
    return f"http://127.0.0.1:{cloud.port}{quote(path)}?st={_token(cloud, path)}"


def check(request: Request, name: re.Pattern[str]) -> re.Match[str]:
    """What the pattern finds in the path. Raises ServiceError for another path, or without the right token."""
    found = name.match(request.path)
    if found is None:
        raise ServiceError("InvalidURI", "No such file.", status=404)
    if not hmac.compare_digest(_token(request.cloud, request.path).encode(), request.query.get("st", "").encode()):
        raise ServiceError("AccessDenied")
    return found


def _token(cloud: LocalCloud, path: str) -> str:
    return hmac.new(cloud.identity.account.secret_key.encode(), path.encode(), "sha256").hexdigest()[:32]
