"""SSL Certificates 2019-12-05: uploading, applying for, and handing out certificates."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.shapes import Parameter, number, objs, text, texts, truth
from sitepub.local.cloud_api.ssl.applications import apply_certificate, cancel_certificate_order, complete_certificate
from sitepub.local.cloud_api.ssl.bindings import (
    create_certificate_bind_resource_sync_task,
    describe_certificate_bind_resource_task_result,
)
from sitepub.local.cloud_api.ssl.certificates import check_certificate_exist, delete_certificate, upload_certificate
from sitepub.local.cloud_api.ssl.deployments import deploy_certificate_instance, describe_host_deploy_record_detail
from sitepub.local.cloud_api.ssl.queries import describe_certificate, describe_certificate_detail, describe_certificates

_ID = {"CertificateId": text(required=True)}
_TAGS = objs(TagKey=text(), TagValue=text())
_PAGE = {"Offset": number(0), "Limit": number(1)}

SSL = Service("ssl", "2019-12-05", {
    "ApplyCertificate": Action(apply_certificate, {
        "DvAuthMethod": text("DNS_AUTO", "DNS", "FILE", required=True), "DomainName": text(required=True),
        "ProjectId": number(), "PackageType": text("2", "83"), "ContactEmail": text(), "ContactPhone": text(),
        "ValidityPeriod": text(), "CsrEncryptAlgo": text("RSA", "ECC"), "CsrKeyParameter": text(),
        "CsrKeyPassword": text(), "Alias": text(), "OldCertificateId": text(), "PackageId": text(),
        "DeleteDnsAutoRecord": truth(), "DnsNames": texts(),
    }),
    "CancelCertificateOrder": Action(cancel_certificate_order, _ID),
    "CheckCertificateExist": Action(check_certificate_exist, {"CertificatePublicKey": text(required=True)}),
    "CompleteCertificate": Action(complete_certificate, _ID),
    "CreateCertificateBindResourceSyncTask": Action(create_certificate_bind_resource_sync_task, {
        "CertificateIds": texts(required=True), "IsCache": number(0, 1, required=True),
    }),
    "DeleteCertificate": Action(delete_certificate, {**_ID, "IsCheckResource": truth()}),
    "DeployCertificateInstance": Action(deploy_certificate_instance, {
        **_ID, "InstanceIdList": texts(required=True), "ResourceType": text(), "Status": number(),
        "IsCache": number(),
    }),
    "DescribeCertificate": Action(describe_certificate, _ID),
    "DescribeCertificateDetail": Action(describe_certificate_detail, _ID),
    "DescribeCertificateBindResourceTaskResult": Action(describe_certificate_bind_resource_task_result, {
        "TaskIds": texts(required=True, longest=100),
    }),
    "DescribeCertificates": Action(describe_certificates, {
        **_PAGE, "SearchKey": text(), "CertificateType": text("CA", "SVR"), "ProjectId": number(),
        "ExpirationSort": text("DESC", "ASC"), "CertificateStatus": Parameter(list, of=int),
        "Deployable": number(0, 1), "Upload": number(0, 1), "Renew": number(0, 1), "FilterSource": text(),
        "IsSM": number(0, 1), "FilterExpiring": number(0, 1), "Hostable": number(0, 1), "Tags": _TAGS,
        "IsPendingIssue": number(0, 1), "CertIds": texts(), "ServiceId": text(),
    }),
    "DescribeHostDeployRecordDetail": Action(describe_host_deploy_record_detail, {
        **_PAGE, "DeployRecordId": text(required=True),
    }),
    "UploadCertificate": Action(upload_certificate, {
        "CertificatePublicKey": text(required=True), "CertificatePrivateKey": text(),
        "CertificateType": text("CA", "SVR"), "Alias": text(), "ProjectId": number(),
        "CertificateUse": text(), "Tags": _TAGS, "Repeatable": truth(), "KeyPassword": text(),
    }),
})
