"""XML as COS writes and reads it: escaping, the error document, flat answers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from sitepub.tencent.network import limits

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;",
            "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_SPECIAL = re.compile("[&<>\"'\t\n\r]")
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def escape(text: str) -> str:
    """Text for an element. Line breaks and tabs become references, so that no parser normalises them."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match.group()], text)


def can_hold(text: str) -> bool:
    """Whether XML 1.0 can carry the text at all (it has no way to write most control characters)."""
    return _IMPOSSIBLE.search(text) is None


def parsed(body: bytes) -> ET.Element:
    """The root element. Raises :class:`xml.etree.ElementTree.ParseError`, also for a document that is larger than any
    of the service's, and for one with a document type: the service sends none, and entities grow without end."""
    if body.count(b"<") > limits.TAGS:
        raise ET.ParseError(f"more than {limits.TAGS} tags")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ET.ParseError("a document type")
    return ET.fromstring(body.strip())


def depth_of(root: ET.Element) -> int:
    """How deep elements are nested; no further than one beyond :data:`limits.XML_DEPTH`."""
    depth, level = 0, [root]
    while level and depth <= limits.XML_DEPTH:
        depth += 1
        level = [child for element in level for child in element]
    return depth


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2] if "}" in tag else tag


def flat(root: ET.Element) -> dict[str, str]:
    """The texts of an element's children by local name."""
    found = {}
    for child in root:
        tag = child.tag
        found[tag if "}" not in tag else local_name(tag)] = child.text or ""
    return found


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """The error that COS answers with (COS API 436/7730)."""

    code: str
    message: str = ""
    resource: str = ""
    request_id: str = ""


def error_document(body: bytes) -> ErrorDocument | None:
    """The error in an answer's body, or ``None`` when it holds none (also when it is not XML)."""
    if b"<Error" not in body:
        return None
    try:
        root = parsed(body)
    except ET.ParseError:
        return None
    if local_name(root.tag) != "Error":
        return None
    texts = flat(root)
    return ErrorDocument(texts.get("Code", ""), texts.get("Message", ""), texts.get("Resource", ""),
                         texts.get("RequestId", ""))
