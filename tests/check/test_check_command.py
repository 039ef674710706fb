"""`sitepub check`, and the checks as a part of `plan` and `deploy`: the real program against the embedded cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.check.real_sites import write
from tests.conftest import LocalCloud
from tests.e2e.conftest import Site, Sitepub, Visitor

MakeSite = Callable[..., Site]
PAGE = """<!DOCTYPE html>
<link rel="stylesheet" href="/css/a.css">
<h1 id="top2">x</h1>
<a href="/old/">old</a> <a href="/files/big.pdf">pdf</a>
"""
CLEAN = {"index.html": PAGE, "css/a.css": "a { color: red }", "old/index.html": "<p>old", "404.html": "<p>404",
         "files/big.pdf": "%PDF"}


def _found(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["kind"], one["target"]) for one in report["findings"]]


def test_from_a_clean_site_to_a_broken_one(sitepub: Sitepub, visitor: Visitor, make_site: MakeSite) -> None:
    """One site through its life: clean, broken and refused, corrected; another stage beside it."""
    site = make_site("life", CLEAN, checks={"mode": "fail", "size": {"page": "2 MB", "*.js": "1 KB"}})
    folder = site.folder
    run = sitepub("check", "--local", "--json", cwd=folder)
    assert run.code == 0, run.out + run.err
    assert (run.json["status"], run.json["connected"], run.json["pages"]) == ("ok", True, 3)
    first = sitepub.deploy(folder)
    assert first["checks"]["findings"] == []
    url = first["url"]

    # A page goes, and comes back elsewhere; a link breaks; a script is too large.
    (folder / "src/old/index.html").unlink()
    site.write({"new/old/index.html": "<p>old", "js/a.js": "x" * 2000,
                  "index.html": PAGE + '<img src="CSS/a.css"><a href="#gone">'})
    before = visitor.get(url).body
    run = sitepub("deploy", "--local", "--json", cwd=folder)
    assert run.code == 1, run.out + run.err
    assert run.json["error"]["code"] == "ChecksFailed"
    assert "src/index.html:4:10: the link /old/ leads to 404" in run.err
    assert visitor.get(url).body == before and visitor.get(url, "/js/a.js").status == 404, "nothing was published"

    planned = sitepub("plan", "--local", "--json", cwd=folder)
    assert planned.json["refusal"]["code"] == "ChecksFailed"
    expected = [("link", "/old/"), ("anchor", "/#gone"), ("case", "/CSS/a.css"), ("gone", "/old/"), ("size", "js/a.js")]
    assert _found(planned.json["checks"]) == expected
    run = sitepub("check", "--local", "--json", cwd=folder, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(folder.parent))
    assert (run.code, _found(run.json)) == (1, expected)
    gone = next(one for one in run.json["findings"] if one["kind"] == "gone")
    assert "keyPrefixEquals: old/" in gone["hint"] and "new/old/" in gone["hint"]
    link = run.json["findings"][0]
    assert (link["file"], link["line"], link["column"], link["count"]) == ("src/index.html", 4, 10, 1)
    assert f"::warning file={folder.name}/src/index.html,line=4,col=10::the link /old/ leads" in run.err

    # The redirect that was named repairs two of them; the rest is left out.
    site.configure(checks={"mode": "fail", "skip": ["anchor", "case"]}, redirectRules=[
        {"condition": {"keyPrefixEquals": "old/"}, "redirect": {"replaceKeyPrefixWith": "new/old/"}}])
    assert sitepub.deploy(folder)["checks"]["findings"] == []
    assert visitor.get(url, "/old/").status == 302

    # An absolute link to the other stage is found there; a warning does not stop a deploy.
    site.configure(checks="warn")
    site.write({"js/a.js": "", "index.html": PAGE + f'<a href="{url}">'})
    other = sitepub.deploy(folder, "--stage", "testing")
    assert _found(other["checks"]) == [("other-stage", url)]
    assert sitepub("check", "--local", "--stage", "testing", cwd=folder).code == 0, "mode: warn"


def test_without_a_cloud_the_site_alone_is_checked(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("alone", {**CLEAN, "index.html": '<a href="/nowhere/">'})
    run = sitepub("check", "--json", cwd=site.folder)
    assert (run.code, _found(run.json), run.json["connected"]) == (1, [("link", "/nowhere/")], False)
    assert "no credentials" in run.err
    offline = sitepub("check", "--offline", cwd=site.folder)
    assert offline.code == 1 and offline.err == ""
    assert "src/index.html:1:10: the link /nowhere/ leads to 404: there is no such file" in offline.out


def test_objects_of_others_in_the_bucket_are_there(sitepub: Sitepub, make_site: MakeSite,
                                                   local_cloud: LocalCloud) -> None:
    """Of another site that sitepub knows, and of a user who uploaded by hand. A site that drops a picture keeps it live
    for a while."""
    shared = make_site("one", {"index.html": "<p>", "404.html": "<p>"}, keyPrefix="one")
    sitepub.deploy(shared.folder)
    bucket = json.loads(sitepub("info", "--local", "--json", cwd=shared.folder).out)["bucket"]
    two = make_site("two", {"index.html": '<a href="/one/"><a href="/two/"><img src="a.png">', "404.html": "<p>",
                            "a.png": "1"}, keyPrefix="two", bucketName=bucket, checks="fail")
    assert sitepub.deploy(two.folder, "--yes")["checks"]["findings"] == []
    (two.folder / "src/a.png").unlink()
    assert sitepub.deploy(two.folder)["checks"]["findings"] == [], "a.png stays for open tabs"
    store = CosObjectStore(Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id,
                                 local_cloud.region, local_cloud.address), bucket)
    for key in ("three/index.html", "four.pdf"):
        store.put(key, b"by hand", {"Content-Type": "text/html"})
    store.close()
    two.write({"index.html": '<a href="/one/x.html"><a href="/three/"><a href="/four.pdf"><a href="/five.pdf">'})
    run = sitepub("check", "--local", "--json", cwd=two.folder)
    assert _found(run.json) == [("link", "/five.pdf"), ("link", "/one/x.html")]


def test_why_so_much_changed(sitepub: Sitepub, make_site: MakeSite) -> None:
    """A time in the footer of a Hexo blog: shown with its place in the theme, until fewer than half of the pages have
    it."""
    def page(number: int, stamp: str) -> str:
        return f"<!DOCTYPE html>\n<h1>Post {number}</h1>\n<footer>Generated at {stamp}</footer>\n"

    def posts(stamp: str, count: int = 6) -> dict[str, str | bytes]:
        return {f"post/{number}/index.html": page(number, stamp) for number in range(count)}

    site = make_site("why", {"index.html": "<p>home", "404.html": "<p>404", "a.css": "a{}",
    **posts("2026-11-29 10:00:01")})
    write(site.folder, {
        "package.json": '{"hexo": {}, "dependencies": {"hexo": "8"}}', "_config.yml": "theme: mine\n",
        "themes/mine/layout/footer.ejs": "<p>\n<footer>Generated at <%= date(Date.now()) %></footer>"})
    first = sitepub("plan", "--local", "--json", "--largest", cwd=site.folder)
    assert "why" not in first.json and first.json["largest"][0]["key"].startswith("post/")
    sitepub.deploy(site.folder)
    site.write(posts("2026-11-30 08:15:59"))
    run = sitepub("plan", "--local", "--json", cwd=site.folder)
    why = run.json["why"]
    assert (why["changed"], why["pages"], why["compared"], why["tool"]) == (6, 8, 6, "hexo")
    [reason] = why["reasons"]
    assert (reason["cause"], reason["pages"], reason["alone"], reason["line"]) == ("time", 6, 6, 3)
    assert (reason["before"], reason["after"]) == ("Generated at 2026-11-29 10:00:01",
    "Generated at 2026-11-30 08:15:59")
    assert reason["source"] == {"file": "themes/mine/layout/footer.ejs", "line": 2, "column": 9}
    shown = sitepub("plan", "--local", "--largest", cwd=site.folder).out
    assert "Why so much changed: 6 of 8 pages differ." in shown and "- Generated at 2026-11-29 10:00:01" in shown
    assert "The largest files:" in shown
    site.write({**posts("2026-11-29 10:00:01"), **posts("2026-12-01 00:00:00", 4)})
    assert "why" not in sitepub("plan", "--local", "--json", cwd=site.folder).json, "half of the pages"
