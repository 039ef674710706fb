"""The name of the zone that a host belongs to. Pure."""

from __future__ import annotations

from sitepub.domains.host_names import ascii_name, shown_name
from sitepub.errors import ConfigError, Position, Problem


def zone_name(host: str, position: Position | None) -> str:
    """The registered domain: EdgeOne takes no other name for a zone (ZoneNameNotSupportSubDomain). Raises
    :class:`~sitepub.errors.ConfigError` for a host that can have no zone."""
    from publicsuffixlist import PublicSuffixList

    bare = ascii_name(host).removeprefix("*.")
    # Names that companies let their customers have (github.io) are not registered with anyone.
    name = PublicSuffixList(only_icann=True).privatesuffix(bare)
    if not name:
        raise ConfigError(Problem(f"{host} is a public suffix, below which others register their domains: it can have"
                                  " no EdgeOne zone", position, "Use a domain that you have registered."))
    if "xn--" in name:
        raise ConfigError(Problem(
            f"EdgeOne takes no zone {shown_name(name)}: its name has letters beyond ASCII"
            " (ZoneNameNotSupportPunyCode)", position, "Use another `edge` for this host: cdn or cos."))
    return str(name)
