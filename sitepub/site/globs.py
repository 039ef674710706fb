"""Patterns of files: those of .gitignore, matched in time that grows with the path and the pattern, no faster.

A glob that is translated into a regular expression word for word backtracks: ``*a*a*a*a*a*ab`` takes twenty
seconds for one long name, and patterns come with cloned repositories. Here everything between two stars is
looked for once, at its first place, and kept (an atomic group): a later place could never match more, since a
star takes anything up to the next ``/``.

The rules are git's (gitignore(5), wildmatch.c), for characters instead of bytes. Unlike git's, a later pattern
brings back a file whose folder is excluded, and a line may have braces (``*.{map,md}``, see ``braces``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sitepub.site.braces import BracesError, alternatives

LONGEST = 4096
"""Characters of one pattern: longer than any path."""
MOST = 5000
"""Patterns in one list: every path is compared with each of them."""

_UP_TO_A_SLASH = "[^/]*?"
_FOLDERS = "(?:[^/]++/)*?"
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": r"\x21-\x7e", "lower": "a-z", "print": r"\x20-\x7e", "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}


class GlobError(ValueError):
    """This is no pattern; the words say why."""


def hint_for_backslash(pattern: str) -> str | None:
    """For a pattern that is none: a backslash in it was probably meant to separate folders, as on Windows."""
    return "Folders are separated by `/`, on Windows too." if "\\" in pattern else None


class _NothingError(Exception):
    """A pattern that git takes and that no path matches."""


@dataclass(frozen=True, slots=True)
class Glob:
    """One line in gitignore syntax."""

    include: bool
    """False for a pattern that begins with ``!``."""
    regex: re.Pattern[str]

    def match(self, path: str) -> int:
        """2 when the path itself matches, 1 when it lies in a folder that does, 0 when neither does.

        ``path``: without a slash at its beginning, with one at its end for a folder.
        """
        found = self.regex.match(path)
        return 0 if found is None else 1 if found.lastgroup else 2


def as_line(pattern: str) -> str:
    """An entry of a list as a line in gitignore syntax: ``#`` begins a comment in a file, and a name in a list."""
    line = pattern.removeprefix("./")
    return "\\" + line if line.startswith("#") else line


def globs(line: str) -> list[Glob]:
    """What a line with or without braces matches; nothing for an empty one or a comment. Raises
    :class:`GlobError`."""
    if len(line) > LONGEST:
        raise GlobError(f"it is longer than {LONGEST:,} characters")
    if line.startswith("#"):
        return []
    try:
        return [found for each in alternatives(line) if (found := glob(as_line(each))) is not None]
    except BracesError as error:
        raise GlobError(str(error)) from None


def glob(line: str) -> Glob | None:
    """``None`` for a line that matches nothing: empty, a comment, an open bracket. Raises :class:`GlobError`."""
    if len(line) > LONGEST:
        raise GlobError(f"it is longer than {LONGEST:,} characters")
    line = _without_spaces_at_the_end(line)
    if not line or line[0] == "#" or line == "/":
        return None
    include = not line.startswith("!")
    pattern = line.removeprefix("!")
    if not pattern:
        raise GlobError("nothing follows the !")
    try:
        return Glob(include, re.compile(_whole(pattern), re.DOTALL))
    except _NothingError:
        return None


