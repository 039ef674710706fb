"""Custom domains through the program: certificate, DNS, edge, purge, removal. The official SDK says what is so."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Page, Sitepub, make_sitepub
from tests.edgeone_zone import made_zone

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("domains") / "data", "--pace", "0.05") as cloud:
        yield cloud


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


@pytest.fixture
def account(cloud: LocalCloud) -> Iterator[Account]:
    found = Account(cloud)
    yield found
    found.pace(0.05)
    found.switches(product_upgraded=False, service_activated=True, no_icp=[], owned_by_other=[],
                   quota={"url_day": 10_000, "path_day": 100})


@pytest.fixture
def zone(account: Account) -> str:
    """A zone of this test's own in the account's DNSPod."""
    name = f"e2e{next(_numbers)}-{os.getpid()}.com"
    account.zone(name)
    return name


@dataclass(frozen=True)
class Guest:
    """A visitor of a host on the embedded edge, who trusts the embedded authority and nobody else."""

    cloud: LocalCloud

    def get(self, url: str, path: str = "/", **headers: str) -> Page:
        scheme, _, host = url.partition("://")
        if scheme == "https":
            context = ssl.create_default_context(cafile=self.cloud.ca)
            connection: http.client.HTTPConnection = _Named(host, self.cloud.edge_https, context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.cloud.edge_http, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return Page(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


class _Named(http.client.HTTPConnection):
    """TLS to the edge's port, with the host's own name in the handshake."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=30)
        self._name, self._context = host, context

    def connect(self) -> None:
        self.sock = self._context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 30),
                                              server_hostname=self._name)


@pytest.fixture
def guest(cloud: LocalCloud) -> Guest:
    return Guest(cloud)


def cdn_domain(account: Account, host: str) -> Mapping[str, Any] | None:
    told = account.sdk("cdn", "DescribeDomainsConfig", {"Filters": [{"Name": "domain", "Value": [host]}]})
    return told["Domains"][0] if told["Domains"] else None


def certificates(account: Account, host: str) -> list[str]:
    told = account.sdk("ssl", "DescribeCertificates", {"SearchKey": host, "Limit": 100})
    return [one["CertificateId"] for one in told["Certificates"] if one["Domain"] == host]


def host_of(report: Mapping[str, Any], host: str) -> dict[str, Any]:
    [found] = [one for one in report["hosts"] if one["host"] == host]
    assert isinstance(found, dict)
    return found


def test_a_deploy_ends_with_the_host_serving_the_site_over_https(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest
) -> None:
    host = f"www.{zone}"
    site = make_site("first", {"index.html": "<h1>first</h1>", "error.html": "no", "site.css": "body{}"},
                     https={"certInfo": "auto", "http2": "on", "hsts": {"switch": "on", "maxAge": 60}},
                     hosts=[{"host": host, "forceRedirect": {}}])
    planned = program("plan", "--local", "--json", cwd=site.folder)
    assert planned.code == 0, planned.err
    assert [step["kind"] for step in host_of(planned.json, host)["steps"]] == ["certificate", "create", "dns"]
    assert cdn_domain(account, host) is None, "a plan changes nothing"

    report = program.deploy(site.folder)
    found = host_of(report, host)
    assert (found["status"], found["error"], found["waiting"]) == ("online", None, "")
    truth = cdn_domain(account, host)
    assert truth is not None and truth["Status"] == "online" and truth["Cname"] == found["cname"]
    assert account.records(zone, "www") == [("CNAME", found["cname"], "ENABLE")]

    page = guest.get(f"https://{host}")
    assert (page.status, page.body) == (200, b"<h1>first</h1>")
    assert page.headers["strict-transport-security"].startswith("max-age=60")
    redirect = guest.get(f"http://{host}", "/a")
    assert redirect.status == 301 and redirect.headers["location"].startswith(f"https://{host}")
    assert guest.get(f"https://{host}", "/site.css").headers["x-cache"] == "MISS"
    assert guest.get(f"https://{host}", "/site.css").headers["x-cache"] == "HIT"

    again = program("plan", "--local", "--json", "--detailed-exitcode", cwd=site.folder)
    assert (again.code, again.json["status"], host_of(again.json, host)["steps"]) == (0, "unchanged", [])
    looked = program("plan", "--local", "--json", "--detailed-exitcode", "--verify", cwd=site.folder)
    assert (looked.code, host_of(looked.json, host)["steps"]) == (0, [])

    site.write({"site.css": "body{color:red}"})
    changed = program.deploy(site.folder)
    assert host_of(changed, host)["purged"]["failed"] == ""
    assert guest.get(f"https://{host}", "/site.css").body == b"body{color:red}"

    info = program("info", "--local", "--json", cwd=site.folder).json
    shown = host_of(info, host)
    assert (shown["status"], shown["dns_right"], shown["https"]) == ("online", True, True)
    assert shown["points_to"][0] == found["cname"] and shown["certificate"]["days_left"] > 21
    assert shown["last_purge"]["what"]


