"""Reading HTTP/1.1 answers from a socket (RFC 9112). Small, because it is half of what an upload costs."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from sitepub.tencent.network import limits

_RECEIVE = 65536
_LENGTH = re.compile("[0-9]{1,18}")
_CHUNK_SIZE = re.compile(b"[0-9A-Fa-f]{1,15}")
_LAST_HEADERS = 128
"""Lines after the last chunk."""


_REPEATED = 100
"""Characters of a header that may be the same in the next answer."""


class BrokenAnswer(Exception):
    """The connection ended, or what came was not an answer. ``nothing_came``: not one byte arrived."""

    def __init__(self, message: str, *, nothing_came: bool = False) -> None:
        super().__init__(message)
        self.nothing_came = nothing_came


class TooLarge(BrokenAnswer):
    """More came, or was announced, than is read of such an answer."""


class Answer(msgspec.Struct, frozen=True):
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names lowercased."""
    body: bytes = b""
    ended: bool = True
    """Its end was marked; otherwise it may have been cut where the connection ended."""


Sink = Callable[[bytes], object]
"""Takes a body piece by piece, instead of keeping it in memory."""


class AnswerReader:
    """Reads answers from one socket, one after another."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def read(self, *, without_body: bool = False, limit: int = limits.ANSWER,
             sink: Sink | None = None) -> tuple[Answer, bool]:
        """The next answer, and whether the connection may be used again. Interim answers (1xx) are skipped.

        ``limit``: bytes of the body at most. Raises :class:`BrokenAnswer` for an early end, a malformed or an
        oversized answer, ``OSError`` for a broken socket.
        """
        for _ in range(limits.INTERIM_ANSWERS):
            status, version, headers = self._read_head()
            if status == 101:
                raise BrokenAnswer("an upgrade that was not asked for")
            if status >= 200:
                break
        else:
            raise TooLarge(f"more than {limits.INTERIM_ANSWERS} interim answers")
        connection = headers.get("connection", "").lower()
        reusable = "close" not in connection and (version >= "1.1" or "keep-alive" in connection)
        if without_body or status in (204, 304):
            return Answer(status, headers), reusable
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Answer(status, headers, self._read_chunks(limit, sink)), reusable
        length = headers.get("content-length")
        if length is None:
            return Answer(status, headers, self._read_to_end(limit, sink), ended=False), False
        if not _LENGTH.fullmatch(length):
            if length.isascii() and length.isdigit():
                raise TooLarge(f"an answer whose Content-Length has {len(length)} digits")
            raise BrokenAnswer(f"an answer with Content-Length {length[:40]!r}")
        if int(length) > limit:
            raise TooLarge(f"an answer of {limits.size(int(length))}; at most {limits.size(limit)} are read")
        body = self._read_exactly(int(length), sink) if length != "0" else b""
        return Answer(status, headers, body), reusable

    def read_head(self) -> tuple[int, Mapping[str, str]]:
        """Status and headers of an answer that has no body at all, as a proxy's 200 to CONNECT."""
        status, _, headers = self._read_head()
        return status, headers

    def _more(self, wanted: int = _RECEIVE) -> bytes:
        return self._sock.recv(max(_RECEIVE, min(wanted, 1 << 20)))

    def _read_head(self) -> tuple[int, str, dict[str, str]]:
        buffer = self._buffer
        searched = 0
        while (end := buffer.find(b"\r\n\r\n", max(0, searched - 3))) < 0:
            searched = len(buffer)
            if searched > limits.HEAD:
                raise TooLarge(f"an answer with more than {limits.size(limits.HEAD)} of headers")
            more = self._more()
            if not more:
                raise BrokenAnswer("the connection was closed before the answer", nothing_came=not buffer)
            buffer += more
        self._buffer = buffer[end + 4:]
        head = buffer[:end]
        try:
            lines = head.decode().split("\r\n")
        except UnicodeDecodeError:
            lines = head.decode("latin-1").split("\r\n")
        start = lines[0]
        if start[:5] != "HTTP/" or start[8:9] != " " or not start[9:12].isdigit():
            raise BrokenAnswer(f"something that is not an HTTP answer: {start[:40]!r}")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, value = _header(line) if len(line) <= _REPEATED else _split(line)
            if name in headers:
                if name != "content-length":
                    value = f"{headers[name]}, {value}"
                elif headers[name] != value:
                    raise BrokenAnswer("an answer with two lengths")
            headers[name] = value
        return int(start[9:12]), start[5:8], headers

    def _read_exactly(self, length: int, sink: Sink | None = None) -> bytes:
        if sink is not None:
            return self._pass_on(length, sink)
        buffer = self._buffer
        if len(buffer) < length:
            parts, have = [buffer], len(buffer)
            while have < length:
                more = self._more(length - have)
                if not more:
                    raise BrokenAnswer(f"the answer ended after {have} of {length} bytes")
                parts.append(more)
                have += len(more)
            buffer = b"".join(parts)
        self._buffer = buffer[length:]
        return buffer[:length]

    def _pass_on(self, length: int, sink: Sink) -> bytes:
        left = length
        while left:
            piece = self._buffer or self._more(left)
            if not piece:
                raise BrokenAnswer(f"the answer ended after {length - left} of {length} bytes")
            self._buffer = piece[left:]
            sink(piece[:left])
            left -= min(left, len(piece))
        return b""

    def _read_to_end(self, limit: int, sink: Sink | None = None) -> bytes:
        parts, have, self._buffer = [self._buffer], len(self._buffer), b""
        while more := self._more():
            parts.append(more)
            have += len(more)
            if sink is not None:
                sink(b"".join(parts))
                parts.clear()
            if have > limit:
                raise _endless(limit)
        if sink is not None and parts:
            sink(b"".join(parts))
            return b""
        return b"".join(parts)

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > limits.HEAD:
                raise TooLarge("a chunk whose first line does not end")
            more = self._more()
            if not more:
                raise BrokenAnswer("the answer ended in the middle")
            self._buffer += more
        line, self._buffer = self._buffer[:end], self._buffer[end + 2:]
        return line

    def _read_chunks(self, limit: int, sink: Sink | None = None) -> bytes:
        parts: list[bytes] = []
        have = 0
        while True:
            size_text = self._read_line().partition(b";")[0].strip()
            if not _CHUNK_SIZE.fullmatch(size_text):
                raise BrokenAnswer(f"a chunk of size {size_text[:20]!r}")
            size = int(size_text, 16)
            if size == 0:
                for _ in range(_LAST_HEADERS):
                    if not self._read_line():
                        return b"".join(parts)
                raise TooLarge("an answer with trailers without end")
            have += size
            if have > limit:
                raise _endless(limit)
            parts.append(self._read_exactly(size, sink))
            if self._read_exactly(2) != b"\r\n":
                raise BrokenAnswer("a chunk longer than it said")


def _split(line: str) -> tuple[str, str]:
    """A header's name in lower case, and its value."""
    name, colon, value = line.partition(":")
    if not colon:
        raise BrokenAnswer(f"a malformed header: {line[:40]!r}")
    return name.lower(), value.strip()


_header = lru_cache(maxsize=256)(_split)
"""For the many that every answer has."""


def _endless(limit: int) -> TooLarge:
    return TooLarge(f"an answer of more than {limits.size(limit)}, the most that is read")
