"""What a deploy costs that finds nothing changed, or one file, in sites of up to a million files.

    python -m benchmarks.scale                                # 1, 10,000 and 100,000 files; about two minutes
    python -m benchmarks.scale --files 300000 1000000 --folder /dev/shm

The site is not uploaded: its state is written as a deploy leaves it, and the embedded cloud keeps that. So what is
measured is sitepub and its state. ``--python`` (and ``PYTHONPATH``) name another revision, to compare the two. See
README.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.deployed import CHANGED, Site, make_project
from benchmarks.peak import Run, embedded_cloud, run
from benchmarks.upload import make_site


def pretended(work: Path, files: int, size: int, environ: Mapping[str, str], command: Sequence[str]) -> Site:
    """A site of some size whose state says that all of it is live."""
    site = Site(work / "project", work, environ, command)
    make_project(site.project, min(files, 3), size)
    run(site.deploy, environ, work)  # buckets, settings
    if files > 3:
        shutil.rmtree(site.folder)
        make_site(site.folder, files, size)
        # By a process of its own: the memory that this one has counts for those that it starts.
        run([sys.executable, "-m", "benchmarks.scale", "--pretend", str(site.project)], environ, work,
            cwd=Path(__file__).parent.parent)
    return site


def pretend(project_folder: Path) -> None:
    """Write the state of a whole site."""
    import msgspec

    from sitepub.config.load import load_project
    from sitepub.embedded.cloud import find
    from sitepub.embedded.data_folder import data_folder
    from sitepub.publish.states.manifest import Entry
    from sitepub.publish.states.releases import ReleaseRecord, Releases
    from sitepub.publish.states.remote import open_remote
    from sitepub.publish.states.sharded import ShardedManifest
    from sitepub.site.scan import scan
    from sitepub.tencent.cloud import Cloud

    environ = dict(os.environ)
    folder = project_folder / "site"
    running = find(data_folder(environ))
    assert running is not None
    project = load_project(project_folder / "serverless.yml", environ=environ)
    cloud = Cloud(running.credentials, running.app_id, project.region, running.address)
    snapshot = scan(project, folder, environ=environ)
    with open_remote(project, cloud, environ=environ) as remote:
        state = remote.states.load()
        assert state is not None
        assert state.release is not None
        info = state.release
        file = snapshot.files[CHANGED]
        remote.store.put(CHANGED, (folder / CHANGED).read_bytes(), file.headers)
        manifest = ShardedManifest.of({
            file.key: Entry(file.md5, file.size, file.headers_hash, file.md5) for file in snapshot})
        remote.states.learn(snapshot)
        state = remote.states.settled(msgspec.structs.replace(state, manifest=manifest))
        site = ShardedManifest.of(state.manifest)
        release = msgspec.structs.replace(info, files=len(snapshot), bytes=site.bytes)
        Releases(remote.states.store, remote.states.prefix, remote.states.shards).write(ReleaseRecord.of(
            release, bucket=remote.bucket, region=state.region, uploaded=len(snapshot), copied=0, headers=0,
            deleted=0, unchanged=0, shards=site.refs, website=None, settings_hash=state.settings_hash))
        remote.states.save(msgspec.structs.replace(state, release=release))


def best(times: int, work: Callable[[], Run]) -> dict[str, float]:
    return min((work() for _ in range(times)), key=lambda one: one.cpu).figures


def measured(options: argparse.Namespace, files: int, work: Path) -> dict[str, Any]:
    command = [options.python, "-m", "sitepub"]
    with embedded_cloud(work, latency=options.latency, program=options.python) as cloud:
        site = pretended(work, files, options.size, cloud["environ"], command)
        time.sleep(2.1)
        found: dict[str, Any] = {"files": files, "read as a whole": site.run(0).figures,
                                 "nothing changed": best(options.times, lambda: site.run(0))}
        found["nothing changed"] |= site.requests()
        if files < 4:
            return found
        numbers = iter(range(1000))

        def changed() -> Run:
            site.change(next(numbers))
            return site.run(1)

        found["one file changed"] = best(options.times, changed)
        site.change(next(numbers))
        found["one file changed"] |= site.requests()
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[1, 10_000, 100_000])
    parser.add_argument("--size", type=int, default=64, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before every answer")
    parser.add_argument("--times", type=int, default=3, help="runs of each kind; the one that takes the least counts")
    parser.add_argument("--folder", help="where the site lies; in memory: /dev/shm")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the revision to measure")
    parser.add_argument("--pretend", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pretend:
        pretend(Path(options.pretend))
        return
    for files in options.files:
        work = Path(tempfile.mkdtemp(prefix="sitepub-scale-", dir=options.folder))
        try:
            print(json.dumps(measured(options, files, work)), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
