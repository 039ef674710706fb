"""What is live in one stage goes live in another, through the program itself."""

from __future__ import annotations

import json
import sys
import time

import msgspec
import pytest

from sitepub.publish.states.state import Journal
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor


def of_stage(site: Site, stage: str, **values: str) -> None:
    (site.folder / f".env.{stage}").write_text("".join(f"{name}={value}\n" for name, value in values.items()),
                                               encoding="utf-8")


def test_exactly_what_is_live_goes_live_in_another_bucket_folder_and_region(
        sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("pro-far", {"index.html": "one", "css/site.css": "1", "gone.html": "gone", "empty.txt": ""})
    of_stage(site, "testing", TENCENT_PLACE="ap-beijing", TENCENT_FOLDER="t")
    of_stage(site, "prod", TENCENT_PLACE="ap-shanghai", TENCENT_FOLDER="shop/web")
    site.configure(region="${env:TENCENT_PLACE}", keyPrefix="${env:TENCENT_FOLDER}", protocol="http",
                   headers=[{"files": "*.css", "set": {"Cache-Control": "max-age=7"}}],
                   redirectRules=[{"condition": {"keyPrefixEquals": "${env:TENCENT_FOLDER}/old/"},
                                   "redirect": {"replaceKeyPrefixWith": "${env:TENCENT_FOLDER}/new/"}}])
    prod = sitepub.deploy(site.folder, "--stage", "prod", "-m", "first")
    site.write({"index.html": "two", "css/site.css": "2", "new/page.html": "new"})
    (site.folder / "src" / "gone.html").unlink()
    tested = sitepub.deploy(site.folder, "--stage", "testing", "-m", "tested")
    site.write({"index.html": "in the folder only"})
    planned = sitepub("promote", "testing", "--dry-run", "--local", "--json", cwd=site.folder)
    assert planned.code == 0, planned.err
    assert planned.json["status"] == "planned" and planned.json["bytes"] == 0
    assert visitor.get(prod["url"], "/shop/web/index.html").body == b"one", "a plan changes nothing"
    done = sitepub("promote", "testing", "--yes", "--local", "--json", "--allow-delete", cwd=site.folder)
    assert done.code == 0, done.err
    assert done.json["of"] == f"testing:{tested['release']}" and done.json["bytes"] == 0
    assert (done.json["stage"], done.json["region"]) == ("prod", "ap-shanghai")
    page = visitor.get(prod["url"], "/shop/web/css/site.css")
    assert (page.body, page.headers["cache-control"]) == (b"2", "max-age=7")
    assert visitor.get(prod["url"], "/shop/web/index.html").body == b"two"
    assert visitor.get(prod["url"], "/shop/web/empty.txt").status == 200
    assert visitor.get(prod["url"], "/shop/web/gone.html").status == 404
    moved = visitor.get(prod["url"], "/shop/web/old/page.html")
    assert moved.status == 302 and moved.headers["location"].endswith("/shop/web/new/page.html")
    newest = sitepub("releases", "--stage", "prod", "--local", "--json", cwd=site.folder).json["releases"][0]
    assert (newest["of"], newest["message"], newest["live"]) == (f"testing:{tested['release']}", "tested", True)
    again = sitepub("promote", "testing", "--local", "--json", cwd=site.folder)
    assert again.code == 0 and again.json["changes"]["copied"] == 0, again.err
    back = sitepub("rollback", "--stage", "prod", "--local", "--allow-delete", cwd=site.folder)
    assert back.code == 0 and visitor.get(prod["url"], "/shop/web/index.html").body == b"one", back.err


def test_values_that_differ_are_asked_about_and_secrets_are_not_shown(
        sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("pro-values", {"index.html": "one", "404.html": "none"})
    of_stage(site, "testing", API="https://test.example.com", MAP_KEY="testing-map-key-12345", OTHER="unused-1-value")
    of_stage(site, "prod", API="https://www.example.com", MAP_KEY="prod-map-key-67890", OTHER="unused-2-value")
    site.configure(env={"API": "${env:API}", "MAP_KEY": "${env:MAP_KEY}", "SAME": "same", "deep": {"name": "${stage}"}})
    url = sitepub.deploy(site.folder, "--stage", "prod")["url"]
    site.write({"index.html": "two"})
    sitepub.deploy(site.folder, "--stage", "testing")
    asked = sitepub("promote", "testing", "--local", cwd=site.folder)
    assert asked.code == 5 and "--yes" in asked.err
    assert "env.API: https://test.example.com → https://www.example.com" in asked.err
    assert "env.deep.name: testing → prod" in asked.err and "OTHER in .env" in asked.err
    assert "env.MAP_KEY" in asked.err and "env.SAME" not in asked.err
    refused = sitepub("promote", "testing", "--local", "--json", cwd=site.folder)
    assert refused.json["error"]["code"] == "StagesDiffer"
    assert visitor.get(url, "/index.html").body == b"one", "nothing was changed"
    planned = sitepub("promote", "testing", "--dry-run", "--local", cwd=site.folder)
    assert planned.code == 0 and "env.API" in planned.err and "copy    index.html" in planned.out
    for run in (asked, refused, planned):
        for secret in ("map-key-12345", "map-key-67890", "unused-1", "unused-2"):
            assert secret not in run.out + run.err
    done = sitepub("promote", "testing", "--yes", "-m", "as tested", "--local", "--json", cwd=site.folder)
    assert done.code == 0 and visitor.get(url, "/index.html").body == b"two"
    assert b"test.example.com" in visitor.get(url, "/env.js").body, "exactly the bytes that were tested"
    assert sitepub("promote", "testing", "--local", cwd=site.folder).code == 0, "nothing to do: nothing is asked"


def test_what_cannot_be_promoted(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("pro-not")
    for words, code, text in (
            (["testing"], 1, "is not live in stage testing"), (["prod"], 2, "same stage"),
            (["testing", "--to", "a", "--stage", "b"], 2, "two stages")):
        run = sitepub("promote", *words, "--local", cwd=site.folder)
        assert run.code == code and text in run.err, (words, run.err)


def test_a_stage_whose_deploy_has_not_ended_is_refused(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("pro-half", {"index.html": "one", "404.html": "none"})
    sitepub.deploy(site.folder, "--stage", "testing")
    cloud = sitepub.cloud
    store = CosObjectStore(Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region,
                                 cloud.address), f"sitepub-state-{cloud.region}-{cloud.app_id}")
    states = StateStore(store, "pro-half/testing/pro-half/")
    found = states.load()
    assert found is not None
    states.save(msgspec.structs.replace(found, pending=Journal("20261129T000000Z-000000", "2026-11-29", "ann@pc")))
    store.close()
    run = sitepub("promote", "testing", "--local", cwd=site.folder)
    assert run.code == 5 and "ann@pc" in run.err and "has not ended" in run.err
    sitepub.deploy(site.folder, "--stage", "testing")
    assert sitepub("promote", "testing", "--local", cwd=site.folder).code == 0


def test_no_hook_is_run(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("pro-hook", {"index.html": "one", "404.html": "none"})
    site.configure(src={"src": "./src", "hook": "echo ran >> ../ran.txt; mkdir -p ../dist; cp * ../dist",
                        "dist": "./dist"})
    sitepub.deploy(site.folder, "--stage", "testing")
    run = sitepub("promote", "testing", "--to", "staging", "--local", "--json", cwd=site.folder)
    assert run.code == 0 and run.json["stage"] == "staging", run.err
    assert (site.folder / "ran.txt").read_text(encoding="utf-8").count("ran") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_anywhere_the_next_one_ends_it(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    pages = range(150)
    site = make_site("pro-kill", {"index.html": "one", "404.html": "none", **{f"{n}.html": f"one {n}" for n in pages}})
    url = sitepub.deploy(site.folder, "--stage", "prod")["url"]
    site.write({"index.html": "two", **{f"{n}.html": f"two {n}" for n in pages}})
    sitepub.deploy(site.folder, "--stage", "testing")
    for wait in (0.35, 0.6):
        process = sitepub.start("promote", "testing", "--local", cwd=site.folder)
        time.sleep(wait)
        process.kill()
        process.communicate(timeout=60)
    done = sitepub("promote", "testing", "--local", "--json", cwd=site.folder)
    assert done.code == 0, done.err
    assert all(visitor.get(url, f"/{n}.html").body == b"two %d" % n for n in pages[::9])
    assert json.loads(done.out)["bytes"] == 0
    assert sitepub("plan", "--stage", "prod", "--verify", "--local", "--json", cwd=site.folder
                   ).json["status"] == "unchanged"
