"""An account on the embedded cloud: our services on one side, the official SDK on the other."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.domains.dns.dnspod import DnsPod
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.dns.resolve import Resolver
from sitepub.domains.job import HostJob
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import AgreedRemoval
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cloud_api import CloudApi
from tests.conftest import LocalCloud

VERSIONS = {"cdn": "2018-06-06", "teo": "2022-09-01", "ssl": "2019-12-05", "dnspod": "2021-03-23",
            "cam": "2019-01-16"}


class Kept:
    """A record as the state keeps it, and every version of it: what a killed run would have left."""

    def __init__(self, host: str, record: HostRecord | None = None) -> None:
        self._record = record or HostRecord(host=host)
        self.versions = [self._record]

    @property
    def record(self) -> HostRecord:
        return self._record

    def keep(self, record: HostRecord) -> None:
        self._record = record
        self.versions.append(record)


class Heard:
    """What was told."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.dones: list[str] = []
        self.todos: list[str] = []

    def status(self, host: str, text: str) -> None:
        self.statuses.append(f"{host}: {text}")

    def done(self, host: str, text: str) -> None:
        self.dones.append(f"{host}: {text}")

    def todo(self, host: str, text: str) -> None:
        self.todos.append(f"{host}: {text}")


def work_on(kept: Kept, heard: Heard | None = None, *, wait: bool = True) -> HostJob:
    return HostJob(kept, heard or Heard(), threading.Event(), wait)


def removal_of(record: HostRecord) -> AgreedRemoval:
    """All that the record names as made by sitepub."""
    return AgreedRemoval(record.created, record.dns, record.certificates)


class Account:
    """Talks to the embedded cloud as sitepub does, and as somebody else with the official SDK does."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.embedded = cloud.address
        credentials = Credentials(cloud.secret_id, cloud.secret_key)
        self.api = ServiceApi(CloudApi(credentials, cloud.region, self.embedded))
        self.resolver = Resolver(self.embedded)

    def dns(self, **how: Any) -> Dns:
        return Dns(DnsPod(self.api), self.resolver, **how)

    def sdk(self, service: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One call with the official SDK, nothing of ours between."""
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        profile = ClientProfile(httpProfile=HttpProfile(
            protocol="http", endpoint=self.cloud.endpoint.removeprefix("http://")))
        client = CommonClient(service, VERSIONS[service], Credential(self.cloud.secret_id, self.cloud.secret_key),
                              self.cloud.region, profile)
        client.request.conn.proxy = None
        answer: dict[str, Any] = client.call_json(action, dict(params))["Response"]
        return answer

    def zone(self, name: str) -> None:
        """A zone in the account's DNSPod."""
        self.sdk("dnspod", "CreateDomain", {"Domain": name})

    def zone_elsewhere(self, name: str, records: Sequence[Mapping[str, Any]]) -> None:
        """A zone at another provider, as its owner edits it."""
        self._page("dns", json.dumps({"zone": name, "records": list(records)}))

    def pace(self, seconds: float) -> None:
        """How long states take. One cloud is shared by the tests of a worker: put it back."""
        self._page("pace", str(seconds))

    def switches(self, **values: Any) -> None:
        """Circumstances of the account. Put them back too."""
        self._page("cdn", json.dumps(values))

    def _page(self, name: str, body: str) -> None:
        request = urllib.request.Request(f"{self.cloud.endpoint}/-/{name}", body.encode(), self.cloud.allowed,
                                         method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            assert answer.status == 200

    def add(self, zone: str, name: str, type: str, value: str, **more: Any) -> int:
        return int(self.sdk("dnspod", "CreateRecord", {
            "Domain": zone, "SubDomain": name, "RecordType": type, "RecordLine": "默认", "Value": value,
            **more})["RecordId"])

    def records(self, zone: str, name: str) -> list[tuple[str, str, str]]:
        """Type, value without its dot at the end, and status of the records that people made."""
        told = self.sdk("dnspod", "DescribeRecordList", {"Domain": zone, "Subdomain": name, "ErrorOnEmpty": "no"})
        return sorted((each["Type"], each["Value"].rstrip("."), each["Status"])
                      for each in told["RecordList"] if not each["DefaultNS"])


class Killed(BaseException):
    """The process ends here: nothing catches it."""


class CutOff(ServiceApi):
    """Dies at one call that writes: before it is sent, or after it was carried out and before its answer."""

    def __init__(self, inner: ServiceApi, at: int, *, sent: bool) -> None:
        self._inner = inner
        self._left = at
        self._sent = sent

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        writes = not action.startswith(("Describe", "Check"))
        if writes and self._left == 0:
            if self._sent:
                self._inner.call(service, action, params, host=host)
            raise Killed
        self._left -= writes
        return self._inner.call(service, action, params, host=host)
