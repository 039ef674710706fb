"""Names of hosts and zones: what covers what, and where a host lies in a zone. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def ascii_name(name: str) -> str:
    """A host or zone name in lowercase ASCII (punycode), without the dot at its end.

    What is no valid internationalized name comes back in lower case as it is: it equals no valid host."""
    name = name.strip().rstrip(".").lower()
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def shown_name(host: str) -> str:
    """A host as people know it: ``xn--fsq.example`` with its own letters behind it in brackets."""
    if "xn--" not in host:
        return host
    import idna

    try:
        return f"{host} ({idna.decode(host)})"
    except idna.IDNAError:
        return host


def name_covers(pattern: str, host: str) -> bool:
    """Whether one name of a certificate covers a host (RFC 6125 6.4.3): the same name, or a wildcard that
    stands for the whole first label of it and for that label alone."""
    pattern, host = ascii_name(pattern), ascii_name(host)
    if pattern == host:
        return True
    if not pattern.startswith("*.") or "*" in pattern[2:] or pattern.count(".") < 2:
        return False
    first, dot, rest = host.partition(".")
    return bool(dot) and bool(first) and first != "*" and rest == pattern[2:]


def is_wildcard(host: str) -> bool:
    return host.startswith("*.")


def below_wildcard(host: str) -> str:
    """A host that a wildcard domain serves, to see what visitors get; any other host as it is."""
    return f"sitepub-check{host[1:]}" if is_wildcard(host) else host


def covers(names: Iterable[str], host: str) -> bool:
    """Whether any of a certificate's names covers the host."""
    return any(name_covers(name, host) for name in names)


def zone_of(host: str, zones: Iterable[str]) -> str | None:
    """The zone that holds a host: the longest one that is the host or ends it at a dot."""
    host = ascii_name(host)
    holding = [zone for zone in zones if host == ascii_name(zone) or host.endswith(f".{ascii_name(zone)}")]
    return max(holding, key=lambda zone: len(ascii_name(zone)), default=None)


def record_name(host: str, zone: str) -> str:
    """What DNSPod calls SubDomain: the host's labels before the zone, ``@`` for the zone itself."""
    host, zone = ascii_name(host), ascii_name(zone)
    if host == zone:
        return "@"
    if not host.endswith(f".{zone}"):
        raise ValueError(f"{host} is not in the zone {zone}")
    return host[: -len(zone) - 1]


_SECOND_LEVEL = frozenset(("com", "net", "org", "gov", "edu", "ac", "co", "or", "ne", "go", "mil", "idv"))


def registered_domain(host: str) -> str:
    """The name that was registered: ``example.com`` of ``a.b.example.com``, three labels below ``com.cn``.

    A guess by the usual second levels of country domains: for messages and where no service says better."""
    labels = ascii_name(host).split(".")
    country = len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if country else -2:])
