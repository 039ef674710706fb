"""Objects as they are stored: rows, versions, and what a write or a removal does to them."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.store.buckets import Bucket, check_attachments
from sitepub.local.store.content import Content, ContentFolder, file_range, release, signed_crc, unsigned_crc
from sitepub.local.store.database import Database, Row, Transaction

NULL_VERSION = "null"
COLUMNS = ("bucket, key, version, sequence, size, etag, crc64, modified, body, file, headers, storage_class,"
           " acl, tagging, state")
_MARKS = ",".join("?" * 15)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object."""

    bucket: int
    key: str
    version: str
    """``null`` when written without versioning."""
    sequence: int
    size: int
    etag: str
    """Without quotes."""
    crc64: int
    """CRC-64/XZ, unsigned."""
    modified: float
    body: int | None
    file: str | None
    header_lines: str
    storage_class: str
    acl: str
    """``""`` (follows the bucket), a canned name, or an AccessControlPolicy document."""
    tagging: str
    """``""`` or ``a=b&c=d``, percent-encoded."""
    state: str = ""
    """As :attr:`object_state.ObjectState.text`."""
    marker: bool = False
    """A delete marker: no content."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the PUT that a GET answers again: Content-Type, Cache-Control, x-cos-meta-* …"""
        lines = self.header_lines.split("\n")
        return dict(zip(lines[::2], lines[1::2], strict=False))


def from_row(row: Row, *, marker: bool = False) -> StoredObject:
    """A row of :data:`COLUMNS`."""
    values: Row = (*row[:6], unsigned_crc(row[6]), *row[7:], marker)
    return StoredObject(*values)


def find_object(database: Database, bucket: Bucket, key: str) -> StoredObject | None:
    """The newest version of a key; ``None`` when there is none or a delete marker hides it."""
    row = database.one(f"SELECT {COLUMNS} FROM objects WHERE bucket=? AND key=?",
                             (bucket.id, storable(key)))
    return None if row is None else from_row(row)


def find_version(database: Database, bucket: Bucket, key: str, version: str) -> StoredObject | None:
    """A given version of a key, be it a delete marker."""
    row = database.one(f"SELECT {COLUMNS} FROM objects WHERE bucket=? AND key=? AND version=?",
                             (bucket.id, storable(key), version))
    if row is not None:
        return from_row(row)
    row = database.one(f"SELECT {COLUMNS}, marker FROM versions WHERE bucket=? AND key=? AND version=?",
                             (bucket.id, storable(key), version))
    return None if row is None else from_row(row[:-1], marker=bool(row[-1]))


def storable(key: str) -> str:
    """A key as SQLite takes it: bytes that are not UTF-8 match nothing."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return "\0"
    return key


def read_bytes(database: Database, stored: StoredObject) -> bytes | None:
    """Content of a small object; ``None`` when it lies in a file."""
    if stored.body is not None:
        row = database.one("SELECT data FROM bodies WHERE id=?", (stored.body,))
        if row is None:
            raise LookupError(f"the content of {stored.key!r} is missing")
        return bytes(row[0])
    return None if stored.file is not None else b""


def read_stream(content: ContentFolder, stored: StoredObject, start: int, length: int) -> AsyncGenerator[bytes, None]:
    """Bytes of an object that lies in a file. The file is opened now."""
    assert stored.file is not None
    return file_range(content.open(stored.file, stored.size), start, length)


@dataclass(frozen=True, slots=True)
class NewObject:
    """What a write puts under a key."""

    key: str
    content: Content
    etag: str
    headers: str
    """As :attr:`StoredObject.header_lines`."""
    storage_class: str = "STANDARD"
    acl: str = ""
    tagging: str = ""
    state: str = ""
    """As :attr:`StoredObject.state`."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write or removal answers with."""

    version: str
    """``""`` in a bucket that never had versioning."""
    modified: float = 0.0
    marker: bool = False
    """A removal that made, or removed, a delete marker."""


def versioning_of(transaction: Transaction, bucket: Bucket) -> str:
    """The bucket's versioning as committed. Raises ServiceError NoSuchBucket when it is gone."""
    row = transaction.one("SELECT versioning FROM buckets WHERE id=?", (bucket.id,))
    if row is None:
        raise ServiceError("NoSuchBucket")
    return str(row[0])


def store(transaction: Transaction, bucket: Bucket, new: NewObject, *,
          forbid_overwrite: bool = False) -> Written:
    """Make ``new`` the newest version of its key."""
    versioning = versioning_of(transaction, bucket)
    old = transaction.one("SELECT body, file, version, sequence, acl FROM objects WHERE bucket=? AND key=?",
                          (bucket.id, new.key))
    # reported by users: forbid-overwrite has no effect once versioning was ever enabled
    if forbid_overwrite and old is not None and not versioning:
        raise ServiceError("FileAlreadyExists")
    if new.acl and (old is None or not old[4] or versioning):
        check_attachments(transaction, bucket.owner)
    body, file = new.content.place(transaction)
    now = time.time()
    if not versioning:
        version, sequence = NULL_VERSION, 0
        if old is not None:
            release(transaction, old[0], old[1])
    else:
        sequence = _next_sequence(transaction, bucket, new.key)
        version = new_version(now, sequence) if versioning == "Enabled" else NULL_VERSION
        _retire(transaction, bucket, new.key, versioning)
    crc = signed_crc(new.content.crc64)
    transaction.execute(
        f"INSERT OR REPLACE INTO objects ({COLUMNS}) VALUES ({_MARKS})",
        (bucket.id, new.key, version, sequence, new.content.size, new.etag, crc, now, body, file, new.headers,
         new.storage_class, new.acl, new.tagging, new.state),
    )
    return Written(version if versioning else "", now)


