"""The least policy for a project: what a run of CI asks of the cloud for it, and nothing else (docs/permissions.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sitepub.config.project import Host, Project
from sitepub.publish.states.remote import MARKER

Statement = dict[str, Any]

_OBJECTS = (
    "GetObject", "HeadObject", "PutObject", "DeleteObject", "DeleteMultipleObjects", "InitiateMultipartUpload",
    "UploadPart", "ListMultipartUploads", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload")
_BUCKET = (
    "HeadBucket", "PutBucket", "GetBucket", "GetBucketACL", "PutBucketACL", "GetBucketPolicy", "PutBucketPolicy",
    "DeleteBucketPolicy", "GetBucketCORS", "PutBucketCORS", "DeleteBucketCORS", "GetBucketTagging", "PutBucketTagging",
    "DeleteBucketTagging", "GetBucketLifecycle", "PutBucketLifecycle", "DeleteBucketLifecycle", "GetBucketWebsite",
    "PutBucketWebsite")
_STATE = ("HeadBucket", "PutBucket", "GetBucket", "GetObject", "HeadObject")
_DOMAINS = ("GetBucketDomain", "PutBucketDomain", "DeleteBucketDomain", "GetBucketDomainCertificate",
            "PutBucketDomainCertificate", "DeleteBucketDomainCertificate")
_CDN = ("DescribeDomainsConfig", "AddCdnDomain", "UpdateDomainConfig", "StartCdnDomain", "CreateVerifyRecord",
        "VerifyDomainRecord", "DescribePurgeQuota", "PurgeUrlsCache", "PurgePathCache", "DescribePurgeTasks",
        "PushUrlsCache")
_CDN_DOWN = ("StopCdnDomain", "DeleteCdnDomain")
_TEO = ("DescribeZones", "DescribeAccelerationDomains", "CreateAccelerationDomain", "ModifyAccelerationDomain",
        "ModifyAccelerationDomainStatuses", "ModifyHostsCertificate", "DescribeL7AccRules", "CreateL7AccRules",
        "ModifyL7AccRule", "VerifyOwnership", "DescribeContentQuota", "CreatePurgeTask", "DescribePurgeTasks",
        "CreatePrefetchTask", "ApplyFreeCertificate", "CheckFreeCertificateVerification", "DescribePlans", "CreateZone",
        "BindZoneToPlan", "ModifyZone", "ModifyZoneStatus")
_ROUTER = ("DescribeFunctions", "CreateFunction", "ModifyFunction", "DescribeFunctionRules", "CreateFunctionRule",
           "ModifyFunctionRule", "DeleteFunctionRules", "DescribeFunctionRuntimeEnvironment",
           "HandleFunctionRuntimeEnvironment")
_TEO_DOWN = ("DeleteAccelerationDomains", "DeleteL7AccRules", "DeleteZone", "DescribeFunctions",
             "DescribeL4Proxy")
_SSL = ("DescribeCertificates", "DescribeCertificateDetail", "CheckCertificateExist", "UploadCertificate",
        "ApplyCertificate", "CompleteCertificate", "CancelCertificateOrder", "CreateCertificateBindResourceSyncTask",
        "DescribeCertificateBindResourceTaskResult", "DeleteCertificate")
_DNS = ("DescribeDomainList", "DescribeRecordList", "CreateRecord", "ModifyRecord", "DeleteRecord")


def least_policy(project: Project, app_id: str) -> dict[str, Any]:
    """In the language of CAM. Of the bucket with the state the run reads all (neighbours in a bucket are found there)
    and writes its own part."""
    return {"version": "2.0", "statement": list(_statements(project, app_id))}


def _statements(project: Project, app_id: str) -> Iterator[Statement]:
    def bucket(name: str, keys: str = "*") -> str:
        return f"qcs::cos:{project.region}:uid/{app_id}:{name}/{keys}"

    site, state = project.bucket(app_id), project.state_bucket_for(app_id)
    accelerate = ("GetBucketAccelerate", "PutBucketAccelerate") if project.accelerate else ()
    hosts = [*project.hosts, *([project.previews.host] if project.previews.host is not None else [])]
    domains = _DOMAINS if any(host.edge == "cos" for host in hosts) else ()
    yield _allow("cos", (*_BUCKET, *_OBJECTS, *accelerate, *domains), bucket(site))
    yield _allow("cos", _STATE, bucket(state))
    yield _allow("cos", ("PutObject",), bucket(state, MARKER))
    yield _allow("cos", _OBJECTS, bucket(state, f"{project.state_prefix}*"))
    yield _allow("cos", ("GetService",), "*")
    if project.previews.said:
        base = site.removesuffix(f"-{app_id}")
        yield _allow("cos", (*_BUCKET, "DeleteBucket", *_OBJECTS, *domains), bucket(f"{base}-*"))
    yield from _hosts(hosts, taken_down=project.previews.host is not None, led=project.releases.slots > 1)


def _hosts(hosts: Sequence[Host], *, taken_down: bool, led: bool) -> Iterator[Statement]:
    edges = {host.edge for host in hosts}
    if "cdn" in edges:
        yield _allow("cdn", (*_CDN, *(_CDN_DOWN if taken_down else ())), "*")
    if "edgeone" in edges:
        router = (*_ROUTER, *(("DeleteFunction",) if taken_down else ())) if led else ()
        actions = dict.fromkeys((*_TEO, *router, *(_TEO_DOWN if taken_down else ())))
        yield _allow("teo", tuple(actions), "*")
    if any(host.https is not None or host.auto_certificate for host in hosts):
        yield _allow("ssl", _SSL, "*")
    if any(host.dns == "auto" for host in hosts):
        yield _allow("dnspod", _DNS, "*")


def _allow(product: str, actions: Sequence[str], resource: str) -> Statement:
    prefix = "name/cos" if product == "cos" else product
    return {"effect": "allow", "action": [f"{prefix}:{action}" for action in actions], "resource": [resource]}
