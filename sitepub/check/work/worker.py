"""A process that judges batches of files: ``python -P -m sitepub.check.work.worker``. It reads them from stdin,
answers on stdout, and ends with its input. Each message is its length (4 bytes, big-endian) and MessagePack."""

from __future__ import annotations

import struct
import sys
from contextlib import suppress
from typing import IO

import msgspec

from sitepub.check.site import Site, Source
from sitepub.check.work.judge import Judge

LENGTH = struct.Struct(">I")


def write(stream: IO[bytes], message: object) -> None:
    data = msgspec.msgpack.encode(message)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def read(stream: IO[bytes]) -> bytes | None:
    """``None``: the other side has ended."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    size = LENGTH.unpack(head)[0]
    data = stream.read(size)
    return data if len(data) == size else None


_SITE = msgspec.msgpack.Decoder(Site)
_SOURCES = msgspec.msgpack.Decoder(list[Source])


def main() -> None:
    reading, writing = sys.stdin.buffer, sys.stdout.buffer
    first = read(reading)
    if first is None:
        return
    judge = Judge(_SITE.decode(first))
    with suppress(BrokenPipeError):
        while (batch := read(reading)) is not None:
            write(writing, judge.judge(_SOURCES.decode(batch)))


if __name__ == "__main__":
    main()
