"""Large files in parallel parts (COS API 436/14112): all or nothing."""

from __future__ import annotations

import hashlib
import os
import threading
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sitepub.errors import CloudError, Interrupted, SiteError, SitepubError
from sitepub.tencent.cos.integrity import bare, check_stored, content_md5, crc_of, md5_of
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.store import Retry, Sent, Stored
from sitepub.tencent.cos.times import answered_at
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import error_document, escape, flat, local_name, parsed
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.retry import Backoff, worth_retrying

SINGLE_MAX = 32 * 1024 * 1024
"""Files of more bytes than this go up in parts."""
_PART = 8 * 1024 * 1024
_PARTS_MAX = 10_000
_MEGABYTE = 1024 * 1024


def part_size_for(size: int) -> int:
    """Bytes of a part: 8 MB, more in whole megabytes when 10,000 parts would not hold the file."""
    least = -(-size // _PARTS_MAX)
    return max(_PART, -(-least // _MEGABYTE) * _MEGABYTE)


@dataclass(frozen=True, slots=True)
class _Target:
    key: str
    upload_id: str
    headers: Mapping[str, str]


class Multipart:
    """Uploads large files through one wire. The threads for parts are shared by all files of the store, so
    that memory stays bounded: about ``threads + 2`` parts."""

    def __init__(self, wire: Wire, threads: int) -> None:
        self._wire = wire
        self._threads = threads
        self._slots = threading.Semaphore(threads + 2)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def put(self, key: str, path: Path, headers: Mapping[str, str], *, md5: str | None = None,
            sent: Sent | None = None, retry: Retry | None = None) -> Stored:
        """Upload a file in parts. On any failure, and on an interrupt, the upload is aborted."""
        upload_id = self._initiate(key, headers, retry)
        target = _Target(key, upload_id, headers)
        try:
            etags, crc, size = self._send_parts(target, path, md5, sent, retry)
            return self._complete(target, etags, crc, size, retry)
        except BaseException:
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

    def _send_parts(self, target: _Target, path: Path, md5: str | None, sent: Sent | None,
                    retry: Retry | None) -> tuple[list[str], int, int]:
        """Read the file once from its beginning, so that MD5 and CRC64 are those of what was sent.

        Returns the parts' ETags, the CRC64 and the size of the whole.
        """
        pool = self._threads_for_parts()
        futures: list[Future[str]] = []
        failed = threading.Event()
        digest = hashlib.md5(usedforsecurity=False)
        crc: int | None = None
        try:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                part_size = part_size_for(before.st_size)
                read = 0
                while read < before.st_size and not failed.is_set():
                    self._slots.acquire()
                    try:
                        data = file.read(min(part_size, before.st_size - read))
                        digest.update(data)
                        crc = crc_of(data, crc)
                        read += len(data)
                        future = self._submit(pool, target, len(futures) + 1, data, sent, retry)
                    except BaseException:
                        self._slots.release()
                        raise
                    future.add_done_callback(lambda done: self._part_done(done, failed))
                    futures.append(future)
                    if len(data) < part_size:
                        break
                changed = _changed(file, before, read)
            etags = [future.result() for future in futures]
        except OSError as error:
            raise SiteError(f"{path} cannot be read: {error.strerror or error}.",
                            code="Unreadable") from error
        finally:
            for future in futures:
                future.cancel()
            for future in futures:
                if not future.cancelled():
                    future.exception()
        if changed or (md5 is not None and digest.hexdigest() != md5.lower()):
            raise SiteError(f"{path} changed while it was being published.", code="FileChanged",
                            hint="Wait until nothing writes to the folder any more, then run again.")
        return etags, crc if crc is not None else crc_of(b""), before.st_size

    def _submit(self, pool: ThreadPoolExecutor, target: _Target, number: int, data: bytes, sent: Sent | None,
                retry: Retry | None) -> Future[str]:
        try:
            return pool.submit(self._put_part, target, number, data, sent, retry)
        except RuntimeError as error:
            raise Interrupted("The store was closed.") from error

    def _part_done(self, done: Future[str], failed: threading.Event) -> None:
        self._slots.release()
        if done.cancelled() or done.exception() is not None:
            failed.set()

    def _put_part(self, target: _Target, number: int, data: bytes, sent: Sent | None,
                  retry: Retry | None) -> str:
        md5 = md5_of(data)
        params = {"partNumber": str(number), "uploadId": target.upload_id}
        headers = {"Content-MD5": content_md5(md5)}
        request = Request("PUT", "cos:UploadPart", target.key, params, headers, data)
        answer = self._wire.send(request, sent=sent, retry=retry,
                                 check=lambda answer: check_stored(answer, data, md5, target.key)).answer
        return bare(answer.headers["etag"])

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


def _changed(file: BinaryIO, before: os.stat_result, read: int) -> bool:
    after = os.fstat(file.fileno())
    return (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or (
        read != before.st_size)


def _whole_xml(body: bytes, what: str) -> ET.Element:
    try:
        return parsed(body)
    except ET.ParseError as error:
        raise BadAnswer(f"The cloud's answer to {what} is not whole.") from error


def _damaged(key: str) -> CloudError:
    return CloudError(f"{key} was damaged on its way: its CRC64 is not that of the file.",
                      code="ContentDamaged", hint="Run again.")
