"""multipart/form-data as browsers send it (RFC 7578): fields in memory, the file behind them as a stream."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Body

MOST_FIELDS = 1024 * 1024
"""Bytes of all that stands in front of the file."""
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)


def boundary_of(content_type: str) -> bytes:
    """Raises ServiceError MalformedPOSTRequest."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise malformed("Content-Type names no boundary.")
    return (found.group(1) or found.group(2)).encode("utf-8", "surrogateescape")


def malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPOSTRequest", message)


@dataclass(slots=True)
class Form:
    """``fields``: by name in lower case, in the order they came. ``file``: to be read once."""

    fields: dict[str, str]
    filename: str
    file: FilePart


class FilePart:
    """A :class:`messages.Body` that ends at the boundary."""

    def __init__(self, rest: bytes, source: AsyncIterator[bytes], end: bytes) -> None:
        self._rest = rest
        self._source = source
        self._end = end

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises ServiceError MalformedPOSTRequest when the body ends before the boundary."""
        held, end = self._rest, self._end
        while True:
            at = held.find(end)
            if at >= 0:
                if at:
                    yield held[:at]
                async for _ in self._source:
                    pass  # the file comes last, as documented: what follows counts for nothing
                return
            safe = len(held) - len(end) + 1
            if safe > 0:
                yield held[:safe]
                held = held[safe:]
            try:
                held += await anext(self._source)
            except StopAsyncIteration:
                raise malformed("The form ends inside the file.") from None

    async def read(self, limit: int) -> bytes:
        data = bytearray()
        async for chunk in self.chunks():
            data += chunk
            if len(data) > limit:
                raise ServiceError("EntityTooLarge")
        return bytes(data)


async def read_form(body: Body, content_type: str) -> Form:
    """Read up to the field ``file``. Raises ServiceError MalformedPOSTRequest, InvalidArgument."""
    mark = b"--" + boundary_of(content_type)
    source = body.chunks()
    held = b"\r\n"
    fields: dict[str, str] = {}
    while True:
        held = await _up_to(held, b"\r\n" + mark, source)
        held = held.partition(b"\r\n" + mark)[2]
        held = await _up_to(held, b"\r\n", source)
        if held.startswith(b"--"):
            raise ServiceError("InvalidArgument", "The form needs a field called file.")
        held = await _up_to(held, b"\r\n\r\n", source)
        head, _, held = held.partition(b"\r\n\r\n")
        headers = HeaderParser().parsestr(head.decode("utf-8", "replace").lstrip("\r\n"))
        name = _parameter(headers, "name").lower()
        if not name:
            raise malformed("A part of the form has no name.")
        if name == "file":
            part = FilePart(held, source, b"\r\n" + mark)
            return Form(fields, _parameter(headers, "filename"), part)
        held = await _up_to(held, b"\r\n" + mark, source)
        value = held.partition(b"\r\n" + mark)[0]
        held = held[len(value):]
        fields[name] = value.decode("utf-8", "replace")
        if sum(map(len, fields.values())) > MOST_FIELDS:
            raise ServiceError("EntityTooLarge")


def _parameter(headers: Message, name: str) -> str:
    value = headers.get_param(name, "", header="Content-Disposition")
    return value if isinstance(value, str) else ""


async def _up_to(held: bytes, end: bytes, source: AsyncIterator[bytes]) -> bytes:
    """More of the body, until `end` is in it."""
    while end not in held:
        if len(held) > MOST_FIELDS:
            raise ServiceError("EntityTooLarge")
        try:
            held += await anext(source)
        except StopAsyncIteration:
            raise malformed("The form ends early.") from None
    return held
