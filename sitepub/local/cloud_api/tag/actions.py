"""Tag 2018-08-13: its actions."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.tag.changes import (
    add_resource_tag,
    attach_resources_tag,
    create_tag,
    delete_resource_tag,
    delete_tag,
    detach_resources_tag,
    modify_resource_tags,
    tag_resources,
    untag_resources,
    update_resource_tag_value,
)
from sitepub.local.cloud_api.tag.queries import (
    describe_resource_tags,
    describe_resource_tags_by_resource_ids,
    describe_resources_by_tags,
    describe_tag_keys,
    describe_tag_values,
    describe_tags,
    get_resources,
    get_tag_keys,
    get_tag_values,
    get_tags,
)

TAG = Service("tag", "2018-08-13", {
    "AddResourceTag": Action(add_resource_tag), "AttachResourcesTag": Action(attach_resources_tag),
    "CreateTag": Action(create_tag), "DeleteResourceTag": Action(delete_resource_tag),
    "DeleteTag": Action(delete_tag), "DescribeResourceTags": Action(describe_resource_tags),
    "DescribeResourceTagsByResourceIds": Action(describe_resource_tags_by_resource_ids),
    "DescribeResourcesByTags": Action(describe_resources_by_tags), "DescribeTagKeys": Action(describe_tag_keys),
    "DescribeTagValues": Action(describe_tag_values), "DescribeTags": Action(describe_tags),
    "DetachResourcesTag": Action(detach_resources_tag), "GetResources": Action(get_resources),
    "GetTagKeys": Action(get_tag_keys), "GetTagValues": Action(get_tag_values), "GetTags": Action(get_tags),
    "ModifyResourceTags": Action(modify_resource_tags), "TagResources": Action(tag_resources),
    "UnTagResources": Action(untag_resources), "UpdateResourceTagValue": Action(update_resource_tag_value),
})
