"""Previews of a site with slots: folders of its bucket, below one wildcard domain, led by the router at the edge."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from sitepub.cli.main import run
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.terminal.terminal import Terminal
from tests.amount import AMOUNT, times
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Site, Sitepub
from tests.e2e.test_e2e_broken_hosts import Calls, Killed, watched
from tests.e2e.test_e2e_domains import Guest
from tests.edgeone_zone import made_zone, zones_named

NAME = "led.com"
HOST, BELOW = f"www.{NAME}", f"preview.{NAME}"
FILES = {"index.html": "<link rel=stylesheet href=/css/a.css><h1>live</h1>", "css/a.css": "live",
         "docs/index.html": "docs", "error.html": "no", "robots.txt": "Allow: /", "same.png": "picture"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("led") / "data", "--pace", "0") as cloud:
        account = Account(cloud)
        account.zone(NAME)
        made_zone(account.sdk, NAME, kind="dnsPodAccess")
        yield cloud


@pytest.fixture
def account(cloud: LocalCloud) -> Account:
    return Account(cloud)


@pytest.fixture
def guest(cloud: LocalCloud) -> Guest:
    return Guest(cloud)


@pytest.fixture
def bucket(cloud: LocalCloud) -> Iterator[CosObjectStore]:
    owner = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    store = CosObjectStore(owner, f"led-dev-{cloud.app_id}")
    yield store
    store.close()


def variables(account: Account) -> dict[str, Any]:
    """Routes by host, as the router's function has them."""
    [zone] = account.sdk("teo", "DescribeZones", {})["Zones"]
    functions = account.sdk("teo", "DescribeFunctions", {"ZoneId": zone["ZoneId"]})["Functions"]
    found = [] if not functions else account.sdk("teo", "DescribeFunctionRuntimeEnvironment", {
        "ZoneId": zone["ZoneId"], "FunctionId": functions[0]["FunctionId"]})["EnvironmentVariables"]
    routes = [json.loads(one["Value"]) for one in found]
    return {one["host"]: one for one in routes}


def set_variable(account: Account, name: str, value: Any) -> None:
    [zone] = account.sdk("teo", "DescribeZones", {})["Zones"]
    [function] = account.sdk("teo", "DescribeFunctions", {"ZoneId": zone["ZoneId"]})["Functions"]
    account.sdk("teo", "HandleFunctionRuntimeEnvironment", {
        "ZoneId": zone["ZoneId"], "FunctionId": function["FunctionId"], "Operation": "setEnvironmentVariable",
        "EnvironmentVariables": [{"Key": name, "Value": json.dumps(value), "Type": "string"}]})


def domains(account: Account) -> list[str]:
    [zone] = account.sdk("teo", "DescribeZones", {})["Zones"]
    return sorted(one["DomainName"] for one in account.sdk("teo", "DescribeAccelerationDomains", {
        "ZoneId": zone["ZoneId"], "Limit": 200})["AccelerationDomains"])


def make(make_site: MakeSite) -> Site:
    return make_site("led", FILES, hosts=[{"host": HOST, "edge": "edgeone"}], https="auto", releases={"slots": 2},
                     preview={"host": f"${{preview}}.{BELOW}"})


