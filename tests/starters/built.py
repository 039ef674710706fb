"""Install the npm packages of a starter, or of the docs, once for all tests and all workers, and lend them to copies.

Tests get ``install`` from the fixture ``npm_packages``: that is how ``tests/run --quick`` knows what needs npm."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

REPO = Path(__file__).parents[2]
STARTERS = REPO / "starters"
PATIENCE = 600
"""Seconds that an install may take, the registry's slowness included."""


def install(starter_name: str, target_dir: Path) -> None:
    """``npm install`` for a copy of the starter (or of ``docs``) in ``target_dir``: gives it a node_modules of its own.

    The packages are fetched by the first test that asks; they lie in the system's temporary folder, under a
    name made of what package.json asks for and of Node's version. Copies share files by hard links where the
    file system can. Fails with npm's own output.
    """
    target = target_dir / "node_modules"
    shutil.copytree(_cached(starter_name), target, symlinks=True, copy_function=_link_or_copy)


InstallPackages = Callable[[str, Path], None]


def generate(site: Path, *command: str) -> str:
    """Run a build command in a site; its output. The site's own npm settings apply, nothing is fetched."""
    return _run([npm(command[0]), *command[1:]], site)


def npm(program: str = "npm") -> str:
    """npm and npx are ``.cmd`` files on Windows."""
    found = shutil.which(program)
    assert found is not None, f"the tests need {program}: tests/run installs it"
    return found


MANAGERS = {"pnpm": "pnpm@10.20.0", "yarn": "yarn@1.22.22", "bun": "bun@1.3.2"}


def package_manager(name: str) -> str:
    """The program of a package manager: npm's own, else one that is fetched once."""
    if name == "npm":
        return npm()
    return fetched_program(name, MANAGERS[name])


def fetched_program(name: str, package: str) -> str:
    """A program of an npm package (with its version), fetched once."""
    store = Path(tempfile.gettempdir()) / f"sitepub-test-npm-{getattr(os, 'getuid', lambda: 0)()}"
    store.mkdir(mode=0o700, exist_ok=True)
    place = store / package
    program = place / "node_modules" / ".bin" / name
    with _lock(store / f"{package}.lock"):
        if not program.exists():
            place.mkdir(exist_ok=True)
            (place / "package.json").write_text("{}")
            _run([npm(), "install", "--no-audit", "--no-fund", package], place)
            if name == "bun":  # npm may leave its install script out, which puts the program in place
                _run([npm("node"), "install.js"], place / "node_modules" / "bun")
    return str(program)


def _cached(starter_name: str) -> Path:
    home = REPO if starter_name == "docs" else STARTERS
    manifest = (home / starter_name / "package.json").read_text(encoding="utf-8")
    wanted = {name: json.loads(manifest).get(name) for name in ("dependencies", "devDependencies")}
    version = subprocess.run([npm("node"), "--version"], capture_output=True, text=True, check=True).stdout
    key = hashlib.sha256(f"{json.dumps(wanted, sort_keys=True)}{version}".encode()).hexdigest()[:16]
    user = getattr(os, "getuid", lambda: 0)()
    store = Path(tempfile.gettempdir()) / f"sitepub-test-npm-{user}"
    store.mkdir(mode=0o700, exist_ok=True)
    place = store / f"{starter_name}-{key}"
    done = place / "node_modules"
    with _lock(store / f"{starter_name}-{key}.lock"):
        if not done.is_dir():
            fresh = Path(tempfile.mkdtemp(prefix=f"{starter_name}-", dir=store))
            try:
                (fresh / "package.json").write_text(manifest, encoding="utf-8")
                _run([npm(), "install", "--no-audit", "--no-fund", "--no-package-lock"], fresh)
                place.mkdir(exist_ok=True)
                (fresh / "node_modules").rename(done)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return done


def _run(command: list[str], folder: Path) -> str:
    ended = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                           stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE, check=False)
    assert ended.returncode == 0, f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}"
    return ended.stdout


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by one process at a time; the system lets go of it when the process ends."""
    with path.open("a+b") as stream:
        if os.name == "nt":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
                    break
                time.sleep(0.2)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
