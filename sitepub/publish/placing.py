"""One step of a plan on the wire: to the kept content, or to its place."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from sitepub.errors import AccessDenied, Interrupted, NotFound, PreconditionFailed, Refused, SitepubError
from sitepub.publish.flip import content_of
from sitepub.publish.looking import FreeKeys
from sitepub.publish.plan import Action, Reason, Step
from sitepub.publish.progress import Progress
from sitepub.publish.release.content import COPY_LIMIT, HEADERS, KeptContent
from sitepub.publish.states.manifest import Entry
from sitepub.site.snapshot import SiteFile
from sitepub.tencent.cos.store import SINGLE_MAX, LargeFile, ObjectStore, Retry, Stored

_LARGE = 16 * 1024**2
"""Bytes from which an upload under way is broken off on Ctrl-C instead of finished."""


class Done(msgspec.Struct, frozen=True):
    """What was done with a step in the end."""

    action: Action
    stored: Stored
    """The bucket's answer."""
    adopted: bool
    """The object with this content was there before, and not sitepub's."""
    from_kept: bool = False
    """The content lies in the kept content."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where parts of large files may be that a run sent which did not end."""

    keys: frozenset[str] = frozenset()
    """Of the bucket; what is there is of the content and the headers that the plan has for them."""
    kept: bool = False
    """In the kept content, whose keys say which content it is."""


NOTHING_RESUMED = Resumed()


class Placer:
    """Raises what the cloud answers, and Refused where an object of others is in the way."""

    def __init__(self, store: ObjectStore, content: KeptContent | None, progress: Progress,
                 stop: threading.Event, resumed: Resumed = NOTHING_RESUMED) -> None:
        self.resumed = resumed
        self.store = store
        self.content = content
        self.progress = progress
        self.stop = stop
        self._free = FreeKeys(store)

    # -- the kept content ------------------------------------------------------------------------------

    def keep(self, step: Step, entry: Entry) -> bool:
        """Copy what is live under the step's key to the kept content; whether that was possible. What another
        program has changed or deleted since cannot be kept any more, nor what this key may not read."""
        assert self.content is not None
        try:
            self.content.store.copy(self.content.key((entry.md5, entry.size)), step.key, HEADERS,
                                    source_bucket=self.store.bucket, if_match=entry.etag or None,
                                    retry=self._retry_of(step))
        except (NotFound, PreconditionFailed, AccessDenied):
            return False
        return True

    def stage(self, step: Step) -> None:
        """Bring the content of a step to the kept content."""
        assert self.content is not None and step.file is not None
        if step.from_elsewhere and self._copy_here(self.content.store, self.content.key(content_of(step)), HEADERS,
                                                   step) is not None:
            return
        watching = self._watching(step)
        self.content.store.put(self.content.key(content_of(step)), _body(step.file), HEADERS, md5=step.file.md5,
                               sent=watching.sent, retry=watching.retried,
                               large=_large(step.file, resume=self.resumed.kept))

    # -- the place itself ------------------------------------------------------------------------------

    def go_live(self, step: Step, *, staged: bool = False) -> Done:
        """Write, copy or set headers. ``staged``: the content lies in the kept content."""
        assert step.file is not None
        if step.new and step.foreign_etag:
            return self._settle_conflict(step)
        if not staged and step.action is Action.UPLOAD:
            return self._upload(step)
        # A copy has no option that leaves alone what is there.
        if step.action is Action.COPY and step.new and not self._free.is_free(step.key):
            return self._settle_conflict(step)
        if staged:
            return self._from_kept(step)
        if step.source_key is None:
            return self._from_elsewhere(step)
        try:
            stored = self.store.copy(step.key, step.source_key, step.file.headers,
                                     if_match=step.source_etag, retry=self._retry_of(step))
            return Done(step.action, stored, step.adopted)
        except NotFound:
            # Another program deleted the source: the content may still be at hand.
            return self._upload(step, adopted=False)
        except PreconditionFailed:
            if step.adopted:
                raise self._of_others(step) from None
            return self._upload(step)

    def _from_kept(self, step: Step) -> Done:
        assert self.content is not None and step.file is not None
        try:
            stored = self._copy_of_kept(step, self.content, step.file)
        except (NotFound, AccessDenied) as error:
            if has_body(step.file) or step.file.copies:
                return self._upload(step)
            if isinstance(error, AccessDenied):
                raise
            raise content_is_gone(step) from None
        return Done(step.action, stored, step.adopted, from_kept=True)

    def _copy_of_kept(self, step: Step, content: KeptContent, file: SiteFile) -> Stored:
        """What lies there under the name of a content and is another, since people have changed it, is not there."""
        source, etag = content.key(content_of(step)), file.md5
        while True:
            try:
                return self.store.copy(step.key, source, file.headers, source_bucket=content.bucket, if_match=etag,
                                       retry=self._retry_of(step))
            except PreconditionFailed:
                there = content.store.head(source) if etag == file.md5 else None
                # The ETag of what was uploaded in parts says nothing about the content.
                if there is None or "-" not in there.etag or there.size != file.size:
                    raise NotFound(f"{source} is another content than its name says", code="NoSuchKey") from None
                etag = there.etag

    def _from_elsewhere(self, step: Step, *, adopted: bool | None = None) -> Done:
        assert step.file is not None
        stored = self._copy_here(self.store, step.key, step.file.headers, step)
        if stored is None:
            return self._upload(step, adopted=adopted)
        return Done(Action.COPY, stored, step.adopted if adopted is None else adopted)

    def _copy_here(self, store: ObjectStore, key: str, headers: Mapping[str, str], step: Step) -> Stored | None:
        """From the first object of another site that still has the content. ``None``: none has, but the content is at
        hand."""
        assert step.file is not None
        at_hand = has_body(step.file)
        for there in step.file.copies:
            try:
                return store.copy(key, there.key, headers, source_bucket=there.bucket, source_region=there.region,
                                  if_match=there.etag or None, retry=self._retry_of(step))
            except (NotFound, PreconditionFailed):
                continue
            except AccessDenied:
                if not at_hand:
                    raise
        if at_hand:
            return None
        raise content_has_changed(step)

    def _upload(self, step: Step, *, adopted: bool | None = None, again: bool = False) -> Done:
        """Upload the file; a new key only if it is free. ``adopted``: another answer than the step's. ``again``: it was
        taken a moment ago, and then free."""
        file = step.file
        assert file is not None
        if not has_body(file):
            return self._from_elsewhere(step, adopted=adopted) if file.copies else self._from_kept(step)
        try:
            watching = self._watching(step)
            stored = self.store.put(file.key, _body(file), file.headers, md5=file.md5, forbid_overwrite=step.new,
                                    sent=watching.sent, retry=watching.retried,
                                    large=_large(file, resume=step.key in self.resumed.keys))
        except PreconditionFailed:
            if not step.new:
                raise
            if again:
                raise self._of_others(step) from None
            return self._settle_conflict(step)
        return Done(Action.UPLOAD, stored, step.adopted if adopted is None else adopted)

    def _settle_conflict(self, step: Step) -> Done:
        """A key that was believed to be free is taken. The same content is adopted; anything else is left alone."""
        file = step.file
        assert file is not None
        there = self.store.head(step.key)
        if there is None:
            return self._upload(step, again=True)
        if step.key in self.resumed.keys and "-" in there.etag and there.size == file.size:
            # The last request of the run before was under way when this one looked for its parts: it has this content
            # and these headers.
            return Done(Action.UPLOAD, Stored(there.etag), adopted=False)
        if there.etag != file.md5 or there.size != file.size:
            raise self._of_others(step)
        adopted = replace(step, reason=Reason.ADOPTED, adopted=True)
        if not 0 < file.size <= COPY_LIMIT:
            return self._upload(adopted)
        try:
            return Done(Action.HEADERS, self.store.copy(step.key, step.key, file.headers, if_match=there.etag,
                                                        retry=self._retry_of(step)), adopted=True)
        except PreconditionFailed:
            raise self._of_others(step) from None

    @staticmethod
    def _of_others(step: Step) -> Refused:
        return Refused(f"{step.key} exists in the bucket, and sitepub did not upload it",
                       hint="run with --verify: the plan then shows what would be replaced", code="ForeignObject")

    def _watching(self, step: Step) -> _Watching:
        return _Watching(self.progress, step, self.stop)

    def _retry_of(self, step: Step) -> Retry:
        return self._watching(step).retried


