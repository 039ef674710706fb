"""XML as the service writes and reads it: rendered by hand, parsed without entities or DTDs."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

HEADER = "<?xml version='1.0' encoding='utf-8' ?>\n"


def escape(text: str) -> str:
    """Text for element content and double-quoted attributes."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    if "\r" in text:
        # a bare carriage return would be read back as a line feed
        text = text.replace("\r", "&#13;")
    return text


def element(name: str, content: str | int | Iterable[str] = "") -> str:
    """``<name>content</name>``. A string is escaped; an iterable holds children that are XML already."""
    if isinstance(content, str):
        inner = escape(content)
    elif isinstance(content, int):
        inner = str(content)
    else:
        inner = "".join(content)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def document(name: str, children: Iterable[str]) -> str:
    """A whole document with its root element."""
    return f"{HEADER}<{name}>{''.join(children)}</{name}>"


class _NoDoctype(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
        raise ParseError(f"DOCTYPE {name} is not allowed")


class MalformedXMLError(ValueError):
    """The bytes are not an acceptable XML document."""


def parse(data: bytes, root: str | None = None) -> Element:
    """Parse a document; namespaces are dropped from the tags.

    Raises :class:`MalformedXMLError` (answered as MalformedXML) when it is not well formed, has a DOCTYPE,
    or its root is not called ``root``."""
    parser = XMLParser(target=_NoDoctype())
    try:
        parser.feed(data)
        tree = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedXMLError(str(error)) from error
    if not isinstance(tree, Element):
        raise MalformedXMLError("no root element")
    for node in tree.iter():
        if isinstance(node.tag, str) and node.tag.startswith("{"):
            node.tag = node.tag.partition("}")[2]
    if root is not None and tree.tag != root:
        raise MalformedXMLError(f"expected <{root}>, found <{tree.tag}>")
    return tree


def text_of(node: Element, path: str, default: str = "") -> str:
    """Text of the first element at ``path``, stripped of surrounding whitespace."""
    found = node.find(path)
    return default if found is None or found.text is None else found.text.strip()
