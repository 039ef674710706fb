"""The object store of COS: put, copy, get, head, list, delete. Implements :class:`store.ObjectStore`."""

from __future__ import annotations

import os
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.errors import CloudError, NotFound, SiteError, SitepubError
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos import listing
from sitepub.tencent.cos.budget import Budget
from sitepub.tencent.cos.file_part import changed, unreadable
from sitepub.tencent.cos.integrity import bare, check_fetched, check_stored, content_md5, md5_of
from sitepub.tencent.cos.leftover_uploads import discard_uploads, discard_uploads_below
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.signature import encoded_path
from sitepub.tencent.cos.store import (
    SINGLE_MAX,
    DeleteFailure,
    Fetched,
    LargeFile,
    Listed,
    ObjectHead,
    Retry,
    Sent,
    Stored,
)
from sitepub.tencent.cos.times import answered_at, unix_time
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Reply, Wire
from sitepub.tencent.cos.xml import can_hold, error_document, escape, flat, local_name, parsed
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.fence import Fence
from sitepub.tencent.network import limits
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.connection import Route
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.retry import Backoff, worth_retrying

if TYPE_CHECKING:
    from sitepub.tencent.cos.multipart import Multipart

_FORBID = "x-cos-forbid-overwrite"
_SMALL = 1024 * 1024
_MEMORY = 256 * 1024 * 1024
"""Bytes of files that may be in memory at once; smaller ones than ``_SMALL`` do not count."""
_KEY_MAX = 850
DELETE_BATCH = 1000
"""Objects deleted by one request, the most that the service takes (COS API 436/8289)."""