def has_body(file: SiteFile) -> bool:
    """Whether the content is at hand; that of a release is not."""
    return file.has_body


def _large(file: SiteFile, *, resume: bool) -> LargeFile | None:
    """The journal, or the key in the kept content, says what was on its way: so what is there can stay."""
    return LargeFile(file.stamp, file.crc, resume=resume, keep=True) if file.size > SINGLE_MAX else None


def content_is_gone(step: Step) -> SitepubError:
    return SitepubError(f"the content of {step.key} is not kept any more", code="ContentNotKept",
                        hint="deploy that commit again, or go to a newer release")


def content_has_changed(step: Step) -> SitepubError:
    """Of a file that comes from another site."""
    assert step.file is not None
    there = step.file.copies[0]
    return SitepubError(f"{there.bucket}/{there.key} was changed or deleted since this run began, and what it was is"
                        " not kept", code="ContentChanged",
                        hint="run the same command again; if it stays so, another program has written that object:"
                             " deploy that site once more")


def _body(file: SiteFile) -> bytes | os.PathLike[str]:
    content = file.content
    if content is None:
        raise ValueError(f"{file.key} has neither data nor path")
    return content


@dataclass(slots=True)
class _Watching:
    """What the store says while it carries out one step."""

    progress: Progress
    step: Step
    stop: threading.Event

    def sent(self, count: int) -> None:
        self.progress.sent(self.step, count)
        if count > 0 and self.stop.is_set() and self.step.bytes_sent >= _LARGE:
            raise Interrupted(f"the upload of {self.step.key} was broken off")

    def retried(self, error: Exception, wait: float) -> None:
        if self.stop.is_set():
            raise Interrupted(f"{self.step.key} was not tried again") from error
        self.progress.retried(self.step, error, wait)
