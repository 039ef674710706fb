"""DNSPod 2021-03-23: the account's zones and their records."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Action, Service
from sitepub.local.cloud_api.dnspod.domains import create_domain, delete_domain, describe_domain, describe_domain_list
from sitepub.local.cloud_api.dnspod.record_changes import (
    create_txt_record,
    describe_record_filter_list,
    modify_dynamic_dns,
    modify_record_status,
)
from sitepub.local.cloud_api.dnspod.records import (
    create_record,
    delete_record,
    describe_record,
    describe_record_list,
    modify_record,
)
from sitepub.local.cloud_api.shapes import number, text

DNSPOD = Service("dnspod", "2021-03-23", {
    "CreateDomain": Action(create_domain, {"IsMark": text("yes", "no")}),
    "CreateRecord": Action(create_record),
    "CreateTXTRecord": Action(create_txt_record),
    "DeleteDomain": Action(delete_domain),
    "DeleteRecord": Action(delete_record),
    "DescribeDomain": Action(describe_domain),
    "DescribeDomainList": Action(describe_domain_list, {
        "Type": text("ALL", "MINE", "SHARE", "ISMARK", "PAUSE", "VIP", "RECENT", "SHARE_OUT", "FREE"),
        "Offset": number(0), "Limit": number(1),
    }),
    "DescribeRecord": Action(describe_record),
    "DescribeRecordFilterList": Action(describe_record_filter_list, {"SortType": text("ASC", "DESC")}),
    "DescribeRecordList": Action(describe_record_list, {
        "SortType": text("ASC", "DESC"), "Limit": number(1, 3000), "ErrorOnEmpty": text("yes", "no"),
    }),
    "ModifyDynamicDNS": Action(modify_dynamic_dns),
    "ModifyRecord": Action(modify_record),
    "ModifyRecordStatus": Action(modify_record_status),
})
