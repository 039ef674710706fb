"""When a preview of a site is going to expire, as far as this computer knows: so a deploy that changes nothing needs no
request to find out that none has."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.places import cache_dir
from sitepub.config.project import Project
from sitepub.publish.previews.prefix import site_prefix

if TYPE_CHECKING:
    from sitepub.publish.previews.found import Preview
    from sitepub.publish.states.remote import Remote


def note_expiries(remote: Remote, environ: Mapping[str, str], previews: Sequence[Preview]) -> None:
    """``previews``: all that the site has."""
    first = min((one.expires for one in previews if one.expires), default=0.0)
    with suppress(OSError):
        if first:
            _write(remote, environ, first)
        else:
            _file(remote, environ).unlink(missing_ok=True)


def note_expiry(remote: Remote, environ: Mapping[str, str], expires: float) -> None:
    """Of a preview that was just deployed."""
    known = _known(remote, environ)
    if known is None or expires < known:
        with suppress(OSError):
            _write(remote, environ, expires)


def is_due(remote: Remote, environ: Mapping[str, str]) -> bool:
    known = _known(remote, environ)
    return known is not None and known <= max(remote.states.cloud_time, time.time())


def is_due_at(state_bucket: str, project: Project, environ: Mapping[str, str]) -> bool:
    """The same before the cloud was asked, by the clock of this computer."""
    known = _read(_file_at(state_bucket, project, environ))
    return known is not None and known <= time.time()


def _known(remote: Remote, environ: Mapping[str, str]) -> float | None:
    return _read(_file(remote, environ))


def _read(file: Path) -> float | None:
    try:
        return float(file.read_bytes()[:40])
    except (OSError, ValueError):
        return None


def _write(remote: Remote, environ: Mapping[str, str], first: float) -> None:
    file = _file(remote, environ)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{first:.0f}\n", encoding="ascii")


def _file(remote: Remote, environ: Mapping[str, str]) -> Path:
    return _file_at(remote.states.store.bucket, remote.project, environ)


def _file_at(state_bucket: str, project: Project, environ: Mapping[str, str]) -> Path:
    place = f"{state_bucket}/{site_prefix(project)}"
    return cache_dir(environ) / "previews" / hashlib.sha256(place.encode()).hexdigest()[:24]
