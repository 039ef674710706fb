"""What tags are of: buckets and CDN domains, and their names (651/89122: six parts, `qcs::cdn::uin/1:domain/a.com`).

The tags are the product's own: what PUT Bucket tagging and AddCdnDomain have set is seen here, and the other way
round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sitepub.local.base.errors import ServiceError
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cos.bucket import tagging
from sitepub.local.services.tags import OwnTag
from sitepub.local.services.zones import normal

Tags = Mapping[str, str]
PREFIXES = {"cdn": "domain", "cos": ""}
"""By product; the name of a bucket has none."""
MOST = 50
"""Tags of one resource."""


@dataclass(frozen=True, slots=True)
class Resource:
    product: str
    region: str
    id: str
    account: str
    """`uin/…` or `uid/APPID`."""

    @property
    def name(self) -> str:
        prefix = PREFIXES[self.product]
        return f"qcs::{self.product}:{self.region}:{self.account}:{f'{prefix}/' if prefix else ''}{self.id}"


def all_resources(call: Call) -> Iterator[tuple[Resource, Tags]]:
    """Everything of the account that can have tags, tagged or not."""
    for bucket in call.storage.buckets.owned_by(call.owner):
        yield Resource("cos", bucket.region, bucket.name, f"uid/{call.owner}"), _of_bucket(call, bucket.id)
    for domain in call.services.cdn_domains.where(owner=call.owner):
        tags = {tag["TagKey"]: tag["TagValue"] for tag in domain.settings["Tag"] or []}
        yield Resource("cdn", "", domain.host, f"uin/{call.signer.uin}"), tags


def parse(call: Call, name: str) -> Resource:
    """The resource of that name. Raises ApiError."""
    parts = name.split(":", 5)
    if len(parts) != 6 or parts[0] != "qcs":
        raise ApiError("InvalidParameterValue.ResourceDescriptionError", f"{name} has not six parts.")
    _, _, product, region, account, last = parts
    _check_account(call, account)
    prefix, slash, id = last.partition("/")
    if not slash:
        prefix, id = "", last
    return named(call, product, region, prefix, id)


def _check_account(call: Call, account: str) -> None:
    mine = ("", "uin/", f"uin/{call.signer.uin}", f"uid/{call.owner}")
    if account not in mine:
        raise ApiError("FailedOperation.ResourceAppIdNotSame", "The resource is another account's.")


def named(call: Call, product: str, region: str, prefix: str, id: str) -> Resource:
    """Raises ApiError for a product without tags here, and for what does not exist."""
    if product not in PREFIXES:
        raise ApiError("InvalidParameter.UnsupportedService", f"The embedded cloud has no tags of {product}.")
    if prefix not in ("", PREFIXES[product], *(("bucket",) if product == "cos" else ())):
        raise ApiError("InvalidParameterValue.ResourcePrefixInvalid", f"{product} has no {prefix}.")
    if product == "cos":
        bucket = call.storage.buckets.find(id)
        if bucket is not None and bucket.owner == call.owner:
            if region and region != bucket.region:
                raise ApiError("InvalidParameterValue.RegionInvalid", f"The bucket is in {bucket.region}.")
            return Resource("cos", bucket.region, bucket.name, f"uid/{call.owner}")
    else:
        domain = call.services.cdn_domains.get(normal(id))
        if domain is not None and domain.owner == call.owner:
            return Resource("cdn", "", domain.host, f"uin/{call.signer.uin}")
    # whether the real service looks is not documented: this is the stricter side
    raise ApiError("InvalidParameterValue.ResourceIdInvalid", f"There is no {id}.")


def tags_of(call: Call, resource: Resource) -> dict[str, str]:
    return next(dict(tags) for one, tags in all_resources(call) if one == resource)


async def write(call: Call, resource: Resource, tags: Tags) -> None:
    """All tags of a resource. Raises ApiError."""
    if len(tags) > MOST:
        raise ApiError("LimitExceeded.ResourceAttachedTags", f"A resource has at most {MOST} tags.")
    before = tags_of(call, resource)
    for key, value in {*before.items(), *tags.items()}:
        remember(call, key, value)
    if resource.product == "cdn":
        domain = call.services.cdn_domains.get(resource.id)
        assert domain is not None
        written = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
        call.services.cdn_domains.put(domain.host, replace(domain, settings={**domain.settings, "Tag": written}))
        return
    bucket = call.storage.buckets.find(resource.id)
    assert bucket is not None
    database = call.storage.database
    if not tags:
        await database.delete_configuration(bucket.id, "tagging")
        return
    document = tagging.render(tuple(tags.items())).encode()
    try:
        tagging.parse(document, tagging.BUCKET_TAGS)
    except ServiceError as error:
        raise ApiError("InvalidParameter.Tag", error.message) from error
    await database.put_configuration(bucket.id, "tagging", document)


def remember(call: Call, key: str, value: str) -> None:
    """A tag stays known to its account until it is deleted."""
    call.services.tags.put(f"{call.owner}\n{key}\n{value}", OwnTag(call.owner, key, value))


def known(call: Call) -> list[tuple[str, str]]:
    """Every tag of the account, in order."""
    made = {(tag.key, tag.value) for tag in call.services.tags.where(owner=call.owner)}
    return sorted(made | {pair for _, tags in all_resources(call) for pair in tags.items()})


def _of_bucket(call: Call, bucket: int) -> Tags:
    document = call.storage.database.get_configuration(bucket, "tagging")
    return dict(tagging.parse(document, tagging.BUCKET_TAGS)) if document is not None else {}
