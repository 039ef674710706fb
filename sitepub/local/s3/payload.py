"""Bodies of S3 requests: compared with what was signed and summed, and taken out of `aws-chunked`
(Amazon S3 API, "Signature calculations … chunked upload")."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Body
from sitepub.local.s3 import checksums
from sitepub.local.s3.checksums import Checksum
from sitepub.local.s3.signature import UNSIGNED, Signed

_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_FORMS = (_SIGNED, f"{_SIGNED}-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?\Z")
_MOST = 64 * 1024 * 1024
"""Bytes of one chunk; clients send up to 8 MB."""
_EMPTY = hashlib.sha256(b"").hexdigest()


def body_of(body: Body, signed: Signed, headers: Mapping[str, str]) -> Body:
    """What a handler reads. Raises ServiceError NotImplemented for an unknown form."""
    sums = {name: value for header, value in headers.items()
            if header.lower().startswith(checksums.PREFIX) and (name := checksums.named(header)) is not None}
    if signed.payload.startswith("STREAMING-"):
        if signed.payload not in _FORMS:
            raise ServiceError("NotImplemented", f"The embedded cloud reads no {signed.payload}.")
        return Chunked(body, signed, sums, headers.get("x-amz-trailer", ""), decoded_length(headers))
    if signed.payload != UNSIGNED and not re.fullmatch("[0-9a-f]{64}", signed.payload):
        raise ServiceError("InvalidArgument", "x-amz-content-sha256 must be a SHA-256 in hex or UNSIGNED-PAYLOAD.")
    return Summed(body, signed.payload, sums)


def decoded_length(headers: Mapping[str, str]) -> int | None:
    """Of a body in chunks. Raises ServiceError InvalidArgument."""
    text = headers.get("x-amz-decoded-content-length", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ServiceError("InvalidArgument", "x-amz-decoded-content-length is not a number.")
    return int(text)


class Summed:
    """A body that must have the sums that were sent with it."""

    def __init__(self, body: Body, digest: str, sums: Mapping[str, str]) -> None:
        self._body, self._digest = body, "" if digest == UNSIGNED else digest
        self._sums = [(checksums.ALGORITHMS[name](), value) for name, value in sums.items()]

    async def read(self, limit: int) -> bytes:
        data = await self._body.read(limit)
        self._finish(data, hashlib.sha256(data) if self._digest else None)
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        running = hashlib.sha256() if self._digest else None
        async for data in self._body.chunks():
            if running is not None:
                running.update(data)
            for checksum, _ in self._sums:
                checksum.update(data)
            yield data
        self._finish(b"", running)

    def _finish(self, data: bytes, running: Checksum | None) -> None:
        if running is not None and running.digest().hex() != self._digest:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise ServiceError("XAmzContentSHA256Mismatch", message, status=400)
        for checksum, expected in self._sums:
            checksum.update(data)
            if not checksums.matches(checksum, expected):
                raise ServiceError("BadDigest", "The checksum that was sent does not match the content.")


class Chunked:
    """A body in chunks, each with its signature where they are signed; sums may stand behind it."""

    def __init__(self, body: Body, signed: Signed, sums: Mapping[str, str], trailer: str, length: int | None) -> None:
        """``trailer``: header names that follow the body; ``length``: bytes without the chunks' frames."""
        self._signed = signed
        self._with_signatures = signed.payload.startswith(_SIGNED)
        self._has_trailer = signed.payload.endswith("-TRAILER")
        self._last = signed.signature
        announced = [one.strip().lower() for one in trailer.split(",") if one.strip()]
        self._announced = frozenset(announced)
        names = [name for one in announced if (name := checksums.named(one)) is not None]
        self._sums = {name: checksums.ALGORITHMS[name]() for name in (*sums, *names)}
        self._expected = dict(sums)
        self._source = body.chunks()
        self._held = b""
        self._left = length

    async def read(self, limit: int) -> bytes:
        parts, size = [], 0
        async for data in self.chunks():
            size += len(data)
            if size > limit:
                raise ServiceError("EntityTooLarge")
            parts.append(data)
        return b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            found = _CHUNK.match(await self._line())
            if found is None or (found[2] is None) == self._with_signatures:
                raise _incomplete("A chunk begins with its size and, where it is signed, its signature.")
            size = int(found[1], 16)
            if size > _MOST:
                raise ServiceError("InvalidChunkSizeError", f"A chunk has at most {_MOST} bytes.", status=403)
            data = await self._exactly(size)
            if self._with_signatures:
                self._check(found[2].decode(), data)
            if not size:
                break
            if await self._exactly(2) != b"\r\n":
                raise _incomplete("A chunk is longer than it said.")
            for checksum in self._sums.values():
                checksum.update(data)
            if self._left is not None:
                self._left -= size
            yield data
        await self._finish()
        if self._left:
            raise _incomplete("The body is not as long as x-amz-decoded-content-length says.")

    def _check(self, given: str, data: bytes) -> None:
        signed = self._signed
        text = (f"AWS4-HMAC-SHA256-PAYLOAD\n{signed.moment}\n{signed.scope}\n{self._last}\n{_EMPTY}\n"
                f"{hashlib.sha256(data).hexdigest()}")
        if not self._is_signature(given, text):
            raise ServiceError("SignatureDoesNotMatch", "The signature of a chunk does not match.")
        self._last = given

    def _is_signature(self, given: str, text: str) -> bool:
        return hmac.compare_digest(hmac.new(self._signed.key, text.encode(), "sha256").hexdigest(), given)

    async def _finish(self) -> None:
        lines: list[tuple[str, str]] = []
        given = ""
        while line := await self._line(end=True):
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if not colon:
                raise _incomplete("A trailer is a name and a value.")
            if name.lower() == "x-amz-trailer-signature":
                given = value.strip()
            else:
                lines.append((name.lower().strip(), value.strip()))
        if not {name for name, _ in lines} <= self._announced:
            raise ServiceError("MalformedTrailerError", "A trailer was not announced by x-amz-trailer.", status=400)
        if self._has_trailer and self._with_signatures:
            self._check_trailer(given, "".join(f"{name}:{value}\n" for name, value in sorted(lines)))
        for header, value in lines:
            algorithm = checksums.named(header) if header.startswith(checksums.PREFIX) else None
            if algorithm is not None:
                self._expected[algorithm] = value
        for name, checksum in self._sums.items():
            if name not in self._expected:
                raise ServiceError("MalformedTrailerError", "An announced trailer is missing.", status=400)
            if not checksums.matches(checksum, self._expected[name]):
                raise ServiceError("BadDigest", "The checksum that was sent does not match the content.")

    def _check_trailer(self, given: str, lines: str) -> None:
        """Clients begin the text with ``…-TRAILER``; the published example is signed with ``…-PAYLOAD`` there."""
        rest = (f"{self._signed.moment}\n{self._signed.scope}\n{self._last}\n"
                f"{hashlib.sha256(lines.encode()).hexdigest()}")
        if not any(self._is_signature(given, f"AWS4-HMAC-SHA256-{kind}\n{rest}") for kind in ("TRAILER", "PAYLOAD")):
            raise ServiceError("SignatureDoesNotMatch", "The signature of the trailer does not match.")

    async def _line(self, *, end: bool = False) -> bytes:
        """Up to the next CRLF. ``end``: nothing more counts as an empty line."""
        while (at := self._held.find(b"\r\n")) < 0:
            if len(self._held) > 8192:
                raise _incomplete("A line of aws-chunked is too long.")
            if not await self._more():
                if end and not self._held:
                    return b""
                raise _incomplete("The body ends within a chunk.")
        line, self._held = self._held[:at], self._held[at + 2:]
        return line

    async def _exactly(self, size: int) -> bytes:
        parts, have = [self._held], len(self._held)
        while have < size:
            data = await anext(self._source, b"")
            if not data:
                raise _incomplete("The body ends within a chunk.")
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._held = whole[size:]
        return whole[:size]

    async def _more(self) -> bool:
        data = await anext(self._source, b"")
        self._held += data
        return bool(data)


def _incomplete(message: str) -> ServiceError:
    return ServiceError("IncompleteBody", message)
