"""`x-cos-traffic-limit`: one request, up or down, no faster than it asks for (COS API 436/34072)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Body, Request, Response

LEAST, MOST = 819_200, 838_860_800
"""Bits a second: 100 KB to 100 MB."""
OPERATIONS = ("GetObject", "PutObject", "PostObject", "UploadPart", "AppendObject")
_NAME = "x-cos-traffic-limit"
_PIECE = 64 * 1024


def limit_of(request: Request, operation: str) -> float:
    """Bytes a second; 0: as fast as can be. Raises ServiceError InvalidArgument."""
    text = request.headers.get(_NAME) or request.query.get(_NAME) or ""
    if not text or operation not in OPERATIONS:
        return 0.0
    if not (text.isascii() and text.isdigit() and len(text) < 12 and LEAST <= int(text) <= MOST):
        raise ServiceError("InvalidArgument", f"{_NAME} must be {LEAST} to {MOST} bits a second.")
    return int(text) / 8


class _Pace:
    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._began = time.monotonic()
        self._bytes = 0

    async def after(self, amount: int) -> None:
        """Wait until so much more may have passed."""
        self._bytes += amount
        left = self._bytes / self._rate - (time.monotonic() - self._began)
        if left > 0:
            await asyncio.sleep(left)


class SlowBody:
    """A request body that is read no faster than `rate` bytes a second."""

    def __init__(self, body: Body, rate: float) -> None:
        self._body = body
        self._pace = _Pace(rate)

    async def read(self, limit: int) -> bytes:
        data = await self._body.read(limit)
        await self._pace.after(len(data))
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._body.chunks():
            await self._pace.after(len(chunk))
            yield chunk


def slowed(response: Response, rate: float) -> Response:
    """The same answer, its body no faster than `rate` bytes a second."""
    if response.stream is None and not response.body:
        return response
    length = response.length if response.stream is not None else len(response.body)
    return Response(response.status, response.headers, stream=_pieces(response, _Pace(rate)), length=length,
                    error_code=response.error_code)


async def _pieces(response: Response, pace: _Pace) -> AsyncGenerator[bytes, None]:
    if response.stream is None:
        for start in range(0, len(response.body), _PIECE):
            piece = response.body[start : start + _PIECE]
            await pace.after(len(piece))
            yield piece
        return
    async with aclosing(response.stream) as stream:
        async for chunk in stream:
            for start in range(0, len(chunk), _PIECE):
                piece = chunk[start : start + _PIECE]
                await pace.after(len(piece))
                yield piece
