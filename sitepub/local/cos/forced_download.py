"""Default domains that make browsers download instead of showing a page (COS API 436/57456)."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.local.base.errors import ServiceError
from sitepub.local.store.storage import Storage


def refuse_packages(storage: Storage, key: str) -> None:
    """Under ``--force-download`` a default domain, of the XML API too, gives out no apk and ipa files. (COS API
    436/57456; its Chinese page says 400, its English one 403.) Raises ServiceError DownloadForbidden."""
    if storage.force_download and key.lower().endswith((".apk", ".ipa")):
        message = "Default domains do not distribute APK and IPA files; use a custom domain."
        raise ServiceError("DownloadForbidden", message, status=400)


def forced_download_headers(storage: Storage, headers: Mapping[str, str]) -> dict[str, str]:
    """What a default domain (XML API and website) adds to a GET answer under ``--force-download``.

    ``headers`` are the answer's own; an object with a Content-Disposition keeps it. Nothing for HEAD: do not
    call this then. (COS API 436/57456.)"""
    if not storage.force_download:
        return {}
    added = {"x-cos-force-download": "true"}
    if "Content-Disposition" not in headers:
        added["Content-Disposition"] = "attachment"
    return added
