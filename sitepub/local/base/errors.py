"""Errors of the XML API, as documented (COS API 436/7730)."""

from __future__ import annotations

import base64

from sitepub.local.base.messages import Request, Response
from sitepub.local.base.xml import escape

ERRORS: dict[str, tuple[int, str]] = {
    "AppendPositionErr": (409, "The position is not the length of the object."),
    "AccessDenied": (403, "Access Denied."),
    "AttachmentFull": (400, "The number of ACLs and policies of this account has reached its limit."),
    "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
    "BadRequest": (400, "The request is invalid."),
    "BucketAccelerateNotEnabled": (400, "Global acceleration is not enabled for this bucket."),
    "BucketAlreadyExists": (409, "The requested bucket name is not available."),
    "BucketAlreadyOwnedByYou": (409, "The bucket you tried to create already exists, and you own it."),
    "BucketVersionNotOpen": (400, "Versioning is not enabled for the bucket."),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty."),
    "DNSRecordVerifyFailed": (400, "The DNS does not show that the domain is yours."),
    "DomainAuditFailed": (451, "The domain has no ICP filing."),
    "DomainConfigNotFoundError": (404, "Bucket domain config not found."),
    "DomainConfigConflict": (409, "The domain configuration contradicts itself."),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed object size."),
    "ExpiredToken": (400, "The security token has expired."),
    "FileAlreadyExists": (409, "The object already exists and x-cos-forbid-overwrite is set."),
    "IncompleteBody": (400, "The body is shorter than its Content-Length."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The access key Id you provided does not exist in our records."),
    "InvalidArgument": (400, "Invalid argument."),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidCopySource": (400, "The copy source is not valid."),
    "InvalidDigest": (400, "The Content-MD5 you specified is not valid."),
    "InvalidHostname": (400, "No service answers to this host name."),
    "InvalidLocationConstraint": (400, "The region of the bucket and of the host differ."),
    "InvalidObjectState": (403, "The operation is not valid for the object's storage class: restore it first."),
    "InvalidPart": (400, "One or more of the specified parts could not be found or its ETag did not match."),
    "InvalidPartOrder": (400, "The list of parts was not in ascending order."),
    "InvalidRange": (416, "The requested range is not satisfiable."),
    "InvalidRequest": (400, "The request is not valid."),
    "InvalidTag": (400, "The tag is not valid."),
    "InventoryConfigurationNotFoundError": (404, "The inventory does not exist."),
    "InventoryFull": (400, "The bucket has as many inventories as it can have."),
    "InvalidURI": (400, "Could not parse the specified URI."),
    "KeyTooLong": (400, "Your key is too long."),
    "MalformedPOSTRequest": (400, "The body of the POST is not well formed multipart/form-data."),
    "MalformedPolicy": (400, "The policy is not well formed."),
    "MalformedXML": (400, "The XML you provided was not well formed or did not validate."),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchBucketPolicy": (404, "The bucket does not have a policy."),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist."),
    "NoSuchEncryptionConfiguration": (404, "The bucket has no encryption configuration."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchLifecycleConfiguration": (404, "The lifecycle configuration does not exist."),
    "NoSuchObjectLockConfiguration": (404, "The bucket has no object lock configuration."),
    "NoSuchTagSet": (404, "The tag set does not exist."),
    "NoSuchUpload": (404, "The specified multipart upload does not exist."),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NoSuchWebsiteConfiguration": (404, "The specified bucket does not have a website configuration."),
    "NotImplemented": (501, "This functionality is not implemented by the embedded cloud."),
    "ObjectNotAppendable": (409, "The object was not made by appending."),
    "OriginConfigurationNotFoundError": (404, "The bucket has no origin configuration."),
    "PathStyleDomainForbidden": (403, "Path-style requests are not allowed: put the bucket in the host."),
    "PreconditionFailed": (412, "At least one of the preconditions you specified did not hold."),
    "RecordAlreadyExist": (409, "The domain is bound to another bucket."),
    "ReplicationConfigurationNotFoundError": (404, "The bucket has no replication configuration."),
    "RequestTimeTooSkewed": (403, "The request time and the server time differ too much."),
    "RestoreAlreadyInProgress": (409, "The object is being restored."),
    "RestoreNonArchiveObject": (405, "Only objects of the archive classes are restored."),
    "ServiceUnavailable": (503, "Please reduce your request rate."),
    "SignatureDoesNotMatch": (403, "The Signature you specified is invalid."),
    "SlowDown": (503, "Please reduce your request rate."),
    "SsecDecryptHeaderInvalid": (400, "The object was encrypted with a key that the request does not bring."),
    "TooManyBuckets": (400, "You have attempted to create more buckets than allowed."),
    "UserCnameInvalid": (400, "The custom domain is not in force."),
}
"""Code → HTTP status and default message."""


class ServiceError(Exception):
    """A request that is answered with an error document.

    ``code`` is one of :data:`ERRORS`, or any other together with a ``status``."""

    def __init__(self, code: str, message: str | None = None, *, status: int | None = None,
                 headers: dict[str, str] | None = None) -> None:
        known = ERRORS.get(code)
        self.code = code
        self.status = status or (known[0] if known else 400)
        self.message = message or (known[1] if known else code)
        self.headers = headers or {}
        super().__init__(f"{self.status} {self.code}: {self.message}")


def error_document(error: ServiceError, resource: str, request_id: str) -> str:
    """The documented XML. No field is empty: the official SDK fails on empty ones."""
    return (
        "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n"
        f"\t<Code>{escape(error.code)}</Code>\n"
        f"\t<Message>{escape(error.message)}</Message>\n"
        f"\t<Resource>{escape(resource or '/')}</Resource>\n"
        f"\t<RequestId>{escape(request_id)}</RequestId>\n"
        f"\t<TraceId>{trace_id(request_id)}</TraceId>\n"
        "</Error>\n"
    )


def trace_id(request_id: str) -> str:
    """Of a request that failed: in the document, and as the header ``x-cos-trace-id`` (COS API 436/7729)."""
    return base64.b64encode(f"trace-{request_id}".encode()).decode()


def error_response(error: ServiceError, request: Request) -> Response:
    """The answer for an error: XML, or headers only for 304."""
    if error.status == 304:
        return Response(304, {**error.headers, "x-cos-trace-id": trace_id(request.request_id)})
    # the path as it was sent: a refused key may hold what XML cannot
    resource = f"{request.service.name}{request.path}" if request.service.bucket else request.path
    response = Response.xml(error_document(error, resource, request.request_id), error.status)
    response.headers.update(error.headers)
    response.headers["x-cos-trace-id"] = trace_id(request.request_id)
    response.error_code = error.code
    return response