def test_two_previews_and_the_live_site_below_one_wildcard_domain(
    program: Sitepub, make_site: MakeSite, account: Account, guest: Guest, bucket: CosObjectStore
) -> None:
    site = make(make_site)
    early = program("deploy", "--preview", "a", "--local", cwd=site.folder)
    assert early.code == 5 and "is not live in stage dev" in early.err
    planned = program("plan", "--local", "--json", cwd=site.folder).json
    assert [one["host"] for one in planned["hosts"]] == [HOST, f"*.{BELOW}"]
    program.deploy(site.folder)
    assert domains(account) == [f"*.{BELOW}", HOST]
    assert [one[0] for one in account.records(NAME, "*.preview")] == ["CNAME"]
    gone = guest.get(f"https://a.{BELOW}")
    assert (gone.status, gone.headers["x-robots-tag"]) == (404, "noindex")

    site.write({"index.html": FILES["index.html"].replace("live", "new"), "css/a.css": "new",
                "_headers": "/css/*\n  X-Frame-Options: DENY\n  X-Robots-Tag: all\n"})
    planned = program("plan", "--preview", "a", "--local", "--json", cwd=site.folder).json
    assert [(one["kind"], one["summary"]) for one in planned["slots"]] == [
        ("lead visitors", f"lead a.{BELOW} to .sitepub/previews/a/ through *.{BELOW}")] and planned["hosts"] == []
    first = program.deploy(site.folder, "--preview", "a")
    assert program("plan", "--preview", "a", "--local", "--json", cwd=site.folder).json.get("slots", []) == []
    assert not any("download" in str(one) for one in first["warnings"])
    assert first["url"].startswith(f"https://a.{BELOW}.localhost:") and first["bucket"] == bucket.bucket
    assert (first["changes"]["copied"], first["changes"]["uploaded"]) == (3, 3), "only what the site lacks is sent"
    assert domains(account) == [f"*.{BELOW}", HOST] and account.records(NAME, "a.preview") == []
    (site.folder / "src/_headers").unlink()
    site.write({"index.html": "b"})
    program.deploy(site.folder, "--preview", "b")

    def page(name: str, path: str = "/") -> bytes:
        return guest.get(f"https://{name}.{BELOW}", path).body

    assert b"<h1>new" in page("a") and page("a", "/css/a.css") == b"new" and page("a", "/docs/") == b"docs"
    assert page("b") == b"b" and guest.get(f"https://{HOST}").body == FILES["index.html"].encode()
    missing = guest.get(f"https://a.{BELOW}", "/nothing")
    assert (missing.status, missing.body, missing.headers["x-robots-tag"]) == (404, b"no", "noindex")
    assert page("a", "/robots.txt") == b"User-agent: *\nDisallow: /\n"
    assert guest.get(f"https://{HOST}", "/robots.txt").body == b"Allow: /"
    for path in ("/docs", "/docs/?x=1", "/same.png"):
        assert guest.get(f"https://a.{BELOW}", path).status == guest.get(f"https://{HOST}", path).status
    styled = guest.get(f"https://a.{BELOW}", "/css/a.css").headers
    assert (styled["x-frame-options"], styled["x-robots-tag"]) == ("DENY", "noindex")
    assert "x-frame-options" not in guest.get(f"https://b.{BELOW}", "/css/a.css").headers
    assert "content-disposition" not in guest.get(f"https://a.{BELOW}").headers
    found = {one["name"]: one for one in program("previews", "--local", "--json", cwd=site.folder).json["previews"]}
    assert found["a"]["hosts"] == [f"a.{BELOW}"] and found["a"]["url"] == first["url"]

    site.write({"css/a.css": "newer", "index.html": FILES["index.html"].replace("live", "newer")})
    program.deploy(site.folder, "--preview", "a")
    assert page("a", "/css/a.css") == b"newer", "nothing has to be purged"
    same = program.deploy(site.folder, "--preview", "a")
    assert same["release"] == variables(account)[f"a.{BELOW}"]["live"]["release"] and same["changes"]["uploaded"] == 0

    here = program("preview", "open", "a", "--no-browser", "--local", "--json", cwd=site.folder).json
    assert guest.get(f"http://{urlsplit(here['url']).netloc}", "/css/a.css").body == b"newer"

    promoted = program("promote", "--preview", "a", "--local", "--json", "--yes", cwd=site.folder)
    assert promoted.code == 0, promoted.err
    assert b"<h1>newer" in guest.get(f"https://{HOST}").body
    assert guest.get(f"https://{HOST}", "/robots.txt").body == b"Allow: /"
    short = program.deploy(site.folder, "--preview", "b", "--expires", "1s")["preview"]["expires"]
    time.sleep(max(0.0, datetime.fromisoformat(short).timestamp() - time.time() + 0.1))
    orphan = {"host": f"lost.{BELOW}", "site": "led/dev/led/lost", "live": {"path": "x/", "release": "r"}}
    set_variable(account, f"SITE_lost_{BELOW.replace('.', '_')}", orphan)
    pruned = program("previews", "prune", "--local", "--json", cwd=site.folder).json
    assert [one["name"] for one in pruned["removed"]] == ["b"] and pruned["removed"][0]["left"] == []
    assert guest.get(f"https://b.{BELOW}").status == 404 and b"<h1>newer" in page("a")
    assert not {f"b.{BELOW}", f"lost.{BELOW}"} & variables(account).keys()
    assert not list(bucket.list(".sitepub/previews/b/"))

    refused = program("remove", "--local", cwd=site.folder)
    assert refused.code == 5 and "the preview a" in refused.err and ".sitepub/previews/" not in refused.err
    removed = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0, removed.err
    assert removed.json["previews"] == ["a"] and removed.json["left"] == []
    assert variables(account) == {} and domains(account) == [] and account.records(NAME, "*.preview") == []


