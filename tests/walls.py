"""The rules of which module may import which, as functions over a folder with the package. Each lists what breaks it.

Imports below ``TYPE_CHECKING`` and inside of functions count like all others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

FLOORS = ["cli", "actions", "ci", "dev", "notify", "publish", "settings", "domains", "logs", "check", "site", "leaks",
          "probe", "embedded", "tencent", "config", "watch", "terminal"]
"""From the top down; a room may import itself, the rooms after it, and the foundations."""
FOUNDATIONS = {"errors", "interrupts", "outside", "threads"}
"""Single files that every room stands on."""
WITHOUT_NETWORK = {"site", "config", "check"}
"""Rooms that only read the project: what they say never depends on a connection."""
NETWORK = {"aiohttp", "ftplib", "http.client", "http.server", "httpx", "qcloud_cos", "requests",
           "sitepub.tencent", "smtplib", "socket", "socketserver", "ssl", "tencentcloud",
           "urllib.request", "urllib3"}

LOCAL_ROOMS: Mapping[str, set[str]] = {
    "cloud_api/gateway": {"base", "store", "services", "visits", "cloud_api", "cloud_api/cam", "cloud_api/cdn",
                          "cloud_api/cls", "cloud_api/dnspod", "cloud_api/ssl", "cloud_api/sts", "cloud_api/tag",
                          "cloud_api/teo"},
    "cloud_api/teo": {"base", "services", "visits", "cloud_api", "cloud_api/ssl"},
    "cloud_api/cdn": {"base", "services", "visits", "cloud_api", "cloud_api/cls", "cloud_api/ssl"},
    "cloud_api/cls": {"base", "services", "cloud_api"},
    "cloud_api/ssl": {"base", "services", "cloud_api", "cloud_api/dnspod"},
    "cloud_api/dnspod": {"base", "services", "cloud_api"},
    "cloud_api/tag": {"base", "store", "services", "cloud_api", "cos/bucket"},
    "cloud_api/sts": {"base", "services", "cloud_api", "cloud_api/cam"},
    "cloud_api/cam": {"base", "services", "cloud_api"},
    "cloud_api": {"base", "store", "services", "visits"},
    "s3": {"base", "store", "cos/access"},
    "admin": {"base", "store", "services", "cos/bucket", "visits", "website"},
    "edge": {"base", "store", "services", "cos"},
    "website": {"base", "store", "services", "cos/access", "cos/bucket", "cos"},
    "cos": {"base", "store", "services", "cos/access", "cos/bucket"},
    "cos/bucket": {"base", "store", "services", "cos/access"},
    "cos/access": {"base", "store"},
    "visits": {"base", "store"},
    "services": {"base", "store"},
    "store": {"base"},
    "base": set(),
}
"""The rooms of the embedded cloud, from the top down, and what each may import beside itself. The files at the top
(`server`, `dispatch`, `cloud` …) put the rooms together: they may import every room, and no room imports them."""

DOMAIN_ROOMS: Mapping[str, set[str]] = {
    "hosts": {"certificates", "purge", "edges", "router", "dns", "zones", ""},
    "certificates": {"edges", "dns", ""},
    "purge": {"edges", ""},
    "router": {"edges", ""},
    "edges": {"zones", ""},
    "zones": {""},
    "dns": {""},
    "": set(),
}
"""The folders of `domains/`, from the top down, and what each may import beside itself; "": the files at its top, on
which all others stand."""


@cache
def imports_of(source: str) -> tuple[str, ...]:
    """Every module that a source imports, and every name from a module as ``module.name``, for it may be one too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            names.append(node.module or "")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


def sources(package: Path) -> Iterator[tuple[str, str]]:
    """Path within the package, with slashes, and text of each file."""
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), path.read_text(encoding="utf-8")


def house_faults(package: Path) -> list[str]:
    """Imports that go up, or across the wall between the embedded cloud and its clients."""
    faults = []
    for file, source in sources(package):
        room = file.split("/")[0] if "/" in file else ""
        rooms = {name.split(".")[1] for name in imports_of(source) if name.startswith("sitepub.")} - {"__version__"}
        if room == "local":
            allowed = {"local"}
        elif room == "":
            allowed = {"cli", *FOUNDATIONS} if file == "__main__.py" else FOUNDATIONS
        else:
            allowed = {*FLOORS[FLOORS.index(room):], *FOUNDATIONS} if room in FLOORS else set()
        faults += [f"{file} imports {one}" for one in sorted(rooms - allowed)]
    return faults


def network_faults(package: Path) -> list[str]:
    """Imports of the network in rooms that do without."""
    faults = []
    for file, source in sources(package):
        if file.split("/")[0] in WITHOUT_NETWORK:
            found = {name for name in imports_of(source) for one in NETWORK if f"{name}.".startswith(f"{one}.")}
            faults += [f"{file} imports {one}" for one in sorted(found)]
    return faults


def domain_faults(package: Path) -> list[str]:
    """Imports between folders of `domains/` that :data:`DOMAIN_ROOMS` does not name, and unknown folders."""
    files = {("sitepub." + file.removesuffix(".py").replace("/", ".")): file.removeprefix("domains/").rpartition("/")[0]
             for file, _source in sources(package) if file.startswith("domains/")}
    faults = []
    for file, source in sources(package):
        room = files.get("sitepub." + file.removesuffix(".py").replace("/", "."))
        if room is None:
            continue
        if room not in DOMAIN_ROOMS:
            faults.append(f"domains/{room} is no folder of DOMAIN_ROOMS")
            continue
        found = {files[name] for name in imports_of(source) if name in files} - {room}
        faults += [f"{file} imports domains/{one}" for one in sorted(found - DOMAIN_ROOMS[room])]
    return faults


def local_faults(package: Path) -> list[str]:
    """Imports between rooms of the embedded cloud that :data:`LOCAL_ROOMS` does not name, and unknown rooms."""
    faults = []
    for file, found in _local_imports(package).items():
        room = file.rpartition("/")[0]
        if room and room not in LOCAL_ROOMS:
            faults.append(f"local/{room} is no room of LOCAL_ROOMS")
            continue
        allowed = {room, *LOCAL_ROOMS[room]} if room else {"", *LOCAL_ROOMS}
        faults += [f"local/{file} imports local/{one}" for one in sorted(found)
                   if one.rpartition("/")[0] not in allowed]
    return faults


def local_rings(package: Path) -> list[str]:
    """Files of the embedded cloud that import each other, directly or through others."""
    imported = _local_imports(package)
    reached: dict[str, set[str]] = {}
    for file in imported:
        seen: set[str] = set()
        waiting = set(imported[file])
        while waiting:
            one = waiting.pop()
            seen.add(one)
            waiting |= imported.get(one, set()) - seen
        reached[file] = seen
    return [f"local/{file} imports itself through local/{one}" for file in sorted(imported)
            for one in sorted(imported[file]) if file in reached.get(one, set()) | {one}]


def _local_imports(package: Path) -> dict[str, set[str]]:
    """File of the embedded cloud → the files of it that it imports; paths within ``local/``."""
    found = {file.removeprefix("local/"): source for file, source in sources(package) if file.startswith("local/")}
    by_name = {("sitepub.local." + file.removesuffix(".py").replace("/", ".")).removesuffix(".__init__"): file
               for file in found}
    return {file: {by_name[name] for name in imports_of(source)
                   if name in by_name and not by_name[name].endswith("__init__.py")}
            for file, source in found.items()}
