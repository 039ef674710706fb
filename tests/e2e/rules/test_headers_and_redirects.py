"""The tables of docs/headers-and-redirects.md: each row is asked of a real host on each edge, by curl and by Chromium.

One site for each edge holds the rules of all rows, in the order of the page."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.site.address_rules.header_rules import RECOMMENDED
from tests.chromium import RunChromium
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.edgeone_zone import made_zone

PAGE = Path(__file__).parents[3] / "docs" / "headers-and-redirects.md"
FILES = {"index.html": "<h1>home</h1>", "404.html": "<h1>nothing here</h1>", "docs/index.html": "<h1>docs</h1>",
         "page.html": "<title>no</title><h1>page</h1><script>document.title = 'ran'</script>", "notes.txt": "notes",
         "assets/a.css": "a{}", "files/one.bin": "1", "blog/a/b.html": "<h1>b</h1>"}
EDGES = {"the bucket": "cos", "CDN": "cdn", "EdgeOne": "edgeone"}


def table(title: str) -> list[dict[str, str]]:
    """The rows of the table whose first column has this title."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {title} |"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in lines[start:] if line.startswith("|")][:_height(lines[start:])]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def _height(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@dataclass(frozen=True)
class Live:
    """The site with all rules, on one edge."""

    name: str
    host: str
    folder: Path
    program: Sitepub
    cloud: LocalCloud
    report: dict[str, Any]
    zone_id: str

    def curl(self, path: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and content, as curl sees them at the edge's port."""
        done = subprocess.run(
            ["curl", "-s", "-i", "--path-as-is", "--max-time", "30", "-H", f"Host: {self.host}",
             f"http://127.0.0.1:{self.cloud.edge_http}{path}"], capture_output=True, text=True, check=True)
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        return int(first.split()[1]), {line.partition(":")[0].lower(): line.partition(":")[2].strip()
                                       for line in lines}, body

    def refusal(self, file: str, line: int) -> str:
        """What the deploy said of a rule that cannot be done; "" when it said nothing."""
        return next((one for one in self.report["warnings"]
                     if re.search(rf"/{file}:{line}:\d+", one) and "cannot be" in one), "")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("rules") / "data", "--pace", "0") as cloud:
        yield cloud


def header_lines() -> dict[int, int]:
    """Row → line of its header in the file that :func:`header_file` makes."""
    return {number: 2 * number + 2 for number in range(len(table("in `_headers`")))}


def header_file() -> str:
    return "".join("{}\n  {}\n".format(*code(row["in `_headers`"])) for row in table("in `_headers`"))


def redirect_file(host: str) -> str:
    return "".join(code(row["in `_redirects`"])[0].replace("HOST", host) + "\n" for row in table("in `_redirects`"))


@pytest.fixture(scope="module")
def sites(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Live]:
    found = {}
    account, folder = Account(cloud), tmp_path_factory.mktemp("sites")
    program = make_sitepub(cloud, folder)
    for name, edge in EDGES.items():
        zone = f"rules-{edge}.com"
        account.zone(zone)
        zone_id = made_zone(account.sdk, zone)
        site = folder / edge
        for path, content in {**FILES, "_headers": header_file(), "_redirects": redirect_file(f"www.{zone}")}.items():
            (site / "src" / path).parent.mkdir(parents=True, exist_ok=True)
            (site / "src" / path).write_text(content, encoding="utf-8")
        configure(site, f"www.{zone}", edge, unsupportedRules="warn")
        report = program.deploy(site)
        found[name] = Live(name, f"www.{zone}", site, program, cloud, report, zone_id)
    return found


def configure(site: Path, host: str, edge: str, **inputs: Any) -> None:
    (site / "serverless.yml").write_text(json.dumps({
        "component": "website", "name": site.name, "inputs": {
            "src": "./src", "protocol": "http", "hosts": [{"host": host, "edge": edge}], **inputs}}))


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize(("number", "row"), list(enumerate(table("in `_headers`"))))
def test_headers(sites: dict[str, Live], number: int, row: dict[str, str], name: str) -> None:
    live = sites[name]
    header, _, value = code(row["in `_headers`"])[1].partition(": ")
    status, headers, _body = live.curl(code(row["asked"])[0])
    said = live.refusal("_headers", header_lines()[number])
    assert status == (200 if row["asked"] != "`/files/one.bin`" else status)
    if row[name] == "yes":
        assert not said
        if status == 200:
            assert value in headers[header.lower()], headers
        else:
            assert live.program("plan", "--local", "--json", cwd=live.folder).json["status"] == "unchanged"
    else:
        assert row[name] == "refused" and header in said
        assert headers.get(header.lower()) != value


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize(("number", "row"), list(enumerate(table("in `_redirects`"))))
def test_redirects(sites: dict[str, Live], number: int, row: dict[str, str], name: str) -> None:
    live, cell = sites[name], row[name]
    status, headers, body = live.curl(code(row["asked"])[0])
    said = live.refusal("_redirects", number + 1)
    target = code(row["leads to"])[0] if row["leads to"] else ""
    if cell == "refused":
        assert said and status == 404
    elif cell == "page":
        assert not said and status == 200
        assert f'<meta http-equiv="refresh" content="0; url={target}">' in body.replace("&amp;", "&")
        assert f'<link rel="canonical" href="{target}">' in body
    else:
        assert not said and status == int(cell), (status, body)
        if target:
            assert headers["location"] == (target if "://" in target else f"http://{live.host}{target}")
        elif status == 404:
            assert "nothing here" in body


@pytest.mark.parametrize("name", EDGES)
def test_neither_file_is_published_and_a_second_deploy_changes_nothing(sites: dict[str, Live], name: str) -> None:
    live = sites[name]
    assert [live.curl(path)[0] for path in ("/_headers", "/_redirects")] == [404, 404]
    assert live.program("plan", "--local", "--verify", "--json", cwd=live.folder).json["status"] == "unchanged"
    assert live.program("info", "--local", "--json", cwd=live.folder).json["drift"] == []


def test_a_browser_obeys_the_headers_and_follows_redirect_and_page(
    sites: dict[str, Live], chromium: RunChromium
) -> None:
    with chromium() as page:
        for name, title in (("CDN", "no"), ("EdgeOne", "no"), ("the bucket", "ran")):
            live = sites[name]
            root = live.report["url"] if name == "the bucket" else f"http://{live.host}.localhost:{live.cloud.edge_http}"
            page.open(f"{root}/page.html")
            assert page.evaluate("document.title") == title, "the policy forbids scripts where an edge can set it"
            page.open(f"{root}/old")
            assert page.evaluate("location.pathname") == "/docs/"
            page.open(f"{root}/search.html")
            page.wait_for("location.pathname == '/page.html'")
            assert page.evaluate("location.search + location.hash") == "?q=1#top"


def test_what_cannot_be_done_is_refused_before_anything_is_changed(sites: dict[str, Live]) -> None:
    live = sites["the bucket"]
    configure(live.folder, live.host, "cos")
    try:
        run = live.program("deploy", "--local", "--json", cwd=live.folder)
    finally:
        configure(live.folder, live.host, "cos", unsupportedRules="warn")
    assert run.code == 2
    places = {f"{Path(one['file']).name}:{one['line']}:{one['column']}" for one in run.json["error"]["problems"]
              if one['file']}
    refused = [number for number, row in enumerate(table("in `_redirects`")) if row["the bucket"] == "refused"]
    assert {f"_redirects:{number + 1}:1" for number in refused} <= places
    lines = header_lines()
    assert {f"_headers:{lines[number]}:3" for number, row in enumerate(table("in `_headers`"))
            if row["the bucket"] == "refused"} <= places


def test_the_table_of_recommended_headers_is_what_an_edge_sends(sites: dict[str, Live]) -> None:
    said = {code(row["header"])[0]: code(row["value"])[0] for row in table("header")}
    assert said == {one.name: one.value for one in RECOMMENDED}
    live = sites["EdgeOne"]
    headers = (live.folder / "src/_headers").read_text()
    configure(live.folder, live.host, "edgeone", securityHeaders="recommended", unsupportedRules="warn")
    live.program.deploy(live.folder)
    _status, sent, _body = live.curl("/docs/")
    assert {name: sent.get(name.lower()) for name in said} == {
        **said, "X-Frame-Options": "DENY", "Strict-Transport-Security": None}, "the file wins, and there is no HTTPS"
    assert (live.folder / "src/_headers").read_text() == headers


@pytest.mark.parametrize("name", ["CDN", "EdgeOne"])
def test_rules_that_go_are_taken_back_those_of_others_stay_and_rollback_brings_them_again(
    sites: dict[str, Live], name: str
) -> None:
    live, account = sites[name], Account(sites[name].cloud)
    theirs = {"HeaderMode": "set", "HeaderName": "X-Theirs", "HeaderValue": "1", "RuleType": "all", "RulePaths": ["*"]}
    if name == "CDN":
        there = cdn(account, live.host)["ResponseHeader"]
        account.sdk("cdn", "UpdateDomainConfig", {"Domain": live.host, "ResponseHeader": {
            "Switch": "on", "HeaderRules": [*there["HeaderRules"], theirs]}})
    else:
        account.sdk("teo", "CreateL7AccRules", {"ZoneId": live.zone_id, "Rules": [{
            "Status": "enable", "RuleName": "theirs", "Branches": [{
                "Condition": f"${{http.request.host}} in ['{live.host}']", "Actions": [{
                    "Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {
                        "HeaderActions": [{"Action": "set", "Name": "X-Theirs", "Value": "1"}]}}]}]}]})
    assert live.curl("/docs/")[1]["x-theirs"] == "1"
    full = (live.folder / "src/_headers").read_text(), (live.folder / "src/_redirects").read_text()
    (live.folder / "src/_headers").unlink()
    (live.folder / "src/_redirects").unlink()
    configure(live.folder, live.host, EDGES[name])
    plan = live.program("plan", "--local", "--json", cwd=live.folder).json
    assert "DENY" in json.dumps(plan["hosts"]), "the plan shows what goes"
    live.program.deploy(live.folder)
    _status, headers, _body = live.curl("/docs/")
    assert headers["x-theirs"] == "1" and not {"x-frame-options", "x-robots-tag"} & set(headers)
    assert live.curl("/old")[0] == 404
    run = live.program("rollback", "--local", "--yes", "--json", "--allow-delete", cwd=live.folder)
    assert run.code == 0, run.err
    _status, headers, _body = live.curl("/docs/")
    assert headers["x-theirs"] == "1" and headers["x-frame-options"] == "DENY"
    assert live.curl("/old")[0] == 302
    (live.folder / "src/_headers").write_text(full[0])
    (live.folder / "src/_redirects").write_text(full[1])


def cdn(account: Account, host: str) -> dict[str, Any]:
    found = account.sdk("cdn", "DescribeDomainsConfig", {"Filters": [{"Name": "domain", "Value": [host]}]})
    domain = found["Domains"][0]
    assert isinstance(domain, dict)
    return domain
