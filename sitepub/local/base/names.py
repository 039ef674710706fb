"""Which part of a name is registered, by the public suffix list."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def registrable(name: str) -> str:
    """``example.com`` of ``a.example.com``; "" for a name that is a public suffix itself. Only suffixes of registries
    count, not those that companies have added for their customers."""
    return _suffixes().privatesuffix(name) or ""


@functools.cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)
