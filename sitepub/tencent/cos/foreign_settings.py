"""Settings of a bucket that sitepub never makes, and that may stand in its way: read only, for ``doctor``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.errors import AccessDenied, CloudError
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.sdk_client import SdkClient


@dataclass(frozen=True, slots=True)
class ForeignSettings:
    versioning: str = ""
    """"Enabled", "Suspended"; "": the bucket never had versions (436/19889)."""
    encryption: str = ""
    """Algorithm that new objects get (436/40136); "": none."""
    locked: bool = False
    """Object lock is on (436/40134)."""
    locked_days: int = 0
    """Days for which each new object can neither be replaced nor deleted; 0: no default."""
    copied_to: tuple[str, ...] = ()
    """Buckets that new objects are replicated to (436/19222)."""
    tiering: bool = False
    """Intelligent tiering is on (436/51459)."""
    hotlinks: str = ""
    """"Black-List" or "White-List" of referers (436/32492); "": none."""
    without_referer: bool = True
    """Whether requests without a referer pass."""
    unreadable: tuple[str, ...] = ()
    """What this key may not read, in words."""


def read_foreign_settings(cloud: Cloud, bucket: str) -> ForeignSettings:
    """Of a bucket of the account. Raises what the cloud answers, but for what the key may not read."""
    sdk = SdkClient(cloud, bucket)
    unreadable: list[str] = []

    def ask(words: str, action: str, method: str) -> Mapping[str, Any]:
        try:
            found = sdk.get(action, method)
        except AccessDenied:
            unreadable.append(words)
            return {}
        except CloudError as error:
            if error.status not in (400, 405, 501):
                raise
            return {}  # not to be had in this region, or for this kind of bucket
        return found if isinstance(found, dict) else {}

    try:
        versioning = ask("versioning", "GetBucketVersioning", "get_bucket_versioning")
        encryption = ask("encryption", "GetBucketEncryption", "get_bucket_encryption")
        lock = ask("object lock", "GetBucketObjectLockConfiguration", "get_bucket_object_lock")
        replication = ask("replication", "GetBucketReplication", "get_bucket_replication")
        tiering = ask("intelligent tiering", "GetBucketIntelligentTiering", "get_bucket_intelligenttiering")
        referer = ask("hotlink protection", "GetBucketReferer", "get_bucket_referer")
    finally:
        sdk.close()
    days = str(_at(lock, "Rule", "DefaultRetention", "Days") or "")
    hotlinks = str(referer.get("RefererType") or "") if referer.get("Status") == "Enabled" else ""
    return ForeignSettings(
        versioning=str(versioning.get("Status") or ""),
        encryption=_algorithm(encryption),
        locked=lock.get("ObjectLockEnabled") == "Enabled", locked_days=int(days) if days.isdigit() else 0,
        copied_to=tuple(str(_at(rule, "Destination", "Bucket") or "").rpartition("::")[2]
                        for rule in _rules(replication) if rule.get("Status") == "Enabled"),
        tiering=tiering.get("Status") == "Enabled",
        hotlinks=hotlinks, without_referer=referer.get("EmptyReferConfiguration") != "Deny",
        unreadable=tuple(unreadable))


def _rules(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Rule")
    return [rule for rule in (found if isinstance(found, list) else [found]) if isinstance(rule, dict)]


def _algorithm(document: Mapping[str, Any]) -> str:
    for rule in _rules(document):
        # The documentation of the API has the first name, that of the SDKs the second.
        for name in ("ApplyServerSideEncryptionByDefault", "ApplySideEncryptionConfiguration"):
            if found := _at(rule, name, "SSEAlgorithm"):
                return str(found)
    return ""


def _at(document: Mapping[str, Any], *names: str) -> Any:
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found
