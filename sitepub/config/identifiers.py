"""Names of sites, applications and stages."""

from __future__ import annotations

import re

IDENTIFIER = "expected at most 63 letters, digits, - and _, the first a letter or digit"
_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def is_identifier(value: str) -> bool:
    return _FORM.fullmatch(value) is not None


def nearest_identifier(value: str) -> str:
    """``feature/login`` → ``feature-login``; "" when nothing of it can stay."""
    return re.sub("[^A-Za-z0-9_]+", "-", value).strip("-_")[:63].rstrip("-_")
