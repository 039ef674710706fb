"""Parts of an upload become one file: bytes, length and CRC-64 are those of the whole, however the system copies."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from fastcrc import crc64
from hypothesis import given
from hypothesis import strategies as st

from sitepub.local.base.damage import DamagedError
from sitepub.local.store import joining
from sitepub.local.store.content import INLINE_LIMIT, Content, ContentFolder
from sitepub.local.store.joining import Piece, combined, join
from tests.local.pieces import Pieces

SIZES = [300_000, 5, 70_001, 0, INLINE_LIMIT + 1, 1_100_000]


def data_of(size: int) -> bytes:
    return (hashlib.sha512(str(size).encode()).digest() * (size // 64 + 1))[:size]


def received(folder: ContentFolder, data: bytes, size: int = 65_536) -> Content:
    return asyncio.run(folder.receive(Pieces(data, size), None, 10**9))


def pieces_of(folder: ContentFolder) -> list[Piece]:
    contents = [received(folder, data_of(size)) for size in SIZES]
    return [Piece(one.size, one.crc64, one.file, one.data) for one in contents]


@pytest.mark.parametrize("size", [1, 7, 1_000, 65_536, 300_000, 5_000_000])
def test_a_body_is_what_came_in_whatever_its_pieces(tmp_path: Path, size: int) -> None:
    folder, data = ContentFolder(tmp_path), data_of(100_003 if size < 1_000 else 3_000_001)
    content = received(folder, data, size)
    assert content.file is not None
    assert folder.path(content.file).read_bytes() == data
    assert (content.size, content.etag, content.crc64) == (len(data), hashlib.md5(data).hexdigest(), crc64.xz(data))


def fails_with(number: int) -> Callable[[int, int, int], int]:
    def copy(*_: int) -> int:
        raise OSError(number, "no")
    return copy


@pytest.mark.parametrize("copies", ["system", "half", "nothing", "EXDEV", "ENOSYS", "none"])
def test_the_pieces_stand_one_behind_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: str) -> None:
    system = joining._copy_range
    match copies:
        case "half":
            if system is None:
                pytest.skip("not on this system")
            calls: list[int] = []

            def half(source: int, out: int, count: int) -> int:
                calls.append(count)
                return system(source, out, count // 2) if len(calls) % 2 else 0
            monkeypatch.setattr(joining, "_copy_range", half)
        case "nothing":
            monkeypatch.setattr(joining, "_copy_range", lambda *_: 0)
        case "EXDEV" | "ENOSYS":
            monkeypatch.setattr(joining, "_copy_range", fails_with(getattr(errno, copies)))
        case "none":
            monkeypatch.setattr(joining, "_copy_range", None)
    folder = ContentFolder(tmp_path)
    pieces = pieces_of(folder)
    whole = b"".join(data_of(size) for size in SIZES)
    content = asyncio.run(join(folder, pieces))
    assert content.file is not None
    assert folder.path(content.file).read_bytes() == whole
    assert (content.size, content.crc64) == (len(whole), crc64.xz(whole))
    assert [folder.path(piece.file).read_bytes() for piece in pieces if piece.file is not None] == [
        data_of(size) for size in SIZES if size > INLINE_LIMIT], "the parts stay as they are"


@pytest.mark.parametrize(("what", "raised"), [("gone", FileNotFoundError), ("short", DamagedError),
                                              ("long", DamagedError), ("full", OSError)])
def test_what_cannot_be_joined_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str,
                                                     raised: type[Exception]) -> None:
    folder = ContentFolder(tmp_path)
    pieces = pieces_of(folder)
    file = folder.path(str(pieces[-1].file))
    match what:
        case "gone":
            file.unlink()
        case "short":
            file.write_bytes(file.read_bytes()[:-1])
        case "long":
            file.write_bytes(file.read_bytes() + b"x")
        case _:
            monkeypatch.setattr(joining, "_copy_range", fails_with(errno.ENOSPC))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(raised):
        asyncio.run(join(folder, pieces))
    assert sorted(tmp_path.rglob("*")) == before


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_the_crc_of_the_whole_comes_from_those_of_the_pieces(pieces: list[bytes]) -> None:
    crc = 0
    for piece in pieces:
        crc = combined(crc, crc64.xz(piece), len(piece))
    assert crc == crc64.xz(b"".join(pieces))


@pytest.mark.parametrize("size", [1, 2**20, 2**23 + 13])
def test_the_crc_of_long_pieces(size: int) -> None:
    first, second = data_of(1000), data_of(size)
    assert combined(crc64.xz(first), crc64.xz(second), size) == crc64.xz(first + second)
