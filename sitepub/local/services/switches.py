"""Conditions that a test can set with `POST /-/cdn`: rights and quotas of the account, owners of domains."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from sitepub.local.base.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one account. Purges and pushes count per area and day (GMT+8)."""

    url_batch: int = 1_000
    url_day: int = 10_000
    path_batch: int = 500
    path_day: int = 100
    push_batch: int = 500
    push_day: int = 1_000
    free_certificates: int = 50
    edgeone_batch: int = 500
    edgeone_day: int = 5_000
    """EdgeOne's depend on the plan of a site; they count per site, kind and day."""
    edgeone_prefix_batch: int = 500
    edgeone_prefix_day: int = 5_000
    edgeone_host_batch: int = 500
    edgeone_host_day: int = 5_000
    """Also for whole sites and cache tags."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of EdgeOne that each account has: none is bought here."""

    id: str = ""
    """"": ``edgeone-<app id>``."""
    type: str = "plan-standard"
    area: str = "global"
    status: str = "normal"
    sites: int = 1_000
    """How many sites it may have; those of the real plans are not documented for all of them."""


_PLANS = msgspec.json.Decoder(list[Plan])


@dataclass(frozen=True, slots=True)
class Switches:
    service_activated: bool = True
    """False: CDN calls fail with ResourceNotFound.CdnUserNotExists."""
    product_upgraded: bool = False
    """True: the CDN refuses changes with OperationDenied.ProductUpgraded."""
    no_icp: tuple[str, ...] = ()
    """Domains (with all below them) that have no ICP filing."""
    owned_by_other: tuple[str, ...] = ()
    """Domains (with all below them) that the CDN says belong to another account."""
    deletion_waits: bool = False
    """True: a free certificate cannot be deleted within an hour of its application, as documented."""
    rejected_certificates: tuple[str, ...] = ()
    """Domains (with all below them) that the certificate authority refuses: the review fails."""
    edgeone_without_wildcards: bool = False
    """True: the plans of EdgeOne's sites have no wildcard domains."""
    forbidden_services: tuple[str, ...] = ()
    """Products (``cls``) whose API the account's policy does not allow the key pair: UnauthorizedOperation."""
    functions_busy: bool = False
    """True: every other call that changes an edge function or its rules is refused, by turns with FunctionDeploying and
    with ResourceInUse, before anything is done."""
    plans: tuple[Plan, ...] = (Plan(),)
    """EdgeOne's, of every account."""
    quota: Quota = Quota()

    def without_icp(self, host: str) -> bool:
        return _covers(self.no_icp, host)

    def owned_elsewhere(self, host: str) -> bool:
        return _covers(self.owned_by_other, host)

    def certificate_rejected(self, host: str) -> bool:
        return _covers(self.rejected_certificates, host)


def _covers(domains: tuple[str, ...], host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def changed(switches: Switches, document: bytes) -> Switches:
    """The switches with what a JSON document sets; what it leaves out stays. Raises ServiceError."""
    try:
        given = json.loads(document or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ServiceError("InvalidArgument", "expected a JSON object")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name == "quota":
            values[name] = _quota(switches.quota, value)
            continue
        if name == "plans":
            values[name] = _plans(value)
            continue
        current = getattr(switches, name, None) if name in {f.name for f in fields(Switches)} else None
        if isinstance(current, bool) and isinstance(value, bool):
            values[name] = value
        elif isinstance(current, tuple) and isinstance(value, list):
            values[name] = tuple(str(item).lower() for item in value)
        else:
            raise ServiceError("InvalidArgument", f"no such switch or not its kind of value: {name}")
    return replace(switches, **values)


def _quota(quota: Quota, given: Any) -> Quota:
    names = {field.name for field in fields(Quota)}
    if not isinstance(given, dict) or not given.keys() <= names:
        raise ServiceError("InvalidArgument", f"quota: an object with some of {', '.join(sorted(names))}")
    if not all(isinstance(value, int) and not isinstance(value, bool) and value >= 0
               for value in given.values()):
        raise ServiceError("InvalidArgument", "quota: whole numbers from 0")
    return replace(quota, **given)


def _plans(given: Any) -> tuple[Plan, ...]:
    try:
        return tuple(_PLANS.decode(json.dumps(given)))
    except msgspec.ValidationError as error:
        raise ServiceError("InvalidArgument", f"plans: a list of objects: {error}") from error
