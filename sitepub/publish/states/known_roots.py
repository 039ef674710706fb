"""What this computer knows of the sites in a state bucket: where their roots lie, and in which buckets they are. A root
that has the same ETag need not be read again. May be deleted at any time."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from sitepub.config.places import cache_dir
from sitepub.publish.states.all_roots import Start
from sitepub.publish.states.remote import Remote

_LARGEST = 8 * 1024**2


class KnownRoot(msgspec.Struct, frozen=True, array_like=True):
    etag: str
    buckets: tuple[str, ...]
    """In which the site has, or may have, objects."""


class KnownRoots(msgspec.Struct, frozen=True, array_like=True):
    starts: tuple[Start, ...] = ()
    """See :func:`~sitepub.publish.states.all_roots.find_roots`."""
    roots: dict[str, KnownRoot] = {}
    """By key."""


_DECODE = msgspec.msgpack.Decoder(KnownRoots).decode


def known_roots(remote: Remote) -> KnownRoots:
    file = _file(remote)
    if file is None:
        return KnownRoots()
    try:
        return _DECODE(file.read_bytes()[:_LARGEST])
    except (OSError, msgspec.MsgspecError, RecursionError):
        return KnownRoots()


def remember_roots(remote: Remote, known: KnownRoots) -> None:
    file = _file(remote)
    if file is None:
        return
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.{os.getpid()}")
        new.write_bytes(msgspec.msgpack.encode(known))
        new.replace(file)


def _file(remote: Remote) -> Path | None:
    """``None``: without the variables of the computer nothing is remembered."""
    if remote.environ is None:
        return None
    name = hashlib.sha256(remote.states.store.bucket.encode()).hexdigest()[:24]
    return cache_dir(remote.environ) / "roots" / name
