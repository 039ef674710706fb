"""A website in dev mode: what its publisher reports, and what visitors get."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.conftest import LocalCloud
from tests.local.cos_wire import Answer, Wire


@dataclass(frozen=True)
class Preview:
    """A website bucket, as its publisher and as its visitors see it."""

    cloud: LocalCloud
    wire: Wire
    host: str

    def report(self, event: str, **values: Any) -> dict[str, Any]:
        """Send an event as the publisher does; the state that the cloud answers with."""
        answer = self.post({"bucket": self.wire.bucket, "event": event, **values})
        assert answer.status == 200, answer.body
        state: dict[str, Any] = json.loads(answer.body)
        return state

    def post(self, value: object, **headers: str) -> Answer:
        return self.ask("POST", "/-/live", body=json.dumps(value).encode(), Host=self.cloud.host,
                        **self.cloud.allowed, **headers)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=60)
        try:
            connection.request(method, path, body, {"Host": self.host, **headers})
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def get(self, path: str = "/", **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    @contextmanager
    def events(self) -> Iterator[Events]:
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=60)
        connection.request("GET", "/-/live/events", headers={"Host": self.host})
        got = connection.getresponse()
        assert (got.status, got.headers["Content-Type"]) == (200, "text/event-stream")
        try:
            yield Events(got)
        finally:
            got.close()
            connection.close()


@dataclass
class Events:
    answer: http.client.HTTPResponse

    def next(self) -> tuple[str, dict[str, Any]] | None:
        """The next event; None at the end of the stream."""
        name = ""
        while line := self.answer.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                return name, json.loads(value)
        return None


def preview_of(cloud: LocalCloud) -> Preview:
    wire = Wire(cloud, f"live-{uuid.uuid4().hex[:10]}-{cloud.app_id}")
    assert wire.call("PUT", headers={"x-cos-acl": "public-read"}).status == 200
    document = (b"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
                b"<ErrorDocument><Key>error.html</Key></ErrorDocument></WebsiteConfiguration>")
    assert wire.call("PUT", query={"website": ""}, body=document).status == 200
    return Preview(cloud, wire, f"{wire.bucket}.cos-website.{cloud.region}.localhost:{cloud.port}")
