"""Where DNS leads a host."""

from __future__ import annotations

import re

from sitepub.domains.hosts.parts import Names

_EDGES = {
    "cdn": re.compile(r"\.cdn\.dnsv\d\.com(\.cn)?\Z"),
    "edgeone": re.compile(r"\.dnse\d\.com\Z"),
    "cos": re.compile(r"\.(myqcloud\.com|tencentcos\.cn)\Z"),
}
"""Names that the cloud's edges give out for CNAME records."""


def leads_to(names: Names, host: str, cname: str) -> bool:
    """Whether DNS points a host to the edge: by name, or, where a name was flattened, to its addresses. A host that
    goes to another edge of the cloud by name does not, even where both have the same addresses."""
    chain = [one.rstrip(".").lower() for one in names.resolve(host)]
    wanted = cname.rstrip(".").lower()
    if wanted in chain:
        return True
    if _edges(chain) - _edges([wanted]):
        return False
    addresses = {one for one in names.resolve(cname) if _is_address(one)}
    return any(one in addresses for one in chain)


def _edges(names: list[str]) -> set[str]:
    return {edge for name in names for edge, form in _EDGES.items() if form.search(name)}


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
