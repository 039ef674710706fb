"""Buckets: their names and owners, the limits of an account, creation and removal."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from sitepub.local.base.errors import ServiceError
from sitepub.local.store.database import Database, Row, Transaction

MAX_BUCKETS = 200
MAX_ATTACHMENTS = 1000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-([1-9][0-9]{3,})\Z")
_COLUMNS = "id, name, region, owner, created, versioning, acl"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as it is now; a change makes a new value."""

    id: int
    name: str
    """With its -APPID."""
    region: str
    owner: str
    """App id."""
    created: float
    versioning: str
    """``""`` (never set), ``Enabled`` or ``Suspended``."""
    acl: str
    """``""`` (private), a canned name, or an AccessControlPolicy document."""


class Buckets:
    """All buckets, in memory; the table follows every change before it is seen here."""

    def __init__(self, database: Database, most: int = MAX_BUCKETS) -> None:
        self._database = database
        self._most = most
        rows = database.read(f"SELECT {_COLUMNS} FROM buckets")
        self._by_name = {row[1]: Bucket(*row) for row in rows}

    def find(self, name: str) -> Bucket | None:
        """The bucket with this full name, in any region."""
        return self._by_name.get(name)

    def all(self) -> list[Bucket]:
        return list(self._by_name.values())

    def owned_by(self, app_id: str) -> list[Bucket]:
        """In name order."""
        return sorted((b for b in self._by_name.values() if b.owner == app_id), key=lambda b: b.name)

    async def create(self, name: str, region: str, owner: str, acl: str) -> Bucket:
        """Raises ServiceError when it exists or the account has too many."""

        def operation(transaction: Transaction) -> Row:
            existing = transaction.one("SELECT owner FROM buckets WHERE name=?", (name,))
            if existing is not None:
                mine = existing[0] == owner
                raise ServiceError("BucketAlreadyOwnedByYou" if mine else "BucketAlreadyExists")
            count = transaction.one("SELECT count(*) FROM buckets WHERE owner=?", (owner,))
            if count is not None and count[0] >= self._most:
                raise ServiceError("TooManyBuckets")
            if acl:
                check_attachments(transaction, owner)
            row = transaction.one(
                "INSERT INTO buckets (name, region, owner, created, acl) VALUES (?,?,?,?,?)"
                f" RETURNING {_COLUMNS}",
                (name, region, owner, time.time(), acl),
            )
            assert row is not None
            return row

        bucket = Bucket(*await self._database.write(operation))
        self._by_name[name] = bucket
        return bucket

    async def remove(self, bucket: Bucket) -> None:
        """Raises ServiceError BucketNotEmpty while it holds objects, versions or unfinished uploads."""

        def operation(transaction: Transaction) -> None:
            for table in ("objects", "versions", "uploads"):
                if transaction.one(f"SELECT 1 FROM {table} WHERE bucket=? LIMIT 1", (bucket.id,)):
                    raise ServiceError("BucketNotEmpty")
            transaction.execute("DELETE FROM configurations WHERE bucket=?", (bucket.id,))
            transaction.execute("DELETE FROM buckets WHERE id=?", (bucket.id,))

        await self._database.write(operation)
        self._by_name.pop(bucket.name, None)
        self._database.forget_configurations(bucket.id)

    async def set_acl(self, bucket: Bucket, acl: str) -> None:
        """Store an ACL (see :attr:`Bucket.acl`). Raises ServiceError AttachmentFull at the limit."""

        def operation(transaction: Transaction) -> None:
            row = transaction.one("SELECT acl FROM buckets WHERE id=?", (bucket.id,))
            if row is None:
                raise ServiceError("NoSuchBucket")
            if acl and not row[0]:
                check_attachments(transaction, bucket.owner)
            transaction.execute("UPDATE buckets SET acl=? WHERE id=?", (acl, bucket.id))

        await self._database.write(operation)
        self._by_name[bucket.name] = replace(self._by_name[bucket.name], acl=acl)

    async def set_versioning(self, bucket: Bucket, status: str) -> None:
        """``Enabled`` or ``Suspended``; there is no way back to never set."""
        await self._database.write(
            lambda transaction: transaction.execute(
                "UPDATE buckets SET versioning=? WHERE id=?", (status, bucket.id)
            ).rowcount
        )
        self._by_name[bucket.name] = replace(self._by_name[bucket.name], versioning=status)


def check_attachments(transaction: Transaction, owner: str) -> None:
    """Raise ServiceError AttachmentFull unless the account may have one more ACL or policy.

    Counted: buckets and objects with an ACL of their own, and bucket policies (COS 436/14518: 1,000 per
    account in all)."""
    mine = "(SELECT id FROM buckets WHERE owner=?1)"
    row = transaction.one(
        f"SELECT (SELECT count(*) FROM buckets WHERE owner=?1 AND acl <> '')"
        f" + (SELECT count(*) FROM configurations WHERE kind='policy' AND bucket IN {mine})"
        f" + (SELECT count(*) FROM objects WHERE acl <> '' AND bucket IN {mine})"
        f" + (SELECT count(*) FROM versions WHERE acl <> '' AND bucket IN {mine})",
        (owner,),
    )
    if row is not None and row[0] >= MAX_ATTACHMENTS:
        raise ServiceError("AttachmentFull")


def check_name(name: str) -> str:
    """The app id at the end of a bucket name. Raises ServiceError InvalidBucketName (COS 436/13312)."""
    match = _NAME.match(name)
    # host labels end at 63 characters; the user's part has at least one character
    if match is None or len(name) > 60:
        raise ServiceError("InvalidBucketName")
    return match.group(1)
