"""Response headers that are stored with each file: the defaults, and the ``headers`` rules of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sitepub.config.bucket_settings import HeaderRule
from sitepub.errors import ConfigError, Position, Problem
from sitepub.site.address_rules.addresses import addresses_of
from sitepub.site.address_rules.header_rules import StoredHeaders, joined
from sitepub.site.charset import UTF8, with_charset
from sitepub.site.content_types import content_type, extension_of
from sitepub.site.fresh_files import is_asked_each_time
from sitepub.site.globs import Glob, GlobError, as_line, globs, hint_for_backslash
from sitepub.site.precompressed import inner_name
from sitepub.site.snapshot import headers_hash
from sitepub.site.stored_headers import CANONICAL, STORED, canonical_name

IMMUTABLE = "public, max-age=31536000, immutable"
"""The name carries a hash of the content: another content will have another name."""
REVALIDATE = "no-cache"
"""Pages, and files that must fit the pages (data, feeds, loaders, service workers): kept, but asked for each time.
That costs an empty 304 when
nothing changed, and a new deploy is seen at once."""
SHORT = "public, max-age=300"
"""The rest (pictures, styles and scripts without a hash): five minutes. Long enough for the pages of one visit,
short enough that no browser keeps an old style for long; a CDN needs no purge for files this short-lived."""

_PACKED = frozenset({"gz", "br", "zst", "svgz"})
_PAGES = ("text/html", "application/xhtml+xml")

DEFAULT = "default"
"""The value that takes back what rules before it set."""
_META_TOGETHER = 4096
"""Bytes of all x-cos-meta-* of an object, names and values (COS API 436/7749)."""
_META_LIMIT = 2048


def default_cache_control(name: str, kind: str, *, hashed: bool = False) -> str:
    """``name``: last part of the path; ``kind``: its content type; ``hashed``: its name carries a hash of its content,
    see :mod:`sitepub.site.hashed_names`."""
    if kind.startswith(_PAGES):
        return REVALIDATE
    if hashed:
        return IMMUTABLE
    return REVALIDATE if is_asked_each_time(name) else SHORT


class HeaderBook:
    """Gives every file its headers. Files with the same headers share one dict and one hash.

    Raises :class:`~sitepub.errors.ConfigError` with every mistake in the rules: a header that COS does not
    store with an object (COS API 436/7749), a value with a line break, a pattern that matches nothing ever.
    """

    def __init__(self, rules: Sequence[HeaderRule] = (), *, below: Sequence[StoredHeaders] = (),
                 index: str = "index.html", without_html: bool = False) -> None:
        """``below``: of `_headers`, which ``rules`` override. ``index`` and ``without_html``: at which addresses files
        are served."""
        problems: list[Problem] = []
        self._below = below
        self._index = index
        self._without_html = without_html
        for one in below:
            for name, line in one.headers:
                found = _problem(name, canonical_name(name), line.value or DEFAULT)
                if found:
                    problems.append(Problem(found[0].removeprefix("headers: "), one.block.position, found[1]))
        self._rules: list[tuple[Callable[[str], object], dict[str, str]]] = []
        self._positions: list[Position | None] = []
        for rule in rules:
            matcher = _matcher(rule, problems)
            headers = {}
            for name, value in rule.headers.items():
                canonical = canonical_name(name)
                problem = _problem(name, canonical, value)
                if problem:
                    problems.append(Problem(problem[0], rule.position, problem[1]))
                elif canonical:
                    headers[canonical] = value.strip()
            if matcher:
                self._rules.append((matcher, headers))
                self._positions.append(rule.position)
        if problems:
            raise ConfigError(problems)
        self._kinds: dict[str, str] = {}
        self._made: dict[tuple[str, str, str, tuple[int, ...], tuple[int, ...]],
                         tuple[Mapping[str, str], str]] = {}

    def of(self, path: str, name: str, *, hashed: bool = False, charset: str = UTF8,
           full_path: str | None = None) -> tuple[Mapping[str, str], str]:
        """The headers of a file and their hash. ``path``: below the web root; ``name``: its last part.

        ``full_path``: see :func:`sitepub.site.content_types.content_type`."""
        extension = extension_of(name)
        encoding = ""
        if extension in _PACKED:
            inner = inner_name(name, full_path)
            if inner is not None:
                name, encoding = inner
            elif extension == "svgz":
                name = f"{name[:-1]}"  # not packed: a plain SVG under that name
            extension = extension_of(name)
        if extension and extension != "xml":
            kind = self._kinds.get(extension)
            if kind is None:
                kind = self._kinds[extension] = content_type(name)
        else:
            kind = content_type(name, full_path)
        if charset != UTF8:
            kind = with_charset(kind, charset)
        cache = default_cache_control(name, kind, hashed=hashed)
        matched = tuple([number for number, (match, _) in enumerate(self._rules) if match(path)]
                        ) if self._rules else ()
        under = self._blocks_of(path) if self._below else ()
        known = self._made.get((kind, cache, encoding, under, matched))
        if known is None:
            known = self._make(kind, cache, encoding, under, matched)
            self._made[kind, cache, encoding, under, matched] = known
        return known

    def _blocks_of(self, path: str) -> tuple[int, ...]:
        served = tuple(addresses_of(path, self._index, without_html=self._without_html))
        return tuple([number for number, one in enumerate(self._below)
                      if any(one.address.match(address) is not None for address in served)])

    def matched(self) -> set[int]:
        """Numbers of the rules that a file had its headers from so far."""
        return {number for *_, matched in self._made for number in matched}

    def unmatched_blocks(self) -> list[StoredHeaders]:
        """Blocks of `_headers` that no file had its headers from so far."""
        used = {number for *_, under, _matched in self._made for number in under}
        return [one for number, one in enumerate(self._below) if number not in used]

    def _make(self, kind: str, cache: str, encoding: str, under: tuple[int, ...], matched: tuple[int, ...]
              ) -> tuple[Mapping[str, str], str]:
        changes: dict[str, str] = {}
        for number in under:
            for name, line in self._below[number].headers:
                if line.value is None:
                    changes.pop(name, None)
                else:
                    changes[name] = joined(name, None if line.fresh else changes.get(name), line.value)
        for number in matched:
            for name, value in self._rules[number][1].items():
                if value.lower() == DEFAULT and name in STORED:
                    changes.pop(name, None)
                else:
                    changes[name] = value
        if changes.get("Content-Type", "").lower().startswith(_PAGES):
            cache = REVALIDATE
        merged = {"Content-Type": kind, "Cache-Control": cache, "Content-Encoding": encoding, **changes}
        headers = {name: merged[name] for name in sorted(merged) if merged[name]}
        meta = {name: value for name, value in headers.items() if name.startswith("x-cos-meta-")}
        size = sum(len(name) + len(value.encode()) for name, value in meta.items())
        if size > _META_TOGETHER:
            raise ConfigError(Problem(
                f"headers: {', '.join(meta)} have {size} bytes together, and COS keeps {_META_TOGETHER} with a file",
                self._positions[matched[-1]] if matched else None, "Make them shorter, or leave some out."))
        return headers, headers_hash(headers)


def _matcher(rule: HeaderRule, problems: list[Problem]) -> Callable[[str], object] | None:
    meant = _globs(rule.pattern, rule.position, problems)
    but = [(pattern, _globs(pattern, position, problems)) for pattern, position in rule.but]
    if not meant or any(globs is None for _, globs in but):
        return None
    if len(meant) == 1 and not but and not rule.no_extension:
        return meant[0].match
    by_name = [glob for pattern, globs in but if _is_of_names(pattern) for glob in globs or ()]
    by_path = [glob for pattern, globs in but if not _is_of_names(pattern) for glob in globs or ()]

    def match(path: str) -> bool:
        name = path.rpartition("/")[2]
        return not (rule.no_extension and extension_of(name)) and any(glob.match(path) for glob in meant) \
            and not any(glob.match(path) for glob in by_path) and not any(glob.match(name) for glob in by_name)

    return match


def _is_of_names(pattern: str) -> bool:
    """Patterns such as ``!*.*`` speak of the names of files: ``.well-known/token`` is no ``*.*``, although its folder
    is."""
    return "/" not in pattern and any(char in pattern for char in "*?[")


def _globs(pattern: str, position: Position | None, problems: list[Problem]) -> list[Glob] | None:
    try:
        found = globs(as_line(pattern))
    except GlobError as error:
        problems.append(Problem(f"headers: {pattern[:80]!r} is not a pattern: {error}", position,
                                hint_for_backslash(pattern)))
        return None
    if not found or not all(glob.include for glob in found):
        problems.append(Problem(
            f"headers: the pattern {pattern!r} matches no file", position,
            "patterns are written as in .gitignore: `*.js`, `/assets/**`, `*.{png,jpg}`"))
        return None
    return found


def _problem(name: str, canonical: str | None, value: str) -> tuple[str, str | None] | None:
    if canonical is None:
        import difflib

        lower = name.strip().lower()
        if lower.startswith("x-cos-meta-") and "_" in lower:
            return (f"headers: {name!r} has an underscore, which COS does not take in the name of metadata",
                    f"Use a hyphen: {lower.replace('_', '-')}")
        near = difflib.get_close_matches(lower, CANONICAL, 1, 0.75)
        if near:
            hint = f"did you mean {CANONICAL[near[0]]}?"
        elif lower.startswith("access-control-"):
            hint = "COS answers these itself: set `cors`"
        else:
            hint = (f"headers that COS keeps: {', '.join(STORED)}, x-cos-meta-*; "
                    "others can be added by a CDN in front of it (hosts[].responseHeader)")
        return f"headers: COS does not keep the header {name!r} with a file", hint
    if any(ord(char) < 32 or ord(char) == 127 for char in value.strip()):
        return f"headers: the value of {canonical} holds a line break or another control character", None
    if canonical == "Content-Type" and not value.strip():
        return "headers: Content-Type cannot be removed", (
            "set another one, such as text/plain; charset=utf-8; `default` is the one that the name stands for")
    if canonical.startswith("x-cos-meta-") and len(canonical) + len(value.encode()) > _META_LIMIT:
        return f"headers: {canonical} is longer than {_META_LIMIT} bytes, name and value together", None
    return None
