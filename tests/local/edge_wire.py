"""A website bucket behind a host on the edge, and a visitor: curl, as it comes with every system."""

from __future__ import annotations

import http.client
import json
import subprocess
import uuid
from dataclasses import dataclass
from typing import Any

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from tests.conftest import LocalCloud
from tests.edgeone_zone import made_zone
from tests.local.cos_wire import Wire

ON = {"Switch": "on"}
VERSIONS = {"cdn": "2018-06-06", "ssl": "2019-12-05", "dnspod": "2021-03-23", "teo": "2022-09-01",
            "cam": "2019-01-16"}


@dataclass(frozen=True)
class Visit:
    """What curl got."""

    status: int
    version: str
    """``1.1`` or ``2``."""
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str | None:
        """First header of that name, in lower case."""
        return next((value for given, value in self.headers if given == name), None)

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given == name]


def call_api(cloud: LocalCloud, service: str, action: str, **parameters: Any) -> dict[str, Any]:
    """One call with the official SDK. Raises TencentCloudSDKException."""
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=f"{cloud.host}:{cloud.port}"))
    client = CommonClient(service, VERSIONS[service], credential.Credential(cloud.secret_id, cloud.secret_key),
                          cloud.region, profile)
    client.request.conn.proxy = None
    answer: dict[str, Any] = client.call_json(action, parameters)["Response"]
    return answer


def edgeone_zone(cloud: LocalCloud, name: str, kind: str = "partial") -> str:
    """A zone of EdgeOne that is proved; its id."""
    return made_zone(lambda service, action, given: call_api(cloud, service, action, **given), name, kind=kind)


def admin(cloud: LocalCloud, path: str, body: str | None = None) -> str:
    """One of the embedded cloud's own pages; POST when there is a body."""
    connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body, cloud.allowed)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, text
        return text
    finally:
        connection.close()


@dataclass(frozen=True)
class EdgeSite:
    """A bucket with a website, and the host that leads to it."""

    cloud: LocalCloud
    wire: Wire
    host: str

    def put(self, key: str, body: bytes, **headers: str) -> None:
        answer = self.wire.put(key, body, **headers)
        assert answer.status == 200, answer.body

    @property
    def origin(self) -> dict[str, Any]:
        name = f"{self.wire.bucket}.cos-website.{self.cloud.region}.myqcloud.com"
        return {"OriginType": "cos", "Origins": [name], "ServerName": name, "OriginPullProtocol": "http",
                "CosPrivateAccess": "off"}

    def add(self, **settings: Any) -> None:
        """Put the host on the CDN."""
        call_api(self.cloud, "cdn", "AddCdnDomain", Domain=self.host, ServiceType="web",
                 **{"Origin": self.origin, **settings})

    def update(self, **settings: Any) -> None:
        call_api(self.cloud, "cdn", "UpdateDomainConfig", Domain=self.host, **settings)

    def certificate(self) -> str:
        """Apply for a free certificate; its id, once it is issued."""
        answer = call_api(self.cloud, "ssl", "ApplyCertificate", DvAuthMethod="DNS_AUTO", DomainName=self.host)
        return str(answer["CertificateId"])

    def visit(self, path: str = "/", *options: str, scheme: str = "http", host: str = "") -> Visit:
        """Ask the edge with curl, on the scheme's usual port as far as the URL is concerned."""
        return curl(self.cloud, f"{scheme}://{host or self.host}{path}", *options)

    def visits(self) -> list[dict[str, Any]]:
        """What the access log has of the edge's visitors."""
        lines = admin(self.cloud, f"/-/logs?host={self.host}").splitlines()
        return [json.loads(line) for line in lines]


def curl(cloud: LocalCloud, url: str, *options: str) -> Visit:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    command = [
        "curl", "--silent", "--show-error", "--include", "--suppress-connect-headers", "--max-time", "60", "--noproxy",
        "*", "--cacert", cloud.ca, "--connect-to", f"{host}:80:127.0.0.1:{cloud.edge_http}",
        "--connect-to", f"{host}:443:127.0.0.1:{cloud.edge_https}", "--path-as-is", *options, url,
    ]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    version, status = lines[0].split()[:2]
    pairs = [line.split(": ", 1) for line in lines[1:]]
    return Visit(int(status), version.removeprefix("HTTP/"), [(p[0].lower(), p[1]) for p in pairs], body)


def make_site(cloud: LocalCloud) -> EdgeSite:
    """A bucket with a website, and a zone of its own whose host is not yet on the CDN."""
    number = uuid.uuid4().hex[:10]
    wire = Wire(cloud, f"edge-{number}-{cloud.app_id}")
    assert wire.call("PUT", headers={"x-cos-acl": "public-read"}).status == 200
    document = (b"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
                b"<ErrorDocument><Key>error.html</Key></ErrorDocument></WebsiteConfiguration>")
    assert wire.call("PUT", query={"website": ""}, body=document).status == 200
    zone = f"site-{number}.com"
    call_api(cloud, "dnspod", "CreateDomain", Domain=zone)
    site = EdgeSite(cloud, wire, f"www.{zone}")
    site.put("index.html", b"<h1>One</h1>", content_type="text/html")
    site.put("error.html", b"<h1>Gone</h1>", content_type="text/html")
    return site


def cached(seconds: int = 600, kind: str = "all", *paths: str, **more: Any) -> dict[str, Any]:
    """A rule of RuleCache that keeps answers."""
    return _rule(kind, paths, Cache={"Switch": "on", "CacheTime": seconds, **more})


def not_cached(kind: str, *paths: str, **more: Any) -> dict[str, Any]:
    return _rule(kind, paths, NoCache={"Switch": "on", **more})


def following(kind: str = "all", *paths: str) -> dict[str, Any]:
    return _rule(kind, paths, FollowOrigin=ON)


def _rule(kind: str, paths: tuple[str, ...], **chosen: dict[str, Any]) -> dict[str, Any]:
    """All three ways are required, each with its members; one is switched on."""
    config: dict[str, dict[str, Any]] = {
        "Cache": {"Switch": "off", "CacheTime": 0, "CompareMaxAge": "off", "IgnoreCacheControl": "off",
                  "IgnoreSetCookie": "off"},
        "NoCache": {"Switch": "off", "Revalidate": "off"}, "FollowOrigin": {"Switch": "off"}}
    return {"RuleType": kind, "RulePaths": list(paths) or ["*"],
            "CacheConfig": {name: {**one, **chosen.get(name, {})} for name, one in config.items()}}


def rules(*given: dict[str, Any]) -> dict[str, Any]:
    """The setting ``Cache``."""
    return {"RuleCache": list(given)}
