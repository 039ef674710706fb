"""Everything that one running embedded cloud consists of."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.local.base.clock import Clock
from sitepub.local.base.counts import RequestCounts
from sitepub.local.base.damage import DamagedError, opening
from sitepub.local.base.faults import Misbehaviour
from sitepub.local.base.identity import Identity, load_identity
from sitepub.local.base.pace import DEFAULT_PACE
from sitepub.local.base.privacy import close_folder
from sitepub.local.cos.bucket.lifecycle_run import Lifecycle
from sitepub.local.cos.bucket.log_delivery import LogDelivery
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.store.buckets import MAX_BUCKETS, Buckets
from sitepub.local.store.content import ContentFolder
from sitepub.local.store.database import Database
from sitepub.local.store.storage import Storage
from sitepub.local.visits.packages import Addresses
from sitepub.local.website.dev_mode import DevMode


@dataclass(slots=True)
class LocalCloud:
    """One data folder being served."""

    data: Path
    storage: Storage
    access_log: AccessLog
    delivery: LogDelivery
    lifecycle: Lifecycle
    dev_mode: DevMode
    services: Services
    """State of DNSPod, SSL, CDN, EdgeOne, and the custom domains of buckets."""
    addresses: Addresses
    """Of packed log files; they name the port where the cloud listens."""
    misbehaviour: Misbehaviour
    counts: RequestCounts
    secret: str = field(default="", repr=False)
    """Known to those who may read ``cloud.json``."""

    @property
    def identity(self) -> Identity:
        return self.storage.identity

    def close(self) -> None:
        """Write what waits and close every file."""
        self.lifecycle.close()
        self.delivery.close()
        self.access_log.close()
        self.services.close()
        self.storage.database.close()


def open_cloud(data: Path, *, misbehaviour: Misbehaviour | None = None,
               force_download: bool = False, pace: float = DEFAULT_PACE,
               most_buckets: int = MAX_BUCKETS) -> LocalCloud:
    """Open a data folder, making what is missing; removes content files that a kill left behind.

    The caller makes sure that no other process serves the folder. Raises DamagedError for a file that is not
    what it should be, OSError."""
    close_folder(data)
    file = data / "cloud.sqlite3"
    if (data / "identity.json").exists() and not (file.exists() and (file.is_dir() or file.stat().st_size)):
        # written before the identity: without it the sweep would take all content for left over
        raise DamagedError(file, "it is empty" if file.exists() else "it is missing")
    with opening(data / "content"):
        content = ContentFolder(data / "content")
    with opening(file):
        database = Database(file, content.remove)
        buckets = Buckets(database, most_buckets)
        dev_mode = DevMode(database)
        secret = _secret(database)
        moved = database.one("SELECT value FROM settings WHERE name='clock'")
        clock = Clock.of_text(moved[0]) if moved is not None else Clock()
        content.sweep(database)
    with opening(data / "identity.json"):
        identity = load_identity(data)
    with opening(data / "access-log.sqlite3"):
        access_log = AccessLog(data / "access-log.sqlite3")
    with opening(data / "services.sqlite3"):
        services = Services(data, pace)
    storage = Storage(database, content, buckets, identity, clock, force_download)
    delivery = LogDelivery(storage, access_log)
    access_log.deliver_with(delivery.schedule)
    return LocalCloud(
        data=data,
        storage=storage,
        access_log=access_log,
        delivery=delivery,
        lifecycle=Lifecycle(storage),
        dev_mode=dev_mode,
        services=services,
        addresses=Addresses(identity.account.secret_key),
        misbehaviour=misbehaviour or Misbehaviour(),
        counts=RequestCounts(),
        secret=secret,
    )


def _secret(database: Database) -> str:
    """The secret of the addresses below ``/-/``: made once, so that clients can go on using it after a restart."""
    database.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('secret', ?)", (secrets.token_hex(32),))
    row = database.one("SELECT value FROM settings WHERE name='secret'")
    assert row is not None
    return str(row[0])
