"""Merging what is wanted into what is there, and listing what changes (pure).

UpdateDomainConfig replaces whole sub-objects: an attribute that is left out goes back to its default. So a
sub-object is always sent complete: as it is, with what the project mentions written over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sitepub.domains.steps import Leaf

_ONE_OF = (
    frozenset({"TypeA", "TypeB", "TypeC", "TypeD"}),
    frozenset({"SimpleCache", "AdvancedCache", "RuleCache"}),
)
"""Attributes of which the CDN takes one at a time: of signed addresses, and of the ways to say how long files are kept
(228/30987: "only one, the others must be null")."""


def merged(actual: Any, wanted: Any) -> Any:
    """``actual`` with ``wanted`` written over it. Maps are merged key by key; of attributes that exclude each other the
    wanted one stays. A list that is wanted replaces the one that is there, and a rule that changes is replaced whole:
    what another mode needed (``FollowOrigin: on``) contradicts the new one. A rule that has all that is wanted stays as
    it is."""
    if isinstance(wanted, Mapping):
        base = dict(actual) if isinstance(actual, Mapping) else {}
        for group in _ONE_OF:
            if any(wanted.get(key) is not None for key in group):
                base = {key: value for key, value in base.items() if key not in group or key in wanted}
        return {**base, **{key: merged(base.get(key), value) for key, value in wanted.items()}}
    if isinstance(wanted, list):
        there = actual if isinstance(actual, list) else []
        if same(there, wanted):
            return there
        return [_standing(there, item) if isinstance(item, Mapping) else item for item in wanted]
    return there_or(actual, wanted)


def there_or(actual: Any, wanted: Any) -> Any:
    """What is there when it says the same: ``on`` and ``ON``, ``80`` and ``"80"``."""
    return actual if _scalar(actual) == _scalar(wanted) else wanted


def same(actual: Any, wanted: Any) -> bool:
    """Whether what is there has everything that is wanted. The order of plain values means nothing (TLS
    versions, addresses); that of rules decides which one counts."""
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(same(actual.get(key), value)
                                                   for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(actual, list) or len(actual) != len(wanted):
            return False
        if any(isinstance(item, Mapping | list) for item in wanted):
            return all(same(one, other) for one, other in zip(actual, wanted, strict=True))
        return sorted(map(_scalar, actual)) == sorted(map(_scalar, wanted))
    return _scalar(actual) == _scalar(wanted)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _standing(there: Sequence[Any], item: Mapping[str, Any]) -> Any:
    """The rule that is there and has all that is wanted of this one, else the wanted one."""
    return next((one for one in there if isinstance(one, Mapping) and same(one, item)), item)


def leaves(actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Leaf, ...]:
    """What writing ``wanted`` over ``actual`` changes, leaf by leaf. A list is one leaf."""
    after = merged(actual, wanted)
    return tuple(leaf for key in wanted for leaf in _leaves(key, actual.get(key), after.get(key)))


def _leaves(path: str, before: Any, after: Any) -> Iterator[Leaf]:
    if isinstance(after, Mapping):
        was = before if isinstance(before, Mapping) else {}
        for key, value in after.items():
            yield from _leaves(f"{path}.{key}", was.get(key), value)
        for key in was.keys() - after.keys():
            if was[key] not in (None, "", [], {}):
                yield Leaf(f"{path}.{key}", was[key], None)
    elif not same(before, after):
        yield Leaf(path, before, after)
