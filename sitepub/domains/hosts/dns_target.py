"""Where DNS leads a host."""

from __future__ import annotations

from sitepub.domains.hosts.parts import Names


def leads_to(names: Names, host: str, cname: str) -> bool:
    """Whether DNS points a host to the edge: by name, or, where a name was flattened, to its addresses."""
    chain = [one.rstrip(".").lower() for one in names.resolve(host)]
    if cname.rstrip(".").lower() in chain:
        return True
    addresses = {one for one in names.resolve(cname) if _is_address(one)}
    return any(one in addresses for one in chain)


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
