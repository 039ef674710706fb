"""POST Object: an upload from a form in a browser (COS API 436/14690)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from multidict import CIMultiDict

from sitepub.local.base import xml
from sitepub.local.base.digests import expected_md5
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Signer
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import encryption
from sitepub.local.cos.access import access
from sitepub.local.cos.form import Form, read_form
from sitepub.local.cos.object_headers import MAX_OBJECT, check_key, discard, read_headers, wants_no_overwrite
from sitepub.local.cos.signature import check_period, check_token, verify_fields
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import Content
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, find_object, store


async def post_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """Raises ServiceError MalformedPOSTRequest, AccessDenied, InvalidArgument, EntityTooLarge …"""
    form = await read_form(request.body, request.headers.get("Content-Type", ""))
    fields = form.fields
    key = fields.get("key", "").replace("${filename}", form.filename)
    if not key:
        raise ServiceError("InvalidArgument", "The form needs a field called key.")
    sent = replace(request, key=key, headers=_headers(request, form))
    sent.signer, least, most = _signer(storage, request, fields, bucket, key)
    owned = sent.signer is not None and sent.signer.app_id == bucket.owner and not sent.signer.policies
    found = find_object(storage.database, bucket, key)
    policy = storage.database.get_configuration(bucket.id, "policy")
    if not (owned and policy is None) and not access.allowed(storage, sent, bucket, "name/cos:PostObject", found):
        raise ServiceError("AccessDenied")
    check_key(key)
    described = read_headers(storage, sent)
    state = encryption.wanted(storage, sent, bucket)
    md5 = expected_md5(sent)
    content = await storage.content.receive(form.file, None, min(most, MAX_OBJECT))
    try:
        if content.size < least:
            raise ServiceError("EntityTooSmall")
        if md5 not in (None, content.etag):
            raise ServiceError("BadDigest")
        new = NewObject(key, content, content.etag, described.lines, described.storage_class, described.acl,
                        described.tagging, state.text)
        forbid = wants_no_overwrite(sent)
        await storage.database.write(lambda transaction: store(transaction, bucket, new, forbid_overwrite=forbid))
    except BaseException:
        discard(storage, content)
        raise
    return _answer(request, bucket, fields, key, content, encryption.headers_of(state))


def _headers(request: Request, form: Form) -> Mapping[str, str]:
    """The fields that stand for headers of a PUT."""
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in form.fields.items():
        if name.startswith("x-cos-") or name in ("cache-control", "content-type", "content-disposition",
                                                 "content-encoding", "content-language", "content-md5", "expires"):
            headers[name] = value
        elif name == "acl":
            headers["x-cos-acl"] = value
    # Not the type that the browser sent with the file: the service does not use it (436/14690).
    headers["Host"] = request.host
    return headers


def _signer(storage: Storage, request: Request, fields: Mapping[str, str], bucket: Bucket, key: str
            ) -> tuple[Signer | None, int, int]:
    """Who signed, and how small and large the file may be. Raises ServiceError."""
    if "q-signature" not in fields:
        if fields.get("signature"):
            # the form's older signature: that of a POST to `/` without headers or parameters
            whole = dict(item.partition("=")[::2] for item in fields["signature"].split("&"))
            return verify_fields(storage.identity, request, whole, presigned=True), 0, MAX_OBJECT
        return None, 0, MAX_OBJECT
    text = fields.get("policy", "")
    try:
        policy = base64.b64decode(text, validate=True)
        document = json.loads(policy)
    except (binascii.Error, ValueError, RecursionError):
        raise ServiceError("InvalidPolicyDocument", "The policy is not JSON in base64.") from None
    period = fields.get("q-key-time", "")
    # of all that a policy may name only the bucket is no field; what it calls the time of the signature is another one
    least, most = _conditions(document, {**fields, "bucket": bucket.name, "key": key, "q-sign-time": period},
                              request.time)
    signer = storage.identity.signer(fields.get("q-ak", ""))
    if signer is None:
        raise ServiceError("InvalidAccessKeyId")
    check_token(signer, fields.get("x-cos-security-token"), request.time)
    check_period(request, period, presigned=True)
    sign_key = hmac.digest(signer.secret_key.encode(), period.encode(), "sha1").hex().encode()
    to_sign = hashlib.sha1(policy, usedforsecurity=False).hexdigest().encode()
    expected = hmac.digest(sign_key, to_sign, "sha1").hex().encode()
    if not hmac.compare_digest(expected, fields["q-signature"].encode("utf-8", "replace")):
        raise ServiceError("SignatureDoesNotMatch")
    return signer, least, most


def _conditions(document: Any, fields: Mapping[str, str], now: float) -> tuple[int, int]:
    """What the policy says of the file's length. Raises ServiceError AccessDenied unless all its conditions hold, in
    the service's words (436/41164)."""
    if not isinstance(document, dict) or not isinstance(document.get("conditions"), list):
        raise ServiceError("InvalidPolicyDocument", "The policy needs expiration and conditions.")
    try:
        expires = datetime.fromisoformat(str(document.get("expiration", "")).replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise ServiceError("InvalidPolicyDocument", "expiration must be an ISO 8601 time.") from None
    if expires < now:
        raise ServiceError("AccessDenied", "You post object request has been expired, expiration time: "
                                           f"{int(expires)} but the time now : {int(now)}")
    least, most = 0, MAX_OBJECT
    missing = {"q-sign-algorithm", "q-ak", "q-sign-time"}
    for condition in document["conditions"]:
        match condition:
            case dict():
                for name, value in condition.items():
                    _must(fields.get(name.lower()) == str(value), name, value)
                    missing.discard(name)
            case ["eq", str(name), value]:
                _must(fields.get(name.removeprefix("$").lower()) == str(value), name, value)
                missing.discard(name.removeprefix("$"))
            case ["starts-with", str(name), str(value)]:
                _must(fields.get(name.removeprefix("$").lower(), "").startswith(value), name, value)
            case ["content-length-range", int(low), int(high)]:
                least, most = low, high
            case _:
                raise ServiceError("InvalidPolicyDocument", f"Condition {condition!r} is not one.")
    if missing:  # documented as required (436/14690), not what happens without
        raise ServiceError("AccessDenied", f"The policy has no condition for {', '.join(sorted(missing))}.")
    return least, most


def _must(held: bool, name: str, value: object) -> None:
    if not held:
        raise ServiceError("AccessDenied", f"Condition key {name.removeprefix('$')} doesn't match the value {value}")


def _answer(request: Request, bucket: Bucket, fields: Mapping[str, str], key: str, content: Content,
            headers: dict[str, str]) -> Response:
    scheme = "https" if request.secure else "http"
    location = f"{scheme}://{request.host}/{quote(key, safe='/-_.~')}"
    headers |= {"ETag": f'"{content.etag}"', "Location": location, "x-cos-hash-crc64ecma": str(content.crc64)}
    target = fields.get("success_action_redirect", "")
    if target.startswith(("http://", "https://")) and "\r" not in target and "\n" not in target:
        query = urlencode({"bucket": bucket.name, "key": key, "etag": f'"{content.etag}"'})
        return Response(303, {**headers, "Location": f"{target}{'&' if '?' in target else '?'}{query}"})
    status = fields.get("success_action_status", "")
    if status == "201":
        response = Response.xml(xml.document("PostResponse", (
            xml.element("Location", location), xml.element("Bucket", bucket.name), xml.element("Key", key),
            xml.element("ETag", f'"{content.etag}"'))), 201)
        response.headers.update(headers)
        return response
    return Response(200 if status == "200" else 204, headers)
