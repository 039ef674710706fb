"""Is an answer the service's own? A login page of a hotel, a filter or a gateway answers in the service's place, too.

Only what COS says of itself counts: its request id (common response headers, 436/7729), the status that is
documented for the call, and the body that belongs to it. Everything else is a fault of the network.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sitepub.errors import NetworkError
from sitepub.tencent.cos.xml import depth_of, error_document, local_name, parsed
from sitepub.tencent.network import limits

REQUEST_ID = "x-cos-request-id"
CODE = "ForeignAnswer"
_ROOTS = {
    "acl": "AccessControlPolicy", "cors": "CORSConfiguration", "tagging": "Tagging",
    "lifecycle": "LifecycleConfiguration", "website": "WebsiteConfiguration", "domain": "DomainConfiguration",
    "logging": "BucketLoggingStatus", "accelerate": "AccelerateConfiguration",
}
"""Root element of the document that GET answers for a setting of a bucket."""
_NO_CONTENT = frozenset({"policy", "tagging"})
"""Settings whose PUT answers 204 (436/8282, 436/34838); every other PUT answers 200, every DELETE 204."""
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|script|meta)\b", re.IGNORECASE)


Headers = Mapping[str, str]
"""Of an answer; names in any case, or lowercased."""


class Asked(msgspec.Struct, frozen=True):
    """A request to COS, as far as it says what its answer looks like."""

    method: str
    params: Mapping[str, str]
    key: str = ""
    """Of the object; "" for the bucket."""
    copies: bool = False
    """A PUT that copies answers with a document."""

    @property
    def status(self) -> int:
        """The documented status of success."""
        quiet = self.method == "PUT" and not self.key and not _NO_CONTENT.isdisjoint(self.params)
        return 204 if quiet or self.method == "DELETE" else 200

    @property
    def silent(self) -> bool:
        """Success has no body."""
        return self.method == "DELETE" or (self.method == "PUT" and not self.copies)


def cos_fault(asked: Asked, status: int, headers: Headers, body: bytes) -> str | None:
    """Why an answer cannot be that of COS to this request, in words; ``None``: it can.

    A redirect with a request id is COS's own; that it is no success is for the caller to say.
    """
    if not headers.get(REQUEST_ID):
        return foreign_words(status, headers, body)
    if 200 <= status < 300:
        if status != asked.status:
            return f"HTTP {status}, where {asked.status} is documented"
        if asked.silent and body.strip():
            return f"{_kind(headers, body)} where an empty answer is documented"
        return None
    if status >= 400 and asked.method != "HEAD":
        document = error_document(body)
        if document is None or not document.code:
            return f"HTTP {status} without an error document"
    return None


def document_fault(asked: Asked, body: bytes) -> str | None:
    """Why the body of a successful GET of a setting is not the document that was asked for."""
    if "policy" in asked.params:
        return None if isinstance(read_json(body), dict) else "no JSON object in place of the policy"
    try:
        root = parsed(body)
    except ET.ParseError as error:
        return f"a document that is not whole ({error})"
    if depth_of(root) > limits.XML_DEPTH:
        return "a document that is nested too deeply"
    name = local_name(root.tag)
    expected = next((_ROOTS[each] for each in asked.params if each in _ROOTS), None)
    if name == "Error" or name.lower() == "html" or (expected is not None and name != expected):
        return f"a document <{name[:40]}>" + (f" in place of <{expected}>" if expected else "")
    return None


def api_fault(status: int, headers: Headers, body: bytes) -> str | None:
    """Why an answer cannot be that of the cloud API 3.0, which answers 200 and JSON also for an error (every
    product's page on return values): ``Response`` with a ``RequestId``, and ``Error`` with a ``Code`` or none."""
    if status != 200:
        return foreign_words(status, headers, body)
    document = read_json(body)
    response = document.get("Response") if isinstance(document, dict) else None
    if not isinstance(response, dict):
        return _kind(headers, body) if not isinstance(document, dict) else "JSON without Response"
    request_id = response.get("RequestId")
    if not isinstance(request_id, str) or not request_id.strip():
        return "JSON without the request id of the cloud API"
    if "Error" in response:
        error = response["Error"]
        if not isinstance(error, dict) or not isinstance(error.get("Code"), str) or not error["Code"]:
            return "an error without a code"
    return None


def read_json(body: bytes) -> Any:
    """The value, or ``None`` for what is not JSON: broken, or nested beyond what can be read."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def foreign_words(status: int, headers: Headers, body: bytes) -> str:
    """What the answer of another program is, in words."""
    if 300 <= status < 400:
        target = _place(headers.get("location", ""))
        return f"a redirect (HTTP {status})" + (f" to {target}" if target else "")
    if status == 407:
        return "a proxy that wants a user and a password (HTTP 407)"
    if status == 511:
        return "a network that wants a login (HTTP 511)"
    return f"{_kind(headers, body)} (HTTP {status})"


def _kind(headers: Headers, body: bytes) -> str:
    if is_web_page(body) or "html" in headers.get("content-type", "").lower():
        return "a web page"
    return "an answer that is not the cloud's" if body.strip() else "an empty answer"


def is_web_page(body: bytes) -> bool:
    return _HTML.match(body[:2000]) is not None


def _place(address: str) -> str:
    """Scheme, host and path: what follows may be a token."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:100] if parts.netloc else ""


def network_error_in(error: BaseException | None) -> NetworkError | None:
    """The one that an SDK has wrapped in an error of its own, which keeps its words only."""
    while error is not None:
        if isinstance(error, NetworkError):
            return error
        error = error.__cause__ or error.__context__
    return None


class ForeignAnswer(NetworkError):
    """Another program answered in the service's place, or cut or changed its answer."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"The answer for {host} did not come from the cloud: {why}.", code=CODE, hint=hint_for(why))
        self.why = why


def hint_for(why: str) -> str:
    """What to do about an answer of another program, named by :func:`foreign_words` and its kind."""
    if "HTTP 407" in why:
        return "Write user and password into HTTPS_PROXY: http://user:password@host:port."
    if why.startswith(("a redirect", "a web page", "a network that")):
        return ("Something on the way answers in its place: a network that wants a login (hotel, guest Wi-Fi), a filter"
                " or a proxy. Open any page in a browser and sign in, or take another network, then run again.")
    if re.search(r"\(HTTP 5\d\d\)", why):
        return "A gateway on the way failed. Run again later."
    return "The answer was cut or changed on its way. Run again; if it stays so, take another network."
