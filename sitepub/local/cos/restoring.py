"""POST Object restore: a copy of an archived object that can be read for some days (COS API 436/12633)."""

from __future__ import annotations

import time
from dataclasses import replace

from sitepub.local.base.documents import check, choice, malformed, read, received, whole
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import archives
from sitepub.local.cos.access.acl_configuration import wanted_object
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.object_state import ARCHIVES, state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import set_object_text

TIERS = ("Expedited", "Standard", "Bulk")


async def restore_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """202; 200 when there is a copy already, whose days are counted anew. Raises ServiceError
    RestoreNonArchiveObject, RestoreAlreadyInProgress, MalformedXML."""
    root = read(await received(request), "RestoreRequest")
    check(root, ("Days", "CASJobParameters"))
    days = whole(root, "Days", least=1)
    tier = choice(root, "CASJobParameters/Tier", TIERS)
    if days is None or (root.find("CASJobParameters") is not None and tier is None):
        raise malformed("RestoreRequest needs Days, and CASJobParameters a Tier.")
    if days > 365:
        raise ServiceError("InvalidArgument", "A copy can be kept for 365 days.")
    stored = wanted_object(storage, request, bucket)
    if stored.marker:
        raise ServiceError("MethodNotAllowed")
    if stored.storage_class not in ARCHIVES:
        raise ServiceError("RestoreNonArchiveObject")
    if stored.storage_class == "DEEP_ARCHIVE" and tier == "Expedited":
        raise ServiceError("InvalidArgument", "DEEP_ARCHIVE is restored by Standard or Bulk.")
    state = state_of(stored.state)
    if archives.is_restoring(storage.clock, state):
        raise ServiceError("RestoreAlreadyInProgress")
    again = archives.is_restored(storage.clock, state)
    began = time.time() - (archives.RESTORING if again else 0.0)
    text = replace(state, restored=began, restored_days=days).text
    await set_object_text(storage.database, bucket, request.key, request.query.get("versionId"), "state", text)
    return Response(200 if again else 202)
