"""Variables as they are written: ``${…}`` in a text, with their names, kinds and defaults."""

from __future__ import annotations

from dataclasses import dataclass

MAX_DEPTH = 20
"""Variables within the names and defaults of others."""
MAX_VARIABLES = 1000
"""Variables in one text."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One ``${…}``: its parts, and the piece of the string it stands for."""

    name: tuple[str | Variable, ...]
    default: tuple[str | Variable, ...] | None
    source: str
    start: int


class VariableError(Exception):
    """Something is wrong with the variable at ``start`` of the string."""

    def __init__(self, message: str, start: int, source: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.source = source
        self.hint = hint


def parse(text: str) -> list[str | Variable]:
    """Split a string into literal pieces and variables. Raises :class:`VariableError`."""
    if text.count("${") > MAX_VARIABLES:
        raise VariableError(f"there are more than {MAX_VARIABLES:,} variables in one text", 0, "")
    parts, _end = _parts(text, 0, stop="", depth=0)
    return parts


def escape(text: str) -> str:
    """The string that is read back as ``text``, whatever it holds."""
    return text.replace("${", "$${")


def _parts(text: str, index: int, *, stop: str, depth: int) -> tuple[list[str | Variable], int]:
    """Read up to one of the characters in ``stop`` (or to the end), and say where that was."""
    parts: list[str | Variable] = []
    literal = ""
    while index < len(text) and text[index] not in stop:
        if text.startswith("$${", index):
            literal += "${"
            index += 3
        elif text.startswith("${", index):
            if literal:
                parts.append(literal)
                literal = ""
            variable, index = _variable(text, index, depth + 1)
            parts.append(variable)
        else:
            literal += text[index]
            index += 1
    if literal:
        parts.append(literal)
    return parts, index


def _variable(text: str, start: int, depth: int) -> tuple[Variable, int]:
    if depth > MAX_DEPTH:
        raise VariableError(f"variables are nested more than {MAX_DEPTH} deep", start, "${")
    name, index = _parts(text, start + 2, stop=",}", depth=depth)
    default: tuple[str | Variable, ...] | None = None
    if index < len(text) and text[index] == ",":
        default, index = _default(text, index + 1, start, depth)
    if index >= len(text):
        raise VariableError("this `${` is never closed", start, "${",
                            "Write `$${` for a literal `${`.")
    return Variable(tuple(name), default, text[start : index + 1], start), index + 1


def _default(text: str, index: int, start: int, depth: int) -> tuple[tuple[str | Variable, ...], int]:
    while index < len(text) and text[index].isspace():
        index += 1
    quote = text[index : index + 1]
    if quote not in ("'", '"') or not quote:
        parts, end = _parts(text, index, stop="}", depth=depth)
        if parts and isinstance(parts[-1], str):
            parts[-1] = parts[-1].rstrip()
        return tuple(parts), end
    parts, end = _parts(text, index + 1, stop=quote, depth=depth)
    if end >= len(text):
        raise VariableError("the quote of this default is never closed", start, "${")
    end += 1
    while end < len(text) and text[end].isspace():
        end += 1
    if end < len(text) and text[end] != "}":
        raise VariableError("expected `}` after the default", start, text[start : end + 1])
    return tuple(parts), end
