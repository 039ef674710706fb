"""Addresses of packed log files. Each carries a token; no other permission is needed to read the file."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request


@dataclass(slots=True)
class Addresses:
    """Where this embedded cloud offers files, and the tokens that open them."""

    secret_key: str = field(repr=False)
    """Of the account: tokens are made from it."""
    port: int = 0
    """Where the cloud listens; 0 until it does."""

    def of(self, path: str) -> str:
        """The URL of a path."""
        return f"http://127.0.0.1:{self.port}{quote(path)}?st={self._token(path)}"

    def check(self, request: Request, name: re.Pattern[str]) -> re.Match[str]:
        """What the pattern finds in the path. Raises ServiceError for another path, or without the right token."""
        found = name.match(request.path)
        if found is None:
            raise ServiceError("NoSuchKey", "No such file.")
        if not hmac.compare_digest(self._token(request.path).encode(), request.query.get("st", "").encode()):
            raise ServiceError("AccessDenied")
        return found

    def _token(self, path: str) -> str:
        return hmac.new(self.secret_key.encode(), path.encode(), "sha256").hexdigest()[:32]
