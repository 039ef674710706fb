"""Objects of the archive classes: read only as a restored copy, for the days it was asked for (COS API 436/12633)."""

from __future__ import annotations

from sitepub.local.base.clock import DAY, Clock
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.times import http_date
from sitepub.local.store.object_state import ARCHIVES, ObjectState, state_of
from sitepub.local.store.stored import StoredObject

RESTORING = 1.0
"""Seconds until a copy is there. The real service takes 1 minute to 48 hours, by class and tier."""


def is_restoring(clock: Clock, state: ObjectState) -> bool:
    return bool(state.restored) and clock.age(state.restored) < RESTORING


def is_restored(clock: Clock, state: ObjectState) -> bool:
    """Whether there is a copy that can be read now."""
    return bool(state.restored) and RESTORING <= clock.age(state.restored) < state.restored_days * DAY


def check_readable(clock: Clock, stored: StoredObject) -> None:
    """Raises ServiceError InvalidObjectState."""
    if stored.storage_class in ARCHIVES and not is_restored(clock, state_of(stored.state)):
        raise ServiceError("InvalidObjectState")


def restore_header(clock: Clock, stored: StoredObject) -> dict[str, str]:
    state = state_of(stored.state)
    if stored.storage_class not in ARCHIVES or not state.restored:
        return {}
    if is_restoring(clock, state):
        return {"x-cos-restore": 'ongoing-request="true"'}
    if not is_restored(clock, state):
        return {}
    end = http_date(state.restored + state.restored_days * DAY)
    return {"x-cos-restore": f'ongoing-request="false", expiry-date="{end}"'}
