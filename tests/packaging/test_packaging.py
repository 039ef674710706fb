"""What a plain install of the built wheel holds."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

from tests.packaging.clone import BIN, checkout, environment


def installed(wheels: Path, place: Path, environ: Mapping[str, str]) -> Path:
    """The folder of the programs of a virtual environment with this wheel. Its dependencies are borrowed from ours:
    that a plain install brings them is seen where the commands of the README are followed."""
    venv.create(place, with_pip=False)
    python = str(place / BIN / "python")
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--disable-pip-version-check",
                    "--no-deps", "--no-index", *map(str, wheels.glob("*.whl"))], check=True, timeout=600, env=environ)
    [own] = place.rglob("site-packages")
    (own / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = "import pathlib, sitepub; print(pathlib.Path(sitepub.__file__).parents[1])"
    found = subprocess.run([python, "-c", where], cwd=place, env=environ, text=True, capture_output=True,
                           check=True).stdout
    assert Path(found.strip()).samefile(own), "it is the wheel that is tested"
    return place / BIN


def test_the_built_wheel_holds_everything_the_program_needs(tmp_path: Path) -> None:
    clone = checkout(tmp_path / "sitepub")
    wheels = tmp_path / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels),
                    str(clone)], check=True, timeout=300)
    checked = subprocess.run([sys.executable, "-m", "twine", "--no-color", "check", "--strict",
                              *map(str, wheels.glob("*.whl"))], text=True, capture_output=True, check=False)
    assert checked.returncode == 0 and "PASSED" in checked.stdout, checked.stdout + checked.stderr
    home = tmp_path / "home"
    home.mkdir()
    environ = environment(home)
    program = str(installed(wheels, tmp_path / "venv", environ) / "sitepub")
    listed = subprocess.run([program, "init", "--list", "--json"], cwd=tmp_path, env=environ, text=True,
                            capture_output=True, check=True).stdout
    assert {t["name"] for t in json.loads(listed)["templates"]} == {
        "website-starter", "hexo-starter", "react-starter", "vue-starter"}
    for template in ("website-starter", "hexo-starter", "react-starter", "vue-starter"):
        subprocess.run([program, "init", template, "--quiet"], cwd=tmp_path, env=environ, check=True)
        originals = {p.name for p in (clone / "starters" / template).iterdir()} - {"gitignore"}
        assert originals <= {p.name for p in (tmp_path / template).iterdir()}
        assert (tmp_path / template / ".gitignore").is_file()
