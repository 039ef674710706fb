"""CDN 2018-06-06: hosts, their configuration, ownership, purging and prefetching."""

from __future__ import annotations

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
from sitepub.local.cloud_api.cdn.shapes import ONLY_UPDATED, SETTINGS, TAGS
from sitepub.local.cloud_api.cdn.tasks import (
    describe_purge_quota,
    describe_purge_tasks,
    describe_push_quota,
    describe_push_tasks,
    purge_paths,
    purge_urls,
    push_urls,
)
from sitepub.local.cloud_api.shapes import Parameter, needed, number, obj, objs, switch, text, texts, truth

_HOST = {"Domain": text(required=True)}
_SERVICES = ("web", "download", "media", "hybrid", "dynamic")
_FILTERS = objs(Name=text(required=True), Value=texts(required=True), Fuzzy=truth())
_AREA = text("mainland", "overseas")
_TIMES = {"StartTime": text(), "EndTime": text(), "TaskId": text(), "Keyword": text(), "Offset": number(0)}


def _action(handler: Handler, parameters: dict[str, Parameter]) -> Action:
    return Action(handler, parameters, VALUE_ERROR)


CDN = Service("cdn", "2018-06-06", {
    **LOG_ACTIONS,
    "AddCdnDomain": _action(add_domain, {
        **{name: parameter for name, parameter in SETTINGS.items() if name not in ONLY_UPDATED},
        "Origin": needed(SETTINGS["Origin"]), **_HOST, "ServiceType": text(*_SERVICES, required=True),
        "ProjectId": number(0), "Area": text(*AREAS), "Ipv6": obj(Switch=switch()), "Tag": TAGS,
    }),
    "CreateVerifyRecord": _action(create_verify_record, _HOST),
    "DeleteCdnDomain": _action(delete_domain, _HOST),
    "DescribeDomains": _action(describe_domains, {
        "Offset": number(0), "Limit": number(1, 1000), "Filters": _FILTERS,
    }),
    "DescribeDomainsConfig": _action(describe_domains_config, {
        "Offset": number(0), "Limit": number(1, 100), "Filters": _FILTERS,
        "Sort": obj(Key=text("createTime", "certExpireTime"), Sequence=text("asc", "desc")),
    }),
    "DescribePurgeQuota": _action(describe_purge_quota, {}),
    "DescribePurgeTasks": _action(describe_purge_tasks, {
        **_TIMES, "PurgeType": text("url", "path"), "Limit": number(1, 1000),
        "Status": text("fail", "done", "process"), "Area": text(*AREAS),
    }),
    "DescribePushQuota": _action(describe_push_quota, {}),
    "DescribePushTasks": _action(describe_push_tasks, {
        **_TIMES, "Limit": number(1, 1000), "Area": text(*AREAS),
        "Status": text("fail", "done", "process", "invalid"),
    }),
    "ModifyDomainConfig": _action(modify_domain, {
        **_HOST, "Route": text(required=True), "Value": text(required=True),
    }),
    "PurgePathCache": _action(purge_paths, {
        "Paths": texts(required=True), "FlushType": text("flush", "delete", required=True),
        "UrlEncode": truth(), "Area": _AREA,
    }),
    "PurgeUrlsCache": _action(purge_urls, {
        "Urls": texts(required=True), "Area": _AREA, "UrlEncode": truth(),
    }),
    "PushUrlsCache": _action(push_urls, {
        "Urls": texts(required=True), "UserAgent": text(), "Area": text(*AREAS), "Layer": text(),
        "ParseM3U8": truth(), "DisableRange": truth(), "Headers": objs(Name=text(), Value=text()),
        "UrlEncode": truth(),
    }),
    "StartCdnDomain": _action(start_domain, _HOST),
    "StopCdnDomain": _action(stop_domain, _HOST),
    "UpdateDomainConfig": _action(update_domain, {
        **SETTINGS, **_HOST, "ProjectId": number(0), "ServiceType": text(*_SERVICES), "Area": text(*AREAS),
    }),
    "VerifyDomainRecord": _action(verify_domain_record, {**_HOST, "VerifyType": text("dns", "file")}),
})
