"""Types and values of DNS records, as dnspython reads them (RFC 1035)."""

from __future__ import annotations

import ipaddress

import dns.exception
import dns.rdata

from sitepub.local.services.zones import Found

TYPES = ("A", "AAAA", "CNAME", "TXT", "NS", "SOA", "MX", "CAA", "SRV")
NAME_SERVERS = ("f1g1ns1.dnspod.net", "f1g1ns2.dnspod.net")


def rdata(found: Found) -> dns.rdata.Rdata:
    """A record in the wire format. Raises ValueError, DNSException for a value that its type cannot have."""
    value = found.value
    if found.type == "TXT":
        data = value.encode()
        parts = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
        value = " ".join(_quoted(part) for part in parts)
    elif found.type == "MX":
        value = f"{found.mx} {value}"
    return dns.rdata.from_text("IN", found.type, value)


def _quoted(part: bytes) -> str:
    text = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03}" for byte in part
    )
    return f'"{text}"'


def valid_value(kind: str, value: str) -> bool:
    """Whether a record of this type may have this value."""
    try:
        if kind == "A":
            ipaddress.IPv4Address(value)
        elif kind == "AAAA":
            ipaddress.IPv6Address(value)
        else:
            rdata(Found("x", kind, value, 0))
    except (ValueError, dns.exception.DNSException):
        return False
    return True
