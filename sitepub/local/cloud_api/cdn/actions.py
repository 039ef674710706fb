"""CDN 2018-06-06: hosts, their configuration, ownership, purging and prefetching."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.local.cloud_api.actions import Action, Handler, Service
from sitepub.local.cloud_api.cdn.checks import VALUE_ERROR
from sitepub.local.cloud_api.cdn.domains import (
    AREAS,
    add_domain,
    delete_domain,
    modify_domain,
    start_domain,
    stop_domain,
    update_domain,
)
from sitepub.local.cloud_api.cdn.logs import LOG_ACTIONS
from sitepub.local.cloud_api.cdn.ownership import create_verify_record, verify_domain_record
from sitepub.local.cloud_api.cdn.queries import describe_domains, describe_domains_config
from sitepub.local.cloud_api.cdn.shapes import SETTINGS
from sitepub.local.cloud_api.cdn.statistics import describe_cdn_data, describe_cert_domains
from sitepub.local.cloud_api.cdn.tasks import (
    describe_purge_quota,
    describe_purge_tasks,
    describe_push_quota,
    describe_push_tasks,
    purge_paths,
    purge_urls,
    push_urls,
)
from sitepub.local.cloud_api.shapes import Parameter, number, text

_PAGE = {"Offset": number(0), "Limit": number(1, 1000)}
_AREA = {"Area": text("mainland", "overseas")}


def _action(handler: Handler, limits: Mapping[str, Parameter] | None = None) -> Action:
    return Action(handler, limits or {}, VALUE_ERROR)


CDN = Service("cdn", "2018-06-06", {
    **LOG_ACTIONS,
    "AddCdnDomain": _action(add_domain, {**SETTINGS, "ProjectId": number(0), "Area": text(*AREAS)}),
    "CreateVerifyRecord": _action(create_verify_record),
    "DeleteCdnDomain": _action(delete_domain),
    "DescribeCdnData": _action(describe_cdn_data),
    "DescribeCertDomains": _action(describe_cert_domains),
    "DescribeDomains": _action(describe_domains, _PAGE),
    "DescribeDomainsConfig": _action(describe_domains_config, {"Offset": number(0), "Limit": number(1, 100)}),
    "DescribePurgeQuota": _action(describe_purge_quota),
    "DescribePurgeTasks": _action(describe_purge_tasks, {
        **_PAGE, "PurgeType": text("url", "path"), "Status": text("fail", "done", "process"), "Area": text(*AREAS),
    }),
    "DescribePushQuota": _action(describe_push_quota),
    "DescribePushTasks": _action(describe_push_tasks, {
        **_PAGE, "Area": text(*AREAS), "Status": text("fail", "done", "process", "invalid"),
    }),
    "ModifyDomainConfig": _action(modify_domain),
    "PurgePathCache": _action(purge_paths, {"FlushType": text("flush", "delete"), **_AREA}),
    "PurgeUrlsCache": _action(purge_urls, _AREA),
    "PushUrlsCache": _action(push_urls, {"Area": text(*AREAS)}),
    "StartCdnDomain": _action(start_domain),
    "StopCdnDomain": _action(stop_domain),
    "UpdateDomainConfig": _action(update_domain, {**SETTINGS, "ProjectId": number(0), "Area": text(*AREAS)}),
    "VerifyDomainRecord": _action(verify_domain_record, {"VerifyType": text("dns", "file")}),
})
