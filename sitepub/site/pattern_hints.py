"""Why a pattern matches nothing, and what was probably meant.

Tried are other ways to write it: what matches something then is the hint. A pattern of the user is never run as a
regular expression.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sitepub.config.project import Project
from sitepub.site.globs import GlobError, as_line, globs

_MANY = 5000
"""Paths that a hint is tried on, and names that a name is compared with."""
_LONGEST = 200
"""Characters of a pattern that hints are looked for."""
_REGEX = re.compile(r"^\^|(?<!\\)\$$|(?<![*/])\.\*|\\[.dwsbDWS/]|\.\+|\((?:\?:)?[^()|]*\|[^()]*\)|\[[^\]/]+\]\+|^\(\?")
"""What stands in regular expressions and hardly in patterns."""
_WINDOWS = re.compile(r"(?:[A-Za-z]:)?(?:\\?[\w .*-]+)(?:\\[\w .*-]+)+\\?")
"""Names with backslashes between them, and nothing else that a regular expression would have."""
_EXTENDED = re.compile(r"[!@+?*]\(")


class Hints:
    def __init__(self, project: Project, folder: Path, paths: Sequence[str]) -> None:
        """``paths``: what there is, from the web root."""
        self._project = project
        self._folder = folder
        self._paths = paths[:_MANY]
        self._lower: list[str] | None = None

    def hint(self, text: str) -> str | None:
        """What was probably meant by a pattern that matches nothing; ``None``: unknown."""
        if len(text) > _LONGEST:
            return None
        sign, pattern = ("!", text[1:]) if text.startswith("!") else ("", text)
        pattern = pattern.removeprefix("./")
        for meant, why in self._others(pattern):
            if self._matches(meant, self._paths):
                return f"{why}: write `{sign}{meant}`"
        if _EXTENDED.search(text):
            return "`!(…)` and the like are not known here; alternatives stand in braces: `*.{map,md}`"
        return self._general(pattern, sign)

    def _others(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Other ways to write a pattern, each with what is wrong with the one that was written."""
        bare = pattern.strip().strip("\"'")
        if bare != pattern:
            yield bare, "quotes and spaces are part of a pattern"
        if _EXTENDED.search(pattern):
            yield re.sub(r"@\(([^()]*)\)", _as_braces, pattern), \
                "alternatives stand in braces"
        for meant in self._as_glob(pattern):
            yield meant, "this reads like a regular expression, and patterns are those of .gitignore"
        for meant in self._from_the_web_root(pattern):
            yield meant, "patterns count from the web root"
        if "\\" in pattern:
            slashes = re.sub(r"^[A-Za-z]:", "", pattern).replace("\\", "/")
            for meant in (slashes, *self._from_the_web_root(slashes)):
                yield meant, "folders are separated by /"
        if "[" in pattern:
            yield re.sub(r"(?<!\\)\[", r"\\[", pattern), "[…] stands for one of the characters in it"
        if pattern.startswith("/"):
            yield pattern.lstrip("/"), "a slash at the beginning means directly in the web root"
        elif "/" in pattern.rstrip("/"):
            yield f"**/{pattern}", "a pattern with a slash in it counts from the web root"
        if pattern.endswith("/"):
            yield pattern.rstrip("/"), "a slash at the end means a folder"
        if re.fullmatch(r"\.?\w+", pattern):
            yield f"*.{pattern.removeprefix('.')}", "a pattern without * is a whole name"
        for separator in (",", ";", "|", " "):
            parts = [part.strip() for part in pattern.split(separator)]
            if len(parts) > 1 and all(parts) and any(self._matches(part, self._paths) for part in parts) \
                    and "{" not in pattern:
                yield "{" + ",".join(parts) + "}", "an entry is one pattern, which may hold braces"

    def _from_the_web_root(self, pattern: str) -> Iterator[str]:
        """Without the way to the web root, or the prefix of the keys, at the beginning."""
        rest = re.sub(r"^https?://[^/]+", "", pattern)
        if rest != pattern:
            yield rest or "/"
        whole = self._folder.as_posix()
        if rest.startswith(whole + "/"):
            rest = rest[len(whole):]
            yield rest
        parts = rest.removeprefix("**/").lstrip("/").split("/")
        while parts and parts[0] in ("..", "."):
            parts.pop(0)
        prefix = [part for part in self._project.key_prefix.split("/") if part]
        for way in (list(self._folder.parts), prefix):
            for number in range(1, min(len(parts), len(way) + 1)):
                if parts[:number] == way[-number:] and any(parts[number:]):
                    yield from _below(parts[number:])
        if ".." in rest.split("/") and any(parts):
            yield from _below(parts)

    def _as_glob(self, pattern: str) -> Iterator[str]:
        """A simple regular expression as a pattern."""
        if not _REGEX.search(pattern):
            return
        text = re.sub(r"^/(.*)/[a-z]*$", r"\1", pattern) if pattern.startswith(("/^", "/.", "/\\")) else pattern
        start, end = text.startswith("^"), text.endswith("$")
        text = text.removeprefix("(?i)").removeprefix("^").removesuffix("$").replace("\\/", "/")
        text = re.sub(r"\((?:\?:)?([^()]*)\)\??", _as_braces, text)
        text = re.sub(r"(?:\[\^/\]|\\[wdsWDS]|(?<!\\)\.|\[[^\]]*\])[*+]\??", "*", text)
        text = re.sub(r"\\d", "[0-9]", text)
        text = re.sub(r"\\(.)", r"\1", text)
        if start:
            yield "/" + text.lstrip("/") + ("" if end or text.endswith("/") else "*")
        text = text if text.startswith(("*", "/")) else "*" + text
        yield text if end or text.endswith(("*", "/")) else text + "*"
        yield re.sub(r"\*+", "*", text)
        yield "**/" + text.lstrip("/")

    def _general(self, pattern: str, sign: str) -> str | None:
        if _WINDOWS.fullmatch(pattern):
            return "folders are separated by /, and patterns count from the web root"
        if _REGEX.search(pattern):
            return "regular expressions are not known here; patterns are those of .gitignore, such as `*.map`"
        if self._lower is None:
            self._lower = [path.lower() for path in self._paths]
        if pattern.lower() != pattern or self._lower != list(self._paths):
            there = next((path for path, lower in zip(self._paths, self._lower, strict=True)
                          if self._matches(pattern.lower(), [lower])), None)
            if there is not None:
                return f"upper and lower case differ: there is {there}"
        bare = pattern.strip("/")
        if bare and not any(char in bare for char in "*?[{\\"):
            names = {part for path in self._paths for part in (path.rstrip("/"), *path.rstrip("/").split("/"))}
            near = difflib.get_close_matches(bare, sorted(names)[:_MANY], 1, 0.75)
            return f"did you mean `{sign}{near[0]}`?" if near else None
        return None

    def _matches(self, pattern: str, paths: Sequence[str]) -> bool:
        try:
            found = globs(as_line(pattern))
        except GlobError:
            return False
        return any(one.match(path) for one in found for path in paths)


def _as_braces(found: re.Match[str]) -> str:
    return "{" + found[1].replace("|", ",") + "}" if "|" in found[1] else found[1]


def _below(parts: Sequence[str]) -> Iterator[str]:
    rest = "/".join(parts)
    yield rest if "/" in rest.rstrip("/") else f"/{rest}"
    yield rest
