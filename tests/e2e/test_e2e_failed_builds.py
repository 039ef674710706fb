"""Builds that failed or came out empty do not go live, whatever status the hook ends with."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time

import pytest

from tests.e2e.conftest import MakeSite, Run, Site, Sitepub, Visitor

PAGES = {"index.html": "<h1>Home</h1>", "posts/one.html": "<p>One</p>", "posts/two.html": "<p>Two</p>",
         "404.html": "<h1>No such page</h1>"}


def built(make_site: MakeSite, name: str, hook: str = "python build.py") -> Site:
    """A site whose hook runs ``build.py``; its pages lie in ``src``, which is what it builds into."""
    site = make_site(name, PAGES)
    site.configure(src={"src": ".", "dist": "src", "hook": hook.replace("python", shlex.quote(sys.executable))})
    return site


def build(site: Site, code: str) -> None:
    (site.folder / "build.py").write_text("from pathlib import Path\n" + code, encoding="utf-8")


TOUCH = "for page in Path('src').rglob('*.html'): page.touch()\n"


def both(sitepub: Sitepub, site: Site, *options: str) -> tuple[Run, Run]:
    return (sitepub("plan", "--local", "--json", *options, cwd=site.folder),
            sitepub("deploy", "--local", "--json", *options, cwd=site.folder))


def test_a_hook_that_prints_a_failure_of_a_known_tool_and_exits_with_0_publishes_nothing(
    sitepub: Sitepub, visitor: Visitor, make_site: MakeSite
) -> None:
    site = built(make_site, "prints-failure")
    build(site, TOUCH)
    url = sitepub.deploy(site.folder)["url"]
    build(site, TOUCH + "Path('src/posts/two.html').unlink(missing_ok=True)\n"
          r"print('\x1b[41mERROR\x1b[49m Process failed: \x1b[35m_posts/two.md\x1b[39m\r\nYAMLException: bad')" + "\n"
          "print('INFO  2 files generated in 5 ms')")
    for run in both(sitepub, site):
        assert run.code == 1
        error = run.json["error"]
        assert error["code"] == "HookFailed" and "ERROR Process failed: _posts/two.md" in error["message"]
        assert error["line"] == 1 and "src.allowErrors" in error["hint"]
        assert error["tail"][:2] == ["ERROR Process failed: _posts/two.md", "YAMLException: bad"]
    assert visitor.get(url, "/posts/two.html").body == b"<p>Two</p>"
    shown = sitepub("deploy", "--local", cwd=site.folder)
    assert shown.err.count("YAMLException: bad") == 1 and "last lines" not in shown.err
    assert "YAMLException: bad" in sitepub("deploy", "--local", "--quiet", cwd=site.folder).err
    # whoever knows better: once, or for good
    assert sitepub.deploy(site.folder, "--no-build")["changes"]["deleted"] == 1
    site.configure(src={**site.inputs["src"], "allowErrors": ["ERROR Process failed: _posts/*"]})
    assert sitepub.deploy(site.folder, "--force")["changes"]["uploaded"] == 3


def test_a_line_that_comes_in_pieces_is_read_as_one(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = built(make_site, "in-pieces")
    build(site, TOUCH + "import time\nprint('ERROR Process ', end='', flush=True); time.sleep(1.2); print('failed: x')")
    assert sitepub("deploy", "--local", cwd=site.folder).code == 1


def test_pages_that_had_content_and_are_empty_now_are_refused_by_plan_and_deploy(
    sitepub: Sitepub, visitor: Visitor, make_site: MakeSite
) -> None:
    site = make_site("emptied", {**PAGES, "a.htm": "<p>", "feed.xml": "<x/>"}, keyPrefix="docs")
    url = sitepub.deploy(site.folder)["url"]
    for page in ("posts/one.html", "index.html", "a.htm"):
        site.write({page: " \n"})
        planned, refused = both(sitepub, site)
        assert planned.code == 0 and refused.code == 5, page
        assert planned.json["refusal"]["code"] == refused.json["error"]["code"] == "EmptyPages", page
        assert planned.json["refusal"]["message"] == refused.json["error"]["message"]
        assert f"docs/{page}" in refused.json["error"]["message"]
        assert "--allow-empty" in refused.json["error"]["hint"]
        site.write({**PAGES, "a.htm": "<p>"})
    assert visitor.get(url, "/docs/").body == b"<h1>Home</h1>"
    site.write(dict.fromkeys(PAGES, b"") | {"feed.xml": b""})
    shown = sitepub("plan", "--local", cwd=site.folder)
    assert "deploy would refuse this: 4 pages had content and are empty now" in shown.err
    planned, done = both(sitepub, site, "--allow-empty")
    assert planned.json["refusal"] is None and done.code == 0
    # that is how it is now: nothing is asked again, nor with other headers, nor when everything is uploaded again
    site.configure(headers={"*.html": {"X-Cos-Meta-A": "1"}})
    assert sitepub("deploy", "--local", "--force", cwd=site.folder).code == 0


def test_new_pages_may_be_empty_but_the_index_page_and_not_most_of_them(
    sitepub: Sitepub, make_site: MakeSite
) -> None:
    site = make_site("new-and-empty", {**PAGES, "index.html": "\n"})
    planned, refused = both(sitepub, site)
    assert refused.code == 5 and "the index page index.html is empty" in refused.json["error"]["message"]
    assert planned.json["refusal"]["code"] == "EmptyPages"
    site.write(dict.fromkeys(PAGES, "") | {"index.html": "<h1>Home</h1>"})
    refused = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert refused.code == 5 and "posts/one.html" in refused.json["error"]["message"]
    site.write({"posts/two.html": "<p>Two</p>", "404.html": "<h1>No such page</h1>"})
    done = sitepub.deploy(site.folder)
    assert done["warnings"] == ["the new page posts/one.html is empty"]
    site.write({"posts/one.html": "<p>One</p>", "google.html": ""})
    assert sitepub.deploy(site.folder)["changes"]["uploaded"] == 2


def test_a_page_of_somebody_else_is_not_replaced_by_an_empty_one(sitepub: Sitepub, make_site: MakeSite) -> None:
    first = make_site("somebody-else", PAGES, bucketName="somebody-elses-bucket")
    sitepub.deploy(first.folder)
    second = make_site("newcomer", {"index.html": "<h1>Home</h1>", "posts/one.html": ""},
                       bucketName="somebody-elses-bucket")
    refused = sitepub("deploy", "--local", "--json", "--yes", cwd=second.folder)
    assert refused.code == 5 and refused.json["error"]["code"] == "EmptyPages", refused.out + refused.err


@pytest.mark.parametrize("hook", ["echo built", "python elsewhere.py"])
def test_output_that_is_older_than_the_hook_gets_a_warning(sitepub: Sitepub, make_site: MakeSite, hook: str) -> None:
    site = built(make_site, f"older-{len(hook)}", hook)
    (site.folder / "elsewhere.py").write_text(
        "from pathlib import Path\nPath('dist').mkdir(exist_ok=True)\nPath('dist/index.html').write_text('new')")
    for page in (site.folder / "src").rglob("*.html"):
        os.utime(page, (1e9, 1e9))
    time.sleep(0.1)
    [warning] = sitepub.deploy(site.folder)["warnings"]
    assert "the hook wrote nothing into src" in warning
    assert sitepub.deploy(site.folder, "--no-build")["warnings"] == []


@pytest.mark.parametrize("code", [
    TOUCH, "Path('src/posts/two.html').write_text('<p>2</p>')",
    "import shutil\nshutil.copytree('src', 'copy')\nshutil.rmtree('src')\nshutil.copytree('copy', 'src')\n"
    "import os\nfor page in Path('src').rglob('*'): os.utime(page, (1e9, 1e9))"], ids=["all", "one", "old times"])
def test_output_that_the_hook_wrote_gets_none(sitepub: Sitepub, make_site: MakeSite, code: str) -> None:
    site = built(make_site, f"fresh-{len(code)}")
    build(site, code)
    assert sitepub.deploy(site.folder)["warnings"] == []


def test_one_command_of_several_that_fails_ends_the_hook(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = built(make_site, "several-lines", "false\necho built > src/index.html\n")
    run = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 1 and "`false …`" in run.json["error"]["message"]
    assert (site.folder / "src/index.html").read_text() == PAGES["index.html"]


def test_the_exit_status_alone_counts_where_that_is_wanted(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = built(make_site, "status-alone")
    build(site, TOUCH + "print('ERROR Process failed: x')\nprint('webpack 5.1 compiled with 2 errors in 5 ms')")
    shown = sitepub("deploy", "--local", cwd=site.folder)
    assert shown.code == 1 and "(and 1 more such line)" in shown.err
    site.configure(src={**site.inputs["src"], "allowErrors": "*"})
    assert sitepub("deploy", "--local", cwd=site.folder).code == 0


def test_secrets_stay_hidden_in_coloured_output(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = built(make_site, "coloured-secret")
    build(site, TOUCH + r"print('\x1b[32mTENCENT_SECRET_KEY\x1b[39m=\x1b[36mabcdefgh\x1b[1mijklmnop\x1b[0m')")
    run = sitepub("deploy", "--local", cwd=site.folder)
    assert run.code == 0 and "abcdefgh" not in run.err and "ijklmnop" not in run.err and "SECRET_KEY" in run.err


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals")
def test_on_a_terminal_the_output_keeps_its_colours_and_is_shown_once(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = built(make_site, "on-a-terminal")
    build(site, TOUCH + "import sys\nred = '\\x1b[31m{}\\x1b[0m' if sys.stdout.isatty() else '{}'\n"
          "print(red.format('something red'))\n"
          r"print('\x1b]0;title\x07\x1b[2Jcleared \x1b[36mTENCENT_SECRET\x1b[1m_KEY=abcdefghijkl')" "\nsys.exit(3)")

    def seen(**extra: str) -> bytes:
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "sitepub", "deploy", "--local"], cwd=site.folder, stdin=theirs, stdout=theirs,
            stderr=theirs, env={**sitepub.environ, "TERM": "xterm-256color", **extra})
        os.close(theirs)
        data = b""
        try:
            while block := os.read(ours, 65536):
                data += block
        except OSError:  # Linux: the other side is closed
            pass
        os.close(ours)
        assert process.wait(60) == 1
        return data

    shown = seen()
    assert b" \x1b[31msomething red\x1b[0m" in shown and shown.count(b"something red") == 1
    assert b"\x1b[2J" not in shown and b"title" not in shown and b"cleared " in shown
    assert b"abcdefghijkl" not in shown
    plain = seen(NO_COLOR="1")
    assert b"hook | something red" in plain and b"\x1b[31m" not in plain
