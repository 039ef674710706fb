"""A zone of EdgeOne with two hosts: one whose bucket has a site at its root, and one where the router leads to the same
site in a slot. Visitors ask both."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.domains.router.route import Route, Slot
from sitepub.domains.router.router import Router
from tests.domains.account import Account
from tests.edgeone_zone import made_zone
from tests.local.cos_wire import Wire
from tests.local.edge_wire import Visit

SITE = "app/prod/web"


@dataclass
class RouterSite:
    """``plain``: the host without a router; ``led``: the one with it."""

    account: Account
    zone: str
    name: str
    root: Wire
    slots: Wire
    connection: http.client.HTTPConnection

    @property
    def plain(self) -> str:
        return f"plain.{self.name}"

    @property
    def led(self) -> str:
        return f"www.{self.name}"

    @property
    def router(self) -> Router:
        return Router(self.account.api, self.zone)

    def put(self, slot: Slot, files: Mapping[str, bytes], **headers: str) -> None:
        for key, body in files.items():
            assert self.slots.put(slot.path + key, body, **headers).status == 200

    def add_host(self, host: str, wire: Wire) -> None:
        region = self.account.cloud.region
        origin = f"{wire.bucket}.cos-website.{region}.myqcloud.com"
        self.account.sdk("teo", "CreateAccelerationDomain", {
            "ZoneId": self.zone, "DomainName": host, "OriginProtocol": "HTTP",
            "OriginInfo": {"OriginType": "IP_DOMAIN", "Origin": origin, "HostHeader": origin}})

    def visit(self, host: str, path: str = "/", method: str = "GET", **headers: str) -> Visit:
        """One request, with the path as it is."""
        self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            self.connection.putheader(name, value)
        self.connection.endheaders()
        answer = self.connection.getresponse()
        body = answer.read()
        return Visit(answer.status, "1.1", [(name.lower(), value) for name, value in answer.getheaders()], body)


def route(host: str, slot: Slot | None, site: str = SITE, **more: Any) -> Route:
    return Route(host=host, site=site, live=slot, **more)


def website(wire: Wire, *, error: str = "error.html", status: str = "Enabled", rules: str = "") -> None:
    """Make it a website, as sitepub does: with or without an error document and redirects."""
    document = f"<ErrorDocument><Key>{error}</Key><OriginalHttpStatus>{status}</OriginalHttpStatus></ErrorDocument>"
    body = (f"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
            f"{document if error else ''}{rules}</WebsiteConfiguration>")
    assert wire.call("PUT", query={"website": ""}, body=body.encode()).status == 200


def make_router_site(account: Account) -> RouterSite:
    number = uuid.uuid4().hex[:10]
    cloud, name = account.cloud, f"routed-{number}.com"
    root, slots = (Wire(cloud, f"{kind}-{number}-{cloud.app_id}") for kind in ("root", "slots"))
    for wire in (root, slots):
        assert wire.call("PUT", headers={"x-cos-acl": "public-read"}).status == 200
        website(wire)
    account.zone(name)
    zone = made_zone(account.sdk, name, kind="dnsPodAccess")
    found = RouterSite(account, zone, name, root, slots,
                       http.client.HTTPConnection("127.0.0.1", cloud.edge_http, timeout=60))
    found.add_host(found.plain, found.root)
    found.add_host(found.led, found.slots)
    return found