class Globs:
    """A list of lines; of those that match a path itself the last one counts, else the last one that matches a
    folder it lies in. Raises :class:`GlobError`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._globs: list[tuple[int, Glob]] = []
        for number, line in enumerate(lines):
            self._globs += [(number, found) for found in globs(line)]
            if len(self._globs) > MOST:
                raise GlobError(f"there are more than {MOST:,} patterns")
        self._globs.reverse()
        self.decided: set[int] = set()
        """Numbers of the lines that have decided about a path."""

    def check(self, path: str) -> bool | None:
        """``True``: matched; ``False``: brought back by a pattern with ``!``; ``None``: no pattern matches."""
        of_folder: bool | None = None
        folder_line = -1
        for number, each in self._globs:
            how = each.match(path)
            if how == 2:
                self.decided.add(number)
                return each.include
            if how == 1 and of_folder is None:
                of_folder, folder_line = each.include, number
        if of_folder is not None:
            self.decided.add(folder_line)
        return of_folder

    def __contains__(self, path: str) -> bool:
        return self.check(path) is True


def whole_path(pattern: str) -> re.Pattern[str]:
    """A regular expression for a whole path: ``*`` is anything within a folder, ``**`` anything, ``?`` one
    character, ``**/`` any number of folders; no brackets. Without ``/`` or ``**`` at its beginning the pattern may
    start in any folder."""
    parts = [r"\A"]
    if not pattern.startswith(("/", "**")):
        pattern = "**/" + pattern
    if pattern.startswith("**/"):
        parts.append("/?")
    pieces = re.split(r"((?:(?:\A|(?<=/))\*\*+/)|\*\*+)", pattern)
    last = len(pieces) - 1
    for number in range(0, len(pieces), 2):
        star = pieces[number - 1] if number else None
        text = re.escape(pieces[number]).replace(r"\?", "[^/]").split(r"\*")
        ends = number == last
        piece = text[0] if star is None or star.endswith("/") else f"{_UP_TO_A_SLASH}{text[0]}"
        if ends and len(text) == 1:
            piece += r"\Z"
        elif len(text) > 1:
            piece = f"(?>{piece})" + _stars(text[1:], r"\Z" if ends else "")
        if star is not None and ends and pieces[number] == "":
            parts.append(r"(?:.*/)?\Z" if star.endswith("/") else r".*\Z")
        else:
            parts.append(piece if star is None else f"(?>(?:[^/]*+/)*?{piece})")
    return re.compile("".join(parts), re.DOTALL)


def _stars(chunks: list[str], end: str) -> str:
    """Every chunk after a star of its own; ``end``: what the last one is followed by, "" for anything."""
    if not end:
        return "".join(f"(?>{_UP_TO_A_SLASH}{chunk})" for chunk in chunks)
    last = f"[^/]*+{end}" if not chunks[-1] else f"[^/]*{chunks[-1]}{end}"
    return "".join(f"(?>{_UP_TO_A_SLASH}{chunk})" for chunk in chunks[:-1] if chunk) + last


def _without_spaces_at_the_end(line: str) -> str:
    bare = line.rstrip()
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return line[:len(bare) + 1] if backslashes % 2 and len(bare) < len(line) else bare


def _whole(pattern: str) -> str:
    only_folders = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    segments = _segments(pattern)
    if not segments[0]:
        segments.pop(0)
    elif "/" not in pattern:
        segments.insert(0, "**")
    if not segments or not all(segments):
        raise _NothingError  # no path has two slashes in a row
    runs: list[list[str]] = [[]]
    for segment in segments:
        if len(segment) > 1 and not segment.strip("*"):
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    # Runs of segments with any number of folders between them; several ** in a row are one.
    inner = [run for run in runs[1:-1] if run]
    first, last, starred = runs[0], runs[-1], len(runs) > 1
    parts = ["".join(f"{segment}/" for segment in first)] if starred else []
    parts += ["(?>" + _FOLDERS + "".join(f"{segment}/" for segment in run) + ")" for run in inner]
    before = "".join(parts)
    if starred and not last:  # the pattern ends with **
        if only_folders:
            return f"{before}[^/]++(?P<folder>/)"
        return before or "."
    text = "/".join(last if starred else first)
    skipped = _FOLDERS if starred else ""
    in_folder = f"{skipped}{text}(?P<folder>/)"
    return before + (in_folder if only_folders else rf"(?:{skipped}{text}\Z|{in_folder})")


def _segments(pattern: str) -> list[str]:
    """The parts between slashes. A slash may be escaped, and is one all the same; not so one in brackets."""
    parts = [""]
    index = 0
    while index < len(pattern):
        char = pattern[index]
        end = index + 1
        if char == "/":
            parts.append("")
        elif char == "[":
            _, end = _bracket(pattern, index + 1)
            parts[-1] += pattern[index:end]
        elif char == "\\" and pattern[end : end + 1] == "/":
            pass
        else:
            end += char == "\\"
            parts[-1] += pattern[index:end]
        index = end
    return parts


def _segment(segment: str) -> str:
    """A regular expression for one name, from the beginning to the end of it; it never backtracks."""
    chunks = [""]
    index = 0
    while index < len(segment):
        char = segment[index]
        index += 1
        if char == "*":
            chunks.append("")
        elif char == "?":
            chunks[-1] += "[^/]"
        elif char == "[":
            expression, index = _bracket(segment, index)
            chunks[-1] += expression
        else:
            if char == "\\":
                if index == len(segment):
                    raise GlobError("nothing follows the backslash at its end")
                char = segment[index]
                index += 1
            chunks[-1] += re.escape(char)
    end = r"(?=/|\Z)"
    if len(chunks) == 1:
        return f"{chunks[0]}{end}"
    if not any(chunks):
        return "[^/]++"
    return f"(?>{chunks[0]}{_stars(chunks[1:], end)})"


def _bracket(segment: str, index: int) -> tuple[str, int]:
    """``[a-z]``, from behind the opening bracket: what it is as a regular expression, and where it ended."""
    negated = segment[index : index + 1] in {"!", "^"}
    index += negated
    members = ""
    first = True
    while True:
        char = segment[index : index + 1]
        if not char:
            raise _NothingError
        if char == "]" and not first:
            break
        first = False
        if char == "[" and segment[index + 1 : index + 2] == ":" and (close := segment.find("]", index + 2)) > 0 \
                and segment[close - 1] == ":" and close - 1 > index + 1:
            name = segment[index + 2 : close - 1]
            if name not in _CLASSES:
                raise _NothingError
            members += _CLASSES[name]
            index = close + 1
            continue
        low, index = _member(segment, index)
        high = low
        if segment[index : index + 1] == "-" and segment[index + 1 : index + 2] not in {"", "]"}:
            high, index = _member(segment, index + 1)
        # Of a range that runs backwards, git takes its first character.
        members += re.escape(low) if low >= high else f"{re.escape(low)}-{re.escape(high)}"
    if not negated:
        return rf"(?!/)[{members}]", index + 1
    return f"[^/{members}]", index + 1


def _member(segment: str, index: int) -> tuple[str, int]:
    if segment[index] == "\\":
        index += 1
        if index == len(segment):
            raise _NothingError
    return segment[index], index + 1

