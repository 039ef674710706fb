"""Checks of this computer: versions, folders, the tools that build sites.

Each finding is (name, what was found, hint); the hint is there when something is wrong.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from sitepub import __version__
from sitepub.config import places
from sitepub.config.programs import find_program
from sitepub.config.small_file import PACKAGE_LIMIT, read_small_text
from sitepub.leaks.cloud_secrets import secret_values, without_secrets

CheckResult = tuple[str, str, str | None]

_LIBRARIES = ("click", "rich", "PyYAML", "pydantic", "cos-python-sdk-v5",
              "tencentcloud-sdk-python-common", "aiohttp", "cryptography", "truststore")


def examine(folder: Path, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """Versions, and whether sitepub's own folders and this one can be written."""
    yield "sitepub", f"{__version__} in {Path(__file__).resolve().parent.parent}", None
    yield "python", f"{platform.python_version()} ({sys.executable})", None
    yield "system", f"{platform.platform()}, {platform.machine()}", None
    versions, missing = [], []
    for name in _LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield "libraries", f"missing: {', '.join(missing)}", "Install sitepub again with pip or pipx."
    else:
        yield "libraries", ", ".join(versions), None
    own = {"configuration": places.config_dir(environ), "cache": places.cache_dir(environ),
           "data": places.data_dir(environ)}
    for name, place in own.items():
        problem = _cannot_write(place)
        yield (f"{name} folder", f"{place}: {problem}" if problem else str(place),
               "Make it writable, or set SITEPUB_HOME to a folder that is." if problem else None)
    problem = _cannot_write(folder)
    if problem:
        yield "this folder", f"{folder}: {problem}", "A build writes its output here: make it writable."


def _cannot_write(folder: Path) -> str | None:
    """Why nothing can be written there; ``None`` when it can. A missing folder is made, then removed."""
    made = []
    try:
        missing = folder
        while not missing.exists():
            made.append(missing)
            missing = missing.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)
    finally:
        for place in made:
            try:
                place.rmdir()
            except OSError:
                break


def build_tools(folder: Path, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """node, npm and hexo, when the folder holds a project that needs them."""
    package = folder / "package.json"
    if not package.is_file():
        return
    for name in ("node", "npm"):
        version = _version_of(name, environ)
        yield (name, version or "not found",
               None if version else "The site has a package.json: install Node.js to build it.")
    try:
        given = json.loads(read_small_text(package, PACKAGE_LIMIT))
        needed = {**given.get("dependencies", {}), **given.get("devDependencies", {})}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        yield "package.json", f"cannot be read ({why})", "Correct it: it has to be JSON."
        return
    if "hexo" in needed:
        version = _installed(folder / "node_modules" / "hexo" / "package.json")
        yield ("hexo", version or f"not installed (package.json asks for {needed['hexo']})",
               None if version else "Run: npm install")
    elif needed and not (folder / "node_modules").is_dir():
        yield "node_modules", "not there", "Run: npm install"


def _version_of(program: str, environ: Mapping[str, str]) -> str | None:
    found = find_program(program, environ, batch=True)
    if found is None:
        return None
    try:
        # Not in the project's folder: a package.json there may name another npm, to be downloaded and run.
        answer = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=20, check=True,
                                stdin=subprocess.DEVNULL, encoding="utf-8", errors="replace",
                                cwd=Path(found).parent, env=without_secrets(environ, secret_values(environ)))
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{answer.stdout.strip()[:100]} ({found})"


def _installed(package: Path) -> str | None:
    try:
        version = json.loads(read_small_text(package, PACKAGE_LIMIT)).get("version")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return str(version) if version else None
