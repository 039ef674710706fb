"""EdgeOne 2022-09-01: sites, acceleration domains, their certificates, purging and prefetching."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.shapes import Parameter, number
from sitepub.local.cloud_api.teo import function_rules, functions
from sitepub.local.cloud_api.teo.certificates import modify_hosts_certificate
from sitepub.local.cloud_api.teo.domains import (
    create_domain,
    delete_domains,
    describe_domains,
    modify_domain,
    modify_statuses,
)
from sitepub.local.cloud_api.teo.free_certificates import apply_free_certificate, check_free_certificate_verification
from sitepub.local.cloud_api.teo.l4_proxies import (
    create_l4_proxy,
    delete_l4_proxy,
    describe_l4_proxy,
    modify_l4_proxy_status,
)
from sitepub.local.cloud_api.teo.logs import download_l7_logs
from sitepub.local.cloud_api.teo.plans import bind_zone_to_plan, describe_plans
from sitepub.local.cloud_api.teo.rules import (
    create_rules,
    delete_rules,
    describe_rules,
    modify_priority,
    modify_rule,
)
from sitepub.local.cloud_api.teo.tasks import (
    create_prefetch_task,
    create_purge_task,
    describe_content_quota,
    describe_prefetch_tasks,
    describe_purge_tasks,
)
from sitepub.local.cloud_api.teo.zone_changes import create_zone, delete_zone, modify_zone, modify_zone_status
from sitepub.local.cloud_api.teo.zones import (
    describe_identifications,
    describe_origin_group,
    describe_zones,
    verify_ownership,
)

_PORTS = {"HttpOriginPort": number(1, 65535), "HttpsOriginPort": number(1, 65535)}


def _page(most: int = 1000) -> Mapping[str, Parameter]:
    return {"Offset": number(0), "Limit": number(1, most)}


TEO = Service("teo", "2022-09-01", {
    "ApplyFreeCertificate": Action(apply_free_certificate),
    "BindZoneToPlan": Action(bind_zone_to_plan),
    "CheckFreeCertificateVerification": Action(check_free_certificate_verification),
    "CreateAccelerationDomain": Action(create_domain, _PORTS),
    "CreateFunction": Action(functions.create_function),
    "CreateFunctionRule": Action(function_rules.create_rule),
    "CreateL4Proxy": Action(create_l4_proxy),
    "CreateL7AccRules": Action(create_rules),
    "CreatePrefetchTask": Action(create_prefetch_task),
    "CreatePurgeTask": Action(create_purge_task),
    "CreateZone": Action(create_zone),
    "DeleteAccelerationDomains": Action(delete_domains),
    "DeleteFunction": Action(functions.delete_function),
    "DeleteFunctionRules": Action(function_rules.delete_rules),
    "DeleteL4Proxy": Action(delete_l4_proxy),
    "DeleteL7AccRules": Action(delete_rules),
    "DeleteZone": Action(delete_zone),
    "DescribeAccelerationDomains": Action(describe_domains, _page(200)),
    "DescribeContentQuota": Action(describe_content_quota),
    "DescribeFunctionRules": Action(function_rules.describe_rules),
    "DescribeFunctionRuntimeEnvironment": Action(functions.describe_environment),
    "DescribeFunctions": Action(functions.describe_functions, _page(200)),
    "DescribeIdentifications": Action(describe_identifications, _page()),
    "DescribeL4Proxy": Action(describe_l4_proxy, _page()),
    "DescribeL7AccRules": Action(describe_rules, _page()),
    "DescribeOriginGroup": Action(describe_origin_group, _page()),
    "DescribePlans": Action(describe_plans, _page(200)),
    "DescribePrefetchTasks": Action(describe_prefetch_tasks, _page()),
    "DescribePurgeTasks": Action(describe_purge_tasks, _page()),
    "DescribeZones": Action(describe_zones, _page(100)),
    "DownloadL7Logs": Action(download_l7_logs, _page(300)),
    "HandleFunctionRuntimeEnvironment": Action(functions.handle_environment),
    "ModifyAccelerationDomain": Action(modify_domain, _PORTS),
    "ModifyAccelerationDomainStatuses": Action(modify_statuses),
    "ModifyFunction": Action(functions.modify_function),
    "ModifyFunctionRule": Action(function_rules.modify_rule),
    "ModifyFunctionRulePriority": Action(function_rules.modify_priority),
    "ModifyL4ProxyStatus": Action(modify_l4_proxy_status),
    "ModifyL7AccRule": Action(modify_rule),
    "ModifyL7AccRulePriority": Action(modify_priority),
    "ModifyHostsCertificate": Action(modify_hosts_certificate),
    "ModifyZone": Action(modify_zone),
    "ModifyZoneStatus": Action(modify_zone_status),
    "VerifyOwnership": Action(verify_ownership),
})
