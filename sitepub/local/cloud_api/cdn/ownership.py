"""Verifying for the CDN that a domain belongs to the account (CDN API 228/48118, 228/48117)."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.checks import check_account, check_host
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.records import CdnOwnership
from sitepub.local.services.zones import registered_domain

GOOD_FOR = 24 * 3600
"""Seconds that a record can be used."""
LABEL = "_cdnauth"


async def create_verify_record(call: Call) -> dict[str, Any]:
    """CreateVerifyRecord: the TXT record to add to the registered domain."""
    check_account(call)
    domain = registered_domain(check_host(call.parameters["Domain"].removeprefix("*.")))
    ownerships, key = call.services.cdn_ownerships, f"{call.owner}/{domain}"
    ownership = ownerships.get(key)
    if ownership is None or call.time > ownership.created + GOOD_FOR:
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(call.time + 8 * 3600))
        ownership = CdnOwnership(domain, call.owner, stamp + secrets.token_hex(16), call.time)
        ownerships.put(key, ownership)
    return {
        "SubDomain": LABEL, "Record": ownership.value, "RecordType": "TXT",
        "FileVerifyUrl": f"http://{domain}/cdn_verification.html", "FileVerifyDomains": [domain],
        "FileVerifyName": "cdn_verification.html",
    }


async def verify_domain_record(call: Call) -> dict[str, Any]:
    """VerifyDomainRecord: looks for the TXT record in the embedded DNS."""
    check_account(call)
    host = check_host(call.parameters["Domain"].removeprefix("*."))
    domain = registered_domain(host)
    services = call.services
    key = f"{call.owner}/{domain}"
    ownership = services.cdn_ownerships.get(key)
    if ownership is None or call.time > ownership.created + GOOD_FOR:
        raise ApiError(
            "UnauthorizedOperation.CdnDomainRecordNotVerified", "There is no record to verify: create one."
        )
    if call.get("VerifyType", "dns") != "dns":
        # nothing can be fetched from the domain's own server here
        raise ApiError("UnauthorizedOperation.CdnDomainRecordNotVerified", "The file was not found.")
    values = services.resolve(f"{LABEL}.{domain}", "TXT").values("TXT")
    if not values:
        raise ApiError(
            "UnauthorizedOperation.CdnDomainRecordNotVerified", f"{LABEL}.{domain} has no TXT record."
        )
    if ownership.value not in values:
        raise ApiError("UnauthorizedOperation.CdnTxtRecordValueNotMatch", "The TXT record is another one.")
    services.cdn_ownerships.put(key, replace(ownership, verified=True))
    return {"Result": True}
