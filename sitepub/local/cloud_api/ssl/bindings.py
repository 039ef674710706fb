"""Resources of the account that use a certificate: one call starts the query, another reads the result."""

from __future__ import annotations

from typing import Any

from sitepub.local.base.pace import Change
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.certificates import hosts_by_product
from sitepub.local.services.certificates import Certificate

_MOST = 100
_PRODUCTS = ("clb", "cdn", "waf", "live", "vod", "ddos", "tke", "apigateway", "tcb", "teo")


async def create_certificate_bind_resource_sync_task(call: Call) -> dict[str, Any]:
    """CreateCertificateBindResourceSyncTask. The id of the task contains the certificate's, so nothing is stored."""
    ids = call.parameters["CertificateIds"]
    if not 0 < len(ids) <= _MOST:
        raise ApiError("FailedOperation.CertificateSyncTaskCertificateIdCountInvalid", "1 to 100 certificates.")
    return {"CertTaskIds": [{"CertId": id, "TaskId": f"{_mine(call, id).id}-{call.time:.3f}"} for id in ids]}


async def describe_certificate_bind_resource_task_result(call: Call) -> dict[str, Any]:
    """DescribeCertificateBindResourceTaskResult: Status 0 while it looks, then 1 with the counts."""
    return {"SyncTaskBindResourceResult": [_result(call, task) for task in call.parameters["TaskIds"]]}


def _result(call: Call, task: str) -> dict[str, Any]:
    id, _, began = task.rpartition("-")
    try:
        since = float(began)
    except ValueError:
        raise ApiError("FailedOperation.CertificateSyncTaskIdInvalid", "There is no such task.") from None
    pace = call.services.pace
    if Change(since, since + pace.seconds).under_way(call.time, pace):
        return {"TaskId": task, "BindResourceResult": [], "Status": 0, "Error": None, "CacheTime": local_time(since)}
    bound = hosts_by_product(call, _mine(call, id).id)
    results = [{"ResourceType": product, "BindResourceRegionResult": [
        {"Region": "", "TotalCount": len(bound.get(product, ())), "Error": ""}]} for product in _PRODUCTS]
    return {"TaskId": task, "BindResourceResult": results, "Status": 1, "Error": None, "CacheTime": local_time(since)}


def _mine(call: Call, id: str) -> Certificate:
    found = call.services.certificates.get(id)
    if found is None or found.owner != call.owner:
        raise ApiError("FailedOperation.CertificateNotFound", "The certificate does not exist.")
    return found
