"""A site of some size that sitepub deploys to the embedded cloud, again and again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peak import Run, run
from benchmarks.traffic import Traffic
from benchmarks.upload import PROJECT, make_site

_WIRE = "sitepub.wire: "
_STATE = re.compile(r"sitepub\.wire: [A-Z]+ sitepub-state-.*, (\d+) B out, (\d+) B in$")
"""A request to the state bucket."""
CHANGED = "posts-000/00000.html"
"""The file that is changed."""
RACY = 2.1
"""Seconds: sitepub reads a file again that was written so shortly before it was read."""


def make_project(project: Path, files: int, size: int) -> None:
    make_site(project / "site", files, size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")


class Site:
    """A project in a folder. ``command`` starts the sitepub that is measured."""

    def __init__(self, project: Path, work: Path, environ: Mapping[str, str], command: Sequence[str]) -> None:
        self.project = project
        self.folder = project / "site"
        self.environ = environ
        self.deploy = [*command, "deploy", "--local", "--yes", "--json", "--quiet", "--cwd", str(project)]
        self._work = work

    def run(self, uploaded: int) -> Run:
        """Deploy. Raises SystemExit when something else was uploaded."""
        done = run(self.deploy, self.environ, self._work)
        changes = json.loads(done.output)["changes"]
        if changes["uploaded"] + changes["copied"] != uploaded:
            raise SystemExit(f"{changes}, not {uploaded} uploaded")
        return done

    def change(self, number: int) -> None:
        (self.folder / CHANGED).write_text(f"<!doctype html><p>{number}</p>", encoding="utf-8")
        time.sleep(RACY)

    def requests(self) -> dict[str, Any]:
        """How many requests a deploy makes, and the bytes of the state that it sends and reads.

        An older revision does not log those: all of its traffic, then."""
        traffic = Traffic(self._work, self.environ)
        run([*[word for word in self.deploy if word != "--quiet"], "--debug"], traffic.environ, self._work)
        with (self._work / "errors.txt").open(encoding="utf-8") as log:
            lines = [line.rstrip("\n") for line in log if line.startswith(_WIRE)]
        sizes = [found for line in lines if (found := _STATE.match(line)) is not None]
        if not sizes:
            whole = traffic.read()
            return {"requests": len(lines)} | ({} if whole is None else {
                "all_sent_kb": round(whole[0] / 1000, 1), "all_read_kb": round(whole[1] / 1000, 1)})
        return {"requests": len(lines), "state_sent_kb": round(sum(int(one[1]) for one in sizes) / 1000, 1),
                "state_read_kb": round(sum(int(one[2]) for one in sizes) / 1000, 1)}
