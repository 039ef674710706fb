"""Fetching a packed log file: to a temporary file first, so that only a whole one is read."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO

from sitepub.errors import NetworkError
from sitepub.interrupts import pause

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
            for line in lines:
                yield line.rstrip("\r\n")


def _fetch(address: str, file: IO[bytes], direct: bool) -> None:
    """Get and check it, again if need be."""
    import requests

    from sitepub.tencent.sdk_session import session

    why = ""
    for attempt in range(_TRIES):
        if attempt:
            pause(0.5 * attempt)
        file.seek(0)
        file.truncate()
        try:
            with session(direct=direct) as asking, asking.get(address, stream=True, timeout=60) as answer:
                if answer.status_code == 404:
                    # Listed and gone again: nothing in it any more.
                    with gzip.open(file, "wb"):
                        return
                if answer.status_code != 200:
                    why = f"the server answered {answer.status_code}"
                    continue
                # Whatever it says of its encoding: the file is a .gz, and it is unpacked here.
                while block := answer.raw.read(_BLOCK, decode_content=False):
                    file.write(block)
            _check(file)
            return
        except (requests.RequestException, OSError, EOFError, zlib.error) as error:
            why = type(error).__name__
        except Exception as error:
            # urllib3 raises errors of its own from the raw stream.
            if type(error).__module__.partition(".")[0] != "urllib3":
                raise
            why = type(error).__name__
    raise NetworkError(f"A log file could not be fetched: {why}.", hint="try again later")


def _check(file: IO[bytes]) -> None:
    """Raises EOFError, OSError or zlib.error unless the file is whole."""
    file.seek(0)
    with gzip.open(file, "rb") as content:
        while content.read(_BLOCK):
            pass
