"""Regular expressions for paths (s3deploy, Hugo) as patterns of .gitignore, where both mean the same files."""

from __future__ import annotations

import re

_ANY = re.compile(r"\.[+*]|\[\^/\][+*]")
_CHOICE = re.compile(r"\((?:\?:)?([A-Za-z0-9_\\./-]{1,60}(?:\|[A-Za-z0-9_\\./-]{1,60}){0,60})\)")
_LONGEST = 500


def pattern_of(expression: str) -> str | None:
    """``^.+\\.(js|css)$`` → ``*.{js,css}``. ``None``: no pattern means the same.

    The expression is searched for in the path below the web root, as Go does it: only `^` and `$` tie it down.
    """
    text = expression
    if len(text) > _LONGEST:
        return None
    begins = text.startswith("^")
    text = text.removeprefix("^")
    ends = text.endswith("$") and not text.endswith("\\$")
    text = text.removesuffix("$") if ends else text
    if begins:
        text = text.removeprefix("/?")
    parts = _parts(text)
    if parts is None:
        return None
    if not begins and not (parts and parts[0] == "**"):
        parts.insert(0, "**")
    if not ends and not (parts and parts[-1] == "**"):
        parts.append("**")
    return _written(parts)


def _parts(text: str) -> list[str] | None:
    """Literal pieces, ``*`` for anything within a part of the path, ``**`` for anything."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        if (any_ := _ANY.match(text, at)) is not None:
            parts.append("**" if any_[0][0] == "." else "*")
            at = any_.end()
            continue
        if (choice := _CHOICE.match(text, at)) is not None:
            words = [_literal(word) for word in choice[1].split("|")]
            if None in words or any("/" in (word or "") for word in words):
                return None
            piece = "{" + ",".join(word or "" for word in words) + "}" if len(words) > 1 else words[0] or ""
            at = choice.end()
        elif text[at] == "\\" and text[at + 1:at + 2] in tuple(".-_/+ "):
            piece, at = text[at + 1], at + 2
        elif text[at] == ".":
            piece, at = "?", at + 1
        elif text[at].isalnum() or text[at] in "/-_ ":
            piece, at = text[at], at + 1
        else:
            return None
        if text[at:at + 1] in ("*", "+", "?", "{") and text[at:at + 1]:
            return None
        if parts and parts[-1] not in ("*", "**"):
            parts[-1] += piece
        else:
            parts.append(piece)
    return parts


def _literal(word: str) -> str | None:
    out = word.replace("\\.", "\0").replace("\\-", "-")
    return None if "\\" in out else out.replace(".", "?").replace("\0", ".")


def _written(parts: list[str]) -> str | None:
    while len(parts) > 1 and parts[0] == parts[1] == "**":
        parts = parts[1:]
    if parts in (["**"], []):
        return "*"
    if "**" in parts[1:-1]:
        at = parts.index("**", 1)
        if not parts[at - 1].endswith("/") or at + 1 >= len(parts):
            return None
        parts = [*parts[:at], "**/*", *parts[at + 1:]]
        if "**" in parts[1:-1]:
            return None
    first, last = parts[0] == "**", parts[-1] == "**"
    middle = "".join(parts[first:len(parts) - last])
    if first and last:
        # Anywhere in the path: in the name of a file or of a folder above it.
        return None if "/" in middle else f"*{middle}*"
    if first:
        return f"*{middle}" if "/" not in middle else f"*/**/{middle[1:]}" if middle.startswith("/") else None
    if last:
        return f"/{middle}" if middle.endswith("/") else f"/{middle}*" if middle else "*"
    return f"/{middle}"
