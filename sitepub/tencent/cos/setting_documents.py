"""ACL, CORS, tags and lifecycle between config's values and the SDK's nested dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.config.bucket_settings import CorsRule, LifecycleRule

EVERYBODY = "http://cam.qcloud.com/groups/global/AllUsers"
"""Grantee of public ACLs (COS API 436/30752)."""


def canned_acl(document: Mapping[str, Any]) -> str | None:
    """The canned ACL that a bucket's grants amount to; ``None`` when they are none of them."""
    owner = str((document.get("Owner") or {}).get("ID") or "")
    public: set[str] = set()
    for grant in _items(document.get("AccessControlList"), "Grant"):
        grantee = grant.get("Grantee") or {}
        permission = str(grant.get("Permission") or "")
        if grantee.get("URI") == EVERYBODY:
            public.add(permission)
        elif grantee.get("URI") or grantee.get("ID") != owner or permission != "FULL_CONTROL":
            return None
    canned: dict[frozenset[str], str] = {
        frozenset(): "private",
        frozenset({"READ"}): "public-read",
        frozenset({"READ", "WRITE"}): "public-read-write",
        frozenset({"FULL_CONTROL"}): "public-read-write",
    }
    return canned.get(frozenset(public))


def everybody_reads(document: Mapping[str, Any]) -> bool:
    grants = [grant for grant in _items(document.get("AccessControlList"), "Grant")
              if (grant.get("Grantee") or {}).get("URI") == EVERYBODY]
    return any(grant.get("Permission") in ("READ", "FULL_CONTROL") for grant in grants)


def readable_acl(document: Mapping[str, Any]) -> dict[str, Any]:
    """The grants of a bucket and one more, as PUT takes them (COS API 436/7737)."""
    grants = [_grant(grant) for grant in _items(document.get("AccessControlList"), "Grant")]
    grants.append({"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ"})
    return {"Owner": {"ID": (document.get("Owner") or {}).get("ID")}, "AccessControlList": {"Grant": grants}}


def _grant(grant: Mapping[str, Any]) -> dict[str, Any]:
    grantee = grant.get("Grantee") or {}
    who = ({"Type": "Group", "URI": grantee["URI"]} if grantee.get("URI")
           else {"Type": "CanonicalUser", "ID": grantee.get("ID"), "DisplayName": grantee.get("DisplayName")})
    return {"Grantee": who, "Permission": grant.get("Permission")}


def cors_document(rules: Sequence[CorsRule]) -> dict[str, Any]:
    found = []
    for rule in rules:
        item: dict[str, Any] = {"AllowedOrigin": list(rule.origins), "AllowedMethod": list(rule.methods)}
        if rule.allowed_headers:
            item["AllowedHeader"] = list(rule.allowed_headers)
        if rule.expose_headers:
            item["ExposeHeader"] = list(rule.expose_headers)
        if rule.max_age_seconds is not None:
            item["MaxAgeSeconds"] = str(rule.max_age_seconds)
        found.append(item)
    return {"CORSRule": found}


def cors_rules(document: Mapping[str, Any]) -> tuple[CorsRule, ...]:
    return tuple(
        CorsRule(methods=_texts(item, "AllowedMethod"), origins=_texts(item, "AllowedOrigin"),
                 allowed_headers=_texts(item, "AllowedHeader"), expose_headers=_texts(item, "ExposeHeader"),
                 max_age_seconds=_number(item, "MaxAgeSeconds"))
        for item in _items(document, "CORSRule"))


def tags_document(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"TagSet": {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}}


def tags_of(document: Mapping[str, Any]) -> dict[str, str]:
    return {str(item.get("Key") or ""): str(item.get("Value") or "")
            for item in _items(document.get("TagSet"), "Tag")}


def lifecycle_document(rules: Sequence[LifecycleRule]) -> dict[str, Any]:
    found = []
    for rule in rules:
        item: dict[str, Any] = {"ID": rule.id, "Filter": {"Prefix": rule.prefix},
                                "Status": "Enabled" if rule.enabled else "Disabled"}
        if rule.transitions:
            item["Transition"] = [{"Days": str(days), "StorageClass": name}
                                  for days, name in rule.transitions]
        if rule.expiration_days is not None:
            item["Expiration"] = {"Days": str(rule.expiration_days)}
        if rule.noncurrent_expiration_days is not None:
            item["NoncurrentVersionExpiration"] = {"NoncurrentDays": str(rule.noncurrent_expiration_days)}
        if rule.abort_multipart_days is not None:
            item["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": str(rule.abort_multipart_days)}
        found.append(item)
    return {"Rule": found}


def lifecycle_rules(document: Mapping[str, Any]) -> tuple[LifecycleRule, ...]:
    found = []
    for item in _items(document, "Rule"):
        scope = item.get("Filter") or {}
        both = scope.get("And") or {}
        moves = [(each, str(each.get("StorageClass") or "")) for each in _items(item, "Transition")]
        dates = [(str(each.get("Date") or ""), kind) for each, kind in [(item.get("Expiration") or {}, ""), *moves]]
        found.append(LifecycleRule(
            id=str(item.get("ID") or ""), enabled=item.get("Status") == "Enabled",
            prefix=str(scope.get("Prefix") or both.get("Prefix") or item.get("Prefix") or ""),
            expiration_days=_number(item.get("Expiration"), "Days"),
            noncurrent_expiration_days=_number(item.get("NoncurrentVersionExpiration"), "NoncurrentDays"),
            abort_multipart_days=_number(item.get("AbortIncompleteMultipartUpload"), "DaysAfterInitiation"),
            transitions=tuple((_number(each, "Days") or 0, kind) for each, kind in moves if not each.get("Date")),
            tags=tuple((str(tag.get("Key") or ""), str(tag.get("Value") or ""))
                       for tag in [*_items(scope, "Tag"), *_items(both, "Tag")]),
            dated=tuple((date, kind) for date, kind in dates if date)))
    return tuple(found)


def _items(document: Any, name: str) -> list[Mapping[str, Any]]:
    """Children of one name: the SDK gives one as a dictionary, several as a list, none as ``None``."""
    found = document.get(name) if isinstance(document, dict) else None
    if found is None:
        return []
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = document.get(name)
    if found is None:
        return ()
    return tuple(str(item or "") for item in (found if isinstance(found, list) else [found]))


def _number(document: Any, name: str) -> int | None:
    found = document.get(name) if isinstance(document, dict) else None
    return int(found) if found is not None and str(found).strip().isdigit() else None
