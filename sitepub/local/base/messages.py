"""A request as the handlers see it, and their response.

Independent of the HTTP library, so that handlers can be read and tested without it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from sitepub.local.base.hosts import Service
from sitepub.local.base.identity import Signer


class Body(Protocol):
    """What the client sends after the headers. Can be read once."""

    async def read(self, limit: int) -> bytes:
        """The whole body. More than ``limit`` bytes raises ServiceError EntityTooLarge; a body that ends
        early raises IncompleteBody."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece, in constant memory."""


@dataclass(slots=True)
class Request:
    """A request, its host looked up and (on the XML API) its signature verified."""

    method: str
    target: str
    """Raw request target, as sent: percent-encoded path and query."""
    path: str
    """Raw path: the target before its first ``?``. Not decoded, not normalized."""
    key: str
    """Object key: the path without its first ``/``, percent-decoded as UTF-8. Empty for the bucket."""
    query: Mapping[str, str]
    """Decoded parameters (``+`` is a space). ``?website`` and ``?website=`` both give ``""``."""
    headers: Mapping[str, str]
    """Case-insensitive."""
    service: Service
    """What the Host header names: kind, bucket name, region."""
    body: Body
    remote: str
    """Address of the client, without port."""
    request_id: str
    time: float
    """When it came, Unix seconds."""
    signer: Signer | None = None
    """Whose key signed it. ``None``: unsigned. Always ``None`` on website hosts."""
    content_length: int | None = None
    """Declared length of the body; ``None`` for a chunked one or for no body at all."""
    s3: bool = False
    """It came in the names of S3: its signature is verified, its names are translated."""
    via_edge: bool = False
    """An origin pull: the edge asks on behalf of a visitor."""

    @property
    def host(self) -> str:
        """Host header as sent, port included."""
        return self.headers.get("Host", "")

    @property
    def secure(self) -> bool:
        """Whether a proxy in front says that the client came over TLS."""
        return self.headers.get("X-Forwarded-Proto", "").lower() == "https"


@dataclass(slots=True)
class Response:
    """The answer. ``Date``, ``Server``, ``x-cos-request-id`` and ``Content-Length`` are added when it is
    sent; a HEAD request gets the headers only."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    """A body too large for memory, instead of ``body``."""
    length: int | None = None
    """Bytes in ``stream``, when known; else it goes out chunked."""
    error_code: str = ""
    """Code of the XML error in the body, for access logs."""

    @classmethod
    def xml(cls, document: str, status: int = 200) -> Response:
        """An answer whose body is an XML document."""
        return cls(status, {"Content-Type": "application/xml"}, document.encode("utf-8", "replace"))


def parse_query(text: str) -> dict[str, str]:
    """Decoded parameters; a later one of the same name wins. ``+`` is a space."""
    parameters = {}
    for item in text.split("&"):
        if not item:
            continue
        name, _, value = item.partition("=")
        if "+" in item or "%" in item:
            name = unquote(name.replace("+", " "), errors="surrogateescape")
            value = unquote(value.replace("+", " "), errors="surrogateescape")
        parameters[name] = value
    return parameters
