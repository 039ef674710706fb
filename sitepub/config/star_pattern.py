"""Patterns in which ``*`` stands for anything, also for slashes, and all else for itself."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is what the pattern says. Each part is looked for once, at its first place: linear."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in rest:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
