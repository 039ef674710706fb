"""Everything that one running embedded cloud consists of, handed to every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.local.access_log import AccessLog
from sitepub.local.buckets import MAX_BUCKETS, Buckets
from sitepub.local.content import ContentFolder
from sitepub.local.counts import RequestCounts
from sitepub.local.database import Database
from sitepub.local.errors import ServiceError
from sitepub.local.faults import Misbehaviour
from sitepub.local.identity import Identity
from sitepub.local.live import Live
from sitepub.local.pace import DEFAULT_PACE, Pace
from sitepub.local.services import Services


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

    The caller makes sure that no other process serves the folder."""
    from sitepub.local.identity import load_identity

    data.mkdir(parents=True, exist_ok=True)
    content = ContentFolder(data / "content")
    database = Database(data / "cloud.sqlite3", content.remove)
    content.sweep(database)
    return LocalCloud(
        data=data,
        identity=load_identity(data),
        database=database,
        content=content,
        buckets=Buckets(database, most_buckets),
        misbehaviour=misbehaviour or Misbehaviour(),
        counts=RequestCounts(),
        access_log=AccessLog(data / "access-log.sqlite3"),
        live=Live(database),
        services=Services(data),
        force_download=force_download,
        pace=Pace(pace),
    )


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
