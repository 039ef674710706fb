"""Everything that one running embedded cloud consists of, handed to every request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.local.base.counts import RequestCounts
from sitepub.local.base.damage import DamagedError, opening
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.faults import Misbehaviour
from sitepub.local.base.identity import Identity
from sitepub.local.base.pace import DEFAULT_PACE, Pace
from sitepub.local.base.privacy import close_folder
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.store.buckets import MAX_BUCKETS, Buckets
from sitepub.local.store.content import ContentFolder
from sitepub.local.store.database import Database
from sitepub.local.website.dev_mode import Live


@dataclass(slots=True)
class LocalCloud:
    """One data folder being served."""

    data: Path
    identity: Identity
    database: Database
    content: ContentFolder
    buckets: Buckets
    misbehaviour: Misbehaviour
    counts: RequestCounts
    access_log: AccessLog
    live: Live
    services: Services
    """State of DNSPod, SSL, CDN, EdgeOne, and the custom domains of buckets."""
    secret: str = field(default="", repr=False)
    """Known to whoever may read ``cloud.json``."""
    force_download: bool = False
    """Behave as for buckets created after 2024-01-01: default domains make browsers download."""
    port: int = 0
    dns_port: int = 0
    """UDP and TCP."""
    pace: Pace = field(default_factory=Pace)
    """How long the states of the cloud API take."""


def open_cloud(data: Path, *, misbehaviour: Misbehaviour | None = None,
               force_download: bool = False, pace: float = DEFAULT_PACE,
               most_buckets: int = MAX_BUCKETS) -> LocalCloud:
    """Open a data folder, making what is missing; removes content files that a kill left behind.

    The caller makes sure that no other process serves the folder. Raises DamagedError for a file that is not
    what it should be, OSError."""
    from sitepub.local.base.identity import load_identity

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
        live = Live(database)
        secret = _secret(database)
        content.sweep(database)
    with opening(data / "identity.json"):
        identity = load_identity(data)
    with opening(data / "access-log.sqlite3"):
        access_log = AccessLog(data / "access-log.sqlite3")
    with opening(data / "services.sqlite3"):
        services = Services(data)
    return LocalCloud(
        data=data,
        identity=identity,
        database=database,
        content=content,
        buckets=buckets,
        misbehaviour=misbehaviour or Misbehaviour(),
        counts=RequestCounts(),
        access_log=access_log,
        live=live,
        services=services,
        secret=secret,
        force_download=force_download,
        pace=Pace(pace),
    )


def _secret(database: Database) -> str:
    """What the addresses below ``/-/`` ask for: made once, so that a restart keeps those who know it."""
    database.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('secret', ?)", (secrets.token_hex(32),))
    row = database.one("SELECT value FROM settings WHERE name='secret'")
    assert row is not None
    return str(row[0])


def refuse_packages(cloud: LocalCloud, key: str) -> None:
    """Under ``--force-download`` a default domain, of the XML API too, gives out no apk and ipa files. (COS API
    436/57456; its Chinese page says 400, its English one 403.) Raises ServiceError DownloadForbidden."""
    if cloud.force_download and key.lower().endswith((".apk", ".ipa")):
        message = "Default domains do not distribute APK and IPA files; use a custom domain."
        raise ServiceError("DownloadForbidden", message, status=400)


def forced_download_headers(cloud: LocalCloud, headers: Mapping[str, str]) -> dict[str, str]:
    """What a default domain (XML API and website) adds to a GET answer under ``--force-download``.

    ``headers`` are the answer's own; an object with a Content-Disposition keeps it. Nothing for HEAD: do not
    call this then. (COS API 436/57456.)"""
    if not cloud.force_download:
        return {}
    added = {"x-cos-force-download": "true"}
    if "Content-Disposition" not in headers:
        added["Content-Disposition"] = "attachment"
    return added
