"""Reads `_headers` (Netlify, Cloudflare Pages): blocks of an address and the headers of its answers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sitepub.errors import Position, Problem
from sitepub.site.address_rules.addresses import Address, captured, read_address
from sitepub.site.address_rules.lines import Line, lines_of

_IS_ADDRESS = re.compile(r"/|[a-zA-Z][a-zA-Z0-9+.-]*://")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_DETACH = "! "
MOST = 2_000
"""Headers in a file. Cloudflare Pages takes 100 blocks."""


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One header of a block."""

    name: str
    """As it was written."""
    value: str | None
    """``None``: what blocks before this one set is taken back (``! Name``)."""
    position: Position
    fresh: bool = False
    """Written below a ``! Name`` of the same block: what blocks before this one set does not count."""


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """An address and its headers, in their order."""

    address: Address
    headers: tuple[HeaderLine, ...]
    position: Position


def read_headers(text: str, file: str) -> tuple[list[HeaderBlock], list[Problem]]:
    """The blocks of a file named ``file``, and every mistake in it. Raises nothing."""
    problems: list[Problem] = []
    blocks: list[HeaderBlock] = []
    address: Address | None = None
    head: Line | None = None
    wrong = False
    lines: list[HeaderLine] = []
    count = seen = 0

    def end() -> None:
        if head is None or wrong:
            return
        if address is not None and lines:
            blocks.append(HeaderBlock(address, tuple(lines), head.at()))
        elif address is not None:
            problems.append(Problem(f"`{head.text[:80]}` has no headers", head.at(),
                                    "write them below it, one a line, as in `  X-Frame-Options: DENY`"))

    for line in lines_of(text, file, problems):
        wrong = wrong or len(problems) > seen
        if _IS_ADDRESS.match(line.text):
            end()
            head, lines, wrong = line, [], False
            address = read_address(line.text, line, 0, problems)
            wrong = address is None
            seen = len(problems)
            continue
        found = _header(line, address, problems)
        if found is not None and head is None:
            problems.append(Problem("a header stands before the first address", line.at(),
                                    "write the address above it, as in `/*` for all"))
        elif found is not None:
            lines.append(found)
            count += 1
        if count > MOST:
            problems.append(Problem(f"there are more than {MOST:,} headers", line.at(),
                                    "an address with a splat, as in `/assets/*`, replaces many"))
            break
        wrong = wrong or len(problems) > seen
        seen = len(problems)
    wrong = wrong or len(problems) > seen
    end()
    return [_joined(block) for block in blocks], problems


def _header(line: Line, address: Address | None, problems: list[Problem]) -> HeaderLine | None:
    text = line.text
    if text.startswith(_DETACH):
        name = text[len(_DETACH):].strip().rstrip(":")
        if not _NAME.fullmatch(name):
            problems.append(Problem(f"`{name[:80]}` is not the name of a header", line.at(len(_DETACH)),
                                    "`! Name` takes back a header; it has no value"))
            return None
        return HeaderLine(name, None, line.at())
    name, colon, value = text.partition(":")
    name, value = name.rstrip(), value.strip()
    if not colon:
        hint = f"`! {text[1:]}` takes a header back, with a space" if text.startswith("!") and len(text) > 1 else \
            "an address begins with `/` or `https://`; a header is written as `Name: value`"
        problems.append(Problem(f"`{text[:80]}` is neither an address nor a header", line.at(), hint))
        return None
    if not _NAME.fullmatch(name):
        problems.append(Problem(f"`{name[:80]}` is not the name of a header", line.at(),
                                "it holds letters, digits and hyphens, and a colon follows"))
        return None
    if not value:
        problems.append(Problem(f"{name} has no value", line.at(), f"`! {name}` takes the header back"))
        return None
    if address is not None and (used := [one for one in captured(value) if one in address.names]):
        problems.append(Problem(f"the value of {name} takes `:{used[0]}` from the address, which no layer can do",
                                line.at(line.text.find(f":{used[0]}")), "write a block for each address"))
        return None
    return HeaderLine(name, value, line.at())


def _joined(block: HeaderBlock) -> HeaderBlock:
    """A header that is written several times in a block is one with all its values."""
    merged: dict[str, HeaderLine] = {}
    for one in block.headers:
        there = merged.get(one.name.lower())
        if there is not None and there.value is not None and one.value is not None:
            merged[one.name.lower()] = replace(there, value=f"{there.value}, {one.value}")
        else:
            merged.pop(one.name.lower(), None)
            merged[one.name.lower()] = replace(one, fresh=there is not None and one.value is not None)
    return HeaderBlock(block.address, tuple(merged.values()), block.position)
