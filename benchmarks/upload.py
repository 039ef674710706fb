"""sitepub against coscmd: the first upload of a site, and an upload that changes nothing.

Both talk to the same embedded cloud, which waits before every answer as a distant one would. See README.md
beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESOLVER = '''\
"""Names below .localhost are this computer (RFC 6761 6.3), which not every resolver knows."""
import socket

_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo("127.0.0.1" if name and name.endswith(".localhost") else host, *args, **kwargs)


socket.getaddrinfo = getaddrinfo
'''
PROJECT = """\
component: website
name: bench
inputs:
  src:
    src: ./site
  bucketName: bench-sitepub
"""


@dataclass(frozen=True)
class Figures:
    """One program's two runs. Seconds are wall clock from the start of the process to its end."""

    program: str
    first: float
    first_cpu: float
    """Seconds of processor time of the client."""
    again: float
    again_cpu: float


@dataclass(frozen=True)
class Report:
    files: int
    bytes_each: int
    latency_ms: int
    processors: int
    python: str
    runs: list[Figures] = field(default_factory=list)

    def ratio(self, what: str, other: Figures) -> float:
        ours: float = getattr(self.runs[0], what)
        theirs: float = getattr(other, what)
        return theirs / ours


def make_site(folder: Path, files: int, size: int) -> None:
    """Pages of random text in folders of a hundred, so that no two are alike."""
    rand = random.Random(7)
    folder.mkdir(parents=True)
    for name in ("index.html", "error.html"):
        (folder / name).write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
    for number in range(files - 2):
        page = folder / f"posts-{number // 100:03}" / f"{number:05}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_bytes((b"<!doctype html>" + rand.randbytes(size).hex().encode())[:size])


def measured(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> tuple[float, float, str]:
    """Run a command; wall-clock seconds, seconds of processor time, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}\n{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, done.stdout


def run_sitepub(folder: Path, environ: Mapping[str, str], files: int) -> Figures:
    command = [sys.executable, "-m", "sitepub", "deploy", "--local", "--yes", "--json", "--quiet"]
    first, first_cpu, said = measured(command, environ, folder)
    changes = json.loads(said)["changes"]
    if changes["uploaded"] + changes["copied"] != files:
        raise SystemExit(f"sitepub uploaded {changes}, not {files} files")
    again, again_cpu, said = measured(command, environ, folder)
    if json.loads(said)["changes"]["unchanged"] != files:
        raise SystemExit(f"sitepub's second run changed something: {said}")
    return Figures("sitepub deploy", first, first_cpu, again, again_cpu)


def install_coscmd(folder: Path) -> Path:
    """coscmd in an environment of its own; the path of its program."""
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    install = [str(scripts / "python"), "-m", "pip", "install", "-q", "coscmd", "setuptools"]
    measured(install, os.environ, folder)
    return scripts / "coscmd"


def run_coscmd(program: Path, cloud: Mapping[str, str], site: Path, work: Path, files: int,
               threads: int | None) -> Figures:
    """``coscmd upload -rs``: recursive, skipping what the bucket already has.

    The bucket is reached at ``<bucket>.cos.<region>.localhost:PORT``, without any proxy in between.
    """
    name = "default" if threads is None else str(threads)
    work = work / f"coscmd-{name}"
    work.mkdir()
    (work / "sitecustomize.py").write_text(RESOLVER, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(work), "NO_PROXY": "*", "no_proxy": "*"}
    port = cloud["endpoint"].rpartition(":")[2]
    options = ["-c", str(work / "cos.conf"), "-l", str(work / "cos.log")]
    configure = [str(program), *options, "config", "-a", cloud["secret_id"], "-s", cloud["secret_key"],
                 "-b", f"bench-coscmd-{name}-{cloud['app_id']}",
                 "-e", f"cos.{cloud['region']}.localhost:{port}", "--do-not-use-ssl"]
    if threads is not None:
        configure += ["-m", str(threads)]
    measured(configure, environ, work)
    measured([str(program), *options, "createbucket"], environ, work)
    upload = [str(program), *options, "-s", "upload", "-rs", f"{site}/", "/"]
    first, first_cpu, _ = measured(upload, environ, work)
    _, _, listed = measured([str(program), *options, "list", "-ar"], environ, work)
    if sum(1 for line in listed.splitlines() if " STANDARD " in line) != files:
        raise SystemExit(f"coscmd did not upload {files} files:\n{listed[-300:]}")
    again, again_cpu, _ = measured(upload, environ, work)
    label = "coscmd upload -rs" + (f" (-m {threads})" if threads is not None else "")
    return Figures(label, first, first_cpu, again, again_cpu)


def run(options: argparse.Namespace, work: Path) -> Report:
    project = work / "project"
    make_site(project / "site", options.files, options.size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    environ = {**os.environ, "SITEPUB_HOME": str(work / "home")}
    coscmd = install_coscmd(work / "venv") if options.threads else None
    local = [sys.executable, "-m", "sitepub", "local"]
    start = [*local, "start", "--latency", str(options.latency), "--port", "0", "--json"]
    _, _, said = measured(start, environ, work)
    try:
        runs = [run_sitepub(project, environ, options.files)]
        if coscmd is not None:
            cloud = json.loads(said)
            runs += [run_coscmd(coscmd, cloud, project / "site", work, options.files, threads or None)
                     for threads in options.threads]
    finally:
        measured([*local, "stop"], environ, work)
    return Report(options.files, options.size, options.latency, os.cpu_count() or 1,
                  platform.python_version(), runs)


def table(report: Report) -> str:
    lines = [f"{report.files} files of {report.bytes_each} bytes, {report.latency_ms} ms latency, "
             f"{report.processors} processors, Python {report.python}", "",
             f"{'':28}{'first':>10}{'cpu':>9}{'again':>10}{'cpu':>9}"]
    lines += [f"{each.program:28}{each.first:9.2f}s{each.first_cpu:8.2f}s{each.again:9.2f}s"
              f"{each.again_cpu:8.2f}s" for each in report.runs]
    lines += [f"sitepub is {report.ratio('first', each):.1f} times as fast as {each.program} at first, "
              f"{report.ratio('again', each):.0f} times when nothing changed" for each in report.runs[1:]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=4096, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=30, help="milliseconds before every answer")
    parser.add_argument("--threads", type=int, nargs="*", default=[0, 64],
                        help="runs of coscmd, by its -m (0: its default); none: sitepub alone")
    parser.add_argument("--output", type=Path, help="also write the figures to this JSON file")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="sitepub-bench-"))
    try:
        report = run(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    figures = json.dumps(asdict(report), indent=1)
    if options.output is not None:
        options.output.write_text(figures + "\n", encoding="utf-8")
    print(figures)
    print(table(report), file=sys.stderr)


if __name__ == "__main__":
    main()
