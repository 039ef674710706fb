"""``sitepub dev`` with a hook, and with a tool that builds by itself."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.dev.dev_process import DevProcess, Site, browser, environment, running, until

PYTHON = sys.executable.replace("\\", "/")
BUILD = """\
import pathlib, sys, time
runs = pathlib.Path("runs.log")  # beside the watched folder
with runs.open("a") as log:
    log.write("run\\n")
out = pathlib.Path("site")
out.mkdir(exist_ok=True)
wanted = set()
for source in sorted(pathlib.Path("source").rglob("*.md")):
    text = source.read_text()
    if "BROKEN" in text:
        sys.exit(f"{source}: this cannot be built")
    page = out / source.relative_to("source").with_suffix(".html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"<h1>{text}</h1>")
    wanted.add(page)
for page in out.rglob("*.html"):
    if page not in wanted:
        page.unlink()
"""
SOURCES = {"index.md": "Hello", "error.md": "Not here", "posts/one.md": "one", "posts/two.md": "two"}


@pytest.fixture
def blog(make_site: Callable[..., Site]) -> Site:
    site = make_site(dev={"watch": "source"}, src={"src": "./", "hook": f"{PYTHON} build.py", "dist": "./site"})
    (site.root / "build.py").write_text(BUILD)
    site.write(SOURCES, "source")
    return site


def builds(site: Site) -> int:
    return (site.root / "runs.log").read_text().count("run")


def text_of(site: Site, name: str) -> str:
    return (site.published / name).read_text()


def test_a_source_that_is_saved_is_built_and_published(blog: Site, home: Path) -> None:
    with running(blog, home) as dev:
        blog.wait_until_equal()
        blog.write({"posts/one.md": "edited", "posts/three.md": "new"}, "source")
        until(lambda: "posts/three.html" in blog.in_bucket() and blog.settled())
        assert text_of(blog, "posts/one.html") == "<h1>edited</h1>"
        (blog.root / "source/posts/two.md").unlink()
        until(lambda: "posts/two.html" not in blog.in_bucket())
        assert dev.failures == []
        assert not any("nothing has changed" in line for line in dev.lines)
        # Not the same content again: while a build of before runs on, that counts as no change.
        blog.write({"notes.txt": "of no page"}, "source")
        dev.wait_for_line("built, and nothing has changed: ")


def test_a_build_that_fails_publishes_nothing_until_the_next_good_one(blog: Site, home: Path) -> None:
    with running(blog, home) as dev:
        blog.wait_until_equal()
        before = blog.in_bucket()
        blog.write({"index.md": "changed", "posts/one.md": "BROKEN"}, "source")
        until(lambda: dev.failures, "the failure")
        assert dev.failures[0]["code"] == "HookFailed" and "cannot be built" in "\n".join(dev.failures[0]["tail"])
        assert blog.in_bucket() == before
        blog.write({"posts/one.md": "repaired"}, "source")
        until(lambda: blog.in_bucket() != before and blog.settled())
        assert text_of(blog, "posts/one.html") == "<h1>repaired</h1>"


def test_a_build_that_says_it_failed_or_came_out_empty_is_shown_and_not_published(blog: Site, home: Path) -> None:
    with running(blog, home) as dev:
        blog.wait_until_equal()
        before = blog.in_bucket()
        blog.write({"posts/one.md": "changed"}, "source")
        (blog.root / "build.py").write_text(BUILD + "print('ERROR Process failed: posts/one.md')\n")
        until(lambda: dev.failures, "the failure")
        assert "ERROR Process failed: posts/one.md" in dev.failures[0]["message"]
        (blog.root / "build.py").write_text(BUILD.replace("<h1>{text}</h1>", ""))
        blog.write({"posts/one.md": "changed again"}, "source")
        until(lambda: dev.failures[-1]["code"] == "EmptyPages", "the refusal")
        assert "--allow-empty" in dev.failures[-1]["hint"] and blog.in_bucket() == before
        (blog.root / "build.py").write_text(BUILD)
        blog.write({"posts/one.md": "repaired"}, "source")
        until(lambda: blog.in_bucket() != before and blog.settled())
        assert text_of(blog, "posts/one.html") == "<h1>repaired</h1>"


def test_a_first_build_that_fails_can_be_repaired(blog: Site, home: Path) -> None:
    blog.write({"posts/one.md": "BROKEN"}, "source")
    with running(blog, home, wait=False) as dev:
        until(lambda: dev.failures, "the failure")
        blog.write({"posts/one.md": "repaired"}, "source")
        until(lambda: blog.in_bucket() and blog.settled())


def test_what_is_saved_while_the_hook_runs_is_built_after_it(blog: Site, home: Path) -> None:
    (blog.root / "build.py").write_text(BUILD + "time.sleep(1)\n")
    with running(blog, home):
        for number in range(6):
            blog.write({"posts/one.md": f"edit {number}"}, "source")
            time.sleep(0.3)
        until(lambda: "edit 5" in text_of(blog, "posts/one.html") and blog.settled())


def is_live(site: Site, text: str) -> bool:
    return text in text_of(site, "posts/one.html") and site.settled()


def test_what_is_saved_right_after_each_build_is_built(blog: Site, home: Path) -> None:
    with running(blog, home):
        for number in range(5):
            blog.write({"posts/one.md": f"edit {number}"}, "source")
            until(partial(is_live, blog, f"edit {number}"))


@pytest.mark.parametrize("what", [
    "pathlib.Path('source/_data.json').write_text('the same each time')",
    "pathlib.Path('source/_data.json').write_text(str(time.time()))",
    "(lambda d: (d.mkdir(exist_ok=True), (d / str(time.time_ns())).write_text('x')))(pathlib.Path('source/_cache'))",
], ids=["the same", "another content each time", "another name each time"])
def test_a_hook_that_writes_into_watched_places_does_not_loop(blog: Site, home: Path, what: str) -> None:
    (blog.root / "build.py").write_text(BUILD + what + "\n")
    with running(blog, home) as dev:
        blog.wait_until_equal()
        if "same" not in what:
            dev.wait_for_line("the hook itself writes")
        seen = -1
        for _ in range(40):  # until no build has begun for longer than one could take to ask for the next
            if builds(blog) == seen:
                break
            seen = builds(blog)
            time.sleep(5)
        assert builds(blog) == seen <= 5
        blog.write({"posts/one.md": "a real edit"}, "source")
        until(lambda: "a real edit" in text_of(blog, "posts/one.html") and blog.settled())
        assert dev.failures == []


def test_what_is_ignored_starts_no_build(blog: Site, home: Path) -> None:
    blog.configure(dev={"watch": ["source"], "ignore": ["source/drafts/", "*.log"]})
    with running(blog, home):
        blog.wait_until_equal()
        before = builds(blog)
        ignored = {"drafts/a.md": "x", "x.log": "x", ".posts.md.swp": "x", "posts/one.md~": "x", "#one.md#": "x",
                   "node_modules/x/y.md": "x"}
        blog.write(ignored, "source")
        time.sleep(1)
        assert builds(blog) == before
        blog.write({"index.md": "counts"}, "source")
        until(lambda: builds(blog) > before)


TOOL = """\
import pathlib, subprocess, sys, time
print("watching", flush=True)
seen = None
while True:
    now = [(str(path), path.stat().st_mtime_ns) for path in sorted(pathlib.Path("source").rglob("*.md"))]
    if now != seen:
        seen = now
        if pathlib.Path("known").exists():  # as rollup does
            print("bundles source → site...", flush=True)
        if subprocess.run([sys.executable, "build.py"]).returncode:
            time.sleep(0.4)  # what was written lies still, and nothing was said of it
            print("[!] the build failed", flush=True)
        else:
            print("created site in 5ms", flush=True)
    if pathlib.Path("die").exists():
        pathlib.Path("die").unlink()
        sys.exit("it died")
    time.sleep(0.1)
"""


@pytest.fixture
def tooled(blog: Site) -> Site:
    (blog.root / "tool.py").write_text(TOOL)
    blog.configure(dev={"command": f"{PYTHON} tool.py"})
    return blog


def test_a_tool_that_watches_by_itself_is_kept_running(tooled: Site, home: Path) -> None:
    with running(tooled, home) as dev:
        tooled.wait_until_equal()
        tooled.write({"posts/one.md": "edited", "posts/three.md": "new"}, "source")
        until(lambda: "posts/three.html" in tooled.in_bucket() and tooled.settled())
        assert any("tool |" in line and "watching" in line for line in dev.lines) and dev.failures == []
        (tooled.root / "die").touch()
        until(lambda: dev.failures, "its death")
        assert "ended with status 1" in dev.failures[0]["message"] and "it died" in dev.failures[0]["tail"]
        until(lambda: sum("watching" in line for line in dev.lines) == 2, "its second life")
        tooled.write({"posts/one.md": "after its death"}, "source")
        until(lambda: "after its death" in text_of(tooled, "posts/one.html") and tooled.settled())


def test_a_failed_build_of_a_tool_publishes_nothing_until_its_next_good_one(tooled: Site, home: Path) -> None:
    with running(tooled, home) as dev, browser(tooled) as seen:
        tooled.wait_until_equal()
        before = tooled.in_bucket()
        time.sleep(1)  # what is written within 0.3 s of the tool's word, as dev reads it, belongs to the build before
        tooled.write({"posts/one.md": "BROKEN", "index.md": "changed"}, "source")
        until(lambda: dev.failures and "changed" in text_of(tooled, "index.html"), "the failure")
        assert "the build failed" in dev.failures[0]["message"]
        assert any("cannot be built" in line for line in dev.failures[0]["tail"])
        until(lambda: [event for event in seen if event["event"] == "failed"], "the overlay")
        overlay = next(event["message"] for event in seen if event["event"] == "failed")
        assert "the build failed" in overlay and "cannot be built" in overlay
        assert not tooled.settled() and tooled.in_bucket() == before, "what it had written of it stays at home"
        tooled.write({"posts/one.md": "repaired"}, "source")
        tooled.wait_until_equal()
        assert text_of(tooled, "posts/one.html") == "<h1>repaired</h1>" and len(dev.failures) == 1
        until(lambda: seen[-1]["event"] == "published", "the end of the overlay")


def test_a_first_build_of_a_tool_that_fails_publishes_nothing(tooled: Site, home: Path) -> None:
    tooled.write({"posts/one.md": "BROKEN"}, "source")
    with running(tooled, home, wait=False) as dev:
        until(lambda: dev.failures, "the failure")
        assert tooled.in_bucket() == {}
        tooled.write({"posts/one.md": "repaired"}, "source")
        until(lambda: tooled.in_bucket() and tooled.settled())


def test_half_of_a_build_is_not_published(tooled: Site, home: Path) -> None:
    (tooled.root / "build.py").write_text(
        "import shutil\nshutil.rmtree('site', ignore_errors=True)\n" + BUILD.replace("for page in out", """\
(out / "done").touch()
for page in out""").replace("    page.write_text", "    time.sleep(1.5)\n    page.write_text"))
    (tooled.root / "known").touch()
    with running(tooled, home) as dev:
        tooled.wait_until_equal()
        tooled.write({"posts/one.md": "edited"}, "source")
        until(lambda: "edited" in text_of_one(tooled) and tooled.settled())
        assert all(event["files"] == 5 and event["changes"]["deleted"] == 0 for event in dev.published)
        assert dev.failures == []


def text_of_one(site: Site) -> str:
    page = site.published / "posts/one.html"
    return page.read_text() if page.exists() else ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_no_process_is_left_behind(tooled: Site, home: Path) -> None:
    with running(tooled, home) as dev:
        tooled.wait_until_equal()
        assert processes_in(tooled.root)
        dev.end()
    assert processes_in(tooled.root) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_ctrl_c_ends_a_hook_that_runs(blog: Site, home: Path) -> None:
    (blog.root / "build.py").write_text(BUILD + "print('slow', flush=True)\ntime.sleep(600)\n")
    with running(blog, home, wait=False) as dev:
        dev.wait_for_line("slow")
        dev.end()
    assert processes_in(blog.root) == [] and blog.in_bucket() == {}


IN_BACKGROUND = """\
import subprocess, sys
one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])  # holds the hook's output open
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_a_hook_leaves_in_the_background_holds_up_no_build_and_does_not_outlive_dev(
        blog: Site, home: Path, how: signal.Signals) -> None:
    (blog.root / "build.py").write_text(BUILD + IN_BACKGROUND)
    dev = DevProcess(blog, environment(blog.cloud, home))
    try:
        dev.wait_for_first()
        blog.write({"posts/one.md": "edited"}, "source")
        until(partial(is_live, blog, "<h1>edited"))
        until(lambda: len(sleepers(blog)) == 1, "the end of what the first build had left")
        dev.process.send_signal(how)
        dev.process.wait(30)
        if how is signal.SIGINT:
            assert sleepers(blog) == []
        until(lambda: not sleepers(blog), "the end of what the hook had left")
    finally:
        dev.process.kill()


