"""Is what the cloud says it stored what was sent?"""

from __future__ import annotations

import base64
import hashlib
import re

from fastcrc import crc64

from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.network.http_answer import Answer

_MD5 = re.compile("[0-9a-fA-F]{32}")


def md5_of(data: bytes | memoryview) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def content_md5(md5: str) -> str:
    """The value of Content-MD5 for 32 hex digits (RFC 1864)."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def crc_of(data: bytes | memoryview, before: int | None = None) -> int:
    """CRC-64/XZ, as x-cos-hash-crc64ecma has it; ``before`` is that of what precedes the data."""
    value: int = crc64.xz(data, before)
    return value


def bare(etag: str) -> str:
    """An ETag without its quotes."""
    return etag.strip().strip('"')


def check_stored(answer: Answer, data: bytes | memoryview, md5: str, key: str) -> None:
    """Compare ETag and CRC64 of an answer to a write with what was sent.

    The ETag of an object that the service encrypts with a key of its own is not the content's MD5, so it does
    not count when the answer says so. Raises :class:`BadAnswer`.
    """
    etag = bare(answer.headers.get("etag", ""))
    if not etag:
        raise BadAnswer(f"The cloud stored {key} but did not say under which ETag.", code="NoETag")
    if etag.lower() != md5 and "x-cos-server-side-encryption" not in answer.headers:
        raise BadAnswer(f"{key} was damaged on its way: the cloud stored something else (ETag {etag[:40]}).",
                        code="ContentDamaged")
    check_crc(answer, crc_of(data), key)


def check_crc(answer: Answer, expected: int, key: str) -> None:
    """Raises :class:`BadAnswer` when the answer carries another CRC64."""
    crc = answer.headers.get("x-cos-hash-crc64ecma")
    if crc is not None and crc.strip() != str(expected):
        raise BadAnswer(f"{key} was damaged on its way: its CRC64 is {crc[:24]}, not {expected}.",
                        code="ContentDamaged")


def check_fetched(answer: Answer, key: str) -> None:
    """Compare the content of an answer to GET with the checksums that came with it.

    Raises :class:`BadAnswer` when it is another, and when nothing says whether it is whole: without an ETag it is
    no object, and without a CRC64, the mark of an end, or the content's own MD5 as ETag it may be cut.
    """
    etag = bare(answer.headers.get("etag", "")).lower()
    if not etag:
        raise BadAnswer(f"The cloud answered for {key} without its ETag.", code="NoETag")
    if "x-cos-hash-crc64ecma" in answer.headers:
        check_crc(answer, crc_of(answer.body), key)
    elif is_md5(etag) and "x-cos-server-side-encryption" not in answer.headers:
        if md5_of(answer.body) != etag:
            raise BadAnswer(f"{key} was damaged on its way: its MD5 is not {etag}.", code="ContentDamaged")
    elif not answer.ended:
        raise BadAnswer(f"The cloud's answer for {key} does not say whether it is whole.", code="ContentDamaged")


def is_md5(text: str) -> bool:
    return _MD5.fullmatch(text) is not None
