"""A file of 1 GB: its first upload by sitepub and by s5cmd, and what is sent again after a kill.

    python -m benchmarks.large_file --size 1000 --s5cmd $(which s5cmd)

``--python`` names the interpreter of another revision. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peak import embedded_cloud, run, work_folder
from benchmarks.peers import Place, s5cmd_command
from benchmarks.upload import PROJECT

_PART = re.compile(r"PUT \S+\?partNumber=(\d+)&uploadId=\S+: 200")


def make_file(path: Path, megabytes: int) -> None:
    rand = random.Random(7)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(rand.randbytes(1_000_000))
    os.utime(path, (time.time() - 60,) * 2)


def measured(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    project = work / "project"
    film = project / "site/film.mp4"
    (project / "site").mkdir(parents=True)
    (project / "site/index.html").write_text("<!doctype html><title>film</title>", encoding="utf-8")
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    found: dict[str, Any] = {"megabytes": options.size}
    with embedded_cloud(work, latency=options.latency, program=options.python) as cloud:
        deploy = [options.python, "-m", "sitepub", "deploy", "--local", "--yes", "--cwd", str(project)]
        run([*deploy, "--json", "--quiet"], cloud["environ"], work)
        make_file(film, options.size)
        found["sitepub"] = run([*deploy, "--json", "--quiet"], cloud["environ"], work).figures
        if options.s5cmd:
            place = Place(cloud, film.parent, work, Path(options.s5cmd).parent)
            found["s5cmd"] = with_s5cmd(place, film)
        if options.kill:
            film.rename(film.with_name("again.mp4"))
            with film.with_name("again.mp4").open("r+b") as changed:
                changed.write(b"another film")
            found["killed"] = _killed(deploy, cloud, work)
    return found


def with_s5cmd(place: Place, film: Path) -> dict[str, float]:
    environ, bucket = place.s3_environ(), f"s3://{place.bucket('s5cmd')}"
    base = s5cmd_command(place)
    run([*base, "mb", bucket], environ, place.work)
    return run([*base, "cp", str(film), f"{bucket}/film.mp4"], environ, place.work).figures


def _killed(deploy: list[str], cloud: dict[str, Any], work: Path) -> dict[str, Any]:
    """SIGKILL after about a third of the parts, then the deploy that ends it."""
    log = work / "killed.txt"
    with log.open("wb") as errors:
        process = subprocess.Popen([*deploy, "--debug"], env=cloud["environ"], cwd=work, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None and len(_PART.findall(log.read_text())) < 40:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = set(_PART.findall(log.read_text()))
    second = work / "second.txt"
    began = time.perf_counter()
    with second.open("wb") as errors:
        subprocess.run([*deploy, "--debug"], env=cloud["environ"], cwd=work, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=errors, check=True)
    after = set(_PART.findall(second.read_text()))
    return {"parts sent before": len(before), "after": len(after), "sent twice": len(before & after),
            "seconds of the second run": round(time.perf_counter() - began, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1000, help="10**6 bytes")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before every answer")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the revision to measure")
    parser.add_argument("--s5cmd", help="path of that program: upload the same file with it")
    parser.add_argument("--kill", action="store_true", help="also kill an upload and go on with it")
    options = parser.parse_args()
    with work_folder() as work:
        print(json.dumps(measured(options, work)), flush=True)


if __name__ == "__main__":
    main()
