"""The plans of EdgeOne that an account has (DescribePlans, 1552/105771), and which of them a new zone is bound to. None
is ever bought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitepub.config.project import NewZone
from sitepub.errors import ConfigError, Position, Problem
from sitepub.tencent.sites import console

_ORDER = ("personal", "basic", "standard", "enterprise", "enterprise-model-a", "enterprise-v2", "trial")
"""From the least that is paid for; a trial ends after 14 days (1552/80712), so it comes last. A type that is not in the
documentation is taken for the free plan's, which has no name there, and comes first."""
_STATES = {"expiring-soon": "ends soon", "expired": "has ended", "isolated": "has ended",
           "overdue-isolated": "is locked until the bill is paid"}
COSTS = ("personal 4.2 USD, basic 57 USD, standard 590 USD a month (edgeone.ai/document/68358, as of March 2025); a"
         " free plan is a limited test (edgeone.ai/document/70405)")
_WHERE = (f"Get one in the console ({console('cn', 'edgeone')}; of international accounts"
          f" {console('intl', 'edgeone')}), then deploy again; docs/edgeone.md has more. Or use another `edge`.")


@dataclass(frozen=True, slots=True)
class ZonePlan:
    id: str
    type: str
    """``personal``; without the ``plan-`` in front of it."""
    area: str
    """``mainland``, ``overseas``, ``global``."""
    status: str
    bindable: bool
    zones: tuple[str, ...] = ()
    """Names of the zones that it has."""

    @property
    def usable(self) -> bool:
        return self.bindable and self.status == "normal"

    def serves(self, area: str) -> bool:
        return not area or self.area in ("global", area)

    def __str__(self) -> str:
        return f"{self.id} ({self.type})"


def plan_of(found: Mapping[str, Any]) -> ZonePlan:
    return ZonePlan(
        id=str(found.get("PlanId") or ""), type=str(found.get("PlanType") or "").removeprefix("plan-"),
        area=str(found.get("Area") or "global"), status=str(found.get("Status") or ""),
        bindable=str(found.get("Bindable")).lower() == "true",
        zones=tuple(str(one.get("ZoneName") or "") for one in found.get("ZonesInfo") or ()))


def choose(plans: Sequence[ZonePlan], wanted: NewZone, host: str, position: Position | None) -> ZonePlan:
    """The plan for a new zone. Raises :class:`~sitepub.errors.ConfigError` when there is none: nothing is made then."""
    named = _named(plans, wanted) if wanted.plan else list(plans)
    place = wanted.position if wanted.plan else position
    if wanted.plan and not named:
        known = f"It has {_listed(plans)}." if plans else f"It has none. Plans: {COSTS}. {_WHERE}"
        raise ConfigError(Problem(f"the account has no EdgeOne plan {wanted.plan!r}", place, known))
    fitting = [plan for plan in named if plan.usable and plan.serves(wanted.area)]
    if fitting:
        return min(fitting, key=lambda plan: (_rank(plan), len(plan.zones), plan.id))
    why = "; ".join(f"{plan} {_obstacle(plan, wanted.area)}" for plan in named)
    raise ConfigError(Problem(
        f"{host} lies in no EdgeOne zone of this account, and no plan takes a new one"
        + (f": {why}" if why else ": it has no plan"), place,
        f"EdgeOne wants a plan for each zone, and sitepub never buys one. Any type would do: {COSTS}. {_WHERE}"))


def area_of(plan: ZonePlan, wanted: NewZone) -> str:
    """Where a new zone is served: as written, else where the plan serves, else abroad, which needs no ICP filing and is
    the API's own default."""
    return wanted.area or ("overseas" if plan.area == "global" else plan.area)


def _named(plans: Iterable[ZonePlan], wanted: NewZone) -> list[ZonePlan]:
    name = wanted.plan.strip().lower()
    return [plan for plan in plans if name in (plan.id.lower(), plan.type.lower(), f"plan-{plan.type}".lower())]


def _rank(plan: ZonePlan) -> int:
    return _ORDER.index(plan.type) if plan.type in _ORDER else -1


def _obstacle(plan: ZonePlan, area: str) -> str:
    if plan.status != "normal":
        return _STATES.get(plan.status, f"is {plan.status}")
    if not plan.bindable:
        return "has as many zones as it may have" + (f" ({', '.join(plan.zones)})" if plan.zones else "")
    return f"serves {plan.area}, not {area}"


def _listed(plans: Sequence[ZonePlan]) -> str:
    return ", ".join(map(str, plans))
