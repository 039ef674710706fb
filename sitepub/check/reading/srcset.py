"""Addresses in a ``srcset`` (HTML, "parse a srcset attribute")."""

from __future__ import annotations

from collections.abc import Iterator

_SPACE = " \t\n\f\r"


def addresses_in(srcset: str) -> Iterator[str]:
    """In their order. An address may hold commas, but does not end with one."""
    at, end = 0, len(srcset)
    while at < end:
        while at < end and srcset[at] in _SPACE + ",":
            at += 1
        begin = at
        while at < end and srcset[at] not in _SPACE:
            at += 1
        address = srcset[begin:at]
        if not address:
            return
        if address.endswith(","):
            yield address.rstrip(",")
            continue
        yield address
        depth = 0
        while at < end:
            char = srcset[at]
            at += 1
            if char == "(":
                depth += 1
            elif char == ")" and depth:
                depth -= 1
            elif char == "," and not depth:
                break
