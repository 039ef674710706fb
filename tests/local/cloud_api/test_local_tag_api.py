"""Tags of buckets and CDN domains through the product of that name, as the official SDKs and the website component use
it: what one interface writes the others show."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from qcloud_cos import CosS3Client, CosServiceError

from tests.domains.edge_cases import cos_sdk
from tests.local.service_wire import Services, origin


@pytest.fixture
def bucket(services: Services) -> str:
    name = f"tag{uuid.uuid4().hex[:8]}-{services.cloud.app_id}"
    cos(services).create_bucket(Bucket=name)
    return name


@pytest.fixture
def domain(services: Services) -> str:
    host = f"www.{services.zone()}"
    services.call("cdn", "AddCdnDomain", Domain=host, ServiceType="web", Origin=origin(),
                  Tag=[{"TagKey": "team", "TagValue": "web"}])
    return host


def cos(services: Services) -> CosS3Client:
    return cos_sdk(services.cloud)


def bucket_tags(services: Services, bucket: str) -> dict[str, str]:
    try:
        found = cos(services).get_bucket_tagging(Bucket=bucket)["TagSet"]["Tag"]
    except CosServiceError as error:
        assert error.get_error_code() == "NoSuchTagSet"
        return {}
    return {one["Key"]: one["Value"] for one in found}


def domain_tags(services: Services, host: str) -> dict[str, str]:
    [found] = services.call("cdn", "DescribeDomainsConfig", Filters=[{"Name": "domain", "Value": [host]}])["Domains"]
    return {one["TagKey"]: one["TagValue"] for one in found["Tag"] or []}


def names(services: Services, bucket: str, domain: str) -> tuple[str, str]:
    uin = services.call("tag", "GetResources")["ResourceTagMappingList"]
    account = next((one["Resource"].split(":")[4] for one in uin if one["Resource"].endswith(domain)), "uin/")
    region = services.cloud.region
    return f"qcs::cos:{region}:uid/{services.cloud.app_id}:{bucket}", f"qcs::cdn::{account}:domain/{domain}"


def tagged(services: Services, **wanted: Any) -> dict[str, dict[str, str]]:
    answer = services.call("tag", "GetResources", MaxResults=200, **wanted)
    return {one["Resource"]: {tag["TagKey"]: tag["TagValue"] for tag in one["Tags"]}
            for one in answer["ResourceTagMappingList"]}


def test_tags_are_seen_from_every_side(services: Services, bucket: str, domain: str) -> None:
    cos(services).put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": {"Tag": [{"Key": "cost", "Value": "7"}]}})
    store, host = names(services, bucket, domain)
    assert tagged(services, ResourceList=[store, host]) == {store: {"cost": "7"}, host: {"team": "web"}}
    assert services.call("tag", "TagResources", ResourceList=[store, host], Tags=[
        {"TagKey": "team", "TagValue": "docs"}, {"TagKey": "中文", "TagValue": "值"}])["FailedResources"] == []
    assert bucket_tags(services, bucket) == {"cost": "7", "team": "docs", "中文": "值"}
    assert domain_tags(services, domain) == {"team": "docs", "中文": "值"}
    assert services.call("tag", "UnTagResources", ResourceList=[store, host], TagKeys=["team", "中文", "none"])[
        "FailedResources"] == []
    assert bucket_tags(services, bucket) == {"cost": "7"} and domain_tags(services, domain) == {}
    services.call("tag", "ModifyResourceTags", Resource=store, ReplaceTags=[{"TagKey": "a", "TagValue": "1"}],
                  DeleteTags=[{"TagKey": "cost"}])
    assert bucket_tags(services, bucket) == {"a": "1"}
    services.call("tag", "DetachResourcesTag", ServiceType="cos", ResourceIds=[bucket], TagKey="a",
                  ResourceRegion=services.cloud.region)
    assert bucket_tags(services, bucket) == {}
    services.call("tag", "AttachResourcesTag", ServiceType="cdn", ResourcePrefix="domain", ResourceIds=[domain],
                  TagKey="b", TagValue="2")
    services.call("tag", "UpdateResourceTagValue", Resource=host, TagKey="b", TagValue="3")
    assert domain_tags(services, domain) == {"b": "3"}
    services.call("tag", "DeleteResourceTag", Resource=host, TagKey="b")
    services.call("tag", "AddResourceTag", Resource=host, TagKey="c", TagValue="4")
    assert domain_tags(services, domain) == {"c": "4"}


def test_resources_are_found_by_their_tags(services: Services, bucket: str, domain: str) -> None:
    store, host = names(services, bucket, domain)
    mark = uuid.uuid4().hex[:8]
    services.call("tag", "TagResources", ResourceList=[store, host], Tags=[{"TagKey": mark, "TagValue": "1"}])
    services.call("tag", "ModifyResourceTags", Resource=host, ReplaceTags=[{"TagKey": mark, "TagValue": "2"}])
    assert set(tagged(services, TagFilters=[{"TagKey": mark}])) == {store, host}
    assert set(tagged(services, TagFilters=[{"TagKey": mark, "TagValue": ["2", "9"]}])) == {host}
    assert tagged(services, TagFilters=[{"TagKey": mark}, {"TagKey": "none"}]) == {}
    answer = services.call("tag", "DescribeResourcesByTags", TagFilters=[{"TagKey": mark}], ServiceType="cdn",
                           ResourcePrefix="domain")
    [row] = answer["Rows"]
    assert (answer["TotalCount"], row["ResourceId"], row["ServiceType"]) == (1, domain, "cdn")
    [row] = services.call("tag", "DescribeResourceTags", ServiceType="cos", ResourceId=bucket, CosResourceId=1)["Rows"]
    assert (row["TagKey"], row["TagValue"]) == (mark, "1")
    [row] = services.call("tag", "DescribeResourceTagsByResourceIds", ServiceType="cdn", ResourcePrefix="domain",
                          ResourceIds=[domain, "other"], ResourceRegion="", Limit=50)["Tags"][-1:]
    assert (row["TagKey"], row["TagValue"]) == (mark, "2")
    assert services.other.call("tag", "GetResources", TagFilters=[{"TagKey": mark}])["ResourceTagMappingList"] == []
    first = services.call("tag", "GetResources", TagFilters=[{"TagKey": mark}], MaxResults=1)
    rest = services.call("tag", "GetResources", TagFilters=[{"TagKey": mark}], MaxResults=1,
                         PaginationToken=first["PaginationToken"])
    assert rest["PaginationToken"] == "" and rest["ResourceTagMappingList"] != first["ResourceTagMappingList"]


def test_tags_without_resources_are_made_listed_and_deleted(services: Services, bucket: str, domain: str) -> None:
    key = f"own-{uuid.uuid4().hex[:8]}"
    for value in ("1", "2"):
        services.call("tag", "CreateTag", TagKey=key, TagValue=value)
    assert services.error("tag", "CreateTag", TagKey=key, TagValue="1") == "ResourceInUse.TagDuplicate"
    store, _ = names(services, bucket, domain)
    services.call("tag", "AddResourceTag", Resource=store, TagKey=key, TagValue="2")
    found = services.call("tag", "DescribeTags", TagKeys=[key], Limit=100)
    assert [(one["TagValue"], one["CanDelete"]) for one in found["Tags"]] == [("1", 1), ("2", 0)]
    for action in ("GetTagValues", "DescribeTagValues"):
        assert [one["TagValue"] for one in services.call("tag", action, TagKeys=[key])["Tags"]] == ["1", "2"]
    assert [one["TagValue"] for one in services.call("tag", "GetTags", TagKeys=[key])["Tags"]] == ["1", "2"]
    assert key in services.call("tag", "GetTagKeys", MaxResults=1000)["TagKeys"]
    assert key in services.call("tag", "DescribeTagKeys", Limit=1000)["Tags"]
    assert services.error("tag", "DeleteTag", TagKey=key, TagValue="2") == "FailedOperation.TagAttachedResource"
    services.call("tag", "DeleteTag", TagKey=key, TagValue="1")
    assert services.error("tag", "DeleteTag", TagKey=key, TagValue="1") == "ResourceNotFound.TagNonExist"


def test_what_is_wrong_is_refused_with_the_product_s_codes(services: Services, bucket: str, domain: str) -> None:
    store, host = names(services, bucket, domain)
    given = {"Resource": store, "TagKey": "k", "TagValue": "v"}
    for change, code in (
        ({"TagKey": ""}, "InvalidParameterValue.TagKeyEmpty"),
        ({"TagKey": "k" * 128}, "InvalidParameterValue.TagKeyLengthExceeded"),
        ({"TagValue": "v" * 256}, "InvalidParameterValue.TagValueLengthExceeded"),
        ({"TagKey": "a<b"}, "InvalidParameterValue.TagKeyCharacterIllegal"),
        ({"TagKey": "qcs:mine"}, "InvalidParameterValue.ReservedTagKey"),
        ({"Resource": "qcs::cos"}, "InvalidParameterValue.ResourceDescriptionError"),
        ({"Resource": store + "x"}, "InvalidParameterValue.ResourceIdInvalid"),
        ({"Resource": host.replace("domain/", "zone/")}, "InvalidParameterValue.ResourcePrefixInvalid"),
        ({"Resource": store.replace(services.cloud.region, "ap-chengdu")}, "InvalidParameterValue.RegionInvalid"),
        ({"Resource": "qcs::cvm:ap-beijing:uin/:instance/ins-1"}, "InvalidParameter.UnsupportedService"),
        ({"Resource": store.replace("uid/", "uid/9")}, "FailedOperation.ResourceAppIdNotSame"),
    ):
        assert services.error("tag", "AddResourceTag", **{**given, **change}) == code, change
    services.call("tag", "AddResourceTag", **given)
    assert services.error("tag", "AddResourceTag", **given) == "ResourceInUse.TagKeyAttached"
    failed = services.call("tag", "TagResources", ResourceList=[store, store + "x"], Tags=[
        {"TagKey": "z", "TagValue": "1"}])["FailedResources"]
    assert [(one["Resource"], one["Code"]) for one in failed] == [
        (store + "x", "InvalidParameterValue.ResourceIdInvalid")]
    many = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(49)]
    assert services.error("tag", "ModifyResourceTags", Resource=store, ReplaceTags=many) == \
        "LimitExceeded.ResourceAttachedTags"
    assert services.error("tag", "ModifyResourceTags", Resource=store) == "MissingParameter"
    assert services.error("tag", "DeleteResourceTag", Resource=store, TagKey="no") == \
        "ResourceNotFound.AttachedTagKeyNotFound"
    assert services.error("tag", "DescribeTags", Offset=3, Limit=2) == "InvalidParameterValue.OffsetInvalid"
    assert services.error("tag", "GetTags", PaginationToken="bm8=") == "InvalidParameter.PaginationTokenInvalid"
    assert services.other.call("tag", "TagResources", ResourceList=[store], Tags=[{"TagKey": "z", "TagValue": "1"}])[
        "FailedResources"]
