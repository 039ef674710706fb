"""Domains like ``*.preview.example.com``, which serve the previews of a site: whether they can be had. Pure.

Which plans of EdgeOne have them is not documented, and a certificate for one is not free everywhere. Where there is
none, each preview has a domain of its own.
"""

from __future__ import annotations

from sitepub.config.project import Host
from sitepub.domains.host_names import is_wildcard
from sitepub.errors import CloudError

_REFUSALS = frozenset({
    "InvalidParameterValue.InvalidDomainName", "InvalidParameter.InvalidDomains", "UnsupportedOperation",
    "OperationDenied.UnsupportedPlan", "OperationDenied.PlanTypeIsWrong", "ResourceInUse.GenericHost"})
"""Codes by which EdgeOne may say that it has no such domain for this site. None is documented for that: they are those
of its list that can mean it."""


NO_ZONE_YET = "whether it gets a certificate depends on its zone, which is created first: the next deploy looks again"


def refusal(host: str, error: CloudError) -> str:
    """Why there is no wildcard domain; "": the error says something else."""
    if not is_wildcard(host) or error.code not in _REFUSALS:
        return ""
    return f"EdgeOne has no wildcard domain for this site ({error.code})"


def lacks_certificate(host: Host) -> str:
    """Why there is none: HTTPS is wanted, and no certificate can be had without the user."""
    return (f"EdgeOne issues no free certificate for a wildcard in a zone that is connected by CNAME, those of the SSL"
            f" service are for one name, and the account has none for {host.host}: upload one there, or write"
            " `https: off`")


def instead(why: str) -> str:
    """For people: what is done without it."""
    return f"each preview gets a domain of its own: {why}"
