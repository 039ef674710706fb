"""Addresses with a splat and placeholders, and the addresses under which an object is served.

`*` stands for anything, also for nothing, and `:name` for one part of the path (Cloudflare's documented rules; Netlify
has the splat at the end only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, unquote

from sitepub.errors import Problem
from sitepub.site.address_rules.lines import Line

SPLAT = "splat"
_PLACEHOLDER = re.compile(r":[A-Za-z]\w*")
_WILD = re.compile(r"\*|:[A-Za-z]\w*")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
LONGEST = 1_000
"""Characters of an address (Cloudflare's limit for a redirect)."""


@dataclass(frozen=True)
class Address:
    """The left side of a rule."""

    path: str
    """Decoded, begins with ``/``."""
    host: str = ""
    """Lower case; "": any host."""
    names: tuple[str, ...] = field(default=())
    """What it captures, in the order of the path: ``splat`` and the placeholders without their colon."""

    @property
    def exact(self) -> bool:
        return not self.names

    @property
    def prefix(self) -> str | None:
        """What is before a splat at the end, for an address with nothing else; ``None`` for all others."""
        return self.path[:-1] if self.names == (SPLAT,) and self.path.endswith("*") else None

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches whole paths, with a group for each of ``names``. Of linear cost for a path: one splat, and no two
        placeholders in one part."""
        return re.compile(self.pattern, re.DOTALL)

    @property
    def pattern(self) -> str:
        """The same as text that RE2 knows, too."""
        parts, end = [], 0
        for found in _WILD.finditer(self.path):
            parts += [re.escape(self.path[end:found.start()]), "(.*)" if found[0] == "*" else "([^/]+)"]
            end = found.end()
        return f"^{''.join(parts)}{re.escape(self.path[end:])}$"

    def contains(self, other: Address) -> bool:
        """Whether everything that the other means is meant here, too; False also where it is not sure."""
        if self.host not in ("", other.host):
            return False
        if self.path == other.path:
            return True
        if other.exact:
            return self.match(other.path) is not None
        before, after = self._ends
        theirs, behind = other._ends
        return self.names == (SPLAT,) and theirs.startswith(before) and behind.endswith(after)

    def overlaps(self, other: Address) -> bool:
        """Whether a path may be meant by both; True also where it is not sure."""
        if self.host and other.host and self.host != other.host:
            return False
        if self.exact or other.exact:
            one, many = (self, other) if self.exact else (other, self)
            return many.match(one.path) is not None
        before, after = self._ends
        theirs, behind = other._ends
        return ((before.startswith(theirs) or theirs.startswith(before))
                and (after.endswith(behind) or behind.endswith(after)))

    @cached_property
    def _ends(self) -> tuple[str, str]:
        """What is before the first wildcard, and behind the last."""
        wild = list(_WILD.finditer(self.path))
        return (self.path[:wild[0].start()], self.path[wild[-1].end():]) if wild else (self.path, self.path)

    def match(self, path: str) -> Mapping[str, str] | None:
        """What is captured; ``None``: the path is not meant."""
        if not path.startswith(self._ends[0]):
            return None
        found = self.regex.fullmatch(path)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))

    def __str__(self) -> str:
        return f"{'https://' + self.host if self.host else ''}{self.path}"


def address_of(path: str) -> Address:
    """Of a decoded path that was read before."""
    return Address(path, "", tuple(SPLAT if one == "*" else one[1:] for one in _WILD.findall(path)))


def below(address: Address, prefix: str) -> Address:
    """As visitors see it: ``prefix`` is that of the object keys ("" or "a/b/")."""
    return Address(f"/{prefix}{address.path[1:]}", address.host, address.names) if prefix else address


def read_address(text: str, line: Line, column: int, problems: list[Problem]) -> Address | None:
    """``None``, and a problem, for what is no address."""
    host, path = "", text
    if text.lower().startswith(("http://", "https://")):
        authority, slash, rest = text.partition("://")[2].partition("/")
        host, path = authority.lower(), slash + rest or "/"
        if re.search(r":[0-9]+$", host):
            problems.append(Problem(f"`{text}` names a port, and rules are for a host on all of them", line.at(column),
                                    f"write {text.partition('://')[0]}://{host.partition(':')[0]}{path}"))
            return None
        # A placeholder in the host is for the preview addresses of those services: never a host of this site.
        if not _HOST.fullmatch(_PLACEHOLDER.sub("x", host)):
            problems.append(Problem(f"`{authority}` is not a host name", line.at(column)))
            return None
    message, hint = _complaint(path)
    if message:
        problems.append(Problem(f"`{text[:80]}` {message}", line.at(column), hint))
        return None
    found = address_of(unquote(path, errors="surrogateescape"))
    return Address(found.path, host, found.names)


def _complaint(path: str) -> tuple[str, str | None]:
    if not path.startswith("/"):
        return "does not begin with `/`", f"did you mean /{path.lstrip('./')[:80]}?" if path[:1] != "*" else \
            "write `/*` for every address"
    if len(path) > LONGEST:
        return f"is longer than {LONGEST:,} characters", None
    if "?" in path:
        return "holds a query", "rules match paths; a query is written behind it: /path key=value"
    if "#" in path:
        return "holds a fragment, which browsers do not send", "take it out"
    names = _WILD.findall(path)
    if names.count("*") > 1:
        return "holds more than one `*`", "only one is possible: the first may be the end of the address"
    if len(set(names)) < len(names):
        return "names a placeholder twice", None
    if any(len(_PLACEHOLDER.findall(part)) + part.count("*") > 1 for part in path.split("/")):
        return "holds two of `:name` and `*` between two slashes", "one is possible"
    if ":splat" in names:
        return "names a placeholder `:splat`", "that is what `*` stands for; choose another name"
    return "", None


def captured(text: str) -> list[str]:
    """The names that a target refers to, without colons."""
    return [found[1:] for found in _PLACEHOLDER.findall(text)]


def filled(text: str, values: Mapping[str, str]) -> str:
    """A target with what was captured put in, encoded."""
    return _PLACEHOLDER.sub(lambda found: quote(values[found[0][1:]], safe="/!$&'()*+,;=:@-._~",
                                                errors="surrogateescape")
                            if found[0][1:] in values else found[0], text)


def addresses_of(path: str, index: str, *, without_html: bool) -> Iterator[str]:
    """Where visitors find the object of a path below the web root: ``a/index.html`` at ``/a/`` too."""
    yield f"/{path}"
    if path == index or path.endswith(f"/{index}"):
        yield f"/{path.removesuffix(index)}"
    elif without_html and path.endswith(".html"):
        yield f"/{path.removesuffix('.html')}"


def served_at(address: str, paths: Set[str], index: str, *, without_html: bool) -> str:
    """The path of the file that answers at an address; "": none does."""
    path = address.removeprefix("/")
    if not path or path.endswith("/"):
        return path + index if path + index in paths else ""
    if path in paths:
        return path
    return f"{path}.html" if without_html and f"{path}.html" in paths else ""
