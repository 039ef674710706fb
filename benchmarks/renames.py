"""A folder of pages is renamed: seconds, processor time and peak memory of the deploy that copies them on the server.

    python -m benchmarks.renames --files 100000 --renamed 20000 --latency 10

``--python`` names the interpreter of another revision. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peak import embedded_cloud, run, work_folder
from benchmarks.upload import PROJECT, make_site


def measured(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    project = work / "project"
    site = project / "site"
    make_site(site, options.files, options.size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    deploy = [options.python, "-m", "sitepub", "deploy", "--local", "--yes", "--json", "--quiet", "--allow-delete",
              "--cwd", str(project)]
    # The first deploy is not measured: without latency. What was written just before it would be read once more.
    time.sleep(3)
    with embedded_cloud(work, program=options.python) as cloud:
        run(deploy, cloud["environ"], work)
        port = int(cloud["endpoint"].rpartition(":")[2])
    for number in range(options.renamed // 100):
        (site / f"posts-{number:03}").rename(site / f"moved-{number:03}")
    # At the same address: what is remembered of a site is that of one cloud.
    with embedded_cloud(work, latency=options.latency, program=options.python, port=port) as cloud:
        done = run(deploy, cloud["environ"], work)
        nothing = run(deploy, cloud["environ"], work)
    changes = json.loads(done.output)["changes"]
    if changes["copied"] != options.renamed or changes["uploaded"]:
        raise SystemExit(f"not {options.renamed} copies: {changes}")
    return {"files": options.files, "renamed": options.renamed, "latency_ms": options.latency,
            "deploy": done.figures, "nothing changed": nothing.figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--renamed", type=int, default=20_000, help="a multiple of 100")
    parser.add_argument("--size", type=int, default=256, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=10, help="milliseconds before every answer")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the revision to measure")
    options = parser.parse_args()
    with work_folder() as work:
        print(json.dumps(measured(options, work)), flush=True)


if __name__ == "__main__":
    main()
