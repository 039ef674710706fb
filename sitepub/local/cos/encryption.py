"""Encryption on the server: by keys of the service (SSE-COS, SSE-KMS) or the client's own (SSE-C), COS API 436/7729.

The headers are answered and what they demand is enforced; the bytes in the data folder are not encrypted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import replace

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request
from sitepub.local.cos.bucket import kept_documents
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.object_state import NO_STATE, ObjectState
from sitepub.local.store.storage import Storage

_SERVER = "x-cos-server-side-encryption"
_KMS_KEY = f"{_SERVER}-cos-kms-key-id"
_CUSTOMER = f"{_SERVER}-customer"
_SOURCE = "x-cos-copy-source-server-side-encryption-customer"


def wanted(storage: Storage, request: Request, bucket: Bucket) -> ObjectState:
    """How a new object is to be encrypted: as its headers say, else as the bucket's default does.

    Raises ServiceError InvalidArgument."""
    given = request.headers.get(_SERVER, "")
    customer = customer_key(request.headers, _CUSTOMER)
    if given and customer:
        raise ServiceError("InvalidArgument", "An object is encrypted by the service or with a key of the client's.")
    if customer:
        return replace(NO_STATE, customer_key=customer)
    if not given:
        document = storage.database.get_configuration(bucket.id, "encryption")
        given = "" if document is None else kept_documents.encryption(document)
        given = "cos/kms" if given == "KMS" else given
    elif given not in ("AES256", "SM4", "cos/kms"):
        raise ServiceError("InvalidArgument", f"{_SERVER}: {given[:50]}")
    return replace(NO_STATE, encryption=given,
                   kms_key=request.headers.get(_KMS_KEY, "") if given == "cos/kms" else "")


def customer_key(headers: Mapping[str, str], prefix: str = _CUSTOMER) -> str:
    """MD5 of the client's key, checked; empty when none is given. Raises ServiceError InvalidArgument."""
    algorithm, key = headers.get(f"{prefix}-algorithm", ""), headers.get(f"{prefix}-key", "")
    digest = headers.get(f"{prefix}-key-MD5", "")
    if not algorithm and not key and not digest:
        return ""
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if algorithm != "AES256" or len(decoded) != 32:
        raise ServiceError("InvalidArgument", f"{prefix}-algorithm must be AES256, and the key 32 bytes in base64.")
    expected = base64.b64encode(hashlib.md5(decoded, usedforsecurity=False).digest()).decode()
    if digest != expected:
        raise ServiceError("InvalidArgument", f"{prefix}-key-MD5 is not the MD5 of the key.")
    return digest


def check_readable(headers: Mapping[str, str], state: ObjectState, *, source: bool = False) -> None:
    """Who reads an object that came with a key brings that key. ``source``: as the source of a copy.

    Raises ServiceError SsecDecryptHeaderInvalid: the code is documented, which of the two cases has it is not."""
    given = customer_key(headers, _SOURCE if source else _CUSTOMER)
    if state.customer_key and given != state.customer_key:
        raise ServiceError("SsecDecryptHeaderInvalid")


def same_key(request: Request, state: ObjectState) -> None:
    """Every part of an upload comes with the key that the upload began with."""
    if customer_key(request.headers) != state.customer_key:
        raise ServiceError("InvalidArgument", "The key is not the one that the upload began with.")


def headers_of(state: ObjectState) -> dict[str, str]:
    """What an answer about the object says."""
    if state.customer_key:
        return {f"{_CUSTOMER}-algorithm": "AES256", f"{_CUSTOMER}-key-MD5": state.customer_key}
    if not state.encryption:
        return {}
    return {_SERVER: state.encryption, **({_KMS_KEY: state.kms_key} if state.kms_key else {})}
