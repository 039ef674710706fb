"""Previews in words, and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sitepub.publish.previews.found import Preview
from sitepub.publish.progress import Progress
from sitepub.terminal.messages import visible
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.actions.remove import Down
    from sitepub.domains.job import Listener
    from sitepub.publish.removal_plan import Removal


class RemovalView:
    """Implements :class:`sitepub.actions.previews.removing.View` on a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @contextmanager
    def transfer(self) -> Iterator[Progress]:
        from sitepub.cli.story import Transfer
        from sitepub.terminal.progress import TransferProgress

        with TransferProgress(self._terminal, verb="Deleting", noun="object") as display:
            yield Transfer(display)

    def listener(self) -> AbstractContextManager[Listener]:
        from sitepub.cli.host_view import host_listener

        return host_listener(self._terminal)


def row(one: Preview) -> tuple[str, ...]:
    from sitepub.terminal.moments import age_of

    name = visible(one.name)
    if one.problem:
        return (name, "", "", "", "", "", visible(one.problem))
    info = one.release
    unfinished = " (a deploy has not ended)" if one.unfinished else ""
    changed = "+" if info is not None and (info.commit or "").endswith("+") else ""
    commit = f"{info.commit[:8]}{changed}" if info is not None and info.commit else ""
    return (name, visible(one.branch or ""), age_of(info.at) if info is not None else "", info.by if info else "",
            commit, until(one), one.url + unfinished)


def until(one: Preview) -> str:
    """When it goes."""
    if one.expired:
        return "expired"
    from sitepub.cli.left_out import moment

    return moment(int(one.expires)) if one.expires else ""


def as_object(one: Preview) -> dict[str, Any]:
    """For programs."""
    info = one.release
    return {"name": one.name, "url": one.url, "bucket": one.bucket, "hosts": list(one.hosts), "branch": one.branch,
            "expires": datetime.fromtimestamp(one.expires, UTC).isoformat() if one.expires else None,
            "expired": one.expired, "unfinished": one.unfinished,
            **({"problem": one.problem} if one.problem else {}),
            "release": None if info is None else {
                "id": info.id, "at": info.at, "by": info.by, "commit": info.commit, "message": info.message,
                "where": info.where, "files": info.files, "bytes": info.bytes}}


def route_lines(removal: Removal) -> Iterator[str]:
    """What becomes of its host, where a router leads it."""
    info = removal.found.preview
    if info is not None and info.host:
        yield f"  - the route of {info.host}: visitors get 404 then"


def removed_lines(name: str, down: Down) -> Iterator[str]:
    """What was done, and what stays."""
    from sitepub.terminal.sizes import counted

    buckets = "".join(f", bucket {one}" for one in down.removed.buckets)
    yield f"Removed the preview {name}: {counted(down.removed.objects, 'object')}{buckets}."
    for host in down.hosts:
        yield f"  host {host.host} taken down"
        yield from (f"    {visible(words)}" for words in host.left)
    for stays in down.removed.left:
        if stays.folder:
            yield f"  {counted(len(stays.left), 'object')} in {stays.place} stay: sitepub did not upload them."
        else:
            yield f"  The bucket {stays.bucket} stays: {stays.bucket_stays}."


def removed_object(name: str, down: Down) -> dict[str, Any]:
    from sitepub.actions.host_objects import outcome_object

    return {"name": name, "deleted": down.removed.objects, "buckets": list(down.removed.buckets),
            "left": [{"bucket": one.bucket, "why": one.bucket_stays,
                      "objects": [{"key": left.key, "why": left.why} for left in one.left]}
                     for one in down.removed.left],
            "hosts": [outcome_object(one) for one in down.hosts]}
