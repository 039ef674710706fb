"""Texts with ``*`` in them, as policies and rules write them, compared in time that grows with the text alone.

Word for word (``.*a.*a.*a``) such an expression backtracks for minutes. Everything between two stars is looked for
once, at its first place, and kept: a later place could match no more than that.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def wildcard(text: str) -> re.Pattern[str]:
    """For ``fullmatch``: ``*`` matches any characters, or none."""
    first, *rest = text.split("*")
    if not rest:
        return re.compile(re.escape(first), re.DOTALL)
    middle = "".join(f"(?>.*?{re.escape(part)})" for part in rest[:-1] if part)
    return re.compile(f"{re.escape(first)}{middle}.*{re.escape(rest[-1])}", re.DOTALL)


@lru_cache(maxsize=1024)
def wildcard_in_a_part(text: str) -> re.Pattern[str]:
    """For ``match``, ignoring case: ``*`` matches any characters but a slash, or none."""
    first, *rest = text.split("*")
    return re.compile(re.escape(first) + "".join(f"(?>[^/]*?{re.escape(part)})" for part in rest if part),
                      re.IGNORECASE)
