"""Large files in parallel parts (COS API 436/14112): all or nothing."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sitepub.errors import CloudError, Interrupted, NetworkError, SitepubError
from sitepub.tencent.cos.crc64 import combined
from sitepub.tencent.cos.file_part import FilePart, changed, unreadable
from sitepub.tencent.cos.integrity import bare, check_crc, content_md5, crc_of, md5_of
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.store import SINGLE_MAX as SINGLE_MAX
from sitepub.tencent.cos.store import FileStamp, LargeFile, Retry, Sent, Stored, stamp_of
from sitepub.tencent.cos.times import answered_at
from sitepub.tencent.cos.unfinished_upload import Part, find_unfinished
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import error_document, escape, flat, local_name, parsed
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.retry import Backoff, worth_retrying

_PART = 8 * 1024 * 1024
_PARTS_MAX = 10_000
_MEGABYTE = 1024 * 1024
_ANY = LargeFile()
T = TypeVar("T")


def part_size_for(size: int) -> int:
    """Bytes of a part: 8 MB, more in whole megabytes when 10,000 parts would not hold the file."""
    least = -(-size // _PARTS_MAX)
    return max(_PART, -(-least // _MEGABYTE) * _MEGABYTE)


@dataclass(frozen=True, slots=True)
class _Target:
    key: str
    upload_id: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _SentPart:
    etag: str
    crc: int


class Multipart:
    """Uploads large files through one wire. The threads for parts are shared by all files of the store, and each
    reads its part while it sends it: memory stays flat, whatever the files have."""

    def __init__(self, wire: Wire, threads: int) -> None:
        self._wire = wire
        self._threads = threads
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def put(self, key: str, path: Path, headers: Mapping[str, str], *, md5: str | None = None,
            sent: Sent | None = None, retry: Retry | None = None, large: LargeFile = _ANY) -> Stored:
        """Upload a file in parts. On a failure, and on an interrupt, the upload is aborted, unless the caller
        remembers it."""
        before = find_unfinished(self._wire, key) if large.resume else None
        upload_id = before.upload_id if before is not None else self._initiate(key, headers, retry)
        target = _Target(key, upload_id, headers)
        try:
            etags, crc, size = self._send_parts(target, path, md5, sent, retry, large,
                                                before.parts if before is not None else {})
            return self._complete(target, etags, crc, size, retry)
        except BaseException as error:
            if not (large.keep and isinstance(error, Interrupted | NetworkError)):
                self._abort(target)
            raise

    def _initiate(self, key: str, headers: Mapping[str, str], retry: Retry | None) -> str:
        found: list[str] = []

        def check(answer: Answer) -> None:
            root = _whole_xml(answer.body, "the start of an upload")
            upload_id = flat(root).get("UploadId", "")
            if not upload_id:
                raise BadAnswer("The cloud did not say how the upload is called.")
            found.append(upload_id)

        request = Request("POST", "cos:InitiateMultipartUpload", key, {"uploads": ""}, headers)
        self._wire.send(request, check=check, retry=retry)
        return found[-1]

    def _send_parts(self, target: _Target, path: Path, md5: str | None, sent: Sent | None, retry: Retry | None,
                    large: LargeFile, there: Mapping[int, Part]) -> tuple[list[str], int, int]:
        """Send what is not there. Returns the parts' ETags, the CRC64 and the size of the whole.

        The file is read once more for its MD5 only where neither its stamp nor the CRC64 of what was sent can say that
        it is what was scanned.
        """
        pool = self._threads_for_parts()
        stamp = _stamp(path)
        if large.stamp is not None and stamp != large.stamp:
            raise changed(path)
        size = stamp[0]
        parts = _parts_of(path, size)
        whole: list[Future[str]] = []
        futures: list[Future[_SentPart]] = []
        under_way: list[Future[Any]] = []
        try:
            if md5 is not None and large.stamp is None and large.crc is None:
                whole.append(_submit(pool, FilePart(path, 0, size).md5))
                under_way += whole
            for number, part in enumerate(parts, 1):
                futures.append(_submit(pool, self._part, target, number, part, there.get(number), sent, retry))
                under_way.append(futures[-1])
            wait(under_way, return_when=FIRST_EXCEPTION)
        finally:
            for one in under_way:
                one.cancel()
            wait(under_way)
        done = _results(futures)
        if _stamp(path) != stamp or [one for one in _results(whole) if md5 is not None and one != md5.lower()]:
            raise changed(path)
        crc = crc_of(b"")
        for part, sent_part in zip(parts, done, strict=True):
            crc = combined(crc, sent_part.crc, len(part))
        if large.crc is not None and crc != large.crc:
            raise changed(path)
        return [sent_part.etag for sent_part in done], crc, size

    def _part(self, target: _Target, number: int, part: FilePart, there: Part | None, sent: Sent | None,
              retry: Retry | None) -> _SentPart:
        if there is not None and there.size == len(part) and part.md5() == there.etag:
            if sent is not None:
                sent(len(part))
            return _SentPart(there.etag, part.crc)
        params = {"partNumber": str(number), "uploadId": target.upload_id}
        request = Request("PUT", "cos:UploadPart", target.key, params, {}, part)
        answer = self._wire.send(request, sent=sent, retry=retry,
                                 check=lambda answer: check_part(answer, part, target.key)).answer
        return _SentPart(bare(answer.headers["etag"]), part.crc)

    def _complete(self, target: _Target, etags: list[str], crc: int, size: int,
                  retry: Retry | None) -> Stored:
        parts = "".join([f'<Part><PartNumber>{number}</PartNumber><ETag>"{escape(etag)}"</ETag></Part>'
                         for number, etag in enumerate(etags, 1)])
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        headers = {"Content-Type": "application/xml", "Content-MD5": content_md5(md5_of(body))}
        headers |= {name: value for name, value in target.headers.items()
                    if name.lower() == "x-cos-forbid-overwrite"}
        asked = Asked("cos:CompleteMultipartUpload", self._wire.bucket, target.key)
        result: list[tuple[str, str | None] | SitepubError] = []

        def check(answer: Answer) -> None:
            # The 200 comes at once; whether it worked is only in the body (COS API 436/7742).
            document = error_document(answer.body)
            if document is not None:
                if worth_retrying(0, document.code):
                    raise BadAnswer(f"The cloud could not put {target.key} together: {document.code}.",
                                    code=document.code)
                result.append(error_from(asked, 200, document.code, document.message, document.request_id))
                return
            root = _whole_xml(answer.body, "the end of an upload")
            texts = flat(root)
            if local_name(root.tag) != "CompleteMultipartUploadResult" or not texts.get("ETag"):
                raise BadAnswer(f"The cloud did not say that {target.key} is complete.")
            result.append((bare(texts["ETag"]),
                           answer.headers.get("x-cos-hash-crc64ecma") or texts.get("CRC64") or None))

        request = Request("POST", asked.action, target.key, {"uploadId": target.upload_id}, headers, body)
        reply = self._wire.send(request, accept=(404,), check=check, retry=retry)
        request_id = reply.answer.headers.get("x-cos-request-id", "")
        if reply.answer.status == 404:
            if not reply.repeated:
                document = error_document(reply.answer.body)
                raise error_from(asked, 404, document.code if document else "NoSuchUpload", "", request_id)
            # An answer was lost: the upload may be gone because our first try completed it.
            return Stored(self._stored_whole(target.key, crc, size), request_id)
        outcome = result[-1]
        if isinstance(outcome, SitepubError):
            raise outcome
        etag, stored_crc = outcome
        if stored_crc is None:
            return Stored(self._stored_whole(target.key, crc, size), request_id)
        if stored_crc.strip() != str(crc):
            raise _damaged(target.key)
        return Stored(etag, request_id, answered_at(reply.answer))

    def _stored_whole(self, key: str, crc: int, size: int) -> str:
        """Ask for what lies under the key; its ETag when it is what was sent."""
        headers = self._wire.send(Request("HEAD", "cos:HeadObject", key)).answer.headers
        stored_crc = headers.get("x-cos-hash-crc64ecma", str(crc))
        if headers.get("content-length") != str(size) or stored_crc != str(crc):
            raise _damaged(key)
        return bare(headers.get("etag", ""))

    def _abort(self, target: _Target) -> None:
        """Delete the parts, so that they cost nothing. A failure here is not reported: another error is."""
        request = Request("DELETE", "cos:AbortMultipartUpload", target.key, {"uploadId": target.upload_id})
        try:
            self._wire.send(request, accept=(404,))
        except Interrupted:
            # The store was closed, which is why this upload ends: a last word on a connection of its own.
            last = Wire(self._wire.cloud, self._wire.bucket, backoff=Backoff(attempts=2),
                        route=self._wire.route, clock=self._wire.clock)
            try:
                last.send(request, accept=(404,))
            except SitepubError:
                return
            finally:
                last.close()
        except SitepubError:
            return

    def _threads_for_parts(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise Interrupted("The store was closed.")
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "part")
            return self._pool

    def close(self) -> None:
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ThreadPoolExecutor, what: Callable[..., T], *args: Any) -> Future[T]:
    try:
        return pool.submit(what, *args)
    except RuntimeError as error:
        raise Interrupted("The store was closed.") from error


def _results(futures: Iterable[Future[T]]) -> list[T]:
    """Raises what one of them raised: rather why something failed than that others ended with it."""
    errors = [error for future in futures if not future.cancelled() and (error := future.exception()) is not None]
    if errors:
        raise next((error for error in errors if not isinstance(error, Interrupted)), errors[0])
    return [future.result() for future in futures]


def _parts_of(path: Path, size: int) -> list[FilePart]:
    each = part_size_for(size)
    return [FilePart(path, start, min(each, size - start)) for start in range(0, size, each)]


def _stamp(path: Path) -> FileStamp:
    try:
        return stamp_of(path.stat())
    except OSError as error:
        raise unreadable(path, error) from error


def check_part(answer: Answer, part: FilePart, key: str) -> None:
    """Is what the cloud says it stored what was sent? By its CRC64; where the answer has none, by its ETag, for which
    the part is read again. Raises :class:`BadAnswer`."""
    etag = bare(answer.headers.get("etag", ""))
    if not etag:
        raise BadAnswer(f"The cloud stored a part of {key} but did not say under which ETag.", code="NoETag")
    if "x-cos-hash-crc64ecma" in answer.headers:
        check_crc(answer, part.crc, key)
    elif "x-cos-server-side-encryption" not in answer.headers and part.md5() != etag.lower():
        raise BadAnswer(f"{key} was damaged on its way: the cloud stored something else (ETag {etag[:40]}).",
                        code="ContentDamaged")


def _whole_xml(body: bytes, what: str) -> ET.Element:
    try:
        return parsed(body)
    except ET.ParseError as error:
        raise BadAnswer(f"The cloud's answer to {what} is not whole.") from error


def _damaged(key: str) -> CloudError:
    return CloudError(f"{key} was damaged on its way: its CRC64 is not that of the file.",
                      code="ContentDamaged", hint="Run again.")
