"""The functions and rules of a zone, as visitors meet them now."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from sitepub.local.services.edge_functions import EdgeFunctionRule, Variable, Visit, first_rule


@dataclass(frozen=True, slots=True)
class ServedFunction:
    """One that is deployed."""

    name: str
    content: str
    variables: Mapping[str, Variable]


@dataclass(frozen=True, slots=True)
class ServedFunctions:
    """Of one zone, as a host of it meets them."""

    domain: str
    """Name of the acceleration domain: ``*.example.com`` where that serves the host."""
    rules: tuple[EdgeFunctionRule, ...]
    by_id: Mapping[str, ServedFunction]

    def for_visit(self, visit: Visit) -> ServedFunction | None:
        """The function that a request starts. One that was just made and is not deployed yet starts nothing."""
        rule = first_rule(self.rules, visit)
        found = self.by_id.get(rule.chosen(visit.country, random.random)) if rule is not None else None
        return found if found is not None and found.content else None
