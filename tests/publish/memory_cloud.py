"""A cloud in memory for faults that no real part can make on time: a kill at the k-th write, a foreign
write in between, a look at every instant."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any, cast

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule
from sitepub.config.project import Project, Releases, Source
from sitepub.errors import CloudError, NotFound, PreconditionFailed
from sitepub.publish.slots.folder_store import FolderStore
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cos.bucket_settings import BucketStatus, Made
from sitepub.tencent.cos.store import DeleteFailure, Fetched, LargeFile, Listed, ObjectHead, Retry, Sent, Stored
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.tencent.fence import Fence

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


@dataclass(frozen=True)
class Object:
    data: bytes
    headers: Mapping[str, str]
    etag: str
    written: float


@dataclass
class MemoryBucket:
    """The settings of one bucket; a missing bucket has ``exists`` False."""

    cloud: MemoryCloud
    name: str
    exists: bool = False
    foreign: bool = False
    objects: dict[str, Object] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def behind(self, fence: Fence) -> MemoryBucket:
        """The same bucket, as a run with this fence changes it."""
        return cast("MemoryBucket", _Fenced(self, fence))

    def head(self) -> BucketStatus:
        self.cloud.read("head bucket", self.name)
        if self.foreign:
            return BucketStatus.FOREIGN
        return BucketStatus.OURS if self.exists else BucketStatus.MISSING

    def create(self) -> Made:
        with self.cloud.writing("create bucket", self.name):
            made = Made.BEFORE if self.exists else Made.NOW
            self.exists = True
        return made

    def delete(self) -> None:
        with self.cloud.writing("delete bucket", self.name):
            # What another computer has written until now counts.
            if self.objects:
                raise CloudError("not empty", code="BucketNotEmpty", status=409)
            self.exists = False
            self.values.clear()

    def _get(self, kind: str, default: Any) -> Any:
        self.cloud.read(f"get {kind}", self.name)
        return self.values.get(kind, default)

    def _put(self, kind: str, value: Any) -> None:
        with self.cloud.writing(f"put {kind}", self.name):
            self.values[kind] = value

    def get_acl(self) -> str | None:
        acl: str | None = self._get("acl", "private")
        return acl

    def put_acl(self, canned: str, /) -> None:
        self._put("acl", canned)

    def everybody_reads(self) -> bool:
        return bool(self._get("public grant", False))

    def let_everybody_read(self) -> None:
        self._put("public grant", True)

    def get_policy(self) -> Mapping[str, Any] | None:
        policy: Mapping[str, Any] | None = self._get("policy", None)
        return policy

    def put_policy(self, policy: Mapping[str, Any], /) -> None:
        self._put("policy", policy)

    def delete_policy(self) -> None:
        self._put("policy", None)

    def get_cors(self) -> Sequence[CorsRule]:
        rules: Sequence[CorsRule] = self._get("cors", ())
        return rules

    def put_cors(self, rules: Sequence[CorsRule], /) -> None:
        self._put("cors", tuple(rules))

    def delete_cors(self) -> None:
        self._put("cors", ())

    def get_tags(self) -> Mapping[str, str]:
        tags: Mapping[str, str] = self._get("tags", {})
        return tags

    def put_tags(self, tags: Mapping[str, str], /) -> None:
        self._put("tags", dict(tags))

    def delete_tags(self) -> None:
        self._put("tags", {})

    def get_lifecycle(self) -> Sequence[LifecycleRule]:
        rules: Sequence[LifecycleRule] = self._get("lifecycle", ())
        return rules

    def put_lifecycle(self, rules: Sequence[LifecycleRule], /) -> None:
        self._put("lifecycle", tuple(rules))

    def delete_lifecycle(self) -> None:
        self._put("lifecycle", ())

    def get_website(self) -> WebsiteConfig | None:
        website: WebsiteConfig | None = self._get("website", None)
        return website

    def put_website(self, website: WebsiteConfig, /) -> None:
        old = self.values.get("website")
        kept = [rule for rule in old.rules if (rule.key_prefix or "").startswith(".sitepub/")] if old else []
        self._put("website", replace(website, rules=(*kept, *website.rules)))

    def put_folder_rules(self, folder: str, rules: Sequence[RedirectRule], /) -> None:
        old = self._get("website", None)
        rest = [rule for rule in old.rules if not (rule.key_prefix or "").startswith(folder)]
        if (new := replace(old, rules=(*rules, *rest))) != old:
            self._put("website", new)

    def get_acceleration(self) -> bool:
        on: bool = self._get("accelerate", False)
        return on

    def switch_acceleration_on(self) -> None:
        self._put("accelerate", True)

    def close(self) -> None:
        pass


class _Fenced:
    """A bucket's settings, in the hands of one run."""

    def __init__(self, bucket: MemoryBucket, fence: Fence) -> None:
        self._bucket, self._fence = bucket, fence

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bucket, name)
        if not callable(found):
            return found

        def call(*arguments: Any) -> Any:
            with self._bucket.cloud.run_of(self._fence):
                return found(*arguments)

        return call