def sleepers(site: Site) -> list[str]:
    return [command for command in processes_in(site.root) if "sleep(600)" in command]


@pytest.mark.parametrize("earlier", ["saved while a hook ran", "saved at another time"])
def test_a_mistake_taken_back_right_after_its_build_has_failed_is_built(
        blog: Site, home: Path, earlier: str) -> None:
    (blog.root / "build.py").write_text(BUILD.replace("out = ", "if pathlib.Path('slow').exists():\n"
                                                      "    print('slow', flush=True)\n    time.sleep(1)\nout = "))
    with running(blog, home) as dev:
        blog.wait_until_equal()
        if earlier == "saved while a hook ran":
            (blog.root / "slow").touch()
            blog.write({"index.md": "starts a build"}, "source")
            dev.wait_for_line("slow")
            (blog.root / "slow").unlink()
        blog.write({"posts/one.md": "good"}, "source")
        until(partial(is_live, blog, "<h1>good"))
        time.sleep(1)  # no build is under way any more, nor one that has just ended
        blog.write({"posts/one.md": "BROKEN"}, "source")
        until(lambda: dev.failures, "the failure")
        number = builds(blog)
        blog.write({"posts/one.md": "good"}, "source")
        until(lambda: builds(blog) > number, "another build")


def processes_in(folder: Path) -> list[str]:
    """Programs that run in this folder, zombies left out."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if (process / "cwd").readlink().is_relative_to(folder):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found
