"""The code of the edge function, and the marks by which sitepub knows its own functions and rules (pure)."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

MOST_REMARK = 60
"""Characters of the remark of a function or a rule (CreateFunction, CreateFunctionRule, teo 2022-09-01)."""
_MADE = "Made by sitepub"
_FIRST_LINE = re.compile(r"// sitepub router, version (\d{1,6})\s*")
FUNCTION_REMARK = f"{_MADE}: leads visitors to releases"


def name_of(zone: str) -> str:
    """Of the function of a zone. Names are unique in an account, so each zone has its own."""
    return f"sitepub-{hashlib.sha256(zone.encode()).hexdigest()[:8]}"


@functools.cache
def code() -> str:
    """``router.js``."""
    return Path(__file__).with_name("router.js").read_text(encoding="utf-8")


def version_of(content: str) -> int:
    """Which version of ``router.js`` a function has; 0: it is none."""
    found = _FIRST_LINE.match(content.partition("\n")[0])
    return int(found[1]) if found else 0


def is_made_by_sitepub(remark: str, content: str) -> bool:
    """Whether a function of our name is ours. Either mark is enough: both can be edited in the console."""
    return remark.startswith(_MADE) or version_of(content) > 0


def is_current(content: str) -> bool:
    """Whether a function needs no other code. A newer version, of a newer sitepub, stays."""
    return content.strip() == code().strip() or version_of(content) > version_of(code())


def rule_remark(host: str) -> str:
    """Of the rule that sends the visitors of a host to the function: sitepub knows its rules by it."""
    remark = f"{_MADE}: {host}"
    if len(remark) <= MOST_REMARK:
        return remark
    return f"{_MADE}: {hashlib.sha256(host.encode()).hexdigest()[:16]}"