def remove(transaction: Transaction, bucket: Bucket, key: str) -> Written:
    """DELETE without a version: removes the object, or hides it behind a delete marker."""
    versioning = versioning_of(transaction, bucket)
    if not versioning:
        row = transaction.one("DELETE FROM objects WHERE bucket=? AND key=? RETURNING body, file",
                              (bucket.id, key))
        if row is not None:
            release(transaction, row[0], row[1])
        return Written("")
    now = time.time()
    sequence = _next_sequence(transaction, bucket, key)
    version = new_version(now, sequence) if versioning == "Enabled" else NULL_VERSION
    _retire(transaction, bucket, key, versioning)
    transaction.execute("DELETE FROM objects WHERE bucket=? AND key=?", (bucket.id, key))
    transaction.execute(
        f"INSERT INTO versions ({COLUMNS}, marker) VALUES ({_MARKS},1)",
        (bucket.id, key, version, sequence, 0, "", 0, now, None, None, "", "", "", "", ""),
    )
    return Written(version, now, marker=True)


def remove_version(transaction: Transaction, bucket: Bucket, key: str, version: str) -> Written:
    """DELETE of one version for good. A version that is not there counts as removed."""
    versioning_of(transaction, bucket)
    where = "bucket=? AND key=? AND version=?"
    row = transaction.one(f"DELETE FROM objects WHERE {where} RETURNING body, file",
                          (bucket.id, key, version))
    marker = False
    if row is None:
        row = transaction.one(f"DELETE FROM versions WHERE {where} RETURNING body, file, marker",
                              (bucket.id, key, version))
        marker = row is not None and bool(row[2])
    if row is not None:
        release(transaction, row[0], row[1])
        _promote(transaction, bucket, key)
    return Written(version, marker=marker)


def _retire(transaction: Transaction, bucket: Bucket, key: str, versioning: str) -> None:
    """Make room for a new newest version: the old one becomes history. With versioning suspended the version
    ``null`` exists once, so an older one goes."""
    if versioning == "Suspended":
        for table in ("objects", "versions"):
            row = transaction.one(
                f"DELETE FROM {table} WHERE bucket=? AND key=? AND version='null' RETURNING body, file",
                (bucket.id, key))
            if row is not None:
                release(transaction, row[0], row[1])
    transaction.execute(f"INSERT INTO versions ({COLUMNS}) SELECT {COLUMNS} FROM objects"
                        " WHERE bucket=? AND key=?", (bucket.id, key))


def _promote(transaction: Transaction, bucket: Bucket, key: str) -> None:
    """After a removal: with no newest version left, that of the history is it, unless it is a marker."""
    if transaction.one("SELECT 1 FROM objects WHERE bucket=? AND key=?", (bucket.id, key)) is not None:
        return
    row = transaction.one("SELECT sequence, marker FROM versions WHERE bucket=? AND key=?"
                          " ORDER BY sequence DESC LIMIT 1", (bucket.id, key))
    if row is None or row[1]:
        return
    where = (bucket.id, key, row[0])
    transaction.execute(f"INSERT INTO objects ({COLUMNS}) SELECT {COLUMNS} FROM versions"
                        " WHERE bucket=? AND key=? AND sequence=?", where)
    transaction.execute("DELETE FROM versions WHERE bucket=? AND key=? AND sequence=?", where)


def _next_sequence(transaction: Transaction, bucket: Bucket, key: str) -> int:
    row = transaction.one(
        "SELECT max(coalesce((SELECT sequence FROM objects WHERE bucket=?1 AND key=?2), 0),"
        " coalesce((SELECT max(sequence) FROM versions WHERE bucket=?1 AND key=?2), 0))", (bucket.id, key))
    assert row is not None
    return int(row[0]) + 1


def new_version(now: float, sequence: int) -> str:
    """A version id in the service's form: opaque base64 that sorts newest first."""
    reverse = (1 << 44) - int(now * 1000)
    raw = f"{reverse:011x}{(1 << 16) - (sequence & 0xFFFF):05x}{secrets.token_hex(4)}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


async def set_object_text(database: Database, bucket: Bucket, key: str, version: str | None, column: str,
                          text: str) -> None:
    """Set the ``acl``, ``tagging`` or ``state`` of an object, or of one version of it.

    Raises ServiceError NoSuchKey, NoSuchVersion or AttachmentFull."""
    if column not in ("acl", "tagging", "state"):
        raise ValueError(column)

    def operation(transaction: Transaction) -> None:
        condition = "bucket=? AND key=?" + ("" if version is None else " AND version=?")
        values: tuple[Any, ...] = (bucket.id, storable(key)) + (() if version is None else (version,))
        for table in ("objects",) if version is None else ("objects", "versions"):
            row = transaction.one(f"SELECT acl FROM {table} WHERE {condition}", values)
            if row is None:
                continue
            if column == "acl" and text and not row[0]:
                check_attachments(transaction, bucket.owner)
            transaction.execute(f"UPDATE {table} SET {column}=? WHERE {condition}", (text, *values))
            return
        raise ServiceError("NoSuchKey" if version is None else "NoSuchVersion")

    await database.write(operation)
