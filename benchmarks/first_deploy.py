"""The first deploy of sites of several sizes: seconds, processor time and peak memory, and s5cmd beside it.

    python -m benchmarks.first_deploy --files 10000 100000 300000
    python -m benchmarks.first_deploy --files 10000 --size 4096 --latency 30 --s5cmd $(which s5cmd)

``--python`` names the interpreter of another revision, to compare the two. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.peak import embedded_cloud, run, work_folder
from benchmarks.peers import Place, s5cmd_command
from benchmarks.upload import PROJECT, make_site


def measured(options: argparse.Namespace, files: int, work: Path) -> dict[str, Any]:
    project = work / "project"
    site = project / "site"
    make_site(site, files, options.size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    with embedded_cloud(work, latency=options.latency, program=options.python) as cloud:
        deploy = [options.python, "-m", "sitepub", "deploy", "--local", "--yes", "--json", "--quiet", "--cwd",
                  str(project)]
        first = run(deploy, cloud["environ"], work)
        changes = json.loads(first.output)["changes"]
        if changes["uploaded"] + changes["copied"] != files:
            raise SystemExit(f"{changes}, not {files} files")
        found: dict[str, Any] = {"files": files, "sitepub": first.figures}
        if options.s5cmd:
            place = Place(cloud, site, work, Path(options.s5cmd).parent)
            found["s5cmd"] = with_s5cmd(place, files, options.workers)
    return found


def with_s5cmd(place: Place, files: int, workers: int = 256) -> dict[str, float]:
    """The folder of ``place`` into a bucket of its own; checks that every file is there."""
    environ, bucket = place.s3_environ(), f"s3://{place.bucket('s5cmd')}"
    base = s5cmd_command(place, str(workers))
    run([*base, "mb", bucket], environ, place.work)
    done = run([*base, "--log", "error", "cp", f"{place.site}/", f"{bucket}/"], environ, place.work)
    there = run([*base, "du", f"{bucket}/*"], environ, place.work).output
    if f" {files} objects" not in there:
        raise SystemExit(f"s5cmd did not upload {files} files: {there}{done.output[-300:]}")
    return done.figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--size", type=int, default=256, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before every answer")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the revision to measure")
    parser.add_argument("--s5cmd", help="path of that program: upload the same files with it")
    parser.add_argument("--workers", type=int, default=256, help="of s5cmd (its own default: 256)")
    options = parser.parse_args()
    for files in options.files:
        with work_folder() as work:
            print(json.dumps(measured(options, files, work)), flush=True)


if __name__ == "__main__":
    main()
