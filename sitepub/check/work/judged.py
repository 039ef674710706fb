"""What was found in one batch of files, as it travels from one process to another."""

from __future__ import annotations

import hashlib

import msgspec

from sitepub.check.findings import Finding, Place

_HASH = 8
"""Bytes of an anchor's hash."""


class Wanted(msgspec.Struct, array_like=True):
    """An anchor of another page that references lead to."""

    key: str
    fragment: str
    target: str
    places: list[Place]
    count: int = 0


class Judged(msgspec.Struct, array_like=True):
    """What was found in one batch of files."""

    findings: list[Finding]
    wanted: list[Wanted]
    anchors: dict[str, bytes]
    """Page → sorted hashes of its anchors."""
    external: dict[str, list[Place]]
    unread: list[str]
    """Pages that could not be read, and why."""
    read: int = 0
    references: int = 0
    loaded: dict[str, str] = {}
    """Key → role: scripts, manifests and feeds that pages name."""
    renamed: list[str] = []
    """Paths of modules for which an import map has other addresses."""


def anchor_hash(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_HASH).digest()


def has_anchor(hashes: bytes, name: str) -> bool:
    wanted, at = anchor_hash(name), hashes.find(anchor_hash(name))
    while at >= 0 and at % _HASH:
        at = hashes.find(wanted, at + 1)
    return at >= 0
