"""Tags of buckets (COS API 436/34838) and objects (436/42997), as XML and as the header x-cos-tagging."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

from sitepub.local.base import xml
from sitepub.local.base.documents import check, malformed, read, text
from sitepub.local.base.errors import ServiceError

BUCKET_TAGS = 50
OBJECT_TAGS = 10
KEY_LIMIT = 127
VALUE_LIMIT = 255
"""Characters (COS API 436/42993)."""

_CHARACTERS = re.compile(r"[\w\s+\-=.:/@]*")

Tags = tuple[tuple[str, str], ...]


def checked(tags: Iterable[tuple[str, str]], limit: int) -> Tags:
    """The tags, as documented: at most `limit`, keys not repeated. Raises ServiceError InvalidTag."""
    found = tuple(tags)
    if len(found) > limit:
        raise ServiceError("InvalidTag", f"There can be {limit} tags, not {len(found)}.")
    if len({key for key, _ in found}) != len(found):
        raise ServiceError("InvalidTag", "Cannot provide multiple tags with the same key.")
    for key, value in found:
        if not 1 <= len(key) <= KEY_LIMIT:
            raise ServiceError("InvalidTag", f"A tag key has 1 to {KEY_LIMIT} characters.")
        if len(value) > VALUE_LIMIT:
            raise ServiceError("InvalidTag", f"A tag value has at most {VALUE_LIMIT} characters.")
        if not _CHARACTERS.fullmatch(key) or not _CHARACTERS.fullmatch(value):
            raise ServiceError("InvalidTag", f"The tag {key!r} has characters that are not allowed.")
    return found


def parse(body: bytes, limit: int) -> Tags:
    """The tags of a Tagging document. Raises ServiceError MalformedXML, InvalidTag."""
    root = read(body, "Tagging")
    check(root, ("TagSet",))
    listing = root.find("TagSet")
    if listing is None:
        raise malformed("Tagging needs a TagSet.")
    check(listing, (), repeated=("Tag",))
    tags = []
    for element in listing:
        check(element, ("Key", "Value"))
        key, value = text(element, "Key"), text(element, "Value")
        if key is None or value is None:
            raise malformed("A Tag needs a Key and a Value.")
        tags.append((key, value))
    return checked(tags, limit)


def render(tags: Tags) -> str:
    listed = [
        xml.element("Tag", [xml.element("Key", key), xml.element("Value", value)]) for key, value in tags
    ]
    return xml.document("Tagging", [xml.element("TagSet", listed)])


def stored(text: str) -> Tags:
    """The tags of a stored object, as `to_header` or a PUT left them."""
    return tuple(parse_qsl(text, keep_blank_values=True))


def to_header(tags: Tags) -> str:
    """Percent-encoded `a=b&c=d`: the form in which an object's tags are stored."""
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in tags)
