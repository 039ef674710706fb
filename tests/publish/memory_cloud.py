"""A cloud in memory for faults that no real part can make on time: a kill at the k-th write, a foreign
write in between, a look at every instant."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitepub.config.project import Project, Releases, Source
from sitepub.errors import CloudError
from sitepub.publish.slots.folder_store import FolderStore
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.fence import Fence
from tests.publish.memory_bucket import MemoryBucket
from tests.publish.memory_store import MemoryStore

APP_ID = "1250000000"
REGION = "ap-guangzhou"
MULTIPART_FROM = 200
"""Bytes from which this cloud answers an opaque ETag."""


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Attempt:
    """A run that may be killed."""

    ended: bool = False
    """It came to its end."""


class MemoryCloud:
    """All buckets, what was asked of them, and what is to go wrong."""

    def __init__(self) -> None:
        self.buckets: dict[str, MemoryBucket] = {}
        self.regions: dict[str, str] = {}
        """Of buckets that are not in ``REGION``."""
        self.now = time.time()
        self.reads: list[tuple[str, str]] = []
        self.writes: list[tuple[str, str]] = []
        self.kill_at: int | None = None
        """The number of the write (from 0) that the process does not survive."""
        self.kill_after = False
        """Whether that write still happens."""
        self.fail: Callable[[str, str], Exception | None] = lambda _what, _key: None
        self.refuse_read: Callable[[str, str], Exception | None] = lambda _what, _key: None
        self.look: Callable[[], None] = lambda: None
        """Called after every write."""
        self.says_times = False
        """Whether listings, and answers to writes, say when an object was written."""
        self._dead = False
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._multipart = 0

    def region_of(self, bucket: str) -> str:
        return self.regions.get(bucket, REGION)

    def bucket(self, name: str) -> MemoryBucket:
        return self.buckets.setdefault(name, MemoryBucket(self, name))

    def store(self, name: str, fence: Fence | None = None) -> MemoryStore:
        return MemoryStore(self, name, fence)

    @contextlib.contextmanager
    def run_of(self, fence: Fence) -> Iterator[None]:
        """What this thread writes to settings meanwhile is of the run with this fence."""
        before = getattr(self._thread, "fence", None)
        self._thread.fence = fence
        try:
            yield
        finally:
            self._thread.fence = before

    def etag_of(self, data: bytes) -> str:
        digest = hashlib.md5(data).hexdigest()
        if len(data) < MULTIPART_FROM:
            return digest
        self._multipart += 1
        return f"{hashlib.md5(str(self._multipart).encode()).hexdigest()}-2"

    def time_said(self, written: float) -> int:
        return int(written) if self.says_times else 0

    def read(self, what: str, key: str) -> None:
        with self._lock:
            if self._dead:
                raise Killed
            self.reads.append((what, key))
            error = self.refuse_read(what, key)
            if error is not None:
                raise error

    def writing(self, what: str, key: str, fence: Fence | None = None) -> _Write:
        return _Write(self, what, key, fence or getattr(self._thread, "fence", None) or Fence())

    @contextlib.contextmanager
    def killed_at(self, write: int, *, after: bool = False) -> Iterator[Attempt]:
        """What is run inside does not survive this write (from 0), if it comes to it; the next process may begin
        behind it. ``after``: the write still happens."""
        self.kill_at, self.kill_after = write, after
        attempt = Attempt()
        with contextlib.suppress(Killed):
            yield attempt
            attempt.ended = True
        self.revive()

    def revive(self) -> None:
        """The next process: what the killed one held has run out."""
        self._dead = False
        self.kill_at = None
        self.now += 1000
        self.writes.clear()
        self.reads.clear()


class _Write:
    """One request that changes something. As on the real wire, the run's fence is asked first, and what is signed then
    is good until the end of the run's lease: what comes later is refused, of whichever thread it is."""

    def __init__(self, cloud: MemoryCloud, what: str, key: str, fence: Fence) -> None:
        self.cloud, self.what, self.key, self.fence = cloud, what, key, fence

    def __enter__(self) -> None:
        cloud = self.cloud
        self.fence.check()
        window = self.fence.window()
        cloud._lock.acquire()
        try:
            if cloud._dead:
                raise Killed
            if cloud.kill_at == len(cloud.writes) and not cloud.kill_after:
                cloud._dead = True
                raise Killed
            error = cloud.fail(self.what, self.key)
            if error is None and window is not None and cloud.now > window[1]:
                error = CloudError("Request has expired", code="RequestExpired", status=403)
            if error is not None:
                raise error
        except BaseException:
            cloud._lock.release()
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cloud = self.cloud
        try:
            if error is None:
                cloud.writes.append((self.what, self.key))
                cloud.look()
                if cloud.kill_at == len(cloud.writes) - 1 and cloud.kill_after:
                    cloud._dead = True
                    raise Killed
        finally:
            cloud._lock.release()


def project(tmp: Path | None = None, **changes: Any) -> Project:
    root = tmp or Path("/nowhere")
    given: dict[str, Any] = {"root": root, "file": root / "serverless.yml", "app": "shop", "stage": "prod",
                             "name": "site", "source": Source(folder=root), "bucket_name": "site",
                             "state_bucket": None, "releases": Releases(keep_assets=0)}
    return Project(**{**given, **changes})


def remote(cloud: MemoryCloud, of: Project | None = None) -> Remote:
    """Of one run."""
    of = of or project()
    bucket, state_bucket = of.bucket(APP_ID), of.state_bucket_for(APP_ID)
    fence = Fence()
    root = cloud.store(bucket, fence)
    return Remote(
        project=of, bucket=bucket, store=FolderStore(root, of.folder) if of.folder else root,
        settings=cloud.bucket(bucket).behind(fence),
        states=StateStore(cloud.store(state_bucket, fence), of.state_prefix),
        state_settings=cloud.bucket(state_bucket).behind(fence),
        elsewhere=lambda name: (cloud.store(name, fence), cloud.bucket(name).behind(fence)),
        free_name=lambda: "free", folder=of.folder,
    )
