"""Making and deleting tags, and putting them on resources (651)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.tag.resources import Resource, all_resources, known, named, parse, remember, tags_of, write

KEY_LIMIT, VALUE_LIMIT = 127, 255
"""Characters (651/13354)."""
RESOURCES = 50
"""In one request."""
_CHARACTERS = re.compile(r"[\w\s+\-=.,:/@()()【】]*")
_RESERVED = ("qcs:", "tencent:")


def check(key: str, value: str) -> tuple[str, str]:
    """Raises ApiError."""
    for name, text, most in (("Key", key, KEY_LIMIT), ("Value", value, VALUE_LIMIT)):
        if not text:
            raise ApiError(f"InvalidParameterValue.Tag{name}Empty", f"Tag{name} is empty.")
        if len(text) > most:
            raise ApiError(f"InvalidParameterValue.Tag{name}LengthExceeded",
                           f"Tag{name} has at most {most} characters.")
        if not _CHARACTERS.fullmatch(text):
            raise ApiError(f"InvalidParameterValue.Tag{name}CharacterIllegal", f"Tag{name} has other characters.")
    if key.lower().startswith(_RESERVED):
        raise ApiError("InvalidParameterValue.ReservedTagKey", "The cloud keeps this key for itself.")
    return key, value


async def create_tag(call: Call) -> dict[str, Any]:
    """CreateTag (651)."""
    key, value = check(call.parameters["TagKey"], call.parameters["TagValue"])
    if (key, value) in known(call):
        raise ApiError("ResourceInUse.TagDuplicate", "The tag exists already.")
    remember(call, key, value)
    return {}


async def delete_tag(call: Call) -> dict[str, Any]:
    """DeleteTag (651): one that nothing has."""
    key, value = call.parameters["TagKey"], call.parameters["TagValue"]
    if any(tags.get(key) == value for _, tags in all_resources(call)):
        raise ApiError("FailedOperation.TagAttachedResource", "The tag is in use.")
    if (key, value) not in known(call):
        raise ApiError("ResourceNotFound.TagNonExist", "There is no such tag.")
    call.services.tags.remove(f"{call.owner}\n{key}\n{value}")
    return {}


async def add_resource_tag(call: Call) -> dict[str, Any]:
    """AddResourceTag (651)."""
    key, value = check(call.parameters["TagKey"], call.parameters["TagValue"])
    resource = parse(call, call.parameters["Resource"])
    tags = tags_of(call, resource)
    if key in tags:
        raise ApiError("ResourceInUse.TagKeyAttached", f"The resource has {key} already.")
    await write(call, resource, {**tags, key: value})
    return {}


async def update_resource_tag_value(call: Call) -> dict[str, Any]:
    """UpdateResourceTagValue (651)."""
    key, value = check(call.parameters["TagKey"], call.parameters["TagValue"])
    resource = parse(call, call.parameters["Resource"])
    tags = tags_of(call, resource)
    _demand(tags, key)
    await write(call, resource, {**tags, key: value})
    return {}


async def delete_resource_tag(call: Call) -> dict[str, Any]:
    """DeleteResourceTag (651)."""
    resource = parse(call, call.parameters["Resource"])
    tags = tags_of(call, resource)
    _demand(tags, call.parameters["TagKey"])
    await write(call, resource, _without(tags, [call.parameters["TagKey"]]))
    return {}


async def modify_resource_tags(call: Call) -> dict[str, Any]:
    """ModifyResourceTags (651)."""
    resource = parse(call, call.parameters["Resource"])
    given, gone = call.get("ReplaceTags"), call.get("DeleteTags")
    if not given and not gone:
        raise ApiError("MissingParameter", "ReplaceTags or DeleteTags is required.")
    pairs = [check(tag["TagKey"], tag["TagValue"]) for tag in given or ()]
    keys = [tag["TagKey"] for tag in gone or ()]
    _no_twins([key for key, _ in pairs])
    if set(keys) & {key for key, _ in pairs}:
        raise ApiError("InvalidParameterValue.DeleteTagsParamError", "A key is both replaced and deleted.")
    await write(call, resource, {**_without(tags_of(call, resource), keys), **dict(pairs)})
    return {}


async def tag_resources(call: Call) -> dict[str, Any]:
    """TagResources (651): what failed stands in the answer."""
    pairs = [check(tag["TagKey"], tag["TagValue"]) for tag in call.parameters["Tags"]]
    _no_twins([key for key, _ in pairs])
    failed = []
    for name in _several(call.parameters["ResourceList"]):
        try:
            resource = parse(call, name)
            await write(call, resource, {**tags_of(call, resource), **dict(pairs)})
        except ApiError as error:
            failed.append({"Resource": name, "Code": error.code, "Message": error.message})
    return {"FailedResources": failed}


async def untag_resources(call: Call) -> dict[str, Any]:
    """UnTagResources (651)."""
    failed = []
    for name in _several(call.parameters["ResourceList"]):
        try:
            resource = parse(call, name)
            await write(call, resource, _without(tags_of(call, resource), call.parameters["TagKeys"]))
        except ApiError as error:
            failed.append({"Resource": name, "Code": error.code, "Message": error.message})
    return {"FailedResources": failed}


async def attach_resources_tag(call: Call) -> dict[str, Any]:
    """AttachResourcesTag (651)."""
    key, value = check(call.parameters["TagKey"], call.parameters["TagValue"])
    for resource in _listed(call):
        await write(call, resource, {**tags_of(call, resource), key: value})
    return {}


async def detach_resources_tag(call: Call) -> dict[str, Any]:
    """DetachResourcesTag (651)."""
    found = _listed(call)
    for resource in found:
        await write(call, resource, _without(tags_of(call, resource), [call.parameters["TagKey"]]))
    return {}


def _listed(call: Call) -> list[Resource]:
    product, region, prefix = (call.get(name, "") for name in ("ServiceType", "ResourceRegion", "ResourcePrefix"))
    return [named(call, product, region, prefix, id) for id in _several(call.parameters["ResourceIds"])]


def _several(names: list[str]) -> list[str]:
    if not 1 <= len(names) <= RESOURCES:
        raise ApiError("LimitExceeded.ResourceNumPerRequest", f"1 to {RESOURCES} resources at once.")
    return names


def _no_twins(keys: list[str]) -> None:
    if len(set(keys)) != len(keys):
        raise ApiError("InvalidParameterValue.TagKeyDuplicate", "A key stands twice.")


def _without(tags: dict[str, str], keys: Iterable[str]) -> dict[str, str]:
    gone = set(keys)
    return {key: value for key, value in tags.items() if key not in gone}


def _demand(tags: dict[str, str], key: str) -> None:
    if key not in tags:
        raise ApiError("ResourceNotFound.AttachedTagKeyNotFound", f"The resource has no {key}.")