class CosObjectStore:
    """One bucket on COS (or on the embedded cloud)."""

    def __init__(self, cloud: Cloud, bucket: str, *, connections: int = 64, part_threads: int = 8,
                 backoff: Backoff | None = None, route: Route | None = None,
                 clock: Clock | None = None) -> None:
        """``connections``: how many are kept open between requests (threads may use more at once).
        ``part_threads``: how many parts of large files go up at the same time, over all files."""
        self.bucket = bucket
        self._region = cloud.region
        self._wire = Wire(cloud, bucket, keep=connections, backoff=backoff, route=route, clock=clock)
        self._part_threads = part_threads
        self._parts: Multipart | None = None
        self._making_parts = threading.Lock()
        self._memory = Budget(_MEMORY)
        self.versioned = False
        """Whether an answer has shown that the bucket has, or had, versioning: forbid-overwrite has no effect there."""

    def put(self, key: str, body: bytes | os.PathLike[str], headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        all_headers = self._all_headers(headers, forbid_overwrite)
        if isinstance(body, bytes):
            return self._put_single(_checked(key), body, all_headers, md5, None, sent, retry)
        size, data = _small(body)
        if data is not None:
            return self._put_single(_checked(key), data, all_headers, md5, body, sent, retry)
        if size > SINGLE_MAX:
            return self._multipart.put(_checked(key), Path(body), all_headers, md5=md5, sent=sent, retry=retry,
                                       large=large or LargeFile())
        with self._memory.hold(size):
            return self._put_single(_checked(key), _read(body), all_headers, md5, body, sent, retry)

    @property
    def _multipart(self) -> Multipart:
        """For large files; loaded and made when there is one."""
        with self._making_parts:
            if self._parts is None:
                from sitepub.tencent.cos.multipart import Multipart

                self._parts = Multipart(self._wire, self._part_threads)
            return self._parts

    def _put_single(self, key: str, data: bytes, all_headers: dict[str, str], md5: str | None,
                    file: os.PathLike[str] | None, sent: Sent | None, retry: Retry | None) -> Stored:
        actual = md5_of(data)
        if md5 is not None and md5.lower() != actual:
            if file is not None:
                raise changed(Path(file))
            raise ValueError(f"the MD5 given for {key} is not that of its content")
        forbid_overwrite = _FORBID in all_headers
        all_headers["Content-MD5"] = content_md5(actual)
        request = Request("PUT", "cos:PutObject", key, {}, all_headers, data)
        reply = self._wire.send(request, sent=sent, retry=retry, accept=(409,) if forbid_overwrite else (),
                                check=lambda answer: check_stored(answer, data, actual, key))
        if reply.answer.status == 409:
            return self._conflict(request, reply, data)
        self._look_for_version(reply.answer)
        return _stored(reply.answer)

    def _look_for_version(self, answer: Answer) -> None:
        # Of buckets that never had versioning, no answer has it (PUT, GET Object: 436/7749, 436/7753).
        self.versioned = self.versioned or "x-cos-version-id" in answer.headers

    @staticmethod
    def _all_headers(headers: Mapping[str, str], forbid_overwrite: bool) -> dict[str, str]:
        found = dict(headers)
        if "Content-Type" not in found and not any(name.lower() == "content-type" for name in found):
            # The service would guess from the suffix, and not always well.
            found["Content-Type"] = "application/octet-stream"
        if forbid_overwrite:
            found[_FORBID] = "true"
        return found

    def _conflict(self, request: Request, reply: Reply, data: bytes) -> Stored:
        """The key exists. After a lost answer it may be our own first try: then it holds what we sent."""
        document = error_document(reply.answer.body)
        code = document.code if document else "FileAlreadyExists"
        if reply.repeated and code == "FileAlreadyExists":
            try:
                existing = self.get(request.key)
            except NotFound:
                existing = None
            if existing is not None and existing.data == data:
                return Stored(existing.etag, existing.headers.get("x-cos-request-id", ""))
        raise error_from(Asked(request.action, self.bucket, request.key), 409, code,
                         document.message if document else "", reply.answer.headers.get("x-cos-request-id"))

    def copy(self, key: str, source_key: str, headers: Mapping[str, str], *, source_bucket: str | None = None,
             source_region: str | None = None, if_match: str | None = None, retry: Retry | None = None) -> Stored:
        source_host = f"{source_bucket or self.bucket}.cos.{source_region or self._region}.myqcloud.com"
        all_headers = self._all_headers(headers, False)
        all_headers["x-cos-copy-source"] = f"{source_host}/{encoded_path(source_key)}"
        all_headers["x-cos-metadata-directive"] = "Replaced"
        if if_match is not None:
            all_headers["x-cos-copy-source-If-Match"] = f'"{bare(if_match)}"'
        outcome: list[Stored | SitepubError] = []

        def check(answer: Answer) -> None:
            outcome.append(self._copied(answer, key, source_key))

        request = Request("PUT", "cos:PutObject and cos:GetObject", _checked(key), {}, all_headers)
        self._wire.send(request, retry=retry, check=check)
        result = outcome[-1]
        if isinstance(result, SitepubError):
            raise result
        return result

    def _copied(self, answer: Answer, key: str, source_key: str) -> Stored | SitepubError:
        """Read the answer to a copy, which may hold an error although its status is 200."""
        request_id = answer.headers.get("x-cos-request-id", "")
        document = error_document(answer.body)
        if document is not None:
            if worth_retrying(0, document.code):
                raise BadAnswer(f"The cloud did not copy {source_key}: {document.code}.", code=document.code)
            return error_from(Asked("cos:PutObject", self.bucket, key), 200, document.code, document.message,
                              document.request_id or request_id)
        try:
            root = parsed(answer.body)
        except ET.ParseError as error:
            raise BadAnswer(f"The cloud's answer to the copy of {source_key} is not whole.") from error
        texts = flat(root)
        etag = bare(texts.get("ETag", ""))
        if local_name(root.tag) != "CopyObjectResult" or not etag:
            raise BadAnswer(f"The cloud did not say that it copied {source_key}.")
        return Stored(etag, request_id, unix_time(texts.get("LastModified", "")) or answered_at(answer))

    def get(self, key: str) -> Fetched:
        request = Request("GET", "cos:GetObject", _checked(key), limit=limits.OBJECT)
        answer = self._wire.send(request, check=lambda answer: check_fetched(answer, key)).answer
        self._look_for_version(answer)
        return Fetched(answer.body, bare(answer.headers.get("etag", "")), answer.headers)

    def get_unless(self, key: str, etag: str) -> tuple[Fetched | None, Mapping[str, str]]:
        """An object, or ``None`` when it still has this ETag; and the headers of the answer. Raises
        :class:`~sitepub.errors.NotFound`."""
        request = Request("GET", "cos:GetObject", _checked(key), headers={"If-None-Match": f'"{etag}"'},
                          limit=limits.OBJECT)
        answer = self._wire.send(request, accept=(304,), check=lambda answer: check_fetched(answer, key)).answer
        self._look_for_version(answer)
        there = bare(answer.headers.get("etag", ""))
        if answer.status != 304:
            return Fetched(answer.body, there, answer.headers), answer.headers
        return None if there in ("", etag) else self.get(key), answer.headers

    def head(self, key: str) -> ObjectHead | None:
        answer = self._wire.send(Request("HEAD", "cos:HeadObject", _checked(key)), accept=(404,)).answer
        if answer.status == 404:
            return None
        length = answer.headers.get("content-length", "")
        if not length.isdigit():
            raise CloudError(f"The cloud did not say how large {key} is.", code="BadAnswer")
        return ObjectHead(int(length), bare(answer.headers.get("etag", "")), answer.headers)

    def delete(self, keys: Sequence[str]) -> Sequence[DeleteFailure]:
        failures: list[DeleteFailure] = []
        plain = [_checked(key) for key in keys if can_hold(key)]
        for start in range(0, len(plain), DELETE_BATCH):
            failures += self._delete_batch(plain[start:start + DELETE_BATCH])
        failures += [failure for key in keys if not can_hold(key) for failure in self._delete_one(key)]
        return failures

    def _delete_batch(self, keys: Sequence[str]) -> list[DeleteFailure]:
        items = "".join([f"<Object><Key>{escape(key)}</Key></Object>" for key in keys])
        body = f"<Delete><Quiet>true</Quiet>{items}</Delete>".encode()
        headers = {"Content-Type": "application/xml", "Content-MD5": content_md5(md5_of(body))}
        found: list[list[DeleteFailure]] = []

        def check(answer: Answer) -> None:
            found.append(_delete_failures(answer.body))

        self._wire.send(Request("POST", "cos:DeleteMultipleObjects", "", {"delete": ""}, headers, body),
                        check=check)
        return found[-1]

    def _delete_one(self, key: str) -> list[DeleteFailure]:
        """For the few keys that XML cannot carry."""
        try:
            self._wire.send(Request("DELETE", "cos:DeleteObject", _checked(key)))
        except NotFound as error:
            if error.code == "NoSuchBucket":
                raise
        except CloudError as error:
            return [DeleteFailure(key, error.code, error.message)]
        return []

    @property
    def unaccelerated(self) -> bool:
        """Whether objects went to the region's own endpoint although acceleration was asked for."""
        return self._wire.unaccelerated

    @property
    def fence(self) -> Fence:
        """What is asked before every request that changes something."""
        return self._wire.cloud.fence

    def discard_uploads(self, keys: Sequence[str]) -> int:
        return discard_uploads(self._wire, [_checked(key) for key in keys])

    def discard_uploads_below(self, prefix: str) -> int:
        return discard_uploads_below(self._wire, prefix)

    def close(self) -> None:
        if self._parts is not None:
            self._parts.close()
        self._wire.close()

    # Last, because inside the class its name hides the builtin from the annotations that follow.
    def list(self, prefix: str = "", *, after: str = "", page: int = 1000) -> Iterator[Listed]:
        """See :class:`store.ObjectStore`."""
        return listing.list_objects(self._wire, prefix, after, page)


def _checked(key: str) -> str:
    """An object key that COS takes: without one a request would be about the bucket itself (436/13324)."""
    if not key or key.startswith("/") or len(key.encode()) > _KEY_MAX:
        raise SiteError(f"{key[:100]!r} cannot be the name of an object.", code="InvalidKey",
                        hint=f"1 to {_KEY_MAX} bytes of UTF-8, not starting with a slash.")
    return key


def _small(path: os.PathLike[str]) -> tuple[int, bytes | None]:
    """Size of a file, and its content if it is small. By the system's own calls: a site has very many such files."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            size = os.fstat(descriptor).st_size
            if size >= _SMALL:
                return size, None
            data = os.read(descriptor, size + 1)
            while len(data) < size and (more := os.read(descriptor, _SMALL)):
                data += more
            return size, data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(Path(path), error) from error


def _read(path: os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise unreadable(Path(path), error) from error


def _stored(answer: Answer) -> Stored:
    return Stored(bare(answer.headers.get("etag", "")), answer.headers.get("x-cos-request-id", ""),
                  answered_at(answer))


def _delete_failures(body: bytes) -> list[DeleteFailure]:
    """The errors of a quiet multi-delete. Raises :class:`BadAnswer` when the answer is not whole."""
    try:
        root = parsed(body)
    except ET.ParseError as error:
        raise BadAnswer("The cloud's answer to a deletion is not whole.") from error
    if local_name(root.tag) == "Error":
        texts = flat(root)
        raise BadAnswer(f"The cloud did not delete: {texts.get('Code', '')}.", code=texts.get("Code", ""))
    if local_name(root.tag) != "DeleteResult":
        raise BadAnswer("The cloud answered a deletion with something else.")
    failures = []
    for child in root:
        if local_name(child.tag) == "Error":
            texts = flat(child)
            code = texts.get("Code", "")
            if code != "NoSuchKey":
                failures.append(DeleteFailure(texts.get("Key", ""), code, texts.get("Message", "")))
    return failures


