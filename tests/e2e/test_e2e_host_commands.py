"""Certificates, purges and prefetches of a deployed site, with the commands for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.domains.openssl import Authority, needs_openssl
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.local.edge_wire import curl


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("hosts") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def account(cloud: LocalCloud) -> Iterator[Account]:
    found = Account(cloud)
    yield found
    found.pace(0)
    found.switches(quota={"url_day": 10_000, "path_day": 100, "push_day": 1_000})


@pytest.fixture
def sitepub(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


def make_project(folder: Path, name: str, hosts: str) -> Path:
    site = folder / "site"
    (site / "about").mkdir(parents=True)
    for page in ("index.html", "about/index.html", "other.html"):
        (site / page).write_text("<h1>one</h1>")
    (folder / "serverless.yml").write_text(
        f"component: website\nname: {name}\ninputs:\n  src: ./site\n"
        "  headers: [{files: '**', set: {Cache-Control: max-age=600}}]\n"
        f"  hosts:\n{hosts}")
    return folder


def host_lines(host: str, *more: str) -> str:
    lines = [f"    - host: {host}", *(f"      {line}" for line in more)]
    return "\n".join([*lines, ""])


CACHED = "cache: {ruleCache: [{rulePaths: ['*'], ruleType: all, cacheConfig: {cache: {switch: on, cacheTime: 600}}}]}"


def hosts_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["host"]: one for one in told["hosts"]}


def test_certificates_are_listed_and_renewed_when_they_are_due(sitepub: Sitepub, account: Account, tmp_path: Path
                                                               ) -> None:
    account.zone("certs-e2e.com")
    host = "www.certs-e2e.com"
    folder = make_project(tmp_path, "certs", host_lines(host, "https: auto")
                          + host_lines("plain.certs-e2e.com"))
    before = sitepub("certs", "--local", "--json", cwd=folder).json
    assert [(one["status"], one["certificate"], one["due"]) for one in before["hosts"]] == [
        ("not there", None, True), ("not there", None, False)]
    sitepub.deploy(folder)
    listed = sitepub("certs", "--local", "--json", cwd=folder)
    assert listed.code == 0, listed.err
    first = hosts_of(listed.json)[host]
    assert (first["status"], first["source"], first["due"], first["made_by_sitepub"]) == ("online", "auto", False, True)
    assert first["names"] == [host] and first["days_left"] > 60 and first["issuer"]
    assert first["certificate"] == account.sdk("ssl", "DescribeCertificates", {"SearchKey": host})[
        "Certificates"][0]["CertificateId"]
    plain = hosts_of(listed.json)["plain.certs-e2e.com"]
    assert (plain["certificate"], plain["due"]) == (None, False)
    shown = sitepub("certs", "--local", cwd=folder)
    assert host in shown.out and first["certificate"] in shown.out and str(first["days_left"]) in shown.out
    # Nothing is due: nothing is done.
    again = sitepub("certs", "--local", "--renew", "--json", cwd=folder).json
    assert (again["status"], again["renewed"]) == ("unchanged", [])


@needs_openssl
def test_a_due_certificate_is_replaced_and_a_strangers_stays(sitepub: Sitepub, account: Account, tmp_path: Path
                                                             ) -> None:
    account.zone("due-e2e.com")
    host = "www.due-e2e.com"
    folder = make_project(tmp_path, "due", host_lines(host, "https: auto"))
    sitepub.deploy(folder)
    first = hosts_of(sitepub("certs", "--local", "--json", cwd=folder).json)[host]["certificate"]
    # Somebody binds one of their own that does not last, and deletes ours.
    (tmp_path / "ca").mkdir()
    authority = Authority(tmp_path / "ca")
    leaf = authority.leaf("short", host, days=10)
    theirs = account.sdk("ssl", "UploadCertificate", {
        "CertificatePublicKey": authority.chain(leaf), "CertificatePrivateKey": leaf.key_pem})["CertificateId"]
    account.sdk("cdn", "UpdateDomainConfig", {"Domain": host, "Https": {
        "Switch": "on", "CertInfo": {"CertId": theirs}}})
    account.sdk("ssl", "DeleteCertificate", {"CertificateId": first})
    due = hosts_of(sitepub("certs", "--local", "--json", cwd=folder).json)[host]
    assert (due["certificate"], due["due"], due["made_by_sitepub"]) == (theirs, True, False)
    assert due["days_left"] < 21
    assert "sitepub certs --renew" in sitepub("certs", "--local", cwd=folder).out
    done = sitepub("certs", "--local", "--renew", "--json", cwd=folder)
    assert done.code == 0, done.err
    second = hosts_of(done.json)[host]
    assert done.json["renewed"] == [host] and second["certificate"] not in (first, theirs)
    assert second["days_left"] > 60 and second["made_by_sitepub"]
    config = account.sdk("cdn", "DescribeDomainsConfig", {"Filters": [{"Name": "domain", "Value": [host]}]})
    assert config["Domains"][0]["Https"]["CertInfo"]["CertId"] == second["certificate"]
    ids = {one["CertificateId"] for one in account.sdk("ssl", "DescribeCertificates", {"SearchKey": host})[
        "Certificates"]}
    assert ids == {theirs, second["certificate"]}


def test_a_purge_by_hand_and_what_a_deploy_left_over(sitepub: Sitepub, account: Account, cloud: LocalCloud,
                                                     tmp_path: Path) -> None:
    account.zone("purge-e2e.com")
    host = "www.purge-e2e.com"
    folder = make_project(tmp_path, "purge", host_lines(host, CACHED))
    sitepub.deploy(folder)

    def body(path: str) -> bytes:
        return curl(cloud, f"http://{host}{path}").body

    assert body("/about/") == body("/other.html") == b"<h1>one</h1>"
    # The quota is used up when the next deploy wants to purge: told, remembered, and done by hand later.
    account.switches(quota={"url_day": 0, "path_day": 0})
    (folder / "site/about/index.html").write_text("<h1>two</h1>")
    failed = sitepub("deploy", "--local", "--json", cwd=folder)
    assert failed.code == 4 and "purge quota" in failed.out
    assert body("/about/") == b"<h1>one</h1>"
    account.switches(quota={"url_day": 10_000, "path_day": 100})
    done = sitepub("purge", "--local", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert [(one["host"], one["addresses"], one["done"]) for one in done.json["hosts"]] == [(host, 3, True)]
    assert body("/about/") == b"<h1>two</h1>"
    assert sitepub("purge", "--local", "--json", cwd=folder).json["status"] == "unchanged"
    told = sitepub("info", "--local", "--json", cwd=folder).json
    assert told["hosts"][0]["last_purge"]["what"] == "3 addresses"
    # Named pages, a folder, everything, and a mistake.
    done = sitepub("purge", "/about/", "other.html", "/x/*", "--local", "--json", cwd=folder)
    assert [(one["addresses"], one["folders"]) for one in done.json["hosts"]] == [(4, 1)]
    assert sitepub("purge", "--all", "--local", "--json", cwd=folder).json["hosts"][0]["everything"]
    wrong = sitepub("purge", "https://b.example/x", "--local", cwd=folder)
    assert wrong.code == 2 and "not one of the project's hosts" in wrong.err
    assert sitepub("purge", "/x", "--all", "--local", cwd=folder).code == 2


def test_pages_are_warmed(sitepub: Sitepub, account: Account, tmp_path: Path) -> None:
    account.zone("warm-e2e.com")
    host = "www.warm-e2e.com"
    folder = make_project(tmp_path, "warm", host_lines(host, CACHED))
    sitepub.deploy(folder)
    done = sitepub("warm", "--local", "--json", cwd=folder)
    assert done.code == 0, done.err
    [told] = done.json["hosts"]
    pushed = account.sdk("cdn", "DescribePushTasks", {"TaskId": told["tasks"][0]})["PushLogs"]
    assert sorted(one["Url"] for one in pushed) == [
        f"http://{host}/", f"http://{host}/about/", f"http://{host}/other.html"]
    done = sitepub("warm", "/about/", f"https://{host}/other.html", "--local", "--json", cwd=folder)
    assert [one["addresses"] for one in done.json["hosts"]] == [2]
    account.switches(quota={"push_day": 0})
    failed = sitepub("warm", "--local", cwd=folder)
    assert failed.code == 1 and "prefetches are used up" in failed.err
    assert sitepub("warm", "/x/*", "--local", cwd=folder).code != 0


def test_a_project_without_hosts_has_nothing_to_do(sitepub: Sitepub, tmp_path: Path) -> None:
    folder = make_project(tmp_path, "bare", "    []\n")
    for command in ("certs", "purge", "warm"):
        run = sitepub(command, "--local", cwd=folder)
        assert run.code == 0 and run.out, run.err


def test_a_promotion_purges_what_changed_and_leaves_the_hosts_as_they_are(
        sitepub: Sitepub, account: Account, cloud: LocalCloud, tmp_path: Path) -> None:
    account.zone("promote-e2e.com")
    host = "www.promote-e2e.com"
    folder = make_project(tmp_path, "promoted", "")
    text = (folder / "serverless.yml").read_text().removesuffix("  hosts:\n")
    (folder / "serverless.yml").write_text(
        f"{text}stages:\n  prod:\n    inputs:\n      hosts:\n        - host: {host}\n          {CACHED}\n")
    sitepub.deploy(folder, "--stage", "prod")
    assert b"one" in curl(cloud, f"http://{host}/other.html").body
    before = account.sdk("cdn", "DescribeDomainsConfig", {})["Domains"]
    (folder / "site" / "other.html").write_text("<h1>two</h1>")
    sitepub.deploy(folder, "--stage", "testing")
    assert b"one" in curl(cloud, f"http://{host}/other.html").body, "it is cached"
    done = sitepub("promote", "testing", "--local", "--json", cwd=folder)
    assert done.code == 0 and "hosts are left as they are" in done.err, done.err
    assert [step["kind"] for step in hosts_of(done.json)[host]["steps"]] == ["purge"]
    assert b"two" in curl(cloud, f"http://{host}/other.html").body
    assert account.sdk("cdn", "DescribeDomainsConfig", {})["Domains"] == before


def test_a_host_whose_setup_is_not_finished_has_no_cache_to_purge(sitepub: Sitepub, account: Account, tmp_path: Path
                                                                  ) -> None:
    account.zone("unready-e2e.com")
    folder = make_project(tmp_path, "unready", host_lines("www.unready-e2e.com", CACHED)
                          + host_lines("eo.unready-e2e.com", "edge: edgeone"))
    for words in (("purge", "--all"), ("purge", "/about/"), ("warm", "/about/")):
        refused = sitepub(*words, "--local", cwd=folder)
        assert refused.code == 1
        lines = [line for line in refused.err.splitlines() if "e2e.com: " in line]
        assert [line.partition(" (")[0] for line in lines] == [
            f"  {host}.unready-e2e.com: this host is not set up yet, and so has no cache: no deploy has set it up"
            for host in ("www", "eo")], refused.err
        assert "hint: run sitepub deploy: it sets up the hosts" in refused.err
        assert "credentials" not in refused.err
