"""Reading HTTP/1.1 answers from a socket (RFC 9112). Small, because it is half of what an upload costs."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

_RECEIVE = 65536
_LONGEST_HEAD = 131072


class BrokenAnswer(Exception):
    """The connection ended, or what came was not an answer. ``nothing_came``: not one byte arrived."""

    def __init__(self, message: str, *, nothing_came: bool = False) -> None:
        super().__init__(message)
        self.nothing_came = nothing_came


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names lowercased."""
    body: bytes = b""


class AnswerReader:
    """Reads answers from one socket, one after another."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def read(self, *, without_body: bool = False) -> tuple[Answer, bool]:
        """The next answer, and whether the connection may be used again. Interim answers (1xx) are skipped.

        Raises :class:`BrokenAnswer` for an early end or a malformed answer, ``OSError`` for a broken socket.
        """
        while True:
            status, version, headers = self._read_head()
            if status == 101:
                raise BrokenAnswer("an upgrade that nobody asked for")
            if status >= 200:
                break
        connection = headers.get("connection", "").lower()
        reusable = "close" not in connection and (version >= "1.1" or "keep-alive" in connection)
        if without_body or status in (204, 304):
            return Answer(status, headers), reusable
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Answer(status, headers, self._read_chunks()), reusable
        length = headers.get("content-length")
        if length is None:
            return Answer(status, headers, self._read_to_end()), False
        if not (length.isascii() and length.isdigit()):
            raise BrokenAnswer(f"an answer with Content-Length {length!r}")
        return Answer(status, headers, self._read_exactly(int(length)) if length != "0" else b""), reusable

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
            if searched > _LONGEST_HEAD:
                raise BrokenAnswer("an answer whose headers do not end")
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
            name, colon, value = line.partition(":")
            if not colon:
                raise BrokenAnswer(f"a malformed header: {line[:40]!r}")
            name, value = name.lower(), value.strip()
            if name in headers and name != "content-length":
                value = f"{headers[name]}, {value}"
            elif headers.get(name, value) != value:
                raise BrokenAnswer("an answer with two lengths")
            headers[name] = value
        return int(start[9:12]), start[5:8], headers

    def _read_exactly(self, length: int) -> bytes:
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

    def _read_to_end(self) -> bytes:
        parts, self._buffer = [self._buffer], b""
        while more := self._more():
            parts.append(more)
        return b"".join(parts)

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise BrokenAnswer("a chunk without an end")
            more = self._more()
            if not more:
                raise BrokenAnswer("the answer ended in the middle")
            self._buffer += more
        line, self._buffer = self._buffer[:end], self._buffer[end + 2:]
        return line

    def _read_chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            size_text = self._read_line().partition(b";")[0].strip()
            try:
                size = int(size_text, 16)
            except ValueError:
                size = -1
            if size < 0:
                raise BrokenAnswer(f"a chunk of size {size_text[:20]!r}")
            if size == 0:
                while self._read_line():
                    """Trailers are of no use here."""
                return b"".join(parts)
            parts.append(self._read_exactly(size))
            if self._read_exactly(2) != b"\r\n":
                raise BrokenAnswer("a chunk longer than it said")