def other(make_site: MakeSite, name: str, **preview: Any) -> Site:
    """A site of its own in the same zone."""
    return make_site(name, {"index.html": "live", "error.html": "no"}, protocol="http", releases={"slots": 2},
                     hosts=[{"host": f"{name}.{NAME}", "edge": "edgeone"}],
                     preview={"host": f"${{preview}}.{name}-p.{NAME}", "https": "off", **preview})


def test_killed_between_publishing_and_its_route_the_next_run_leads_visitors_there(
    program: Sitepub, make_site: MakeSite, account: Account, guest: Guest
) -> None:
    site = other(make_site, "kill")
    program.deploy(site.folder)
    words = ("deploy", "--preview", "new", "--local", "--cwd", str(site.folder))

    def deploy(calls: Calls) -> int:
        terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO(), environ=dict(program.environ))
        with watched(calls):
            return run([*words], terminal)

    assert deploy(Calls()) == 0
    site.write({"index.html": "first"})
    whole = Calls(counting=True)
    assert deploy(whole) == 0
    last = len(whole.made) - whole.made[::-1].index("HandleFunctionRuntimeEnvironment") - 1
    assert any(one == "PUT object" for one in whole.made[:last]) and "CreateAccelerationDomain" not in whole.made
    host = f"new.kill-p.{NAME}"
    for number, at in enumerate(range(last - 6, len(whole.made), times(3, quick=5, long=1))):
        site.write({"index.html": f"version {number}"})
        before = guest.get(f"http://{host}").body
        with pytest.raises(Killed):
            deploy(Calls(at, "kill", counting=True))
        seen = guest.get(f"http://{host}").body
        assert seen in (before, f"version {number}".encode())
        if at % 2:
            site.write({"index.html": f"version {number} again"})
        assert deploy(Calls()) == 0
        assert guest.get(f"http://{host}").body == (site.folder / "src/index.html").read_bytes()
        [one] = program("previews", "--local", "--json", cwd=site.folder).json["previews"]
        assert variables(account)[host]["live"]["release"] == one["release"]["id"]
    gone = program("previews", "remove", "new", "--local", "--json", "--yes", cwd=site.folder)
    assert gone.code == 0 and host not in variables(account) and guest.get(f"http://{host}").status == 404
    assert program("stages", "--local", "--json", cwd=site.folder).json["stages"][0]["hosts"] == [f"kill.{NAME}"]
    file = site.folder / "serverless.yml"
    written = yaml.safe_load(file.read_text())
    del written["inputs"]["preview"]
    file.write_text(json.dumps(written))
    program.deploy(site.folder, "--yes")
    assert f"*.kill-p.{NAME}" not in (*domains(account), *variables(account)), "the domain goes with `preview.host`"


def test_previews_that_do_not_fit_or_would_take_anothers_host_are_refused_before_anything_is_uploaded(
    program: Sitepub, make_site: MakeSite, account: Account, cloud: LocalCloud
) -> None:
    site = other(make_site, "full")
    program.deploy(site.folder)
    [zone] = account.sdk("teo", "DescribeZones", {})["Zones"]
    where = {"ZoneId": zone["ZoneId"], "FunctionId": account.sdk("teo", "DescribeFunctions", {
        "ZoneId": zone["ZoneId"]})["Functions"][0]["FunctionId"]}
    more = [{"Key": f"SITE_x{number}_{NAME.replace('.', '_')}", "Value": "{}", "Type": "string"}
            for number in range(64 - len(variables(account)))]
    account.sdk("teo", "HandleFunctionRuntimeEnvironment", {
        **where, "Operation": "setEnvironmentVariable", "EnvironmentVariables": more})
    refused = program("deploy", "--preview", "a", "--local", "--json", cwd=site.folder)
    assert (refused.code, refused.json["error"]["code"]) == (5, "TooManyPreviews"), refused.err
    assert "64 variables" in refused.json["error"]["message"] and "previews prune" in refused.json["error"]["hint"]
    planned = program("plan", "--preview", "a", "--local", "--json", cwd=site.folder)
    assert "no room" in planned.json["refusal"]["message"]
    account.sdk("teo", "HandleFunctionRuntimeEnvironment", {
        **where, "Operation": "deleteEnvironmentVariable", "EnvironmentVariables": more})
    taken = f"b.full-p.{NAME}"
    account.sdk("teo", "CreateAccelerationDomain", {"ZoneId": zone["ZoneId"], "DomainName": taken, "OriginInfo": {
        "OriginType": "IP_DOMAIN", "Origin": "192.0.2.1"}})
    refused = program("deploy", "--preview", "b", "--local", "--json", cwd=site.folder)
    assert (refused.code, refused.json["error"]["code"]) == (5, "HostTaken")
    assert program("previews", "--local", "--json", cwd=site.folder).json["previews"] == []
    store = CosObjectStore(Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region,
                                 cloud.address), f"full-dev-{cloud.app_id}")
    assert list(store.list(".sitepub/previews/")) == []
    store.close()
    where = {"ZoneId": zone["ZoneId"], "DomainNames": [taken]}
    account.sdk("teo", "ModifyAccelerationDomainStatuses", {**where, "Status": "offline"})
    account.sdk("teo", "DeleteAccelerationDomains", where)


