"""What lies in a small ZIP archive, as far as it can be unpacked at little cost."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

SIGNATURE = b"PK\x03\x04"
LARGEST = 1 << 20
"""Bytes of an archive that is opened. Larger ones would cost more than all the rest of the search."""
_MOST = 4 << 20
"""Bytes of the content that are unpacked, in all."""
_MOST_ENTRIES = 500


def entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content. What is encrypted or damaged has a name alone; names come first, and their contents after
    them."""
    import zipfile

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return
    room = _MOST
    for info in archive.infolist()[:_MOST_ENTRIES]:
        content = b""
        if not info.is_dir() and room > 0 and not info.flag_bits & 1:
            try:
                with archive.open(info) as stream:
                    content = stream.read(min(room, info.file_size))
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError, RuntimeError):
                pass
            room -= len(content)
        yield info.filename, content
