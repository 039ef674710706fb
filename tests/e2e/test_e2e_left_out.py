"""What the folder holds and the website does not: said in plans and deploys, and never taken for a deletion."""

from __future__ import annotations

import os
import sys

import pytest

from tests.e2e.conftest import MakeSite, Sitepub, Visitor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and names that Windows has not")


def test_a_page_that_became_a_link_out_of_the_folder_stays_live_until_somebody_says_otherwise(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    site = make_site("linked", {"index.html": "i", "error.html": "e", "about.html": "about", "blog/a.html": "a",
                                "pipe.html": "p"})
    url = sitepub.deploy(site.folder)["url"]
    out = site.folder / "cache"
    out.mkdir()
    for name in ("about.html", "blog"):
        (site.folder / "src" / name).rename(out / name)
        (site.folder / "src" / name).symlink_to(out / name)
    (site.folder / "src/pipe.html").unlink()
    os.mkfifo(site.folder / "src/pipe.html")
    for command in (["plan"], ["deploy", "--yes"], ["deploy", "--dry-run"], ["deploy", "--verify", "--allow-delete"]):
        run = sitepub(*command, "--local", "--json", cwd=site.folder)
        assert run.code == 2, command
        error = run.json["error"]
        assert error["code"] == "LiveButLeftOut"
        assert [problem["message"].split()[0] for problem in error["problems"]] == ["about.html", "blog", "pipe.html"]
    shown = sitepub("deploy", "--local", cwd=site.folder)
    assert shown.code == 2 and "Traceback" not in shown.err
    for path, body in {"/about.html": b"about", "/blog/a.html": b"a", "/pipe.html": b"p"}.items():
        assert visitor.get(url, path).body == body
    site.configure(src={"src": "./src", "followLinks": True, "exclude": "pipe.html"})
    (out / "about.html").write_text("new")
    changes = sitepub.deploy(site.folder)["changes"]
    assert (changes["uploaded"], changes["deleted"]) == (1, 1)
    assert visitor.get(url, "/about.html").body == b"new" and visitor.get(url, "/blog/a.html").body == b"a"
    assert visitor.get(url, "/pipe.html").status == 404


def test_plan_and_deploy_say_what_default_rules_left_out(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("scrap", {"index.html": "i", "error.html": "e", "旧文章~/index.html": "page", "a.html~": "",
                               "sub/.DS_Store": "", "node_modules/x/y.js": "", ".env": "A=1"})
    plan = sitepub("plan", "--local", cwd=site.folder)
    assert "旧文章~/index.html" in plan.out
    assert "not published, by rules of sitepub's own: 4 files and folders" in plan.out
    for line in ("a.html~  (a backup or swap file of an editor; publish it: src.include)",
                 "node_modules/  (a folder of npm packages; publish it: src.include)",
                 ".env  (a file of environment variables; publish it: src.allowSecrets)"):
        assert f"    {line}\n" in plan.out
    told = sitepub("plan", "--local", "--json", cwd=site.folder).json["left_out"]
    assert {one["path"]: one["option"] for one in told} == {
        "a.html~": "src.include", "sub/.DS_Store": "src.include", "node_modules/": "src.include",
        ".env": "src.allowSecrets"}
    report = sitepub.deploy(site.folder)
    assert report["left_out"] == told and report["changes"]["uploaded"] == 3
    unchanged = sitepub("plan", "--local", cwd=site.folder)
    assert "Nothing to do" in unchanged.out and "node_modules/  (" in unchanged.out
    site.configure(src={"src": "./src", "include": ["*~", "node_modules/", ".DS_Store"], "allowSecrets": ".env"})
    report = sitepub.deploy(site.folder)
    assert report["left_out"] == [] and report["changes"]["uploaded"] + report["changes"]["copied"] == 4


def test_patterns_that_match_nothing_are_warnings_and_files_without_extension_get_headers(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    site = make_site("patterns", {"index.html": "i", "error.html": "e", "app.js.map": "m", "README.md": "r",
                                  ".well-known/apple-app-site-association": "{}"},
                     src={"src": "./src", "exclude": ["*.{map,md}", "src/*.html", r".*\.html$"]},
                     headers=[{"match": "no-extension", "set": {"Content-Type": "application/json"}},
                              {"files": "src/*.js", "set": {"Expires": "0"}}])
    (site.folder / ".sitepubignore").write_text("*.html.bak\n")
    report = sitepub.deploy(site.folder)
    assert report["changes"]["uploaded"] == 3
    assert len(report["warnings"]) == 4
    bak, page, regex, script = sorted(report["warnings"], key=lambda line: (".sitepubignore" not in line, line))
    assert bak.endswith(".sitepubignore:1:1: `*.html.bak` matches no file")
    for warning in (page, regex, script):
        assert "serverless." in warning and "matches no file" in warning
    answer = visitor.get(report["url"], "/.well-known/apple-app-site-association")
    assert answer.headers["content-type"] == "application/json"
    shown = sitepub("plan", "--local", cwd=site.folder)
    assert "hint: patterns count from the web root: write `/*.html`" in shown.err
    assert "hint: this reads like a regular expression" in shown.err and ".gitignore: write `*.html`" in shown.err
