"""Which files of a site carry a hash of their content in their name, so that another content has another name?

Browsers may keep such a file for a year without asking again. A wrong "yes" leaves visitors with an old file for that
year, a wrong "no" costs a request now and then: in doubt the answer is no. So one name alone never decides. It takes

- a folder that a framework fills with hashed files only (Next, Nuxt, Astro, SvelteKit, Gatsby), or Hugo's names of
  scaled pictures, or
- a *convention*: scripts or stylesheets in the same folder, or the one beside it (``js/``, ``css/``, ``img/``), whose
  names carry a random part of the same form: at least two of them, or one that a page names. A script beside them whose
  random part is in doubt counts where a page names it. That is what Vite, Rollup,
  webpack, Rspack, Parcel, esbuild, Angular, Docusaurus, VitePress, MkDocs Material, Umi … leave behind, or
- a random part that is beyond doubt, in a name that a page or a manifest names.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from sitepub.site.hash_tokens import CODE, LONG, Alphabet, Token, is_possible, is_random, runs_in, token_of

_IMMUTABLE_FOLDER = re.compile(
    r"(?:^|/)(?:_next/static|_nuxt(?!/(?:builds|static)(?:/|$))|_astro|_app/immutable|static/[0-9a-f]{32})(?:/|$)")
"""Where frameworks put nothing but hashed files: Next, Nuxt (its builds/latest.json is fresh every time, and Nuxt 2 has
the data of pages in static/), Astro, SvelteKit, Gatsby."""
_HUGO_IMAGE = re.compile(r"_hu_?[0-9a-f]{16,64}(?:_|\.)")
_KINDS = frozenset({
    "js", "css", "img", "image", "images", "media", "font", "fonts", "svg", "assets", "static", "scripts", "styles",
    "javascripts", "stylesheets", "files", "wasm", "video", "audio", "chunks"})
"""Folders that hold one kind of what a tool writes; their parent is where the tool writes."""
_NEVER = frozenset({"html", "htm", "xhtml", "xml", "rss", "atom", "ics", "appcache"})
_MANIFEST = re.compile(r"(?:[\w-]+[-.])?(?:manifest|stats|importmap)\.json", re.IGNORECASE)

_VOTING = CODE - {"map"}
_SETTLED = 4
"""From so many scripts and stylesheets of one form, all of them are taken to be hashed, those with an unlikely token
(digits only, letters only) among them."""

Form = tuple[Alphabet, int, str]


def in_immutable_folder(folder: str) -> bool:
    """``folder``: path below the web root, without a slash at either end."""
    return _IMMUTABLE_FOLDER.search(folder) is not None


def may_have_hash(name: str) -> bool:
    """Does the name, seen alone, have a part that looks drawn by lot? ``name``: the last part of a path."""
    if _HUGO_IMAGE.search(name) is not None:
        return True
    token = token_of(name)
    return token is not None and is_possible(token, settled=_extension(name) in CODE)


@dataclass(slots=True)
class HashedNames:
    """The verdict for each path of one site."""

    conventions: dict[tuple[str, Form], int] = field(default_factory=dict)
    """(Where a tool writes, form of the random part) → in how many scripts and stylesheets it was seen, up to
    ``_SETTLED``."""
    named: set[str] = field(default_factory=set)
    """Paths outside of every convention whose name is random and stands in a page or a manifest."""
    asked: frozenset[str] = frozenset()
    """Paths for which pages had to be read."""
    pages: tuple[str, ...] = field(default=(), compare=False)
    """The pages and manifests that were asked, nearest first."""
    answers: frozenset[str] = field(default=frozenset(), compare=False)
    """Paths of those that they name."""

    def may_depend_on(self, path: str) -> bool:
        """May the verdict on other paths be another one when this file comes, changes or goes?"""
        name = path.rpartition("/")[2]
        if is_readable(name):
            return bool(self.asked) and (len(self.pages) < _PAGES_READ or _distance(path) <= _distance(self.pages[-1]))
        return (_extension(name) in CODE and token_of(name) is not None) or path in self.asked

    def __contains__(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if in_immutable_folder(folder):
            return True
        extension = _extension(name)
        if extension in _NEVER:
            return False
        if path in self.named or _HUGO_IMAGE.search(name) is not None:
            return True
        token = token_of(name) if self.conventions else None
        if token is None:
            return False
        place = _place(folder)
        seen = self.conventions.get((place, token.form), 0)
        if seen:
            return is_possible(token, settled=seen >= _SETTLED and extension in CODE)
        # Docusaurus and Rollup give pictures long hashes beside scripts with short ones.
        return (token.alphabet is Alphabet.HEX and len(token.text) >= LONG and is_random(token)
                and any(place == where for where, _ in self.conventions))


NamesIn = Callable[[str, Collection[str]], set[str]]
"""Which of the given names stand in the text of the file at a path."""


def find_hashed_names(paths: Iterable[str], names_in: NamesIn) -> HashedNames:
    """``paths``: of all files below the web root. ``names_in``: which of the given names stand in the text of the file
    at a path; called for few files, and only where names alone do not decide."""
    votes: Counter[tuple[str, Form]] = Counter()
    open_questions: dict[str, tuple[str, Form]] = {}
    doubtful: dict[str, tuple[str, Form]] = {}
    readable: list[str] = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        extension = _extension(name)
        if _is_readable(name, extension):
            readable.append(path)
            if len(readable) > _MANY:
                readable = [*nearest(readable)]
            continue
        token = token_of(name) if extension not in _NEVER else None
        if token is None or in_immutable_folder(folder):
            continue
        convention = (_place(folder), token.form)
        if is_random(token) and extension in _VOTING:
            votes[convention] += 1
        if _is_worth_asking(token, extension):
            open_questions[path] = convention
        elif extension in _VOTING and token.separator and is_possible(token, settled=True):
            doubtful[path] = convention
    found = HashedNames({convention: min(count, _SETTLED) for convention, count in votes.items() if count > 1})
    places = {*found.conventions, *open_questions.values()}
    asked = {path: convention for path, convention in (open_questions | doubtful).items()
             if path not in found and convention in places}
    if asked:
        found.asked = frozenset(asked)
        found.pages = nearest(readable)
        named = named_in(asked, found.pages, names_in)
        found.answers = frozenset(named)
        found.named = {path for path in named if path in open_questions}
        for path in found.named:
            if _extension(path) in _VOTING:
                found.conventions[asked[path]] = max(1, votes[asked[path]])
        # The one script of a small build may have a hash that reads like a word.
        found.named.update(path for path in named if path in doubtful and asked[path] in found.conventions)
    return found


_MANY = 4096
_PAGES_READ = 24
"""How many pages and manifests are asked for a name. The entry page and those nearest to it come first."""


def nearest(readable: Iterable[str]) -> tuple[str, ...]:
    """The pages and manifests to ask, in order."""
    return tuple(heapq.nsmallest(_PAGES_READ, readable, key=_distance))


def _distance(path: str) -> tuple[bool, int, str]:
    return path.endswith(("html", "htm")), path.count("/"), path


def named_in(questions: Iterable[str], pages: Iterable[str], names_in: NamesIn) -> set[str]:
    """The paths of those whose names stand in a page."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in questions:
        by_name[path.rpartition("/")[2]].append(path)
    named: set[str] = set()
    for page in pages:
        if not by_name:
            break
        for name in names_in(page, by_name.keys()):
            named.update(by_name.pop(name))
    return named


def _is_worth_asking(token: Token, extension: str) -> bool:
    """Is the name a hash if a page names it? A script's or stylesheet's may be less random than others: people rarely
    write one with just eight characters after a dash. Short hexadecimal tokens of pictures and documents are never
    enough: people number rooms, orders and devices like that."""
    if extension in _VOTING:
        return is_random(token) or (token.separator != "" and is_possible(token, settled=False))
    if not is_random(token):
        return False
    if token.alphabet is Alphabet.HEX:
        return len(token.text) >= LONG
    return token.alphabet is Alphabet.BASE64 and runs_in(token.text) >= 5


def is_readable(name: str) -> bool:
    return _is_readable(name, _extension(name))


def _is_readable(name: str, extension: str) -> bool:
    return extension in ("html", "htm") or (extension == "json" and _MANIFEST.fullmatch(name) is not None)


def _place(folder: str) -> str:
    """Where the tool writes whose file lies in ``folder``: ``static`` for ``static/js/async``."""
    folder = folder.removesuffix("/async")
    parent, _, last = folder.rpartition("/")
    return parent if last in _KINDS else folder


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()
