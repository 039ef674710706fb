"""The templates that come with sitepub: where they lie, what is in them, and how they get a name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_MADE = frozenset({"node_modules", "dist", "public", "db.json", "package-lock.json", ".DS_Store"})
"""Never part of a starter at its top level, except ``public``: see :data:`_HAS_PUBLIC`. They are what an
``npm install`` and a build leave behind in a source checkout."""
_HAS_PUBLIC = frozenset({"react-starter", "vue-starter"})

_IGNORE = ".gitignore"
_KEPT = ("README.md", _IGNORE)
"""What hosting services put into a new repository, and a template has, too. They stay: a .gitignore gets the lines that
it lacks, and the README is its owner's."""


@dataclass(frozen=True, slots=True)
class Template:
    """One starter."""

    name: str
    about: str
    """One line for people."""
    install: str | None = None
    """The command to run in a new copy before the first deploy."""

    @property
    def short(self) -> str:
        """``website-starter`` → ``website``."""
        return self.name.removesuffix("-starter")


TEMPLATES: tuple[Template, ...] = (
    Template("website-starter", "Plain HTML and CSS in a few pages; nothing to install."),
    Template("hexo-starter", "A Hexo blog with its own theme, in English and Chinese.", "npm install"),
    Template("react-starter", "A React app, built with Vite.", "npm install"),
    Template("vue-starter", "A Vue app, built with Vite.", "npm install"),
)


def starter_files(template: Template, project: str) -> dict[str, bytes]:
    """Path below the new folder (with ``/``) → content, for a project of that name."""
    found: dict[str, bytes] = {}
    for path, entry in _walk(_folder(template.name)):
        top = path.partition("/")[0]
        if top in _MADE and not (top == "public" and template.name in _HAS_PUBLIC):
            continue
        content = entry.read_bytes()
        if path == "serverless.yml":
            content = _renamed(content, r"^(app|name):.*$", rf"\1: {yaml_text(project)}")
        elif path == "package.json":
            content = _renamed(content, r'^(  "name"): .*$', rf'\1: "{project}",')
        # Packaging tools take a .gitignore for their own, so it is stored under another name.
        found[".gitignore" if path == "gitignore" else path] = content
    return found


def _folder(name: str) -> Traversable:
    """In the wheel the starters lie in the package, in a source checkout beside it."""
    packed = files("sitepub") / "starters" / name
    return packed if packed.is_dir() else Path(__file__).parents[2] / "starters" / name


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        path = prefix + entry.name
        if entry.is_file():
            yield path, entry
        elif entry.name not in {"node_modules", "__pycache__"}:
            yield from _walk(entry, f"{path}/")


def _renamed(content: bytes, pattern: str, replacement: str) -> bytes:
    return re.sub(pattern, replacement, content.decode(), flags=re.MULTILINE).encode()


@dataclass(frozen=True, slots=True)
class NewRepository:
    """Files of the template that the folder has already."""

    there: Mapping[str, bytes]
    """Name → what the template has in it."""

    def settle(self, target: Path) -> tuple[str, ...]:
        """Add what .gitignore lacks. Returns what was done, in sentences."""
        said = [f"{name} was there already and stays as it is." for name in self.there if name != _IGNORE]
        if _IGNORE in self.there:
            said.append(_merge(target / _IGNORE, self.there[_IGNORE]))
        return tuple(said)


def of_new_repository(target: Path, files: Mapping[str, bytes]) -> NewRepository:
    """Looks only. What is no plain file (a link, a folder) is in the way like any other name."""
    # Of os.path, which takes a name that is too long for one that is not there.
    return NewRepository({name: files[name] for name in _KEPT if name in files
                          and os.path.isfile(target / name)  # noqa: PTH113
                          and not os.path.islink(target / name)})  # noqa: PTH114


def _merge(place: Path, wanted: bytes) -> str:
    try:
        own = place.read_bytes()
        known = {line.strip() for line in own.splitlines()}
        missing = [line for line in wanted.splitlines() if line.strip() and not {line, line.rstrip(b"/")} & known]
        if not missing:
            return f"{_IGNORE} was there already and has all that the template ignores."
        end = b"\r\n" if b"\r\n" in own else b"\n"
        before = b"" if not own or own.endswith(b"\n") else end
        with place.open("ab") as stream:
            stream.write(before + b"".join(line + end for line in missing))
    except OSError as error:
        lines = ", ".join(os.fsdecode(line) for line in wanted.splitlines())
        return f"{_IGNORE} could not be changed ({error.strerror}). Add these lines to it: {lines}"
    return f"{_IGNORE} was there already; added to it: {', '.join(os.fsdecode(line) for line in missing)}"


def project_name(folder: str, otherwise: str, longest: int = 40) -> str:
    """What of a folder's name a site may be called: lowercase letters, digits and hyphens."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:longest].rstrip("-")
    return name or otherwise


def yaml_text(text: str) -> str:
    """The text as a YAML scalar that reads back as the same string: plain where that is safe."""
    plain = re.fullmatch(r"[A-Za-z0-9./][A-Za-z0-9_./@=-]*(?: [A-Za-z0-9_./@=-]+)*", text)
    like_number = re.fullmatch(r"[0-9a-fxo._+-]+", text, re.IGNORECASE)
    reserved = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}
    if plain and not like_number and text.lower() not in reserved:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
