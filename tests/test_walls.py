"""The walls of the house: imports go down only, and the embedded cloud shares nothing with its clients."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.walls import (
    DOMAIN_ROOMS,
    FLOORS,
    LOCAL_ROOMS,
    domain_faults,
    house_faults,
    imports_of,
    local_faults,
    local_rings,
    network_faults,
)

PACKAGE = Path(__file__).parent.parent / "sitepub"
HEAVY = {"pydantic", "qcloud_cos", "tencentcloud", "aiohttp", "rich", "requests", "cryptography", "segno"}
FILES = sorted(PACKAGE.rglob("*.py"))
MOST = 25
"""Python files in a folder."""


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py") if len(parts) > 1 else ""


def test_there_are_rooms_to_check() -> None:
    assert {room_of(path) for path in FILES} >= {"cli", "actions", "publish", "site", "tencent", "watch", "local"}
    assert {room_of(path) for path in FILES} <= {*FLOORS, "local", ""}, "every room stands on a floor"


def test_imports_go_down_only() -> None:
    assert house_faults(PACKAGE) == []


def test_the_rooms_that_read_a_project_have_no_network() -> None:
    assert network_faults(PACKAGE) == []


def test_imports_inside_domains_go_down_only() -> None:
    assert domain_faults(PACKAGE) == []
    rooms = list(DOMAIN_ROOMS)
    for number, room in enumerate(rooms):
        assert DOMAIN_ROOMS[room] <= set(rooms[number + 1:]), f"{room} may import only what is listed below it"


def test_imports_inside_the_embedded_cloud_go_down_only() -> None:
    assert local_faults(PACKAGE) == []


def test_no_files_of_the_embedded_cloud_import_each_other() -> None:
    assert local_rings(PACKAGE) == []


def test_the_rooms_of_the_embedded_cloud_stand_on_floors() -> None:
    rooms = list(LOCAL_ROOMS)
    for number, room in enumerate(rooms):
        assert LOCAL_ROOMS[room] <= set(rooms[number + 1:]), f"{room} may import only what is listed below it"


def test_the_picture_shows_the_rooms_of_the_embedded_cloud() -> None:
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = text.partition("## The embedded cloud")[2].partition("    server ")[2].partition("\n\n")[0]
    assert set(re.findall(r"(?:^|[ ])([a-z_0-9]+(?:/[a-z]+)?)/(?= |$)", picture, re.MULTILINE)) == set(LOCAL_ROOMS)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that a test may break; what it adds it takes away again."""
    folder = tmp_path_factory.mktemp("house") / "sitepub"
    shutil.copytree(PACKAGE, folder, ignore=lambda place, names: [
        name for name in names if not name.endswith(".py") and not (Path(place) / name).is_dir()])
    return folder


WRONG = [
    (house_faults, "config/upwards.py", "from sitepub.publish.plan import Plan", "imports publish"),
    (house_faults, "site/hidden.py", "def f() -> None:\n    import sitepub.actions.deploy", "imports actions"),
    (house_faults, "tencent/shared.py", "from sitepub.local.base import xml", "imports local"),
    (house_faults, "local/cos/shared.py", "from sitepub.tencent.cos import signature", "imports tencent"),
    (house_faults, "local/base/fails.py", "from sitepub import errors", "imports errors"),
    (house_faults, "newroom/file.py", "from sitepub.config import load", "imports config"),
    (network_faults, "site/lookup.py", "import socket", "imports socket"),
    (network_faults, "site/detect/newest.py", "from urllib import request", "imports urllib.request"),
    (network_faults, "config/remote.py", "from sitepub.tencent.cloud import Cloud", "imports sitepub.tencent"),
    (network_faults, "config/checks/online.py", "def f() -> None:\n    from http import client", "imports http.client"),
    (local_faults, "local/base/uses.py", "from sitepub.local.store.buckets import Bucket",
     "imports local/store/buckets"),
    (local_faults, "local/store/asks.py", "def f() -> None:\n    from sitepub.local.cos.access import access",
     "imports local/cos/access/access"),
    (local_faults, "local/cos/typed.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
     "    from sitepub.local.cloud import LocalCloud", "imports local/cloud"),
    (local_faults, "local/cloud_api/cdn/across.py", "from sitepub.local.cloud_api.teo import rules",
     "imports local/cloud_api/teo/rules"),
    (local_faults, "local/edge/api.py", "import sitepub.local.cloud_api.actions", "imports local/cloud_api/actions"),
    (local_faults, "local/attic/file.py", "", "is no room"),
    (domain_faults, "domains/upwards.py", "from sitepub.domains.edges import edge", "imports domains/edges"),
    (domain_faults, "domains/dns/upwards.py", "def f() -> None:\n    from sitepub.domains.hosts import plan",
     "imports domains/hosts"),
    (domain_faults, "domains/edges/across.py", "from sitepub.domains.dns.dnspod import DnsPod", "imports domains/dns"),
    (domain_faults, "domains/attic/file.py", "", "is no folder"),
]


@pytest.mark.parametrize(("check", "file", "source", "fault"), WRONG, ids=[wrong[1] for wrong in WRONG])
def test_a_file_in_the_wrong_room_is_found(copy: Path, check: Callable[[Path], list[str]], file: str, source: str,
                                           fault: str) -> None:
    path = copy / file
    new = not path.parent.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    try:
        found = check(copy)
    finally:
        path.unlink()
        if new:
            path.parent.rmdir()
    assert len(found) >= 1
    assert all(path.stem in one or path.parent.name in one for one in found)
    assert any(fault in one for one in found)


@pytest.mark.parametrize("moved", ["local/cos/objects.py", "local/store/stored.py", "local/edge/exchange.py"])
def test_a_file_that_moves_to_the_lowest_room_is_found(copy: Path, moved: str) -> None:
    wrong = copy / "local" / "base" / "moved.py"
    wrong.write_text((copy / moved).read_text(encoding="utf-8"), encoding="utf-8")
    try:
        assert local_faults(copy)
    finally:
        wrong.unlink()


def test_a_ring_of_three_files_in_one_room_is_found(copy: Path) -> None:
    ring = {"one": "from sitepub.local.edge import two", "two": "def f() -> None:\n    import sitepub.local.edge.three",
            "three": "from sitepub.local.edge.one import f"}
    for name, source in ring.items():
        (copy / "local" / "edge" / f"{name}.py").write_text(source, encoding="utf-8")
    try:
        assert local_faults(copy) == []
        assert len(local_rings(copy)) == 3
    finally:
        for name in ring:
            (copy / "local" / "edge" / f"{name}.py").unlink()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_load_only_where_they_are_used(path: Path) -> None:
    if path.name != "__init__.py" and room_of(path) not in {"cli", "actions", "publish", "site"}:
        return
    top_level = ast.Module(body=[node for node in ast.parse(path.read_text(encoding="utf-8")).body
                                 if isinstance(node, ast.Import | ast.ImportFrom)], type_ignores=[])
    heavy = {name.split(".")[0] for name in imports_of(ast.unparse(top_level))} & HEAVY
    assert not heavy, f"{path.name} imports {sorted(heavy)} when it is merely loaded"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_reads_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_folder_reads_at_a_glance(folder: Path) -> None:
    files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST
