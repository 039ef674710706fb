"""The setup of a host broken at each of its calls in turn: the next deploy ends as an undisturbed one does, in the
zone, on the edge and among the certificates. Nothing that was only needed on the way stays."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import requests

from sitepub.actions.host_run import apply_hosts
from sitepub.cli.main import run
from sitepub.tencent.network.connection import ConnectionLost, Connections
from sitepub.terminal.terminal import Terminal
from tests.amount import times
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.edgeone_zone import made_zone

_numbers = itertools.count(1)
Break = Literal["error", "lost", "kill"]
"""``error``: this call fails, and so does what follows, as when the network is gone. ``lost``: it is carried out, its
answer does not come, and the network is gone. ``kill``: it is carried out, and the process is gone."""


class Killed(BaseException):
    """As after SIGKILL nothing can be done any more: every call of what tidies up raises it too."""


@dataclass
class Calls:
    """Every request of the process, from the moment that the hosts are begun with."""

    at: int | None = None
    how: Break = "error"
    counting: bool = False
    made: list[str] = field(default_factory=list)
    over: bool = False

    def before(self, what: str) -> None:
        if not self.counting:
            return
        if self.over:
            self._fail()
        self.made.append(what)
        if len(self.made) - 1 == self.at:
            self.over = True
            if self.how == "error":
                self._fail()

    def after(self) -> None:
        if self.counting and self.over:
            self._fail()

    def _fail(self) -> None:
        if self.how == "kill":
            raise Killed
        raise requests.ConnectionError("the network is gone")


@contextmanager
def watched(calls: Calls) -> Iterator[None]:
    """Both wires go through here; their own tries again find the network gone as well."""
    send, exchange, hosts = requests.Session.send, Connections.exchange, apply_hosts

    def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        action = request.headers.get("X-TC-Action")
        calls.before(action.decode() if isinstance(action, bytes) else str(action or f"{request.method} bucket"))
        answer = send(session, request, **more)
        calls.after()
        return answer

    def exchanged(connections: Connections, head: bytes, *given: Any, **more: Any) -> Any:
        try:
            calls.before(head.split(b" ", 1)[0].decode() + " object")
            answer = exchange(connections, head, *given, **more)
            calls.after()
            return answer
        except requests.ConnectionError as error:
            raise ConnectionLost("the network is gone") from error

    def begun(*given: Any, **more: Any) -> Any:
        calls.counting = True
        return hosts(*given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "send", sent)
        patch.setattr(Connections, "exchange", exchanged)
        patch.setattr("sitepub.actions.deploying.hosts_turn.apply_hosts", begun)
        patch.setattr("sitepub.tencent.network.retry.Backoff.wait", lambda *_given, **_more: 0.0)
        yield


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("broken") / "data", "--pace", "0", "--most-buckets", "10000") as cloud:
        Account(cloud).switches(quota={"free_certificates": 100_000})
        yield cloud


@dataclass
class Round:
    """One site with one host in a zone of its own."""

    program: Sitepub
    account: Account
    edge: str
    folder: Path
    zone: str

    @classmethod
    def of(cls, program: Sitepub, edge: str, tmp_path: Path) -> Round:
        number = next(_numbers)
        account, zone = Account(program.cloud), f"b{number}-{os.getpid()}.com"
        account.zone(zone)
        if edge == "edgeone":
            made_zone(account.sdk, zone)
        folder = tmp_path / f"site{number}"
        (folder / "src").mkdir(parents=True)
        (folder / "src/index.html").write_text("hello")
        (folder / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": f"s{number}",
            "inputs": {"src": "./src", "https": "auto", "hosts": [{"host": f"www.{zone}", "edge": edge}]}}))
        return cls(program, account, edge, folder, zone)

    def deploy(self, calls: Calls | None = None) -> int:
        with (self.folder / "said").open("w+") as out, (self.folder / "told").open("w+") as err:
            terminal = Terminal(stdout=out, stderr=err, environ=dict(self.program.environ))
            with watched(calls or Calls()):
                return run(["deploy", "--local", "--cwd", str(self.folder)], terminal)

    @property
    def told(self) -> str:
        return (self.folder / "told").read_text()

    def seen(self) -> dict[str, Any]:
        """What is there, with this round's own names taken out."""
        host = f"www.{self.zone}"
        records = self.account.sdk("dnspod", "DescribeRecordList", {"Domain": self.zone, "ErrorOnEmpty": "no"})
        made = sorted((one["Name"], one["Type"]) for one in records["RecordList"] if one["Type"] != "NS")
        ssl = self.account.sdk("ssl", "DescribeCertificates", {"SearchKey": host, "Limit": 100})
        found: dict[str, Any] = {
            "zone": made, "certificates": [one["Status"] for one in ssl["Certificates"] if one["Domain"] == host]}
        if self.edge == "cdn":
            there = self.account.sdk("cdn", "DescribeDomainsConfig", {
                "Filters": [{"Name": "domain", "Value": [host]}]})["Domains"]
            found["edge"] = [(one["Status"], one["Https"]["Switch"]) for one in there]
        elif self.edge == "edgeone":
            [zone] = self.account.sdk("teo", "DescribeZones", {
                "Filters": [{"Name": "zone-name", "Values": [self.zone]}]})["Zones"]
            there = self.account.sdk("teo", "DescribeAccelerationDomains", {"ZoneId": zone["ZoneId"]})
            found["edge"] = [one["DomainStatus"] for one in there["AccelerationDomains"]]
        return found


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


@pytest.mark.parametrize(("edge", "how"), [
    ("cos", "error"), ("cos", "lost"), ("cos", "kill"), ("cdn", "lost"), ("edgeone", "kill")])
def test_broken_at_any_call_the_next_deploy_ends_as_an_undisturbed_one(
    program: Sitepub, tmp_path: Path, edge: str, how: Break
) -> None:
    calm = Round.of(program, edge, tmp_path)
    calls = Calls()
    assert calm.deploy(calls) == 0, calm.told
    wanted = calm.seen()
    assert [type for _name, type in wanted["zone"]] == ["CNAME"], "no proof is left"
    if edge == "cos":
        assert any("CreateRecord" in one for one in calls.made), "its owner had to be proved"
    wrong: list[str] = []
    # After a call that only reads, the cloud is as it was before it: one kind of break tries those, too (a long run all
    # of them), and two others share the writes.
    writes = [at for at, what in enumerate(calls.made) if not what.startswith(("GET", "HEAD", "Describe"))]
    reads = [at for at in range(len(calls.made)) if at not in writes][::times(4, long=1)]
    share = {("cos", "lost"): sorted(writes + reads), ("cos", "error"): writes[::2], ("cos", "kill"): writes[1::2]}
    for at in share.get((edge, how), writes):
        broken = Round.of(program, edge, tmp_path)
        stop = Calls(at, how)
        try:
            code = broken.deploy(stop)
        except Killed:
            code = -9
        place = f"call {at} of {len(calls.made)} ({calls.made[at]}), ended with {code}"
        if (again := broken.deploy()) != 0:
            wrong.append(f"{place}: the next deploy ended with {again}: {broken.told}")
        elif (seen := broken.seen()) != wanted:
            wrong.append(f"{place}: {seen}")
    assert not wrong, f"wanted {wanted}\n" + "\n".join(wrong)