class MemoryStore:
    """:class:`sitepub.tencent.cos.store.ObjectStore` over a :class:`MemoryBucket`."""

    def __init__(self, cloud: MemoryCloud, bucket: str, fence: Fence | None = None) -> None:
        """``fence``: of the run that uses it."""
        self.cloud = cloud
        self.bucket = bucket
        self.fence = fence or Fence()
        self.unaccelerated = False

    @property
    def objects(self) -> dict[str, Object]:
        bucket = self.cloud.bucket(self.bucket)
        if not bucket.exists:
            raise NotFound("no such bucket", code="NoSuchBucket", status=404)
        return bucket.objects

    def put(self, key: str, body: bytes | Path, headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        del retry, large
        data = body.read_bytes() if isinstance(body, Path) else body
        assert md5 in (None, hashlib.md5(data).hexdigest())
        with self.cloud.writing("put", key, self.fence):
            if forbid_overwrite and key in self.objects:
                raise PreconditionFailed("exists", code="FileAlreadyExists", status=409)
            etag = self.cloud.etag_of(data)
            self.objects[key] = Object(data, dict(headers), etag, self.cloud.now)
        if sent is not None:
            sent(len(data))
        return Stored(etag, written=self.cloud.time_said(self.cloud.now))

    def copy(self, key: str, source_key: str, headers: Mapping[str, str], *,
             source_bucket: str | None = None, source_region: str | None = None, if_match: str | None = None,
             retry: Retry | None = None) -> Stored:
        del retry
        source = MemoryStore(self.cloud, source_bucket or self.bucket)
        assert source_region in (None, self.cloud.regions.get(source.bucket, REGION)), "a bucket has one region"
        with self.cloud.writing("copy", key, self.fence):
            there = source.objects.get(source_key)
            if there is None:
                raise NotFound("no such key", code="NoSuchKey", status=404)
            if if_match is not None and if_match != there.etag:
                raise PreconditionFailed("changed", code="PreconditionFailed", status=412)
            etag = self.cloud.etag_of(there.data)
            self.objects[key] = Object(there.data, dict(headers), etag, self.cloud.now)
        return Stored(etag, written=self.cloud.time_said(self.cloud.now))

    def get(self, key: str) -> Fetched:
        self.cloud.read("get", key)
        there = self.objects.get(key)
        if there is None:
            raise NotFound("no such key", code="NoSuchKey", status=404)
        return Fetched(there.data, there.etag, {
            "date": formatdate(self.cloud.now, usegmt=True),
            "last-modified": formatdate(there.written, usegmt=True)})

    def get_unless(self, key: str, etag: str) -> tuple[Fetched | None, Mapping[str, str]]:
        there = self.get(key)
        return None if there.etag == etag else there, there.headers

    def head(self, key: str) -> ObjectHead | None:
        self.cloud.read("head", key)
        there = self.objects.get(key)
        return ObjectHead(len(there.data), there.etag, there.headers) if there is not None else None

    def list(self, prefix: str = "", *, after: str = "", page: int = 1000) -> Iterator[Listed]:
        del page
        self.cloud.read("list", prefix)
        for key in sorted(self.objects):
            if key.startswith(prefix) and key > after:
                there = self.objects[key]
                yield Listed(key, len(there.data), there.etag, self.cloud.time_said(there.written))

    def delete(self, keys: Sequence[str]) -> Sequence[DeleteFailure]:
        failures = []
        for key in keys:
            # One by one: the service says nothing about the order inside one request.
            try:
                with self.cloud.writing("delete", key, self.fence):
                    self.objects.pop(key, None)
            except PreconditionFailed as error:
                failures.append(DeleteFailure(key, "Injected", str(error)))
        return failures

    def discard_uploads(self, keys: Sequence[str]) -> int:
        del keys  # what was not finished does not exist here
        return 0

    def discard_uploads_below(self, prefix: str) -> int:
        del prefix
        return 0

    def close(self) -> None:
        pass


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
