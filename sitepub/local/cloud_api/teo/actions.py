"""EdgeOne 2022-09-01: sites, acceleration domains, their certificates, purging and prefetching."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.shapes import needed, number, obj, objs, text, texts, truth
from sitepub.local.cloud_api.teo.certificates import modify_hosts_certificate
from sitepub.local.cloud_api.teo.domains import (
    ORIGIN_INFO,
    create_domain,
    delete_domains,
    describe_domains,
    modify_domain,
    modify_statuses,
)
from sitepub.local.cloud_api.teo.logs import download_l7_logs
from sitepub.local.cloud_api.teo.rules import RULE, create_rules, delete_rules, describe_rules, modify_rule
from sitepub.local.cloud_api.teo.tasks import (
    create_prefetch_task,
    create_purge_task,
    describe_prefetch_tasks,
    describe_purge_tasks,
)
from sitepub.local.cloud_api.teo.zones import (
    create_zone,
    delete_zone,
    describe_identifications,
    describe_origin_group,
    describe_zones,
    verify_ownership,
)

_ZONE = {"ZoneId": text(required=True)}
_DOMAIN = {**_ZONE, "DomainName": text(required=True)}
_FILTERS = objs(Name=text(required=True), Values=texts(required=True), Fuzzy=truth())
_PAGE = {"Offset": number(0), "Limit": number(1, 1000), "Filters": _FILTERS}
_TIMES = {"StartTime": text(), "EndTime": text()}
_TAGS = objs(TagKey=text(), TagValue=text())

_ORIGIN = {
    "OriginInfo": ORIGIN_INFO, "OriginProtocol": text("FOLLOW", "HTTP", "HTTPS"),
    "HttpOriginPort": number(1, 65535), "HttpsOriginPort": number(1, 65535),
    "IPv6Status": text("follow", "on", "off"),
}
_CERTIFICATE = {
    "CertId": text(), "Alias": text(), "Type": text(), "ExpireTime": text(), "DeployTime": text(),
    "SignAlgo": text(),
}
_MUTUAL = obj(Switch=text("on", "off"), CertInfos=objs(**_CERTIFICATE, Status=text()))

TEO = Service("teo", "2022-09-01", {
    "CreateAccelerationDomain": Action(create_domain, {**_DOMAIN, **_ORIGIN, "SharedCNAME": text()}),
    "CreateL7AccRules": Action(create_rules, {**_ZONE, "Rules": needed(objs(**RULE))}),
    "CreatePrefetchTask": Action(create_prefetch_task, {
        "ZoneId": text(), "Targets": texts(required=True), "Mode": text("default", "edge"),
        "EncodeUrl": truth(), "Headers": objs(Name=text(), Value=text()), "PrefetchMediaSegments": text(),
    }),
    "CreatePurgeTask": Action(create_purge_task, {
        **_ZONE, "Method": text("invalidate", "delete"), "Targets": texts(), "EncodeUrl": truth(),
        "Type": text("purge_url", "purge_prefix", "purge_host", "purge_all", "purge_cache_tag",
                     required=True),
        "CacheTag": obj(Domains=texts()),
    }),
    "CreateZone": Action(create_zone, {
        "Type": text("partial", "full", "dnsPodAccess", "noDomainAccess", "ai"), "ZoneName": text(),
        "Area": text("global", "mainland", "overseas"), "PlanId": text(), "AliasZoneName": text(),
        "Tags": _TAGS, "AllowDuplicates": truth(), "JumpStart": truth(),
    }),
    "DeleteAccelerationDomains": Action(delete_domains, {
        **_ZONE, "DomainNames": texts(required=True), "Force": truth(),
    }),
    "DeleteL7AccRules": Action(delete_rules, {**_ZONE, "RuleIds": texts(required=True)}),
    "DeleteZone": Action(delete_zone, _ZONE),
    "DescribeAccelerationDomains": Action(describe_domains, {
        **_ZONE, **_PAGE, "Limit": number(1, 200), "Order": text("created_on", "domain-name"),
        "Direction": text("asc", "desc"), "Match": text("all", "any"),
    }),
    "DescribeIdentifications": Action(describe_identifications, {
        "Offset": number(0), "Limit": number(1, 1000),
        "Filters": objs(Name=text(required=True), Values=texts(required=True)),
    }),
    "DescribeL7AccRules": Action(describe_rules, {**_ZONE, **_PAGE}),
    "DescribeOriginGroup": Action(describe_origin_group, {**_ZONE, **_PAGE}),
    "DescribePrefetchTasks": Action(describe_prefetch_tasks, {**_ZONE, **_PAGE, **_TIMES}),
    "DescribePurgeTasks": Action(describe_purge_tasks, {**_ZONE, **_PAGE, **_TIMES}),
    "DescribeZones": Action(describe_zones, {
        **_PAGE, "Limit": number(1, 100), "Order": text(), "Direction": text("asc", "desc"),
    }),
    "DownloadL7Logs": Action(download_l7_logs, {
        "StartTime": text(required=True), "EndTime": text(required=True), "ZoneIds": texts(), "Domains": texts(),
        "Limit": number(1, 300), "Offset": number(0),
    }),
    "ModifyAccelerationDomain": Action(modify_domain, {**_DOMAIN, **_ORIGIN}),
    "ModifyAccelerationDomainStatuses": Action(modify_statuses, {
        **_ZONE, "DomainNames": texts(required=True), "Status": text("online", "offline", required=True),
        "Force": truth(),
    }),
    "ModifyL7AccRule": Action(modify_rule, {**_ZONE, "Rule": needed(obj(**RULE))}),
    "ModifyHostsCertificate": Action(modify_hosts_certificate, {
        **_ZONE, "Hosts": texts(required=True),
        "Mode": text("disable", "eofreecert", "eofreecert_manual", "sslcert"),
        "ServerCertInfo": objs(**_CERTIFICATE, CommonName=text()), "ApplyType": text(),
        "ClientCertInfo": _MUTUAL,
        "UpstreamCertInfo": obj(
            UpstreamMutualTLS=_MUTUAL,
            UpstreamCertificateVerify=obj(VerificationMode=text(),
                                          CustomCACerts=objs(**_CERTIFICATE, Status=text())),
        ),
    }),
    "VerifyOwnership": Action(verify_ownership, {"Domain": text(required=True)}),
})