CURL = shutil.which("curl")
HTTP2 = CURL is not None and "HTTP2" in subprocess.run([CURL, "-V"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not HTTP2, reason="a curl that speaks HTTP/2 is not installed")
def test_the_example_of_the_guide_is_served_over_http2_and_http_is_redirected(
    program: Sitepub, zone: str, cloud: LocalCloud, tmp_path: Path
) -> None:
    guide = (Path(__file__).parent.parent.parent / "docs/domains.md").read_text(encoding="utf-8")
    host = f"www.{zone}"
    example = guide.split("```yaml\n")[1].split("```")[0].replace("www.example.com", host)
    (tmp_path / "serverless.yml").write_text(example, encoding="utf-8")
    (tmp_path / "public").mkdir()
    for name, text in (("index.html", "<h1>old</h1>"), ("error.html", "no"), ("site.css", "body{}" * 100)):
        (tmp_path / "public" / name).write_text(text, encoding="utf-8")
    assert host_of(program.deploy(tmp_path), host)["status"] == "online"

    def curl(scheme: str, path: str, what: str) -> list[str]:
        port = cloud.edge_https if scheme == "https" else cloud.edge_http
        done = subprocess.run(
            [str(CURL), "-sS", "--noproxy", "*", "--http2", "--compressed", "--cacert", cloud.ca, "--resolve",
             f"{host}:{port}:127.0.0.1", "-o", str(tmp_path / "body"), "-w", what, f"{scheme}://{host}:{port}{path}"],
            capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.split()

    assert curl("https", "/", "%{http_version} %{http_code}") == ["2", "200"]
    assert curl("http", "/a?b", "%{http_code} %{redirect_url}")[0] == "301"
    assert curl("https", "/site.css", "%header{x-cache} %header{content-encoding}") == ["MISS", "br"]
    assert curl("https", "/site.css", "%header{x-cache}") == ["HIT"]
    (tmp_path / "public/index.html").write_text("<h1>new</h1>", encoding="utf-8")
    program.deploy(tmp_path)
    curl("https", "/", "")
    assert (tmp_path / "body").read_text() == "<h1>new</h1>"


def test_a_settled_host_costs_no_question_to_its_services(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    site = make_site("settled", hosts=[{"host": f"www.{zone}"}])
    program.deploy(site.folder)
    account.switches(service_activated=False)
    assert host_of(program.deploy(site.folder), f"www.{zone}")["status"] == "unchanged"
    refused = program("deploy", "--local", "--json", "--verify", cwd=site.folder)
    assert refused.code == 4 and refused.json["error"]["code"] == "ResourceNotFound.CdnUserNotExists"


def test_one_changed_setting_is_told_leaf_by_leaf_and_the_others_stay(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    site = make_site("leaf", hosts=[{"host": host, "seo": {"switch": "on"}}])
    program.deploy(site.folder)
    account.sdk("cdn", "UpdateDomainConfig", {"Domain": host, "IpFreqLimit": {"Switch": "on", "Qps": 7}})
    time.sleep(0.1)
    site.configure(hosts=[{"host": host, "seo": {"switch": "off"}}])
    steps = host_of(program("plan", "--local", "--json", cwd=site.folder).json, host)["steps"]
    assert [(step["kind"], step["details"]) for step in steps] == [
        ("update", [{"path": "Seo.Switch", "before": "on", "after": "off"}])]
    program.deploy(site.folder)
    truth = cdn_domain(account, host)
    assert truth is not None
    assert (truth["Seo"]["Switch"], truth["IpFreqLimit"]) == ("off", {"Switch": "on", "Qps": 7})


def test_a_domain_of_somebody_else_is_taken_only_with_a_yes_and_left_in_place_by_remove(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"shop.{zone}"
    account.sdk("cdn", "AddCdnDomain", {"Domain": host, "ServiceType": "web", "Origin": {
        "OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"}})
    time.sleep(0.2)
    cname = (cdn_domain(account, host) or {})["Cname"]
    account.add(zone, "shop", "CNAME", cname + ".")
    theirs = account.sdk("ssl", "ApplyCertificate", {"DvAuthMethod": "DNS_AUTO", "DomainName": host})["CertificateId"]
    time.sleep(0.2)
    site = make_site("guest", https="auto", hosts=[{"host": host}])
    refused = program("deploy", "--local", "--json", cwd=site.folder)
    assert (refused.code, refused.json["error"]["code"]) == (5, "HostsNotConfirmed")
    assert "old.example.net" in refused.json["error"]["message"]
    assert (cdn_domain(account, host) or {})["Origin"]["Origins"] == ["old.example.net"]

    program.deploy(site.folder, "--yes")
    truth = cdn_domain(account, host)
    assert truth is not None and truth["Origin"]["Origins"][0].startswith("guest-dev-")
    assert truth["Https"]["CertInfo"]["CertId"] == theirs, "a certificate that fits is used, whoever made it"

    removed = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0, removed.err
    assert any("stays" in words for words in removed.json["hosts"][0]["left"])
    assert cdn_domain(account, host) is not None
    assert certificates(account, host) == [theirs]
    assert account.records(zone, "shop") == [("CNAME", cname, "ENABLE")]


def test_remove_takes_away_all_that_was_made_and_nothing_else(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    account.add(zone, "mail", "A", "127.0.0.9")
    account.sdk("cdn", "AddCdnDomain", {"Domain": f"other.{zone}", "ServiceType": "web", "Origin": {
        "OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"}})
    site = make_site("gone", https="auto", hosts=[{"host": host}])
    program.deploy(site.folder)
    assert certificates(account, host)
    removed = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0, removed.err
    assert removed.json["hosts"] == [{"host": host, "edge": "cdn", "status": "removed", "left": [], "error": None}]
    assert cdn_domain(account, host) is None
    assert (certificates(account, host), account.records(zone, "www")) == ([], [])
    assert account.records(zone, "mail") == [("A", "127.0.0.9", "ENABLE")]
    assert cdn_domain(account, f"other.{zone}") is not None


def test_a_dropped_host_is_shown_and_taken_down_with_a_yes(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    stays, goes = f"a.{zone}", f"b.{zone}"
    site = make_site("dropped", hosts=[{"host": stays}, {"host": goes}])
    program.deploy(site.folder)
    site.configure(hosts=[{"host": stays}])
    planned = program("plan", "--local", "--json", cwd=site.folder).json
    [step] = host_of(planned, goes)["steps"]
    assert (step["kind"], step["destructive"], step["reason"]) == (
        "take down", True, "not in serverless.yml any more")
    assert program("deploy", "--local", "--json", cwd=site.folder).code == 5
    assert cdn_domain(account, goes) is not None
    report = program.deploy(site.folder, "--yes")
    assert host_of(report, goes)["status"] == "removed"
    assert cdn_domain(account, goes) is None and account.records(zone, "b") == []
    assert cdn_domain(account, stays) is not None
    assert [one["host"] for one in program.deploy(site.folder)["hosts"]] == [stays]


def test_a_host_moves_from_one_edge_to_another_and_is_gone_from_the_first(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest
) -> None:
    host = f"www.{zone}"
    site = make_site("moving", {"index.html": "here", "error.html": "no"}, https="auto", hosts=[{"host": host}])
    program.deploy(site.folder)
    site.configure(hosts=[{"host": host, "edge": "cos"}])
    report = program.deploy(site.folder, "--yes")
    assert [(one["edge"], one["status"]) for one in report["hosts"]] == [("cos", "online"), ("cdn", "removed")]
    assert cdn_domain(account, host) is None
    [(kind, value, _)] = account.records(zone, "www")
    assert kind == "CNAME" and ".cos-website." in value
    assert guest.get(f"https://{host}").body == b"here"
    assert account.records(zone, "@") == [], "the proof of ownership is not needed any more"
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"


@pytest.mark.parametrize("edge", ["edgeone", "cos"])
def test_the_other_edges_serve_a_host_with_https_too(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest, edge: str
) -> None:
    host = f"www.{zone}"
    if edge == "edgeone":
        made_zone(account.sdk, zone)
    site = make_site(f"on-{edge}", {"index.html": edge, "error.html": "no"}, https="auto",
                     hosts=[{"host": host, "edge": edge}])
    assert host_of(program.deploy(site.folder), host)["status"] == "online"
    assert guest.get(f"https://{host}").body == edge.encode()
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
    assert program("remove", "--local", "--json", "--yes", cwd=site.folder).code == 0
    assert account.records(zone, "www") == []


def test_a_host_that_is_live_elsewhere_has_https_from_the_moment_that_dns_leads_to_edgeone(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest
) -> None:
    host = f"www.{zone}"
    made_zone(account.sdk, zone)
    account.add(zone, "www", "A", "192.0.2.7")
    site = make_site("moving-in", {"index.html": "moved", "error.html": "no"}, https="auto",
                     hosts=[{"host": host, "edge": "edgeone"}])
    planned = program("plan", "--local", "--json", cwd=site.folder)
    [shown] = planned.json["hosts"]
    kinds = [step["kind"] for step in shown["steps"]]
    assert kinds == ["create", "certificate", "dns"]
    assert host_of(program.deploy(site.folder, "--yes"), host)["status"] == "online"
    assert guest.get(f"https://{host}").body == b"moved"
    assert account.records(zone, "www")[0][0] == account.records(zone, "_acme-challenge.www")[0][0] == "CNAME"
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
    assert program("remove", "--local", "--json", "--yes", cwd=site.folder).code == 0
    assert account.records(zone, "_acme-challenge.www") == []


def test_one_failing_host_does_not_hide_the_others(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    good, bad = f"good.{zone}", f"bad.{zone}"
    account.switches(no_icp=[bad])
    site = make_site("mixed", hosts=[{"host": bad}, {"host": good}])
    run = program("deploy", "--local", "--json", cwd=site.folder)
    error = run.json["error"]
    assert (run.code, error["code"]) == (4, "ResourceUnavailable.CdnHostNoIcp")
    assert bad in error["message"] and "ICP" in error["message"] and error["request_id"]
    assert cdn_domain(account, good) is not None and cdn_domain(account, bad) is None
    assert "purge" not in error["message"] + run.err, "what could not be created has nothing to be purged"
    account.switches(no_icp=[])
    assert host_of(program.deploy(site.folder), bad)["status"] == "online"


def test_an_account_without_classic_cdn_is_told_the_ways_out_and_the_site_is_live(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    account.switches(product_upgraded=True)
    site = make_site("upgraded", hosts=[{"host": f"www.{zone}"}])
    run = program("deploy", "--local", "--json", cwd=site.folder)
    assert (run.code, run.json["error"]["code"]) == (4, "OperationDenied.ProductUpgraded")
    assert "edge: edgeone" in run.json["error"]["message"] and "edge: cos" in run.json["error"]["message"]


def test_two_sites_do_not_get_the_same_host(program: Sitepub, make_site: MakeSite, zone: str) -> None:
    host = f"www.{zone}"
    first = make_site("owner", hosts=[{"host": host}])
    program.deploy(first.folder)
    second = make_site("latecomer", hosts=[{"host": host}])
    run = program("deploy", "--local", "--json", cwd=second.folder)
    assert (run.code, run.json["error"]["code"]) == (5, "HostClaimed")
    assert "owner" in run.json["error"]["message"] and run.json["error"]["line"] == 1
    nothing = program("info", "--local", "--json", cwd=second.folder)
    assert nothing.json["error"]["code"] == "NotDeployed", "refused before any remote change"
    assert program("remove", "--local", "--yes", cwd=first.folder).code == 0
    program.deploy(second.folder)


def test_a_site_in_another_region_does_not_get_the_host_either(program: Sitepub, make_site: MakeSite, zone: str
                                                               ) -> None:
    host = f"www.{zone}"
    first = make_site("southern", hosts=[{"host": host}], region="ap-guangzhou")
    program.deploy(first.folder)
    second = make_site("northern", hosts=[{"host": host}], region="ap-beijing")
    for command in ("plan", "deploy"):
        run = program(command, "--local", "--json", "--yes" if command == "deploy" else "--verify", cwd=second.folder)
        assert (run.code, run.json["error"]["code"]) == (5, "HostClaimed")
        assert "southern" in run.json["error"]["message"] and "in ap-guangzhou" in run.json["error"]["message"]
    program.deploy(first.folder)
    assert program("remove", "--local", "--yes", cwd=first.folder).code == 0
    program.deploy(second.folder)


@pytest.mark.parametrize(("hosts", "words"), [
    ([{"host": "a.com"}, {"host": "A.com."}], "stands here twice"),
    ([{"host": "*.a.com"}], "wildcard"),
    ([{"host": "not a name.com"}], "not a valid domain name"),
    ([{"host": "a.com", "https": {"certInfo": {"certificate": "missing.pem", "privateKey": "missing.key"}}}],
     "missing.pem"),
    ([{"host": "a.com", "edge": "cos", "seo": {"switch": "on"}}], "setting of the CDN"),
    ([{"host": "nowhere.example", "edge": "edgeone", "edgeone": {"plan": "personal"}}], "no EdgeOne plan 'personal'"),
])
def test_what_is_written_wrongly_is_refused_with_its_line_before_anything_is_changed(
    program: Sitepub, make_site: MakeSite, hosts: list[dict[str, Any]], words: str
) -> None:
    site = make_site("wrong", hosts=hosts)
    run = program("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 2, run.out
    error = run.json["error"]
    assert words in error["message"] and (error["file"], error["line"]) == ("serverless.yml", 1)
    site.configure(hosts=[])
    assert program("info", "--local", "--json", cwd=site.folder).json["error"]["code"] == "NotDeployed"


def test_no_wait_leaves_the_rest_to_the_next_deploy(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str
) -> None:
    host = f"www.{zone}"
    account.pace(3600)
    site = make_site("hasty", hosts=[{"host": host}])
    found = host_of(program.deploy(site.folder, "--no-wait"), host)
    assert found["status"] == "waiting" and "deploying" in found["waiting"]
    assert account.records(zone, "www")[0][0] == "CNAME"
    assert host_of(program.deploy(site.folder, "--no-wait"), host)["status"] == "waiting"
    account.pace(0)
    assert host_of(program.deploy(site.folder), host)["status"] in ("online", "unchanged")
    assert program("plan", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"


def test_a_record_of_somebody_elses_dns_is_told_exactly(
    program: Sitepub, make_site: MakeSite, account: Account
) -> None:
    zone = f"far{next(_numbers)}-{os.getpid()}.com"
    host = f"www.{zone}"
    account.zone_elsewhere(zone, [{"name": "@", "type": "A", "value": "127.0.0.3"}])
    account.sdk("cdn", "CreateVerifyRecord", {"Domain": host})
    proof = account.sdk("cdn", "CreateVerifyRecord", {"Domain": host})
    site = make_site("far", hosts=[{"host": host}])
    first = program("deploy", "--local", "--no-wait", cwd=site.folder)
    assert f"_cdnauth.{zone}" in first.err and proof["Record"] in first.err
    account.zone_elsewhere(zone, [{"name": "_cdnauth", "type": "TXT", "value": proof["Record"]}])
    second = program("deploy", "--local", cwd=site.folder)
    truth = cdn_domain(account, host)
    assert truth is not None and truth["Cname"] in second.err, "the CNAME to add"
    account.zone_elsewhere(zone, [{"name": "www", "type": "CNAME", "value": truth["Cname"]}])
    assert host_of(program.deploy(site.folder), host)["waiting"] == ""
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"


def test_a_certificate_that_waits_for_a_record_is_no_failure_and_goes_with_the_site(
    program: Sitepub, make_site: MakeSite, account: Account
) -> None:
    host = f"www.slow{next(_numbers)}-{os.getpid()}.com"
    site = make_site("proofless", https="auto", hosts=[{"host": host}])
    first = program("deploy", "--local", "--no-wait", cwd=site.folder)
    assert first.code == 0 and f"_dnsauth.{host}" in first.err and "purge" not in first.err
    assert certificates(account, host) and cdn_domain(account, host) is None
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert certificates(account, host) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("moment", range(6))
def test_a_setup_that_was_killed_is_finished_by_the_next_deploy(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest, moment: int
) -> None:
    host = f"www.{zone}"
    site = make_site("killed", {"index.html": "alive", "error.html": "no"}, https="auto", hosts=[{"host": host}])
    account.pace(0.3)
    process = program.start("deploy", "--local", "--json", cwd=site.folder)
    _until(lambda: _progress(account, zone, host) >= moment or process.poll() is not None)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.communicate()
    report = program.deploy(site.folder)
    assert host_of(report, host)["waiting"] == ""
    assert guest.get(f"https://{host}").body == b"alive"
    assert len(certificates(account, host)) == 1, "not one more than is needed"
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
    removal = program.start("remove", "--local", "--yes", cwd=site.folder)
    _until(lambda: (cdn_domain(account, host) or {}).get("Status") != "online" or removal.poll() is not None)
    with contextlib.suppress(ProcessLookupError):
        removal.send_signal(signal.SIGKILL)
    removal.communicate()
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert cdn_domain(account, host) is None
    assert (certificates(account, host), account.records(zone, "www")) == ([], [])


def _progress(account: Account, zone: str, host: str) -> int:
    """How far a setup has come: applied, issued, created, online, in DNS."""
    told = account.sdk("ssl", "DescribeCertificates", {"SearchKey": host, "Limit": 10})["Certificates"]
    domain = cdn_domain(account, host)
    return sum((bool(told), bool(told and told[0]["Status"] == 1), domain is not None,
                domain is not None and domain["Status"] == "online", bool(account.records(zone, "www"))))


def _until(happened: Any) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_killed_run_did_not_purge_the_next_one_does(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest
) -> None:
    host = f"www.{zone}"
    site = make_site("stale", {"index.html": "i", "error.html": "e", "a.css": "old"}, protocol="http",
                     hosts=[{"host": host}])
    program.deploy(site.folder)
    assert guest.get(f"http://{host}", "/a.css").body == b"old"
    site.write({"a.css": "new"})
    account.switches(quota={"url_day": 0, "path_day": 0})
    run = program("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 4 and "quota" in run.json["error"]["message"]
    assert guest.get(f"http://{host}", "/a.css").body == b"old"
    account.switches(quota={"url_day": 10_000, "path_day": 100})
    [step] = host_of(program("plan", "--local", "--json", cwd=site.folder).json, host)["steps"]
    assert step["kind"] == "purge"
    report = program.deploy(site.folder)
    assert report["changes"]["uploaded"] == 0 and host_of(report, host)["purged"]["failed"] == ""
    assert guest.get(f"http://{host}", "/a.css").body == b"new"
    assert program("plan", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"


def test_deploys_within_one_second_of_a_purge_still_purge_what_they_changed(
    program: Sitepub, make_site: MakeSite, zone: str, guest: Guest
) -> None:
    host = f"www.{zone}"
    site = make_site("quick", {"index.html": "i", "error.html": "e", "a.css": "0"}, protocol="http",
                     hosts=[{"host": host}])
    program.deploy(site.folder)
    for content in ("1", "2", "3"):
        guest.get(f"http://{host}", "/a.css")
        assert program("purge", "--local", "/index.html", cwd=site.folder).code == 0
        site.write({"a.css": content})
        assert host_of(program.deploy(site.folder), host)["purged"]["failed"] == ""
        assert guest.get(f"http://{host}", "/a.css").body == content.encode()
