"""Conditions of EdgeOne's rule engine (EdgeOne 1552/90438), as far as the embedded edge decides them: on the host and
on the path, with ``in`` (a value may hold ``*``) and ``matches`` (RE2), joined by ``and``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sitepub.local.base.wildcards import wildcard

_ATOM = re.compile(r"\$\{http\.request\.(host|uri\.path)\}\s+"
                   r"(?:in\s+\[([^\[\]]*)\]|matches\s+'((?:[^'\\]|\\.)*)')\s*")
_LIST = re.compile(r"'([^']*)'\s*(?:,\s*|$)")
LONGEST = 4_000
"""Characters of a condition that is read."""


@dataclass(frozen=True, slots=True)
class Condition:
    hosts: tuple[Callable[[str], bool], ...] = ()
    paths: tuple[Callable[[str], bool], ...] = ()

    def of_host(self, host: str) -> bool:
        """Whether it may hold for requests of this host: it names hosts, and this one is among them."""
        return all(test(host) for test in self.hosts)

    def of_path(self, path: str) -> bool:
        """``path``: as sent, without the query."""
        return all(test(path) for test in self.paths)


@lru_cache(maxsize=4096)
def read_condition(text: str) -> Condition | None:
    """``None``: it speaks of something else, and no embedded edge can say whether it holds."""
    hosts: list[Callable[[str], bool]] = []
    paths: list[Callable[[str], bool]] = []
    text = text.strip()
    at = 0
    while at < len(text) <= LONGEST:
        found = _ATOM.match(text, at)
        if found is None:
            return None
        test = _matches(found[3]) if found[3] is not None else _among(found[2])
        if test is None:
            return None
        (hosts if found[1] == "host" else paths).append(test)
        at = found.end()
        if at < len(text):
            if not text.startswith("and ", at):
                return None
            at += len("and ")
    return Condition(tuple(hosts), tuple(paths)) if at == len(text) and at else None


def _among(listed: str) -> Callable[[str], bool] | None:
    values, at = [], 0
    listed = listed.strip()
    while at < len(listed):
        found = _LIST.match(listed, at)
        if found is None:
            return None
        values.append(wildcard(found[1]))
        at = found.end()
    return (lambda text: any(one.fullmatch(text) is not None for one in values)) if values else None


def _matches(expression: str) -> Callable[[str], bool] | None:
    """RE2 is of linear cost; what it does not know (look-around, back references) is not taken."""
    if re.search(r"\(\?[=!<]|\\[1-9]", expression):
        return None
    try:
        compiled = re.compile(expression)
    except re.error:
        return None
    return lambda text: compiled.search(text) is not None
