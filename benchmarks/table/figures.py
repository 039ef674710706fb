"""The figures of a run as a JSON file, written after each of them, so that a run that was interrupted goes on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FORMAT = 1
_DONE = "done"
_SAME = ("sitepub", "before", "processor", "processors", "python")
"""What has to be the same for a run to go on with the figures of another."""


@dataclass
class Figures:
    """Row → who → step → its figures: ``rows["100000 files"]["before"]["first"]["seconds"]``."""

    about: dict[str, Any]
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    file: Path | None = None

    def of(self, row: str, who: str) -> Mapping[str, Any]:
        return self.rows.get(row, {}).get(who, {})

    def begin(self, row: str, who: str) -> None:
        """Figures that an interrupted run left of it are measured again."""
        self.rows.setdefault(row, {})[who] = {}

    def record(self, row: str, who: str, step: str, figures: Mapping[str, Any]) -> None:
        self.rows[row][who][step] = dict(figures)
        self.save()

    def finish(self, row: str, who: str) -> None:
        self.rows[row][who][_DONE] = True
        self.left_out.pop(f"{row}, {who}", None)
        self.save()

    def finished(self, row: str, who: str) -> bool:
        return bool(self.of(row, who).get(_DONE))

    @property
    def left_out(self) -> dict[str, str]:
        """What could not be measured, and why."""
        left: dict[str, str] = self.about.setdefault("left_out", {})
        return left

    def save(self) -> None:
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_name(self.file.name + ".new")
        new.write_text(json.dumps({"format": FORMAT, "about": self.about, "figures": self.rows}, indent=1) + "\n",
                       encoding="utf-8")
        new.replace(self.file)


def load(file: Path) -> Figures:
    """Raises SystemExit when the file is not one of this program."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']}")
        return Figures(document["about"], document["figures"], file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{file} holds no figures of python -m benchmarks: {error}") from error


def open_figures(file: Path, about: dict[str, Any]) -> Figures:
    """Those of ``file``, to go on with; none yet when it does not exist.

    Raises SystemExit when they come from another revision or another machine."""
    if not file.exists():
        return Figures(about, file=file)
    found = load(file)
    differing = [name for name in _SAME if found.about.get(name) != about.get(name)]
    if differing:
        raise SystemExit(f"{file} has figures of another run: {', '.join(differing)} differ. Delete it, or name "
                         "another file with --output.")
    found.about = {**about, "date": found.about["date"], "programs": found.about.get("programs", {}),
                   "left_out": found.left_out}
    return found


def machine(folder: Path) -> dict[str, Any]:
    """What the figures depend on, besides the programs."""
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "processor": _processor(),
            "processors": os.cpu_count() or 1, "memory_gb": _memory(), "python": platform.python_version(),
            "system": platform.platform(terse=True), "file_system": _file_system(folder)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (ValueError, OSError):
        return 0


def _file_system(folder: Path) -> str:
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    inside = [(len(mount[1]), mount[2]) for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(inside)[1] if inside else ""
