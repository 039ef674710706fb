"""The embedded cloud's services as the official SDK calls them, with its own pages for what a test sets."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Keys

VERSIONS = {"cdn": "2018-06-06", "ssl": "2019-12-05", "dnspod": "2021-03-23", "teo": "2022-09-01",
            "tag": "2018-08-13", "cam": "2019-01-16"}


@dataclass(frozen=True)
class Services:
    """One account on a running cloud. Every call checks that the answer has a RequestId."""

    cloud: LocalCloud
    keys: Keys

    def call(self, service: str, action: str, **parameters: Any) -> dict[str, Any]:
        """The Response of a call. Raises TencentCloudSDKException."""
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        endpoint = f"{self.cloud.host}:{self.cloud.port}"
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
        key = Credential(self.keys.secret_id, self.keys.secret_key)
        client = CommonClient(service, VERSIONS[service], key, self.cloud.region, profile=profile)
        client.request.conn.proxy = None
        answer: dict[str, Any] = client.call_json(action, parameters)["Response"]
        assert answer["RequestId"]
        return answer

    def made(self, service: str, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same, for :mod:`tests.edgeone_zone`."""
        return self.call(service, action, **given)

    def error(self, service: str, action: str, **parameters: Any) -> str:
        """The code that a call fails with."""
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

        with pytest.raises(TencentCloudSDKException) as caught:
            self.call(service, action, **parameters)
        assert caught.value.get_request_id()
        return str(caught.value.get_code())

    @property
    def other(self) -> Services:
        """The second account of the same cloud."""
        account = json.loads((self.cloud.data / "identity.json").read_text())["other_account"]
        return Services(self.cloud, Keys(account["secret_id"], account["secret_key"]))

    def admin(self, page: str, body: str | dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=60)
        try:
            connection.request("POST", f"/-/{page}", body if isinstance(body, str) else json.dumps(body),
                               self.cloud.allowed)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            return json.loads(text)
        finally:
            connection.close()

    @contextmanager
    def slowly(self) -> Iterator[None]:
        """States last for ever inside the block, and are over after it."""
        self.admin("pace", "3600")
        try:
            yield
        finally:
            self.admin("pace", "0")

    @contextmanager
    def switched(self, **switches: Any) -> Iterator[None]:
        before = self.admin("cdn", {})
        self.admin("cdn", switches)
        try:
            yield
        finally:
            self.admin("cdn", before)

    def zone(self, *, owned: bool = True) -> str:
        """A fresh domain; `owned`: in the account's DNSPod."""
        name = f"d{uuid.uuid4().hex[:10]}.com"
        if owned:
            self.call("dnspod", "CreateDomain", Domain=name)
        return name

    def record(self, zone: str, name: str, kind: str, value: str, **more: Any) -> int:
        answer = self.call("dnspod", "CreateRecord", Domain=zone, SubDomain=name, RecordType=kind,
                           RecordLine="默认", Value=value, **more)
        return int(answer["RecordId"])


@contextmanager
def running_services(folder: Path) -> Iterator[Services]:
    """A cloud of its own whose states take no time."""
    with running_cloud(folder / "data", "--pace", "0") as cloud:
        yield Services(cloud, Keys(cloud.secret_id, cloud.secret_key))


def origin(bucket: str = "site-1250000000") -> dict[str, Any]:
    host = f"{bucket}.cos-website.ap-guangzhou.myqcloud.com"
    return {"OriginType": "cos", "Origins": [host], "ServerName": host, "CosPrivateAccess": "off",
            "OriginPullProtocol": "http"}
