"""The objects of a bucket in memory, by the protocol of the real store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.errors import NotFound, PreconditionFailed
from sitepub.tencent.cos.store import DeleteFailure, Fetched, LargeFile, Listed, ObjectHead, Retry, Sent, Stored
from sitepub.tencent.fence import Fence
from tests.publish.memory_bucket import Object

if TYPE_CHECKING:
    from tests.publish.memory_cloud import MemoryCloud


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

    def put(self, key: str, body: bytes | os.PathLike[str], headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        del retry, large
        data = body if isinstance(body, bytes) else Path(body).read_bytes()
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
        assert source_region in (None, self.cloud.region_of(source.bucket)), "a bucket has one region"
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
        if there is None:
            return None
        written = {"last-modified": formatdate(there.written, usegmt=True)} if self.cloud.says_times else {}
        return ObjectHead(len(there.data), there.etag, {**there.headers, **written})

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
