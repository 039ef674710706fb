"""The hosts of a site that a deploy left as serverless.yml says: enough to know, without a request, that nothing is to
be done for them, as long as the root of the state is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from sitepub.config.project import Host


class SettledHost(msgspec.Struct, frozen=True, array_like=True):
    host: str
    edge: str
    cname: str = ""
    certificate: tuple[str, str] | None = None
    """Its id, and until when it is good (UTC, ISO 8601)."""


class SettledHosts(msgspec.Struct, frozen=True, array_like=True):
    """``wanted`` is "" for a site without hosts."""

    wanted: str = ""
    """:func:`hosts_hash` of what serverless.yml says."""
    until: int = 0
    """Unix seconds: when the first certificate is due; 0: none is."""
    hosts: tuple[SettledHost, ...] = ()
    slots: tuple[str, ...] = ()
    """Hosts whose visitors get a slot."""

    def holds(self, wanted: str, now: float) -> bool:
        """Whether nothing is to be done for hosts of this hash at that time (Unix seconds)."""
        return self.wanted == wanted and not 0 < self.until <= now


def hosts_hash(hosts: Sequence[Host]) -> str:
    """Of the settings; "" without hosts."""
    if not hosts:
        return ""
    bare = [replace(host, position=None, https_position=None) for host in hosts]
    return hashlib.sha256(msgspec.json.encode(bare, enc_hook=dict, order="deterministic")).hexdigest()[:32]
