"""SSL Certificates 2019-12-05: uploading, applying for, and handing out certificates."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.shapes import number, text, texts
from sitepub.local.cloud_api.ssl.applications import apply_certificate, cancel_certificate_order, complete_certificate
from sitepub.local.cloud_api.ssl.bindings import (
    create_certificate_bind_resource_sync_task,
    describe_certificate_bind_resource_task_result,
)
from sitepub.local.cloud_api.ssl.certificates import (
    check_certificate_exist,
    delete_certificate,
    download_certificate,
    modify_certificate_alias,
    upload_certificate,
)
from sitepub.local.cloud_api.ssl.deployments import deploy_certificate_instance, describe_host_deploy_record_detail
from sitepub.local.cloud_api.ssl.queries import describe_certificate, describe_certificate_detail, describe_certificates

_PAGE = {"Offset": number(0), "Limit": number(1)}
_YES_NO = number(0, 1)

SSL = Service("ssl", "2019-12-05", {
    "ApplyCertificate": Action(apply_certificate, {
        "PackageType": text("2", "83"), "CsrEncryptAlgo": text("RSA", "ECC"),
    }),
    "CancelCertificateOrder": Action(cancel_certificate_order),
    "CheckCertificateExist": Action(check_certificate_exist),
    "CompleteCertificate": Action(complete_certificate),
    "CreateCertificateBindResourceSyncTask": Action(create_certificate_bind_resource_sync_task, {"IsCache": _YES_NO}),
    "DeleteCertificate": Action(delete_certificate),
    "DeployCertificateInstance": Action(deploy_certificate_instance),
    "DescribeCertificate": Action(describe_certificate),
    "DescribeCertificateDetail": Action(describe_certificate_detail),
    "DescribeCertificateBindResourceTaskResult": Action(describe_certificate_bind_resource_task_result, {
        "TaskIds": texts(longest=100),
    }),
    "DescribeCertificates": Action(describe_certificates, {
        **_PAGE, "Upload": _YES_NO, "Renew": _YES_NO, "IsSM": _YES_NO, "FilterExpiring": _YES_NO,
        "IsPendingIssue": _YES_NO,
    }),
    "DescribeHostDeployRecordDetail": Action(describe_host_deploy_record_detail, _PAGE),
    "DownloadCertificate": Action(download_certificate),
    "ModifyCertificateAlias": Action(modify_certificate_alias),
    "UploadCertificate": Action(upload_certificate, {"CertificateType": text("CA", "SVR")}),
})
