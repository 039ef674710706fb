"""The templates that come with sitepub: where they lie, what is in them, and how they get a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_MADE = frozenset({"node_modules", "dist", "public", "db.json", "package-lock.json", ".DS_Store"})
"""Never part of a starter at its top level, except ``public``: see :data:`_HAS_PUBLIC`. They are what an
``npm install`` and a build leave behind in a source checkout."""
_HAS_PUBLIC = frozenset({"react-starter", "vue-starter"})


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
