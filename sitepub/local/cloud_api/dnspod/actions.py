"""DNSPod 2021-03-23: the account's zones and their records."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.dnspod.domains import create_domain, delete_domain, describe_domain, describe_domain_list
from sitepub.local.cloud_api.dnspod.records import (
    create_record,
    delete_record,
    describe_record,
    describe_record_list,
    modify_record,
)
from sitepub.local.cloud_api.shapes import number, objs, text, texts, truth

_ZONE = {"Domain": text(required=True), "DomainId": number()}
_TAGS = objs(TagKey=text(), TagValue=text())
_RECORD = {
    **_ZONE, "RecordType": text(required=True), "RecordLine": text(required=True),
    "Value": text(required=True), "SubDomain": text(), "RecordLineId": text(), "MX": number(),
    "TTL": number(), "Weight": number(), "Status": text(), "Remark": text(), "DnssecConflictMode": text(),
}

DNSPOD = Service("dnspod", "2021-03-23", {
    "CreateDomain": Action(create_domain, {
        "Domain": text(required=True), "GroupId": number(), "IsMark": text("yes", "no"),
        "TransferSubDomain": truth(), "Tags": _TAGS,
    }),
    "CreateRecord": Action(create_record, {**_RECORD, "GroupId": number()}),
    "DeleteDomain": Action(delete_domain, _ZONE),
    "DeleteRecord": Action(delete_record, {**_ZONE, "RecordId": number(required=True)}),
    "DescribeDomain": Action(describe_domain, _ZONE),
    "DescribeDomainList": Action(describe_domain_list, {
        "Type": text("ALL", "MINE", "SHARE", "ISMARK", "PAUSE", "VIP", "RECENT", "SHARE_OUT", "FREE"),
        "Offset": number(0), "Limit": number(1), "GroupId": number(), "Keyword": text(),
        "Tags": objs(TagKey=text(), TagValue=texts()),
    }),
    "DescribeRecord": Action(describe_record, {**_ZONE, "RecordId": number(required=True)}),
    "DescribeRecordList": Action(describe_record_list, {
        **_ZONE, "Subdomain": text(), "SubDomain": text(), "RecordType": text(), "RecordLine": text(),
        "RecordLineId": text(), "GroupId": number(), "Keyword": text(), "SortField": text(),
        "SortType": text("ASC", "DESC"), "Offset": number(0), "Limit": number(1, 3000),
        "ErrorOnEmpty": text("yes", "no"),
    }),
    "ModifyRecord": Action(modify_record, {**_RECORD, "RecordId": number(required=True)}),
})
