"""Where DNS really points: asked of the system's resolvers, or of the embedded cloud's DNS server.

Never fatal: what cannot be found out is an empty answer.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sitepub.tencent.cloud import Embedded

if TYPE_CHECKING:
    import dns.resolver

_TIMEOUT = 5.0
"""Seconds for one question, all resolvers and tries together."""
_DEPTH = 16


class Resolver:
    """Asks without a cache of its own. Safe for many threads."""

    def __init__(self, embedded: Embedded | None = None, *, timeout: float = _TIMEOUT) -> None:
        self._embedded = embedded
        self._timeout = timeout
        self._servers: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def chain(self, name: str) -> tuple[str, ...]:
        """The names that ``name`` leads to by CNAME, in order, then its addresses (IPv4, then IPv6). Empty
        when the name does not exist or no server answers."""
        names: list[str] = []
        addresses: list[str] = []
        for kind in ("A", "AAAA"):
            aliases, values = self._follow(name, kind)
            names = aliases if len(aliases) > len(names) else names
            addresses += values
        return (*names, *dict.fromkeys(addresses))

    def txt(self, name: str) -> tuple[str, ...]:
        """The TXT values of a name, as its zone's own servers give them: a resolver on the way may remember
        for an hour that there was none. Falls back on the resolver."""
        for servers in (self._authorities(name), None):
            if servers == ():
                continue
            found = self._ask(name, "TXT", servers)
            values = tuple(b"".join(each.strings).decode("utf-8", "replace") for each in found or ())
            if values:
                return values
        return ()

    def cname(self, name: str) -> str:
        """The first name that ``name`` leads to, from its zone's own servers; "" when there is none."""
        for servers in (self._authorities(name), None):
            if servers == ():
                continue
            for each in self._ask(name, "CNAME", servers) or ():
                return _plain(each.target)
        return ""

    def has_no_zone(self, name: str) -> bool:
        """Whether the name cannot have a record: the embedded cloud is all the DNS there is, and none of its zones
        holds the name (it refuses the question). For the real DNS always false."""
        if self._embedded is None:
            return False
        import dns.resolver

        resolver = self._resolver(None)
        try:
            if resolver is not None:
                resolver.resolve(name, "SOA", raise_on_no_answer=False, search=False)
        except dns.resolver.NoNameservers:
            return True
        except (dns.exception.DNSException, OSError, ValueError):
            pass
        return False

    def _follow(self, name: str, kind: str) -> tuple[list[str], list[str]]:
        """CNAMEs and addresses. An authoritative server does not follow names out of its zones, so each
        name that has no address yet is asked for by itself."""
        aliases: list[str] = []
        current = name
        for _ in range(_DEPTH):
            answer = self._answer(current, kind)
            if answer is None:
                break
            found = [_plain(record.target) for rrset in answer.chaining_result.cnames for record in rrset]
            aliases += [each for each in found if each not in aliases]
            if answer.rrset is not None:
                return aliases, [record.address for record in answer.rrset]
            if not found or found[-1] == current:
                break
            current = found[-1]
        if not aliases:
            # A name whose CNAME leads nowhere is NXDOMAIN as a whole; the CNAME is there all the same.
            aliases = [_plain(record.target) for record in self._ask(name, "CNAME", None) or ()]
        return aliases, []

    def _ask(self, name: str, kind: str, servers: tuple[str, ...] | None) -> Any:
        answer = self._answer(name, kind, servers)
        return answer.rrset if answer is not None else None

    def _answer(self, name: str, kind: str, servers: tuple[str, ...] | None = None
                ) -> dns.resolver.Answer | None:
        import dns.exception

        try:
            resolver = self._resolver(servers)
            if resolver is None:
                return None
            return resolver.resolve(name, kind, raise_on_no_answer=False, search=False)
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    def _resolver(self, servers: tuple[str, ...] | None) -> dns.resolver.Resolver | None:
        import dns.resolver

        embedded = self._embedded
        if embedded is not None:
            if not embedded.dns:
                return None
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers = [embedded.host]
            resolver.port = embedded.dns
        elif servers is not None:
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers = list(servers)
        else:
            resolver = dns.resolver.Resolver()
        resolver.timeout = min(2.0, self._timeout)
        resolver.lifetime = self._timeout
        return resolver

    def _authorities(self, name: str) -> tuple[str, ...]:
        """Addresses of the servers of the zone that holds the name; empty when they cannot be found."""
        if self._embedded is not None:
            return ()
        import dns.exception
        import dns.resolver

        with self._lock:
            if name in self._servers:
                return self._servers[name]
        found: list[str] = []
        try:
            resolver = self._resolver(None)
            zone = dns.resolver.zone_for_name(name, resolver=resolver, lifetime=self._timeout)
            for server in list(self._ask(zone.to_text(), "NS", None) or ())[:3]:
                found += [record.address for record in self._ask(_plain(server.target), "A", None) or ()]
        except (dns.exception.DNSException, OSError, ValueError):
            found = []
        with self._lock:
            self._servers[name] = tuple(found)
        return tuple(found)


def _plain(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower()
