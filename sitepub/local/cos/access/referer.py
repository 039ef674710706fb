"""Hotlink protection of a bucket (COS API 436/32492, 436/13319): parsing the rule and applying it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sitepub.local.base.documents import check, choice, flag, malformed, read
from sitepub.local.base.wildcards import wildcard_in_a_part


@dataclass(frozen=True)
class RefererRule:
    """`white`: only the listed domains may link; else all but them. `allow_empty`: without a Referer, too."""

    enabled: bool
    white: bool
    domains: tuple[str, ...]
    allow_empty: bool = False

    def permits(self, referer: str) -> bool:
        """Whether a request with this Referer header (`""`: none) may be answered.

        A domain matches as a prefix of the address after its scheme; `*` stands for any text without a slash.
        """
        if not self.enabled:
            return True
        if not referer:
            return self.allow_empty
        address = re.sub(r"\A[A-Za-z][A-Za-z0-9+.-]*://", "", referer)
        return any(_pattern(domain).match(address) for domain in self.domains) == self.white


@lru_cache(maxsize=1024)
def _pattern(domain: str) -> re.Pattern[str]:
    bare = re.sub(r"\A[A-Za-z][A-Za-z0-9+.-]*://", "", domain)
    return wildcard_in_a_part(bare)


@lru_cache(maxsize=256)
def parse(body: bytes) -> RefererRule:
    """Raises ServiceError MalformedXML."""
    root = read(body, "RefererConfiguration")
    check(root, ("Status", "RefererType", "DomainList", "EmptyReferConfiguration"))
    enabled = flag(root, "Status")
    kind = choice(root, "RefererType", ("Black-List", "White-List"))
    empty = choice(root, "EmptyReferConfiguration", ("Allow", "Deny"))
    if enabled is None or kind is None:
        raise malformed("RefererConfiguration needs a Status and a RefererType.")
    listing = root.find("DomainList")
    if listing is None:
        raise malformed("RefererConfiguration needs a DomainList.")
    check(listing, (), repeated=("Domain",))
    domains = tuple((element.text or "").strip() for element in listing)
    if not domains or not all(domains):
        raise malformed("DomainList needs at least one Domain.")
    return RefererRule(enabled, kind == "White-List", domains, empty == "Allow")
