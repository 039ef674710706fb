"""HTTPS on the CDN needs a certificate from somewhere."""

from __future__ import annotations

from sitepub.config.project import Host
from sitepub.domains.edges.edge import EdgeState
from sitepub.domains.host_names import shown_name
from sitepub.errors import ConfigError, Problem


def demand_certificate(host: Host, state: EdgeState | None) -> None:
    """``host``: one whose https is on and names none. Raises :class:`~sitepub.errors.ConfigError`."""
    if host.edge == "cdn" and not (state is not None and (state.https or state.certificate_id)):
        raise ConfigError(Problem(
            f"{shown_name(host.host)}: https is switched on and no certificate is named",
            host.https_position or host.position,
            "Write `https: auto` for a free one, or `certInfo` with `certId`, or `certificate` and"
            " `privateKey`."))
