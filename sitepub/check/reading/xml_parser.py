"""A parser of XML that says what it finds, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat


def parser_of(start: Callable[[str, dict[str, str]], None], end: Callable[[str], None], text: Callable[[str], None],
              instruction: Callable[[str, str], None]) -> expat.XMLParserType:
    """Calls ``start`` and ``end`` for an element, ``text`` for what stands in one, in as few calls as it can, and
    ``instruction`` for ``<?target data?>``."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.ProcessingInstructionHandler = instruction
    return parser
