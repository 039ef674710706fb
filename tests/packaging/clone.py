"""What somebody has who clones the repository, and the commands that the README gives them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parent.parent.parent
BIN = "Scripts" if sys.platform == "win32" else "bin"


def checkout(target: Path) -> Path:
    """What a clone of this tree would hold, uncommitted changes included."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPO,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = REPO / name
        if source.is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)
    return target


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "VIRTUAL_ENV", "PYTHONPATH"))}
    return {**kept, "HOME": str(home), "SITEPUB_HOME": str(home / "sitepub"),
            "PIP_CONSTRAINT": str(REPO / "tests" / "constraints.txt"), "NO_COLOR": "1"}


def blocks(readme: str) -> list[list[str]]:
    """The fenced blocks of commands of a README, each as its commands without comments."""
    text = (REPO / readme).read_text(encoding="utf-8")
    found = re.findall(r"```(?:sh|bash)\n(.*?)```", text, re.DOTALL)
    assert found, f"{readme} has commands"
    return [[command for line in block.splitlines() if (command := line.partition(" # ")[0].strip())]
            for block in found]


def first_command(readme: str) -> str:
    [command] = blocks(readme)[0]
    return command


def every_day(readme: str) -> list[str]:
    """The commands of the section about every day: the only block with ``sitepub plan``."""
    [found] = [block for block in blocks(readme) if any(line.startswith("sitepub plan") for line in block)]
    return found
