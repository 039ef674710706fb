"""Whether DNS leads a host to its edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from sitepub.domains.hosts.dns_target import leads_to
from sitepub.domains.hosts.parts import Names

CDN, EDGEONE = "www.example.com.abc.cdn.dnsv1.com", "www.example.com.abc.eo.dnse1.com"
BUCKET = "site-1250000000.cos-website.ap-guangzhou.myqcloud.com"


class Answers:
    def __init__(self, **chains: Sequence[str]) -> None:
        self.chains = chains

    def resolve(self, name: str) -> Sequence[str]:
        return self.chains["host"] if name == "www.example.com" else self.chains["edge"]


@pytest.mark.parametrize(("chain", "cname", "leads"), [
    ([f"{CDN}.", "192.0.2.1"], CDN, True),
    ([CDN.upper()], CDN, True),
    (["other.example.com", EDGEONE, "192.0.2.1"], EDGEONE, True),
    (["192.0.2.1"], CDN, True),  # flattened
    (["apex.example.com", "192.0.2.1"], BUCKET, True),  # an alias of one's own that is flattened
    (["192.0.2.9"], CDN, False),
    ([], CDN, False),
    (["elsewhere.example.net", "192.0.2.9"], BUCKET, False),
    # Another edge of the cloud, where both have the same addresses
    ([CDN, "192.0.2.1"], BUCKET, False),
    ([EDGEONE, "192.0.2.1"], BUCKET, False),
    ([EDGEONE, "192.0.2.1"], CDN, False),
    ([BUCKET, "192.0.2.1"], EDGEONE, False),
    (["www.example.com.cdn.dnsv1.com.cn", "192.0.2.1"], EDGEONE, False),
])
def test_dns_leads_to_an_edge_by_name_or_by_address(chain: list[str], cname: str, leads: bool) -> None:
    names = cast(Names, Answers(host=chain, edge=["192.0.2.1"]))
    assert leads_to(names, "www.example.com", cname) is leads
