"""The first deploy of sites of several sizes: seconds, processor time and peak memory, and s5cmd beside it.

    python -m benchmarks.first_deploy --files 10000 100000 300000
    python -m benchmarks.first_deploy --files 10000 --size 4096 --latency 30 --s5cmd $(which s5cmd)

``--python`` names the interpreter of another revision, to compare the two. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peak import embedded_cloud, run
from benchmarks.upload import PROJECT, make_site


def measured(options: argparse.Namespace, files: int, work: Path) -> dict[str, Any]:
    project = work / "project"
    site = project / "site"
    make_site(site, files, options.size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    with embedded_cloud(work, latency=options.latency) as cloud:
        deploy = [options.python, "-m", "sitepub", "deploy", "--local", "--yes", "--json", "--quiet", "--cwd",
                  str(project)]
        first = run(deploy, cloud["environ"], work)
        changes = json.loads(first.output)["changes"]
        if changes["uploaded"] + changes["copied"] != files:
            raise SystemExit(f"{changes}, not {files} files")
        found: dict[str, Any] = {"files": files, "sitepub": first.figures}
        if options.s5cmd:
            found["s5cmd"] = _s5cmd(options, cloud, site, work, files)
    return found


def _s5cmd(options: argparse.Namespace, cloud: dict[str, Any], site: Path, work: Path, files: int) -> dict[str, float]:
    environ = {**os.environ, "AWS_ACCESS_KEY_ID": cloud["secret_id"], "AWS_SECRET_ACCESS_KEY": cloud["secret_key"],
               "AWS_REGION": cloud["region"], "NO_PROXY": "*", "no_proxy": "*"}
    bucket = f"s3://bench-s5cmd-{cloud['app_id']}"
    s5cmd = [options.s5cmd, "--endpoint-url", cloud["endpoint"], "--no-verify-ssl"]
    run([*s5cmd, "mb", bucket], environ, work)
    done = run([*s5cmd, "--numworkers", str(options.workers), "cp", f"{site}/", f"{bucket}/"], environ, work)
    if done.output.count("\ncp ") + done.output.startswith("cp ") != files:
        raise SystemExit(f"s5cmd did not upload {files} files:\n{done.output[-300:]}")
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
        work = Path(tempfile.mkdtemp(prefix="sitepub-bench-"))
        try:
            print(json.dumps(measured(options, files, work)), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
