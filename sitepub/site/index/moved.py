"""Files that lie under another path than when they were published, and are the same otherwise: they need not be read.

What the index takes for the same file under its own name (size, times and inode; ``listing``) is the same file under
another one: renaming a folder leaves them alone, and whatever writes to a file changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sitepub.site import hash_cache
from sitepub.site.charset import UTF8
from sitepub.site.hash_cache import HashCache
from sitepub.site.headers import HeaderBook
from sitepub.site.index.file import Known
from sitepub.site.many.stamp import Stamp

_TYPE = "Content-Type"


class MovedFiles(HashCache):
    """Knows a file by its name and its stamp. Only for sites without headers and allowed secrets of their own, where a
    path decides nothing but what its last part says."""

    def __init__(self, folder: Path, marks: Sequence[bytes], gone: Iterable[Known],
                 headers: Sequence[tuple[str, Mapping[str, str]]], book: HeaderBook) -> None:
        """``gone``: what is published and does not lie where it did. ``headers``: those that they name."""
        super().__init__(None, folder, marks)
        # One that was too fresh to be recognised has no inode.
        self._gone = {Stamp(one.size, one.mtime_ns, one.ctime_ns, one.inode): one for one in gone if one.inode}
        self._headers = headers
        self._book = book

    def find(self, path: str, stamp: Stamp) -> hash_cache.Known | None:
        one = self._gone.get(stamp)
        if one is None:
            return None
        name = path.rpartition("/")[2]
        if one.name != name.encode("utf-8", "surrogateescape"):
            return None  # what is looked for in a file depends on its name
        if self._headers[one.headers][1].get(_TYPE) != self._book.of(path, name)[0].get(_TYPE):
            return None  # it may be in another encoding than UTF-8
        return hash_cache.Known(path, *stamp, one.md5, self._wanted, "", UTF8)
