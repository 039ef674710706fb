"""Pages of a new bucket are shown to visitors, whatever serves the host: COS tells browsers to download them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Visitor, make_sitepub
from tests.e2e.test_e2e_domains import Guest
from tests.edgeone_zone import made_zone


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("shown") / "data", "--pace", "0", "--force-download") as cloud:
        yield cloud


def test_the_rule_of_a_domain_that_was_deleted_elsewhere_goes_too(cloud: LocalCloud, home: Path, make_site: MakeSite
                                                                 ) -> None:
    account, zone, program = Account(cloud), "shown-gone.com", make_sitepub(cloud, home)
    account.zone(zone)
    zone_id = made_zone(account.sdk, zone)
    where = {"ZoneId": zone_id, "DomainNames": [f"www.{zone}"]}
    site = make_site("shown-gone", hosts=[{"host": f"www.{zone}", "edge": "edgeone"}])
    program.deploy(site.folder)
    account.sdk("teo", "ModifyAccelerationDomainStatuses", {**where, "Status": "offline"})
    account.sdk("teo", "DeleteAccelerationDomains", where)
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert account.sdk("teo", "DescribeL7AccRules", {"ZoneId": zone_id})["TotalCount"] == 0


@pytest.mark.parametrize("edge", ["cdn", "edgeone", "cos"])
def test_no_page_is_downloaded_and_nothing_of_it_is_left_by_remove(
    cloud: LocalCloud, home: Path, make_site: MakeSite, edge: str
) -> None:
    account, zone, program = Account(cloud), f"shown-{edge}.com", make_sitepub(cloud, home)
    account.zone(zone)
    zone_id = made_zone(account.sdk, zone)
    site = make_site(f"shown-{edge}", {"index.html": "<h1>here</h1>", "error.html": "no"}, protocol="http",
                     hosts=[{"host": f"www.{zone}", "edge": edge}])
    report = program.deploy(site.folder)
    assert Visitor(cloud).get(report["url"]).headers["content-disposition"] == "attachment", "of the bucket itself"
    page = Guest(cloud).get(f"http://www.{zone}")
    assert (page.status, page.body) == (200, b"<h1>here</h1>")
    assert not {"content-disposition", "x-cos-force-download"} & set(page.headers)
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
    rules = account.sdk("teo", "DescribeL7AccRules", {"ZoneId": zone_id})["Rules"]
    assert [rule["RuleName"] for rule in rules] == ([f"sitepub www.{zone}"] if edge == "edgeone" else [])
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert account.sdk("teo", "DescribeL7AccRules", {"ZoneId": zone_id})["TotalCount"] == 0
