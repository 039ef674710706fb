"""Kept content: in the private state bucket, once for each MD5 and size.

What replaces something that is live is uploaded here first and goes live by a copy on the server; what is replaced or
removed is copied here before. So going back to a release uploads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sitepub.tencent.cos.store import Listed, ObjectStore

FOLDER = "content/"
COPY_LIMIT = 5 * 1024**3
"""Bytes that one copy request can carry (COS API 436/10881)."""
HEADERS = {"Content-Type": "application/octet-stream"}
_NAME = re.compile(r"([0-9a-f]{32})-(\d{1,16})")

Content = tuple[str, int]
"""MD5 and size."""


def keepable(content: Content) -> bool:
    """Nothing has to be kept of an empty file, and nothing can be kept that one copy request cannot carry."""
    return bool(content[0]) and 0 < content[1] <= COPY_LIMIT


class KeptContent:
    """The kept content of one site."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        """Of the state bucket."""
        self.prefix = prefix + FOLDER

    @property
    def bucket(self) -> str:
        return self.store.bucket

    def key(self, content: Content) -> str:
        md5, size = content
        return f"{self.prefix}{md5}-{size}"

    def content_of(self, key: str) -> Content | None:
        """Which content an object holds, by its key."""
        found = _NAME.fullmatch(key.removeprefix(self.prefix)) if key.startswith(self.prefix) else None
        return (found[1], int(found[2])) if found else None

    def there(self) -> Iterator[tuple[Content, Listed]]:
        """All of it, by a listing. An object that has another size than its name says is none of it."""
        for listed in self.store.list(self.prefix):
            content = self.content_of(listed.key)
            if content is not None and content[1] == listed.size:
                yield content, listed
