"""The few files of a project folder that show which tool made it, read once and leniently."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from sitepub.config.small_file import read_small

MOST_BYTES = 1 << 17
"""Configuration files are smaller than this; a larger file is something else."""
JS_ENDINGS = ("js", "mjs", "cjs", "ts", "mts", "cts")

_MOST_DOTS = 1000
_MOST_ABOVE = 4
"""Folders above a package in which the workspace is looked for."""
_LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun",
          "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
_EXEC = {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}


class ProjectFiles:
    """One folder. Files that are missing, unreadable or broken read as empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def is_file(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def first(self, names: Iterable[str]) -> str | None:
        """The first of the names that is a file."""
        return next((name for name in names if self.is_file(name)), None)

    def config(self, stem: str, endings: Iterable[str] = JS_ENDINGS) -> str | None:
        """``vite.config`` → the name of the file with one of the endings."""
        return self.first(f"{stem}.{ending}" for ending in endings)

    def text(self, name: str | None) -> str:
        """The content of a text file; "" when there is none."""
        if name is None:
            return ""
        path = self.folder / name
        try:
            return read_small(path, MOST_BYTES).decode("utf-8-sig", errors="replace")
        except OSError:
            return ""

    @cached_property
    def package(self) -> Mapping[str, Any]:
        """package.json, or an empty mapping."""
        try:
            content = json.loads(self.text("package.json"))
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    @cached_property
    def scripts(self) -> Mapping[str, str]:
        scripts = self.package.get("scripts")
        return {k: v for k, v in scripts.items() if isinstance(v, str)} if isinstance(scripts, dict) else {}

    @cached_property
    def dependencies(self) -> Mapping[str, str]:
        """Package → version range, from all sections of package.json."""
        found: dict[str, str] = {}
        for section in ("dependencies", "devDependencies", "optionalDependencies"):
            entries = self.package.get(section)
            if isinstance(entries, dict):
                found |= {name: version if isinstance(version, str) else "" for name, version in entries.items()}
        return found

    def depends(self, *names: str) -> bool:
        """Whether package.json names one of the packages."""
        return any(name in self.dependencies for name in names)

    def view(self, titles: Mapping[str, str]) -> str | None:
        """The title of the first package that is a dependency."""
        return next((title for name, title in titles.items() if name in self.dependencies), None)

    @property
    def python_runner(self) -> str:
        """What comes before a program of the project's Python environment: ``uv run `` or "", for example."""
        runners = {"uv.lock": "uv run ", "poetry.lock": "poetry run ", "pdm.lock": "pdm run ",
                   "Pipfile": "pipenv run "}
        return next((runner for lock, runner in runners.items() if self.is_file(lock)), "")

    @cached_property
    def package_manager(self) -> str:
        """npm, pnpm, yarn or bun: the ``packageManager`` field, else the lock file, here or in the workspace."""
        for files in (self, self.workspace):
            if files is None:
                continue
            named = files.package.get("packageManager", "")
            if isinstance(named, str) and (manager := named.partition("@")[0]) in _EXEC:
                return manager
            by_lock = next((name for lock, name in _LOCKS.items() if files.is_file(lock)), None)
            if by_lock is not None:
                return by_lock
        return "npm"

    @cached_property
    def workspace(self) -> ProjectFiles | None:
        """The folder above whose package.json or pnpm-workspace.yaml makes this one of its packages."""
        if not self.is_file("package.json"):
            return None
        folder = self.folder.absolute()
        for above in list(folder.parents)[:_MOST_ABOVE]:
            if (folder / ".git").exists():
                return None
            folder, files = above, ProjectFiles(above)
            if files.is_file("pnpm-workspace.yaml") or "workspaces" in files.package:
                return files
        return None

    def run_script(self, name: str) -> str:
        return f"{self.package_manager} run {name}"

    def run_tool(self, command: str) -> str:
        """The command line that runs an installed package's own program."""
        return f"{_EXEC[self.package_manager]} {command}"

    def build(self, tool_command: str) -> str:
        """The ``build`` script, or the tool itself where there is none."""
        return self.run_script("build") if "build" in self.scripts else self.run_tool(tool_command)

    @property
    def install(self) -> str | None:
        """The command that fetches the dependencies, when they are not there yet."""
        there = self.has("node_modules") or (self.workspace is not None and self.workspace.has("node_modules"))
        return None if there else f"{self.package_manager} install"


def flag(script: str, *names: str) -> str | None:
    """The value of a command line's option: ``--out web``, ``--out=web``."""
    words = script.split()
    for place, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name in names and (sign or place + 1 < len(words)):
            return (value if sign else words[place + 1]).strip("'\"")
    return None


def toml_of(text: str) -> Mapping[str, Any]:
    """The tables of a TOML file, or an empty mapping."""
    if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
        return {}  # tomllib takes time by the square of a dotted key's parts
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def outside(option: str, config: str | None) -> tuple[str, ...]:
    """The advice for a tool that is configured to write outside of the project."""
    return (f"{config} writes outside of this folder ({option}); sitepub publishes what lies in it. "
            f"Change {option}, or dist in serverless.yml.",)


def yaml_value(text: str, key: str) -> str | None:
    """The plain value of ``key:`` at the left margin. Case of the key does not matter (Hugo's does not)."""
    # With limits: two neighbours that both take blanks would take time by the square of their number.
    value = r"""(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"'\[{|>&*!][^#\n]{0,300}?))"""
    match = re.search(rf"^{re.escape(key)}[ \t]{{0,100}}:[ \t]{{1,100}}{value}[ \t]{{0,100}}(?:#.*)?$", text,
                      re.MULTILINE | re.IGNORECASE)
    return next((part for part in match.groups() if part is not None), None) if match else None


def inside(path: str, base: str = ".") -> str | None:
    """``path`` (relative to ``base``) as a folder below the project; ``None`` when it is none.

    The project itself and places outside of it are no folders for a build's output.
    """
    normal = posixpath.normpath(posixpath.join(base, path.replace("\\", "/").strip()))
    outside = normal in {".", ".."} or normal.startswith(("../", "/")) or re.match(r"[A-Za-z]:", normal)
    return None if outside or not normal.isprintable() else normal
