"""A request to a bucket: what it asks for, and its bytes on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from sitepub.errors import SiteError
from sitepub.tencent import genuine
from sitepub.tencent.cos.signature import Signer, encoded, encoded_path, is_signed
from sitepub.tencent.network import limits
from sitepub.tencent.network.connection import Body

_LINE_BREAK = re.compile("[\r\n\0]")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "authorization", "expect",
                   "user-agent", "x-cos-security-token"})
"""Headers that a caller may not set: they frame or sign the request."""
_READS = frozenset({"GET", "HEAD"})
_COPIES = "x-cos-copy-source"


@lru_cache(maxsize=1024)
def _header(name: str, value: str) -> tuple[str, tuple[str, str] | None] | None:
    """A header's line, and what is signed of it, if it is; ``None``: it cannot be sent. Most come again in the next
    request."""
    lower, value = name.lower(), value.strip()
    if lower in _OURS or _NAME.fullmatch(name) is None or _LINE_BREAK.search(value):
        return None
    return f"{name}: {value}\r\n", (lower, value) if is_signed(lower) else None


def target_of(key: str, params: Mapping[str, str]) -> str:
    """The request target: every byte but ``A-Za-z0-9-_.~/`` is percent-encoded.

    ``./`` is sent as ``.%2F``, so that nothing on the way resolves ``..`` in a key.
    """
    path = "/" + encoded_path(key).replace("./", ".%2F")
    if params:
        return path + "?" + "&".join([f"{encoded(name)}={encoded(value)}" if value else encoded(name)
                                      for name, value in params.items()])
    return path


class Request(msgspec.Struct, frozen=True):
    """What to ask of the bucket."""

    method: str
    action: str
    """The permission it needs, for messages: "cos:PutObject"."""
    key: str = ""
    """Object key; "" for the bucket itself."""
    params: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Query parameters as text; "" for a subresource such as ``?delete``."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: Body = b""
    limit: int = limits.ANSWER
    """Bytes of the answer's body at most."""

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in _READS

    @property
    def asked(self) -> genuine.Asked:
        """What its answer looks like."""
        return genuine.Asked(self.method, self.params, self.key, copies=_COPIES in self.headers)

    def head(self, host: str, preamble: str, signer: Signer, token: str | None, begin: float,
             until: float | None = None) -> bytes:
        """Its first line and headers, signed for the time from ``begin`` on (Unix seconds by the cloud's clock).

        ``preamble``: header lines that are the same for all requests to ``host``. Raises
        :class:`~sitepub.errors.SiteError` for a header that cannot be sent.
        """
        lines = [f"{self.method} {target_of(self.key, self.params)} HTTP/1.1\r\n", preamble]
        signed = [("host", host)]
        for name, value in self.headers.items():
            header = _header(name, value)
            if header is None:
                raise SiteError(f"The header {name!r} of {self.key} cannot be sent: "
                                "its name is not free, or its value has a line break.", code="BadHeader")
            lines.append(header[0])
            if header[1] is not None:
                signed.append(header[1])
        if token:
            lines.append(f"x-cos-security-token: {token}\r\n")
            signed.append(("x-cos-security-token", token))
        if len(self.body) or self.method in ("PUT", "POST"):
            lines.append(f"Content-Length: {len(self.body)}\r\n")
        authorization = signer.authorization(
            self.method, "/" + self.key, self.params, signed, begin, until)
        lines.append(f"Authorization: {authorization}\r\n\r\n")
        return "".join(lines).encode()
