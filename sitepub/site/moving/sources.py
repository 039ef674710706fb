"""Addresses as Vercel and EdgeOne Pages write them (path-to-regexp), as addresses of `_headers` and `_redirects`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

_NAME = re.compile(r":([A-Za-z]\w{0,60})")
_ANYTHING = ("(.*)", "(.+)")
_CHOICE = re.compile(r"\((?:\?:)?([A-Za-z0-9_.-]{1,60}(?:\|[A-Za-z0-9_.-]{1,60}){0,30})\)")
_TAKEN = re.compile(r":([A-Za-z]\w{0,60})[*+]?|\$([1-9])")
_SPECIAL = frozenset("(){}[]|^$\\?+")
_MOST = 60
"""Addresses that one source may come to."""


class NoAddress(ValueError):
    """No address means the same; the words say why."""


@dataclass(frozen=True, slots=True)
class Source:
    """``addresses``: all mean what the source means; ``splat``: the name or the number of what `*` stands for."""

    addresses: tuple[str, ...]
    splat: str | None = None

    def target(self, destination: str) -> str:
        """A destination with our names of what was captured. Raises :class:`NoAddress`."""
        scheme, sign, rest = destination.partition("://")
        if not sign:
            scheme, rest = "", destination

        def name(found: re.Match[str]) -> str:
            one = found[1] or found[2]
            if one in (self.splat, "splat"):
                return ":splat"
            if found[2]:
                raise NoAddress(f"the destination takes ${found[2]}, which the address has not as a `*`")
            return f":{one}"

        return f"{scheme}{sign}{_TAKEN.sub(name, rest)}"


def everything_but(source: str) -> bool:
    """Of the kind ``/((?!api/).*)``."""
    return source.startswith("/((?!") and source.endswith(").*)") and source.count("(?!") == 1


def read_source(source: str) -> Source:
    """Raises :class:`NoAddress`."""
    pieces: list[tuple[str, ...]] = []
    splat: str | None = None
    groups = 0
    at = 0
    while at < len(source):
        if (found := _NAME.match(source, at)) is not None:
            at = found.end()
            behind = source[at:at + 1]
            anything = next((one for one in _ANYTHING if source.startswith(one, at)), None)
            if behind in ("*", "+") or anything is not None:
                at += len(anything) if anything is not None else 1
                splat = _only(splat, found[1])
                pieces.append(("*",))
            elif behind in ("(", "?"):
                raise NoAddress(f"`:{found[1]}{behind}…` is a regular expression, and no layer takes one")
            else:
                pieces.append((found[0],))
        elif (any_ := next((one for one in _ANYTHING if source.startswith(one, at)), None)) is not None:
            groups += 1
            splat = _only(splat, str(groups))
            pieces.append(("*",))
            at += len(any_)
        elif (choice := _CHOICE.match(source, at)) is not None:
            groups += 1
            pieces.append(tuple(choice[1].split("|")))
            at = choice.end()
        elif source.startswith("\\.", at):
            pieces.append((".",))
            at += 2
        elif source[at] == "*":
            splat = _only(splat, "splat")
            pieces.append(("*",))
            at += 1
        elif source[at] in _SPECIAL:
            raise NoAddress("is a regular expression, and no layer takes one")
        else:
            pieces.append((source[at],))
            at += 1
    count = 1
    for piece in pieces:
        count *= len(piece)
        if count > _MOST:
            raise NoAddress(f"stands for more than {_MOST} addresses")
    return Source(tuple("".join(parts) for parts in product(*pieces)), splat)


def _only(before: str | None, name: str) -> str:
    if before is not None:
        raise NoAddress("holds two places that stand for anything, and one is possible")
    return name
