"""What a plain install of the built wheel holds."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

from tests.packaging.clone import BIN, checkout, environment


def test_the_built_wheel_holds_everything_the_program_needs(tmp_path: Path) -> None:
    clone = checkout(tmp_path / "sitepub")
    wheels = tmp_path / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels),
                    str(clone)], check=True, timeout=300)
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    home = tmp_path / "home"
    home.mkdir()
    environ = environment(home)
    subprocess.run([str(place / BIN / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check",
                    *map(str, wheels.glob("*.whl"))], check=True, timeout=600, env=environ)
    program = str(place / BIN / "sitepub")
    listed = subprocess.run([program, "init", "--list", "--json"], cwd=tmp_path, env=environ, text=True,
                            capture_output=True, check=True).stdout
    assert {t["name"] for t in json.loads(listed)["templates"]} == {
        "website-starter", "hexo-starter", "react-starter", "vue-starter"}
    for template in ("website-starter", "hexo-starter", "react-starter", "vue-starter"):
        subprocess.run([program, "init", template, "--quiet"], cwd=tmp_path, env=environ, check=True)
        originals = {p.name for p in (clone / "starters" / template).iterdir()} - {"gitignore"}
        assert originals <= {p.name for p in (tmp_path / template).iterdir()}
        assert (tmp_path / template / ".gitignore").is_file()
