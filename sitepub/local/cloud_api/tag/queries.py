"""Which tags there are, and what has them (651)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.tag.resources import PREFIXES, Resource, Tags, all_resources, known, parse

T = TypeVar("T")
FILTERS, VALUES = 6, 10
"""The most groups of a filter, and values of a group."""


async def get_resources(call: Call) -> dict[str, Any]:
    """GetResources (651)."""
    names = call.get("ResourceList") or []
    wanted = {parse(call, name) for name in names if _ours(name)}
    found = [(resource, tags) for resource, tags in _filtered(call) if tags and (not names or resource in wanted)]
    page, token = _page(call, found, 200)
    return {"PaginationToken": token, "ResourceTagMappingList": [
        {"Resource": resource.name, "Tags": _shown(tags)} for resource, tags in page]}


async def get_tags(call: Call) -> dict[str, Any]:
    """GetTags (651)."""
    keys = call.get("TagKeys") or []
    page, token = _page(call, [pair for pair in known(call) if not keys or pair[0] in keys], 1000)
    return {"PaginationToken": token, "Tags": _shown(page)}


async def get_tag_keys(call: Call) -> dict[str, Any]:
    """GetTagKeys (651)."""
    page, token = _page(call, sorted({key for key, _ in known(call)}), 1000)
    return {"PaginationToken": token, "TagKeys": list(page)}


async def get_tag_values(call: Call) -> dict[str, Any]:
    """GetTagValues (651)."""
    page, token = _page(call, [pair for pair in known(call) if pair[0] in call.parameters["TagKeys"]], 1000)
    return {"PaginationToken": token, "Tags": _shown(page)}


async def describe_tags(call: Call) -> dict[str, Any]:
    """DescribeTags (651)."""
    key, value, keys = call.get("TagKey"), call.get("TagValue"), call.get("TagKeys") or []
    found = [pair for pair in known(call)
             if (not keys or pair[0] in keys) and (keys or key in (None, "", pair[0])) and value in (None, "", pair[1])]
    used = {pair for _, tags in all_resources(call) for pair in tags.items()}
    page, counted = _counted(call, found)
    return {**counted, "Tags": [{**one, "CanDelete": int((one["TagKey"], one["TagValue"]) not in used)}
                                for one in _shown(page)]}


async def describe_tag_keys(call: Call) -> dict[str, Any]:
    """DescribeTagKeys (651)."""
    page, counted = _counted(call, sorted({key for key, _ in known(call)}))
    return {**counted, "Tags": list(page)}


async def describe_tag_values(call: Call) -> dict[str, Any]:
    """DescribeTagValues (651)."""
    page, counted = _counted(call, [pair for pair in known(call) if pair[0] in call.parameters["TagKeys"]])
    return {**counted, "Tags": _shown(page)}


async def describe_resources_by_tags(call: Call) -> dict[str, Any]:
    """DescribeResourcesByTags (651)."""
    found = [(resource, tags) for resource, tags in _filtered(call) if _asked(call, resource)]
    page, counted = _counted(call, found)
    return {**counted, "Rows": [{
        "ResourceRegion": resource.region, "ServiceType": resource.product,
        "ResourcePrefix": PREFIXES[resource.product], "ResourceId": resource.id, "Tags": _shown(tags),
    } for resource, tags in page]}


async def describe_resource_tags(call: Call) -> dict[str, Any]:
    """DescribeResourceTags (651)."""
    if call.get("CosResourceId") == 1 and not call.get("ResourceId"):
        raise ApiError("MissingParameter", "ResourceId is required for a bucket.")
    rows = [row for resource, tags in all_resources(call) if _asked(call, resource) for row in _rows(resource, tags)]
    page, counted = _counted(call, rows)
    return {**counted, "Rows": list(page)}


async def describe_resource_tags_by_resource_ids(call: Call) -> dict[str, Any]:
    """DescribeResourceTagsByResourceIds (651)."""
    ids = call.parameters["ResourceIds"]
    rows = [row for resource, tags in all_resources(call) if resource.id in ids and _asked(call, resource)
            for row in _rows(resource, tags)]
    page, counted = _counted(call, rows)
    return {**counted, "Tags": list(page)}


def _ours(name: str) -> bool:
    """Of other products nothing is tagged here."""
    return name.split(":", 3)[2:3] != [] and name.split(":", 3)[2] in PREFIXES


def _asked(call: Call, resource: Resource) -> bool:
    prefix = call.get("ResourcePrefix", "")
    return (call.get("ServiceType", "") in ("", resource.product) and call.get("ResourceId", "") in ("", resource.id)
            and call.get("ResourceRegion", "") in ("", resource.region)
            and (prefix in ("", PREFIXES[resource.product]) or (resource.product, prefix) == ("cos", "bucket")))


def _filtered(call: Call) -> list[tuple[Resource, Tags]]:
    filters = call.get("TagFilters") or []
    if len(filters) > FILTERS:
        raise ApiError("InvalidParameterValue.TagFiltersLengthExceeded", f"There are at most {FILTERS} filters.")
    if any(len(one.get("TagValue") or ()) > VALUES for one in filters):
        raise ApiError("InvalidParameterValue.TagFilters", f"A filter has at most {VALUES} values.")
    return [(resource, tags) for resource, tags in all_resources(call)
            if all(one["TagKey"] in tags and (not one.get("TagValue") or tags[one["TagKey"]] in one["TagValue"])
                   for one in filters)]


def _shown(tags: Tags | Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    pairs = tags.items() if isinstance(tags, Mapping) else tags
    return [{"TagKey": key, "TagValue": value, "Category": "Custom"} for key, value in pairs]


def _rows(resource: Resource, tags: Tags) -> list[dict[str, Any]]:
    return [{"TagKey": key, "TagValue": value, "ResourceId": resource.id, "TagKeyMd5": _md5(key),
             "TagValueMd5": _md5(value), "ServiceType": resource.product, "Category": "Custom"}
            for key, value in tags.items()]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _counted(call: Call, found: Sequence[T]) -> tuple[Sequence[T], dict[str, int]]:
    offset, limit = call.get("Offset", 0), call.get("Limit", 15)
    if not 1 <= limit <= 1000:
        raise ApiError("InvalidParameter", "Limit is from 1 to 1000.")
    if offset % limit:
        raise ApiError("InvalidParameterValue.OffsetInvalid", "Offset is a multiple of Limit.")
    return found[offset:offset + limit], {"TotalCount": len(found), "Offset": offset, "Limit": limit}


def _page(call: Call, found: Sequence[T], most: int) -> tuple[Sequence[T], str]:
    size = call.get("MaxResults", 50)
    if not 1 <= size <= most:
        raise ApiError("InvalidParameter", f"MaxResults is from 1 to {most}.")
    begin = _place(call.get("PaginationToken", ""))
    end = begin + size
    return found[begin:end], base64.urlsafe_b64encode(f"from {end}".encode()).decode() if end < len(found) else ""


def _place(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
        return int(text.removeprefix("from ")) if text.startswith("from ") and text[5:].isdigit() else _invalid()
    except ValueError:  # binascii.Error is one
        return _invalid()


def _invalid() -> int:
    raise ApiError("InvalidParameter.PaginationTokenInvalid", "The token is not of this list.")
