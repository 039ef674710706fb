"""The website endpoint of a bucket: requests without a signature, errors as HTML (COS API 436/14984)."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from http import HTTPStatus

from sitepub.local.base.errors import ERRORS, ServiceError, trace_id
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access import access
from sitepub.local.cos.bucket import cors, website_document
from sitepub.local.cos.bucket.website_document import WebsiteConfiguration
from sitepub.local.cos.forced_download import forced_download_headers, refuse_packages
from sitepub.local.cos.reading import object_response
from sitepub.local.cos.symlinks import followed
from sitepub.local.services.custom_domains import is_default
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import find_object
from sitepub.local.website.routing import ErrorPage, Look, Redirect, Serve, Visit, route

METHODS = "GET, HEAD, OPTIONS"


async def handle(storage: Storage, request: Request, bucket: Bucket | None) -> Response:
    """Answer a visitor. Errors are HTML pages; raises ServiceError for 304 only."""
    try:
        return _answer(storage, request, bucket)
    except ServiceError as error:
        if error.status == 304:
            raise
        page = _page(request, error.status, error.code, error.message)
        page.headers.update(error.headers)
        return page


def _answer(storage: Storage, request: Request, bucket: Bucket | None) -> Response:
    if bucket is None:
        raise ServiceError("NoSuchBucket")
    if request.method == "OPTIONS":
        return cors.preflight(storage, request, bucket)
    if request.method not in ("GET", "HEAD"):
        raise ServiceError("MethodNotAllowed", headers={"Allow": METHODS})
    document = storage.database.get_configuration(bucket.id, "website")
    if document is None:
        raise ServiceError("NoSuchWebsiteConfiguration")
    decision = route(_website(document), _visit(request), lambda key: _look(storage, request, bucket, key))
    match decision:
        case Serve(key, status):
            return _serve(storage, request, bucket, key, status)
        case Redirect(location, status):
            page = _page(request, status, "", f"The page is at {location}")
            page.headers["Location"] = location
            if status == HTTPStatus.FOUND:
                page.headers |= {"x-cos-error-code": "Found", "x-cos-error-message": "Resource Found"}  # seen so
            return page
        case ErrorPage(status, code, key, error_document):
            details = {"Key": key}
            if error_document is not None:
                details["Error document, not readable either"] = error_document
            return _page(request, status, code, ERRORS[code][1], details)


@lru_cache(maxsize=256)
def _website(document: bytes) -> WebsiteConfiguration:
    return website_document.parse(document)


def _visit(request: Request) -> Visit:
    service = request.service
    return Visit(
        path=f"/{request.key}",
        query=request.target.partition("?")[2],
        scheme="https" if request.secure else "http",
        host=request.host,
        # No TLS is served here: on *.localhost a forced https could not be followed. On the real host names
        # the redirect is given, unless a proxy in front says that it was followed already.
        enforce_https=not request.secure and not service.browser,
    )


def _look(storage: Storage, request: Request, bucket: Bucket, key: str) -> Look:
    stored = find_object(storage.database, bucket, key)
    if not access.may(storage, request, bucket, "name/cos:GetObject", key, stored):
        return Look.DENIED
    return Look.MISSING if stored is None else Look.FOUND


def _serve(storage: Storage, request: Request, bucket: Bucket, key: str, status: int) -> Response:
    stored = find_object(storage.database, bucket, key)
    if stored is None:
        raise ServiceError("NoSuchKey")
    if is_default(request.host):
        refuse_packages(storage, key)
    response = object_response(storage, request, followed(storage.database, bucket, stored), status)
    if request.method == "GET" and is_default(request.host):
        response.headers.update(forced_download_headers(storage, response.headers))
    return response


def _page(
    request: Request, status: int, code: str, message: str, details: dict[str, str] | None = None
) -> Response:
    """A generated page with status, code and message, readable in a browser and in curl."""
    title = f"{status} {HTTPStatus(status).phrase}"
    facts = {"Code": code, "Message": message, **(details or {}), "RequestId": request.request_id}
    lines = "".join(
        f"<li>{escape(name)}: {escape(_printable(value))}</li>\n" for name, value in facts.items() if value
    )
    body = (
        f"<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n"
        f"<body>\n<h1>{title}</h1>\n<ul>\n{lines}</ul>\n</body>\n</html>\n"
    )
    response = Response(status, {"Content-Type": "text/html; charset=utf-8",
                                 "x-cos-trace-id": trace_id(request.request_id)}, body.encode())
    if code:
        response.headers |= {"x-cos-error-code": code, "x-cos-error-message": _one_line(message)}
    response.error_code = code
    return response


def _one_line(text: str) -> str:
    """As a header's value."""
    return " ".join(text.split()).encode("ascii", "replace").decode()


def _printable(text: str) -> str:
    """Text that UTF-8 can carry: a path may have had bytes that are not."""
    return text.encode("utf-8", "replace").decode()
