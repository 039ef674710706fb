"""Documents in the state bucket: JSON or MessagePack behind gzip, read within a limit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from sitepub.errors import NetworkError
from sitepub.tencent.genuine import is_web_page

UNPACKED_MAX = 512 * 1024 * 1024
"""Bytes of a document: the state of a million files has about 150 MB."""
T = TypeVar("T")


class Unreadable(Exception):
    """It is not what sitepub has written; the message says why."""


def packed(document: Any) -> bytes:
    # mtime=0: the same document always gives the same bytes.
    return gzip.compress(msgspec.json.encode(document), compresslevel=5, mtime=0)


def packed_binary(document: Any) -> bytes:
    """For what is read often and by programs only: MessagePack behind gzip."""
    return gzip.compress(msgspec.msgpack.encode(document), compresslevel=5, mtime=0)


def packed_list(items: Sequence[Any]) -> bytes:
    """The same bytes as of :func:`packed_binary` for a list, which is not made as a whole."""
    count = len(items)
    head = (bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big") if count < 1 << 16
            else b"\xdd" + count.to_bytes(4, "big"))
    packing = zlib.compressobj(5, wbits=31)
    pieces = [packing.compress(head)]
    encode = msgspec.msgpack.Encoder().encode
    todo = iter(items)
    while batch := list(islice(todo, 1000)):
        pieces.append(packing.compress(b"".join(map(encode, batch))))
    return b"".join([*pieces, packing.flush()])


def unpacked(data: bytes, where: str) -> bytes:
    """The JSON. Raises :class:`Unreadable`, and for a web page in its place NetworkError: then the document is
    another than what came."""
    if is_web_page(data):
        raise NetworkError(f"A web page came in place of {where}.", code="ForeignAnswer",
                           hint="Something on the way answers in the cloud's place. Open any page in a browser and sign"
                                " in, or take another network, then run again. What is stored is not touched.")
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, UNPACKED_MAX + 1)
    except zlib.error as error:
        raise Unreadable(str(error)) from error
    if len(text) > UNPACKED_MAX:
        raise Unreadable(f"more than {UNPACKED_MAX // 1024 // 1024} MB are behind its compression, the most that is"
                         " read")
    if not reader.eof:
        raise Unreadable("it ends too early")
    if reader.unused_data:
        raise Unreadable("something follows its end")
    return text


def decoded(text: bytes, decoder: msgspec.json.Decoder[T] | msgspec.msgpack.Decoder[T]) -> T:
    """Raises :class:`Unreadable`."""
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unreadable(str(error)) from error
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error

