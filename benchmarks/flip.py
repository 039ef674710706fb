"""How long a deploy changes the site: from the first overwritten file that goes live to the last one.

    python -m benchmarks.flip                              # 10,000 pages, 30 ms before every answer
    python -m benchmarks.flip --files 1000 --latency 100
    python -m benchmarks.flip --slots --files 100000       # behind EdgeOne: back to what another slot holds

All pages are deployed, changed and deployed again, and then the first release goes live again. Prints seconds;
docs/releases.md shows them. With --slots, a tenth of the pages changes, and the way back is the pointer alone: the
requests to the bucket are those that the embedded cloud counted."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.going_back import site_of
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.site.snapshot import SiteFile, Snapshot, headers_hash
from sitepub.tencent.cloud import Cloud, Credentials
from tests.conftest import LocalCloud, running_cloud
from tests.publish.memory_cloud import project

HEADERS = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}


class Watched:
    """An object store that notes when the first and the last copy to a place ended."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.first = self.last = 0.0
        self.processor = [0.0, 0.0]
        """Seconds of processor time of this process, at the first copy and at the last."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def copy(self, *args: Any, **named: Any) -> Any:
        began, processor = time.perf_counter(), time.process_time()
        done = self._store.copy(*args, **named)
        with self._lock:
            if not self.first:
                self.first, self.processor[0] = began, processor
            self.last, self.processor[1] = time.perf_counter(), time.process_time()
        return done


def site(files: int, word: str, size: int) -> Snapshot:
    def page(number: int) -> SiteFile:
        data = f"<!doctype html>{word} {number}".encode().ljust(size)
        return SiteFile(f"posts/{number:06}/index.html", len(data), hashlib.md5(data).hexdigest(), HEADERS,
                        headers_hash(HEADERS), data=data)

    pages = [page(number) for number in range(files)]
    return Snapshot({page.key: page for page in pages})


def measured(remote: Remote, snapshot: Snapshot, **named: Any) -> Mapping[str, float]:
    watched = Watched(remote.store)
    began = time.perf_counter()
    place = replace(remote, store=watched)
    outcome = publish(place, snapshot, prepare(place, snapshot, **named), PublishOptions(allow_delete=True))
    if outcome.failures:
        raise SystemExit(str(outcome.failures[0]))
    return {"whole": round(time.perf_counter() - began, 2), "flip": round(watched.last - watched.first, 2),
            "flip, processor of the client": round(watched.processor[1] - watched.processor[0], 2)}


def behind_edgeone(local: LocalCloud, folder: Path, asked: argparse.Namespace) -> Mapping[str, Any]:
    """Deploys with slots, and the way back to the slot before."""
    from tests.publish.slots.real_slots import counted, real_slots

    first = site(asked.files, "first", asked.size)
    other = site(max(1, asked.files // 10), "second", asked.size)
    with real_slots(local, folder, site=first) as there:
        began = time.perf_counter()
        before = there.state().release
        there.deploy(Snapshot({**first.files, **other.files}))
        deployed = time.perf_counter() - began
        counted(local, "/reset")
        began = time.perf_counter()
        assert before is not None
        there.go_back(before.id)
        back = time.perf_counter() - began
        methods = counted(local)["methods"]
        return {"a tenth changed, slot and root": round(deployed, 2), "back, by the pointer": round(back, 3),
                "requests of the way back": methods}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--latency", type=int, default=30, help="milliseconds")
    options.add_argument("--size", type=int, default=4096, help="bytes of a page")
    options.add_argument("--slots", action="store_true", help="behind EdgeOne, with two slots")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_cloud(
            Path(folder) / "data", "--pace", "0", "--latency", str(asked.latency)) as cloud:
        connected = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
        found: dict[str, Any] = {"files": asked.files, "latency_ms": asked.latency}
        if asked.slots:
            print(json.dumps({**found, **behind_edgeone(cloud, Path(folder), asked)}, indent=1))
            return
        with open_remote(project(Path(folder)), connected) as remote:
            found["first deploy"] = measured(remote, site(asked.files, "first", asked.size))
            releases = Releases(remote.states.store, remote.states.prefix, remote.states.shards)
            first = releases.ids()[0]
            found["all pages changed"] = measured(remote, site(asked.files, "second", asked.size))
            found["all pages changed again"] = measured(remote, site(asked.files, "third", asked.size))
            release = releases.read(first, remote.states.load())
            found["back to the first"] = measured(remote, site_of(release), website=release.record.website)
            found["nothing differs"] = measured(remote, site_of(release), website=release.record.website)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