def test_where_there_is_no_wildcard_domain_each_preview_has_one_of_its_own(
    program: Sitepub, make_site: MakeSite, account: Account, guest: Guest
) -> None:
    site = other(make_site, "own", https="auto")
    account.switches(edgeone_without_wildcards=True)
    try:
        first = program.deploy(site.folder)
    finally:
        account.switches(edgeone_without_wildcards=False)
    said = next(one for one in first["hosts"] if one["host"] == f"*.own-p.{NAME}")
    assert said["status"] == "unchanged" and "each preview gets a domain of its own" in said["done"][0]
    site.write({"index.html": "new"})
    shown = program.deploy(site.folder, "--preview", "a")
    host = f"a.own-p.{NAME}"
    assert [(one["host"], one["status"]) for one in shown["hosts"]] == [(host, "online")]
    assert "gets a domain of its own" in " ".join(map(str, shown["warnings"]))
    page = guest.get(f"https://{host}")
    assert (page.status, page.body, page.headers["x-robots-tag"]) == (200, b"new", "noindex")
    assert host in domains(account) and shown["bucket"].startswith("own-dev-")
    assert program.deploy(site.folder, "--verify")["hosts"] and f"*.own-p.{NAME}" in domains(account)
    again = program.deploy(site.folder, "--preview", "a")
    assert [(one["host"], one["status"]) for one in again["hosts"]] == [(host, "unchanged")], "it keeps its domain"
    below = program.deploy(site.folder, "--preview", "b")
    assert below["hosts"] == [] and guest.get(f"https://b.own-p.{NAME}").body == b"new"
    gone = program("previews", "remove", "a", "--local", "--json", "--yes", cwd=site.folder)
    assert gone.code == 0 and host not in domains(account), gone.err
    assert (guest.get(f"https://{host}").status, guest.get(f"https://b.own-p.{NAME}").status) == (404, 200)
    removed = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0 and removed.json["previews"] == ["b"], removed.err
    assert not any("own" in one for one in (*variables(account), *domains(account)))


@pytest.mark.parametrize("slots", [2, 1] if AMOUNT == "long" else [2])
def test_previews_make_one_zone_for_domains_of_their_own_in_the_plan_that_is_named_and_the_last_one_takes_it_away(
    program: Sitepub, make_site: MakeSite, account: Account, guest: Guest, slots: int
) -> None:
    zone, name = f"fresh{slots}.com", f"fresh{slots}"
    account.zone(zone)
    site = other(make_site, name, host=f"p-${{preview}}.{zone}", edge="edgeone", edgeone={"plan": "plan-basic"})
    if slots == 1:
        file = site.folder / "serverless.yml"
        written = yaml.safe_load(file.read_text())
        del written["inputs"]["releases"]
        file.write_text(json.dumps(written))
    program.deploy(site.folder)
    account.switches(plans=[{"id": "edgeone-p", "type": "plan-personal"}, {"id": "edgeone-b", "type": "plan-basic"}])
    try:
        planned = program("plan", "--preview", "a", "--local", cwd=site.folder)
        assert f"create the EdgeOne zone {zone} in the plan edgeone-b (basic)" in planned.out
        for preview in ("a", "b"):
            site.write({"index.html": preview})
            program.deploy(site.folder, "--preview", preview)
        for preview in ("a", "b"):
            assert guest.get(f"http://p-{preview}.{zone}").body == preview.encode()
        for preview, left in (("a", 1), ("b", 0)):
            gone = program("previews", "remove", preview, "--local", "--json", "--yes", cwd=site.folder)
            assert gone.code == 0, gone.err
            assert len(zones_named(account.sdk, zone)) == left, preview
        assert account.records(zone, "p-a") == [] and account.records(zone, "p-b") == []
    finally:
        account.switches(plans=[{}])
    removed = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0 and removed.json["left"] == [], removed.err
