"""The zones of the embedded DNS, and what they answer (RFC 1034 4.3.2, wildcards RFC 4592).

Zones of DNSPod have an owner; a zone without one lies with a registrar elsewhere (`POST /-/dns`), and when
both exist for a name, the one elsewhere is the one that is asked: its name servers are those of the parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

ELSEWHERE = ""
"""Owner of a zone at another DNS provider."""
_CHAIN = 10
"""CNAMEs that are followed."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone."""

    id: int
    name: str
    """Below the zone: `www`, `@` for the zone itself, `*` and `*.x` for wildcards."""
    type: str
    value: str
    """Host names end with a dot."""
    ttl: int = 600
    line: str = "默认"
    line_id: str = "0"
    weight: int | None = None
    mx: int = 0
    enabled: bool = True
    remark: str = ""
    updated: float = 0.0
    default_ns: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    id: int
    name: str
    """Lower case, no final dot."""
    owner: str
    """App id, or ELSEWHERE."""
    created: float
    updated: float
    records: tuple[Record, ...] = ()

    def at(self, name: str) -> list[Record]:
        """Enabled records of a name below the zone."""
        return [record for record in self.records if record.name == name and record.enabled]


class Outcome(Enum):
    FOUND = "found"
    NO_DATA = "no data"
    NO_NAME = "no such name"
    REFUSED = "not a name of ours"


@dataclass(frozen=True, slots=True)
class Found:
    """One record of an answer, with its full name."""

    name: str
    type: str
    value: str
    ttl: int
    mx: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    records: tuple[Found, ...] = ()
    """The CNAMEs that were followed, then the records of the last name."""
    zone: str = ""
    """Zone of the last name, for the SOA of a negative answer."""

    def values(self, kind: str) -> list[str]:
        return [record.value for record in self.records if record.type == kind]


def zone_of(zones: Iterable[Zone], name: str) -> Zone | None:
    """The closest zone that a name lies in."""
    best: Zone | None = None
    for zone in zones:
        if name != zone.name and not name.endswith(f".{zone.name}"):
            continue
        if best is None or (len(zone.name), zone.owner == ELSEWHERE) > (
            len(best.name), best.owner == ELSEWHERE
        ):
            best = zone
    return best


def relative(name: str, zone: str) -> str:
    """`www` of `www.example.com` in `example.com`; `@` for the zone itself."""
    return "@" if name == zone else name.removesuffix(f".{zone}")


def lookup(zones: Sequence[Zone], name: str, kind: str, own: OwnNames) -> Answer:
    """What the embedded DNS answers for a name and a type; CNAMEs are followed as far as it knows them."""
    current = normal(name)
    trail: list[Found] = []
    for _ in range(_CHAIN):
        address = own.lookup(current, kind)
        if address is not None:
            return _joined(trail, address)
        zone = zone_of(zones, current)
        if zone is None:
            # a CNAME that leads out of here is still an answer
            return Answer(Outcome.FOUND if trail else Outcome.REFUSED, tuple(trail))
        records = _match(zone, relative(current, zone.name))
        if records is None:
            return Answer(Outcome.NO_NAME, tuple(trail), zone.name)
        found = [Found(current, r.type, r.value, r.ttl, r.mx) for r in records if r.type == kind]
        if found:
            return Answer(Outcome.FOUND, (*trail, *found), zone.name)
        alias = next((record for record in records if record.type == "CNAME"), None)
        if alias is None:
            return Answer(Outcome.NO_DATA, tuple(trail), zone.name)
        trail.append(Found(current, "CNAME", alias.value, alias.ttl))
        current = normal(alias.value)
    return Answer(Outcome.FOUND, tuple(trail), "")


@dataclass(frozen=True, slots=True)
class OwnNames:
    """The cloud's own names: all of them resolve to this computer."""

    exact: frozenset[str]
    """CNAMEs that its services handed out."""
    domains: tuple[str, ...]
    """Domains below which only those exist."""
    suffixes: tuple[str, ...]
    """Domains below which every name exists (`myqcloud.com`)."""
    ttl: int = 60

    def lookup(self, name: str, kind: str) -> Answer | None:
        """None when the name is not the cloud's."""
        for domain in (*self.domains, *self.suffixes):
            if name != domain and not name.endswith(f".{domain}"):
                continue
            if domain in self.domains and name not in self.exact:
                return Answer(Outcome.NO_NAME, zone=domain)
            if kind != "A":
                return Answer(Outcome.NO_DATA, zone=domain)
            return Answer(Outcome.FOUND, (Found(name, "A", "127.0.0.1", self.ttl),), domain)
        return None


def _joined(trail: list[Found], answer: Answer) -> Answer:
    return Answer(answer.outcome, (*trail, *answer.records), answer.zone)


def _match(zone: Zone, name: str) -> list[Record] | None:
    """Records of a name, through a wildcard if need be; None when the name does not exist."""
    records = zone.at(name)
    if records or name == "@":
        return records
    if _has_children(zone, name):
        return []
    labels = name.split(".")
    for number in range(1, len(labels) + 1):
        rest = ".".join(labels[number:])
        wildcard = zone.at(f"*.{rest}" if rest else "*")
        if wildcard:
            return wildcard
        if rest and (zone.at(rest) or _has_children(zone, rest)):
            return None  # the closest name that exists has no wildcard below it
    return None


def _has_children(zone: Zone, name: str) -> bool:
    return any(record.enabled and record.name.endswith(f".{name}") for record in zone.records)


def normal(name: str) -> str:
    """Lower case, without the final dot."""
    return name.strip().lower().removesuffix(".")


_SECOND_LEVEL = frozenset(("com", "net", "org", "gov", "edu", "ac", "co", "or", "ne", "go", "mil", "idv"))


def registered_domain(name: str) -> str:
    """The registered domain of a host: `example.com` of `a.b.example.com`, three labels below `com.cn`.

    The list of public suffixes is not carried here: the usual second levels of country domains are enough."""
    labels = normal(name).split(".")
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])
