"""Fetching a packed log file: to a temporary file first, so that only a whole one is read."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO

from sitepub.errors import NetworkError
from sitepub.interrupts import pause
from sitepub.tencent.genuine import REQUEST_ID, foreign_words, hint_for, is_web_page
from sitepub.tencent.network import limits
from sitepub.tencent.network.one_request import ask

_TRIES = 3
_BLOCK = 256 * 1024


def packed_lines(address: str, *, direct: bool = False) -> Iterator[str]:
    """Lines of the gzip file at an address. ``direct``: through no proxy (embedded cloud).

    Raises :class:`~sitepub.errors.NetworkError`; the address, which is signed, stands in no message.
    """
    with tempfile.TemporaryFile(prefix="sitepub-log-") as file:
        _fetch(address, file, direct)
        file.seek(0)
        with gzip.open(file, "rt", encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            while line := lines.readline(limits.LOG_LINE):
                if not line.endswith("\n") and len(line) == limits.LOG_LINE:
                    raise NetworkError(f"A log file has a line of more than {limits.size(limits.LOG_LINE)}, the most"
                                       " that is read.", code="AnswerTooLarge")
                yield line.rstrip("\r\n")


def _fetch(address: str, file: IO[bytes], direct: bool) -> None:
    """Get and check it, again if need be."""
    error: NetworkError | None = None
    for attempt in range(_TRIES):
        if attempt:
            pause(0.5 * attempt)
        file.seek(0)
        file.truncate()
        try:
            answer = ask("GET", address, direct=direct, timeout=60, limit=limits.LOG_FILE, sink=file.write)
        except NetworkError as lost:
            error = lost
            continue
        if answer.status == 404 and answer.headers.get(REQUEST_ID):
            # The store that it lies in says so: listed and gone again, nothing in it any more.
            file.seek(0)
            file.truncate()
            with gzip.open(file, "wb"):
                return
        if answer.status != 200:
            error = _failed(foreign_words(answer.status, answer.headers, _start(file)))
            continue
        try:
            # Whatever it says of its encoding: the file is a .gz, and it is unpacked here.
            _check(file)
            return
        except (OSError, EOFError, zlib.error) as damage:
            error = _failed("a web page came in its place" if is_web_page(_start(file)) else type(damage).__name__)
    assert error is not None
    raise error


def _failed(why: str) -> NetworkError:
    return NetworkError(f"A log file could not be fetched: {why}.", hint=hint_for(why))


def _start(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(2000)


def _check(file: IO[bytes]) -> None:
    """Raises EOFError, OSError or zlib.error unless the file is whole."""
    file.seek(0)
    with gzip.open(file, "rb") as content:
        while content.read(_BLOCK):
            pass
