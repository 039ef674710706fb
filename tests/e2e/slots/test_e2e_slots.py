"""A site with slots: from its first deploy to its end, seen by visitors of its host on the embedded edge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, make_sitepub
from tests.e2e.test_e2e_domains import Guest
from tests.edgeone_zone import made_zone, zones_named

HOST = "www.slotted.com"
FIRST = {"index.html": "one <link href=a.1.css>", "a.1.css": "first", "docs/index.html": "docs one", "error.html": "no",
         "same.png": "picture"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("slots") / "data", "--pace", "0") as cloud:
        yield cloud


def test_a_site_with_slots_from_its_first_deploy_to_its_end(cloud: LocalCloud, home: Path, make_site: MakeSite
                                                            ) -> None:
    account, program, guest = Account(cloud), make_sitepub(cloud, home), Guest(cloud)
    account.zone("slotted.com")
    site = make_site("slotted", FIRST, hosts=[{"host": HOST, "edge": "edgeone"}], protocol="http",
                     releases={"slots": 2})

    def page(path: str = "/") -> str:
        return guest.get(f"http://{HOST}", path).body.decode()

    begins = program("plan", "--local", "--json", cwd=site.folder).json["slots"]
    assert [step["kind"] for step in begins] == ["fill slot", "edge function", "lead visitors"]
    assert HOST in begins[1]["summary"]
    first = program.deploy(site.folder)
    assert first["slots"]["led"] == [HOST] and page() == FIRST["index.html"]

    site.write({"index.html": "two <link href=a.2.css>", "a.2.css": "second"})
    (site.folder / "src/a.1.css").unlink()
    plan = program("plan", "--local", "--json", cwd=site.folder).json
    assert [(step["kind"], step["slot"]) for step in plan["slots"]] == [
        ("fill slot", "b"), ("lead visitors", "b"), ("root follows", None)]
    assert (plan["slots"][0]["uploaded"], plan["slots"][0]["copied"]) == (2, 3)
    said = program("deploy", "--local", "--yes", "--json", cwd=site.folder)
    second = said.json
    assert re.findall(r"^(.*): (\d files)", said.err, re.MULTILINE) == [
        ("Filling slot b", "5 files"), ("Publishing to the bucket's root", "2 files")], said.err
    assert second["slots"]["moved"] and (second["slots"]["live"], second["slots"]["uploaded"]) == ("b", 2)
    assert second["changes"]["uploaded"] == 0 and second["bytes"] == 0, "the root copies from the slot"
    assert page() == "two <link href=a.2.css>" and page("/a.2.css") == "second"
    assert page("/a.1.css") == "first", "an open page finds what it was built with"
    assert page("/docs/") == "docs one" and guest.get(f"http://{HOST}", "/nothing").status == 404

    shown = program("rollback", "--dry-run", "--local", "--json", cwd=site.folder)
    assert shown.code == 0 and [step["kind"] for step in shown.json["slots"]] == ["lead visitors"], shown.err
    back = program("rollback", "--local", "--json", cwd=site.folder)
    assert back.code == 0 and back.json["slots"]["live"] == "a", back.err
    assert set(back.json["changes"].values()) == {0, 5} and "follows" in back.err
    assert page() == FIRST["index.html"]
    found = program("info", "--local", "--json", cwd=site.folder).json["slots"]
    assert found["live"] == "a" and found["root"] == second["release"]
    listed = program("releases", "--local", "--json", cwd=site.folder).json["releases"]
    assert [one.get("slots") for one in listed] == [["a"], ["b"], ["a"]]
    assert listed[0]["live"] and listed[0]["of"] == first["release"]

    third = program.deploy(site.folder)
    assert third["slots"]["live"] == "b" and third["slots"]["uploaded"] == third["slots"]["copied"] == 0
    assert page() == "two <link href=a.2.css>"
    for _ in range(9):  # what was written less than two seconds before is read once more
        same = program("deploy", "--local", "--json", "--debug", cwd=site.folder)
        asked = [line for line in same.err.splitlines() if line.startswith("sitepub.wire: ")]
        if len(asked) == 1:
            break
    assert len(asked) == 1, asked
    assert (same.json["slots"]["hosts"], same.json["slots"]["moved"]) == ([HOST], False)
    assert set(same.json["changes"].values()) == {0, 5} and same.json["release"] == third["release"]

    gone = program("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert gone.code == 0, gone.err
    assert gone.json["left"] == [] and len(gone.json["buckets"]) == 2, json.dumps(gone.json)
    assert zones_named(account.sdk, "slotted.com") == [], "sitepub has created the zone, and nothing was left in it"


def test_a_single_page_app_gets_its_page_from_the_slot_that_is_live(cloud: LocalCloud, home: Path, make_site: MakeSite
                                                                    ) -> None:
    """Its error document is its page, with status 200. The bucket's root has another release after a rollback."""
    account, program, guest = Account(cloud), make_sitepub(cloud, home), Guest(cloud)
    host = "www.paged.com"
    account.zone("paged.com")
    made_zone(account.sdk, "paged.com")
    site = make_site("paged", {"index.html": "app one", "app.1.js": "1"}, protocol="http", releases={"slots": 2},
                     hosts=[{"host": host, "edge": "edgeone"}], disableErrorStatus=True,
                     src={"src": "./src", "index": "index.html", "error": "index.html"})

    def visit(path: str) -> tuple[int, str]:
        answer = guest.get(f"http://{host}", path)
        return answer.status, answer.body.decode()

    program.deploy(site.folder)
    assert visit("/users/7") == visit("/") == (200, "app one")
    site.write({"index.html": "app two", "app.2.js": "2"})
    (site.folder / "src/app.1.js").unlink()
    program.deploy(site.folder)
    assert visit("/users/7") == (200, "app two")
    assert visit("/app.1.js") == (200, "1"), "an open page finds its script, not the app's page"
    assert program("rollback", "--local", "--json", cwd=site.folder).code == 0
    assert visit("/users/7") == visit("/") == (200, "app one")
