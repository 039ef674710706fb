"""Reading the small XML documents that configure a bucket, strictly.

Whatever is not in the documented form is refused as a whole, so that a configuration which was only half
understood is never stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from sitepub.local.base import xml
from sitepub.local.base.digests import expected_md5
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request

LIMIT = 64 * 1024
"""Bytes of a configuration document (COS API 436/31930 names this limit for websites)."""

BODY_LIMIT = 1024 * 1024
"""Most bytes that are read of a body; each kind of document has a lower limit."""


def malformed(message: str) -> ServiceError:
    return ServiceError("MalformedXML", message)


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidArgument", message)


def read(body: bytes, root: str, *, limit: int = LIMIT) -> Element:
    """The document's root element, all names without namespace.

    Raises ServiceError MalformedXML, EntityTooLarge.
    """
    if len(body) > limit:
        raise ServiceError("EntityTooLarge", f"The document is larger than {limit} bytes.")
    try:
        return xml.parse(body, root)
    except xml.MalformedXMLError as error:
        raise malformed(f"The XML you provided was not well formed or did not validate: {error}.") from None


def check(element: Element, allowed: Iterable[str], *, repeated: Iterable[str] = ()) -> None:
    """Raise MalformedXML unless every child is one of `allowed` (once) or `repeated` (any number)."""
    once, many = set(allowed), set(repeated)
    seen: set[str] = set()
    for child in element:
        if child.tag in many:
            continue
        if child.tag not in once:
            raise malformed(f"Unknown element {child.tag} in {element.tag}.")
        if child.tag in seen:
            raise malformed(f"Element {child.tag} is given twice in {element.tag}.")
        seen.add(child.tag)


def text(element: Element, path: str) -> str | None:
    """The text of a child, blanks around it removed; None when there is no such child."""
    found = element.find(path)
    return None if found is None else (found.text or "").strip()


def choice(element: Element, path: str, allowed: Iterable[str]) -> str | None:
    """The text of a child that must be one of `allowed`; None when there is no such child."""
    value = text(element, path)
    if value is not None and value not in (options := list(allowed)):
        raise malformed(f"{path} must be {' or '.join(options)}, not {value!r}.")
    return value


def flag(element: Element, path: str) -> bool | None:
    """Whether a child says Enabled or Disabled; None when there is no such child."""
    value = choice(element, path, ("Enabled", "Disabled"))
    return None if value is None else value == "Enabled"


def whole(element: Element, path: str, *, least: int = 0) -> int | None:
    """The number in a child; None when there is no such child."""
    value = text(element, path)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise malformed(f"{path} must be a whole number, not {value!r}.")
    if int(value) < least:
        raise invalid(f"{path} must be at least {least}.")
    return int(value)


def optional(name: str, value: str | int | bool | None) -> str:
    """The element, or nothing for None; a bool is Enabled or Disabled."""
    if value is None:
        return ""
    if isinstance(value, bool):
        value = "Enabled" if value else "Disabled"
    return xml.element(name, value)


async def received(request: Request) -> bytes:
    """The body of a PUT, its Content-MD5 verified when there is one.

    Raises ServiceError EntityTooLarge, InvalidDigest, BadDigest.
    """
    wanted = expected_md5(request)
    body = await request.body.read(BODY_LIMIT)
    if wanted is not None and wanted != hashlib.md5(body, usedforsecurity=False).hexdigest():
        raise ServiceError("BadDigest")
    return body
