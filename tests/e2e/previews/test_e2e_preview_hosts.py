"""Previews with a host of their own, on each edge: address, certificate, noindex, and nothing that stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sitepub.errors import NotFound
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.domains.account import Account
from tests.domains.openssl import Authority, Pair, needs_openssl
from tests.e2e.conftest import MakeSite, Site, Sitepub
from tests.e2e.test_e2e_domains import Guest, account, cdn_domain, certificates, cloud, guest, zone
from tests.edgeone_zone import made_zone

__all__ = ["account", "cloud", "guest", "zone"]
FILES = {"index.html": "<link rel=stylesheet href=/a.css><h1>new</h1>", "error.html": "no", "a.css": "h1{}"}


@pytest.fixture
def states(cloud: LocalCloud) -> Iterator[CosObjectStore]:
    owner = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    store = CosObjectStore(owner, f"sitepub-state-{cloud.region}-{cloud.app_id}")
    yield store
    store.close()


def wildcard(account: Account, cloud: LocalCloud, name: str, folder: Path) -> str:
    """A certificate for ``*.name`` in the account, of an authority that browsers trust."""
    issuing = Pair(cloud.data / "ca-issuing.pem", cloud.data / "ca-issuing.key")
    leaf = Authority(folder).leaf("wild", f"*.{name}", signer=issuing, days=80)
    return str(account.sdk("ssl", "UploadCertificate", {
        "CertificatePublicKey": leaf.pem + issuing.pem, "CertificatePrivateKey": leaf.key_pem})["CertificateId"])


def preview_of(zone: str, **more: Any) -> dict[str, Any]:
    return {"host": f"${{preview}}.preview.{zone}", **more}


def left_of(states: CosObjectStore, site: Site, host: str) -> list[str]:
    """What the state bucket still holds of previews and of their host."""
    try:
        return [one.key for one in states.list()
                if one.key.startswith(f"{site.name}/dev/{site.name}/previews/") or host in one.key]
    except NotFound:
        return []  # it was the last site


@needs_openssl
def test_a_preview_has_a_host_with_the_wildcard_certificate_of_the_account_and_leaves_nothing(
    program: Sitepub, make_site: MakeSite, account: Account, cloud: LocalCloud, zone: str, guest: Guest,
    states: CosObjectStore, tmp_path: Path
) -> None:
    id, host = wildcard(account, cloud, f"preview.{zone}", tmp_path), f"new.preview.{zone}"
    files = {**FILES, "_headers": "/*\n  X-Robots-Tag: all\n  X-Frame-Options: DENY\n"}
    site = make_site("pv-host", files, preview=preview_of(zone), hosts=[{"host": f"www.{zone}"}])
    planned = program("plan", "--preview", "new", "--local", "--json", cwd=site.folder)
    assert [one["host"] for one in planned.json["hosts"]] == [host], planned.err
    report = program.deploy(site.folder, "--preview", "new")
    [shown] = report["hosts"]
    assert (shown["host"], shown["status"]) == (host, "online")
    assert shown["certificate"]["id"] == id and certificates(account, host) == []
    assert report["url"].startswith(f"https://{host}.localhost:"), "its address is the host"
    page = guest.get(f"https://{host}")
    assert page.status == 200 and b"<h1>new" in page.body
    assert page.headers["x-robots-tag"] == "noindex" and page.headers["x-frame-options"] == "DENY"
    assert "content-disposition" not in page.headers
    assert guest.get(f"https://{host}", "/a.css").headers["x-robots-tag"] == "noindex"
    assert b"Disallow: /" in guest.get(f"https://{host}", "/robots.txt").body
    assert cdn_domain(account, f"www.{zone}") is None, "the site's own host is none of its business"
    assert program.deploy(site.folder, "--preview", "new")["hosts"][0]["status"] == "unchanged"

    site.write({"a.css": "h1{color:red}"})
    changed = program.deploy(site.folder, "--preview", "new")
    assert changed["hosts"][0]["purged"]["failed"] == ""
    assert guest.get(f"https://{host}", "/a.css").body == b"h1{color:red}"
    [one] = program("previews", "--local", "--json", cwd=site.folder).json["previews"]
    assert one["hosts"] == [host] and one["url"] == report["url"]

    removed = program("previews", "remove", "new", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0, removed.err
    assert cdn_domain(account, host) is None and account.records(zone, "new.preview") == []
    assert left_of(states, site, host) == []
    told = account.sdk("ssl", "DescribeCertificates", {"SearchKey": zone, "Limit": 100})["Certificates"]
    assert [one["CertificateId"] for one in told] == [id], "the account's own certificate stays"


@pytest.mark.parametrize("edge", ["edgeone", "cos"])
def test_on_the_other_edges_too(
    program: Sitepub, make_site: MakeSite, account: Account, zone: str, guest: Guest, states: CosObjectStore, edge: str
) -> None:
    host = f"new.preview.{zone}"
    if edge == "edgeone":
        made_zone(account.sdk, zone)
    site = make_site(f"pv-{edge}", FILES, preview=preview_of(zone, edge=edge))
    report = program.deploy(site.folder, "--preview", "new", "--expires", "1s")
    assert report["hosts"][0]["status"] == "online"
    page = guest.get(f"https://{host}")
    assert page.status == 200 and b"<h1>new" in page.body
    assert page.headers.get("x-robots-tag") == ("noindex" if edge == "edgeone" else None)
    assert program("plan", "--preview", "new", "--local", "--json", "--verify", cwd=site.folder
                   ).json["hosts"][0]["steps"] == []
    if edge == "cos":
        assert certificates(account, host), "one was made for it"
    time.sleep(max(0.0, datetime.fromisoformat(report["preview"]["expires"]).timestamp() - time.time() + 0.1))
    gone = program.deploy(site.folder, "--no-build")
    assert gone["previews_removed"] == ["new"], gone["warnings"]
    assert account.records(zone, "new.preview") == []
    assert left_of(states, site, host) == [] and certificates(account, host) == []


def test_two_previews_that_would_have_the_same_host(
    program: Sitepub, make_site: MakeSite, zone: str
) -> None:
    site = make_site("pv-claims", FILES, preview=preview_of(zone, https="off"))
    assert program.deploy(site.folder, "--preview", "new")["hosts"][0]["status"] == "online"
    other = program("deploy", "--stage", "testing", "--preview", "new", "--local", cwd=site.folder)
    assert other.code == 5 and "is claimed by the site pv-claims, preview new" in other.err
