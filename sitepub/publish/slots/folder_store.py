"""A folder of a bucket, as if it were a bucket of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sitepub.tencent.cos.store import (
    DeleteFailure,
    Fetched,
    LargeFile,
    Listed,
    ObjectHead,
    ObjectStore,
    Retry,
    Sent,
    Stored,
)
from sitepub.tencent.fence import Fence


class FolderStore:
    """Implements :class:`~sitepub.tencent.cos.store.ObjectStore`. Keys are those below the folder; a source in a bucket
    that is named is a key of that bucket as it is."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        """``folder``: with a slash behind it."""
        self.store = store
        self.folder = folder
        self.bucket = store.bucket

    @property
    def fence(self) -> Fence:
        return getattr(self.store, "fence", None) or Fence()

    def put(self, key: str, body: bytes | os.PathLike[str], headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        return self.store.put(self.folder + key, body, headers, md5=md5, forbid_overwrite=forbid_overwrite, sent=sent,
                              retry=retry, large=large)

    def copy(self, key: str, source_key: str, headers: Mapping[str, str], *, source_bucket: str | None = None,
             source_region: str | None = None, if_match: str | None = None, retry: Retry | None = None) -> Stored:
        source = source_key if source_bucket is not None else self.folder + source_key
        return self.store.copy(self.folder + key, source, headers, source_bucket=source_bucket,
                               source_region=source_region, if_match=if_match, retry=retry)

    def get(self, key: str) -> Fetched:
        return self.store.get(self.folder + key)

    def get_unless(self, key: str, etag: str) -> tuple[Fetched | None, Mapping[str, str]]:
        return self.store.get_unless(self.folder + key, etag)

    def head(self, key: str) -> ObjectHead | None:
        return self.store.head(self.folder + key)

    def delete(self, keys: Sequence[str]) -> Sequence[DeleteFailure]:
        failed = self.store.delete([self.folder + key for key in keys])
        return [replace(one, key=one.key.removeprefix(self.folder)) for one in failed]

    def discard_uploads(self, keys: Sequence[str]) -> int:
        return self.store.discard_uploads([self.folder + key for key in keys])

    def discard_uploads_below(self, prefix: str) -> int:
        return self.store.discard_uploads_below(self.folder + prefix)

    def close(self) -> None:
        """The bucket's connections are closed by the run that opened them."""

    # Last, because inside the class its name hides the builtin from the annotations that follow.
    def list(self, prefix: str = "", *, after: str = "", page: int = 1000) -> Iterator[Listed]:
        for there in self.store.list(self.folder + prefix, after=self.folder + after if after else "", page=page):
            yield replace(there, key=there.key.removeprefix(self.folder))


class OwnFolder(FolderStore):
    """Closes the bucket's connections too."""

    def close(self) -> None:
        self.store.close()
