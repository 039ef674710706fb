"""Live reload in a real browser: what an author sees after saving a file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import Page, RunChromium
from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire
from tests.local.website.preview import Preview, preview_of

HTML = {"content_type": "text/html; charset=utf-8"}
CSS = {"content_type": "text/css", "cache_control": "max-age=3600"}
COLOR = "getComputedStyle(document.querySelector('h1')).color"
FAILURE = "document.querySelector('sitepub-failure')?.shadowRoot.querySelector('pre').textContent"
CONNECTED = "navigator.locks.query().then(found => found.held.length > 0)"


@pytest.fixture(scope="module")
def browser(chromium: RunChromium) -> Iterator[Page]:
    with chromium() as page:
        yield page


@pytest.fixture
def preview(local_cloud: LocalCloud) -> Iterator[Preview]:
    preview = preview_of(local_cloud)
    publish(preview)
    preview.report("alive")
    yield preview
    preview.report("off")


def publish(preview: Preview, title: str = "One", color: str = "rgb(1, 1, 1)", imported: str = "0px") -> None:
    preview.wire.put("index.html", (
        f"<!doctype html><html><head><title>{title}</title><link rel=stylesheet href=/s.css></head>"
        f"<body style='height:5000px'><h1>{title}</h1><img src=/i.svg></body></html>").encode(), **HTML)
    preview.wire.put("s.css", f"@import '/more.css'; h1{{color:{color}}}".encode(), **CSS)
    preview.wire.put("more.css", f"h1{{margin-left:{imported}}}".encode(), **CSS)
    preview.wire.put("i.svg", svg(10), content_type="image/svg+xml", cache_control="max-age=3600")


def svg(width: int) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="5"/>'.encode()


def watch(browser: Page, preview: Preview, path: str = "/") -> None:
    """Open the page, leave a mark that a reload would wipe out, wait until it listens."""
    browser.open(f"http://{preview.host}{path}")
    browser.evaluate("window.mark = 'still here', 0")
    browser.wait_for(CONNECTED)
    while not preview.report("alive")["browsers"]:
        pass


def test_an_edited_page_is_loaded_anew_at_the_place_that_was_being_read(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    browser.evaluate("scrollTo(0, 1234), 0")
    preview.report("publishing")
    publish(preview, title="Two")
    preview.report("published", changed=["index.html"])
    browser.wait_for("document.querySelector('h1').textContent === 'Two' && scrollY === 1234")
    assert browser.evaluate("window.mark") is None


def test_an_edited_stylesheet_is_swapped_without_a_reload(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    assert browser.evaluate(COLOR) == "rgb(1, 1, 1)"
    for number in (2, 3):
        publish(preview, color=f"rgb(0, 0, {number})")
        preview.report("published", changed=["s.css"])
        browser.wait_for(f"{COLOR} === 'rgb(0, 0, {number})'")
    browser.wait_for("document.querySelectorAll('link[rel=stylesheet]').length === 1")
    assert browser.evaluate("window.mark") == "still here"


def test_an_imported_stylesheet_is_new_after_a_reload_though_the_browser_kept_it(
    browser: Page, preview: Preview
) -> None:
    watch(browser, preview)
    publish(preview, imported="7px")
    preview.report("published", changed=["more.css"])
    browser.wait_for("window.mark === undefined && getComputedStyle(document.querySelector('h1')).marginLeft === '7px'")


def test_a_stylesheet_saved_twice_at_once_and_used_twice_stays_one_each(browser: Page, preview: Preview) -> None:
    preview.wire.put("twice.html", (
        b"<link rel=stylesheet href='/s.css?v=1'><link rel=stylesheet href=/s.css media=print><h1>Twice</h1>"), **HTML)
    watch(browser, preview, "/twice.html")
    for number in range(2, 8):
        publish(preview, color=f"rgb(0, 0, {number})")
        preview.report("published", changed=["s.css"])
    browser.wait_for(f"{COLOR} === 'rgb(0, 0, 7)' && document.querySelectorAll('link').length === 2")
    links = browser.evaluate("[...document.querySelectorAll('link')].map(one => [one.search, one.media, one.href])")
    assert ["v=1" in href for _, _, href in links] == [True, False]
    assert [media for _, media, _ in links] == ["", "print"]
    assert browser.evaluate("window.mark") == "still here"


def test_a_stylesheet_saved_while_another_page_was_shown_is_new_there(browser: Page, preview: Preview) -> None:
    preview.wire.put("plain.html", b"<h1>Plain</h1>", **HTML)
    preview.wire.put("far.html", b"<link rel=stylesheet href=/far.css><h1>Far</h1>", **HTML)
    preview.wire.put("far.css", b"h1{color:rgb(1, 1, 1)}", **CSS)
    watch(browser, preview, "/far.html")
    watch(browser, preview, "/plain.html")
    preview.wire.put("far.css", b"h1{color:rgb(2, 2, 2)}", **CSS)
    preview.report("published", changed=["far.css"])
    browser.open(f"http://{preview.host}/far.html")
    assert browser.evaluate(COLOR) == "rgb(2, 2, 2)"


def test_a_deleted_stylesheet_loads_the_page_anew(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    preview.wire.call("DELETE", "s.css")
    preview.report("published", changed=["s.css"])
    browser.wait_for(f"window.mark === undefined && {COLOR} === 'rgb(0, 0, 0)'")


def test_an_edited_image_is_shown_without_a_reload(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    browser.wait_for("document.images[0].naturalWidth === 10")
    preview.wire.put("i.svg", svg(33), content_type="image/svg+xml")
    preview.report("published", changed=["i.svg"])
    browser.wait_for("document.images[0].naturalWidth === 33")
    assert browser.evaluate("window.mark") == "still here"


def test_a_stylesheet_that_the_page_does_not_use_changes_nothing(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    preview.report("published", changed=["other.css"])
    publish(preview, color="rgb(9, 9, 9)")
    preview.report("published", changed=["s.css"])  # comes after it
    browser.wait_for(f"{COLOR} === 'rgb(9, 9, 9)'")
    assert browser.evaluate("window.mark") == "still here"


def test_a_failed_build_is_shown_and_goes_away_with_the_next_good_one(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    message = "Error: <script>window.harmed = 1</script> & \"line 3\""
    preview.report("failed", message=message)
    assert browser.wait_for(FAILURE) == message
    root = "document.querySelector('sitepub-failure').shadowRoot"
    assert browser.evaluate(f"{root}.querySelector('[role=alert] h2').textContent") == "The build failed"
    assert browser.evaluate("window.harmed") is None
    preview.report("published", changed=[])
    browser.wait_for("!document.querySelector('sitepub-failure')")
    assert browser.evaluate("window.mark") == "still here"


def test_the_overlay_can_be_closed_and_meets_who_comes_later(browser: Page, preview: Preview) -> None:
    preview.report("failed", message="broken")
    watch(browser, preview)
    assert browser.wait_for(FAILURE) == "broken"
    browser.evaluate("document.querySelector('sitepub-failure').shadowRoot.querySelector('button').click()")
    assert browser.evaluate("document.querySelector('sitepub-failure')") is None
    preview.report("failed", message="still broken")
    assert browser.wait_for(FAILURE) == "still broken"
    browser.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'})), 0")
    assert browser.evaluate("document.querySelector('sitepub-failure')") is None


def test_the_overlay_is_seen_also_in_the_frame_of_somebody_else(
    browser: Page, preview: Preview, local_cloud: LocalCloud
) -> None:
    around = preview_of(local_cloud)
    around.wire.put("index.html", f"<iframe src='http://{preview.host}/'></iframe>".encode(), **HTML)
    preview.report("failed", message="broken")
    browser.open(f"http://{around.host}/")
    frame = browser.call("Page.getFrameTree")["frameTree"]["childFrames"][0]["frame"]["id"]
    assert browser.wait_for(FAILURE, frame=frame) == "broken"


def test_fragments_and_data_come_to_scripts_as_they_are(browser: Page, preview: Preview) -> None:
    preview.wire.put("part.html", b"<li>one</li>", **HTML)
    watch(browser, preview)
    assert browser.evaluate("fetch('/part.html').then(answer => answer.text())") == "<li>one</li>"
    browser.open(f"http://{preview.host}/part.html")
    browser.wait_for("window.__sitepubLive")


def test_a_page_with_the_end_of_a_body_in_its_script_works_and_is_loaded_anew(browser: Page, preview: Preview) -> None:
    page = ("<!doctype html><body><h1>{}</h1><script>window.ran = '</body>'</script><!-- </body> --></html>"
            "<!-- a</body> -->")
    preview.wire.put("odd.html", page.format("One").encode(), **HTML)
    watch(browser, preview, "/odd.html")
    assert browser.evaluate("window.ran") == "</body>"
    preview.wire.put("odd.html", page.format("Two").encode(), **HTML)
    preview.report("published", changed=["odd.html"])
    browser.wait_for("document.querySelector('h1').textContent === 'Two'")


def test_a_page_that_comes_back_as_it_was_left_is_loaded_anew(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    browser.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true})), 0")
    browser.wait_for("window.mark === undefined && window.__sitepubLive")


def test_a_page_that_is_not_there_comes_when_it_is(browser: Page, preview: Preview) -> None:
    watch(browser, preview, "/new.html")
    preview.wire.put("new.html", b"<h1>New</h1>", **HTML)
    preview.report("published", changed=["new.html"])
    browser.wait_for("document.querySelector('h1').textContent === 'New'")


def test_a_strict_policy_without_inline_code_is_no_obstacle(browser: Page, preview: Preview) -> None:
    page = (b"<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\"><h1>Strict</h1>")
    preview.wire.put("strict.html", page, **HTML)
    watch(browser, preview, "/strict.html")
    preview.report("failed", message="shown")
    assert browser.wait_for(FAILURE) == "shown"
    section = "document.querySelector('sitepub-failure').shadowRoot.querySelector('section')"
    assert browser.evaluate(f"getComputedStyle({section}).position") == "fixed"


def test_two_pages_of_one_browser_share_a_connection(browser: Page, preview: Preview) -> None:
    watch(browser, preview)
    browser.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: '/?second'})), 0")
    browser.wait_for("frames[0]?.__sitepubLive && frames[0].document.readyState === 'complete'")
    browser.wait_for("navigator.locks.query().then(found => found.pending.length === 1)")
    assert preview.report("alive")["browsers"] == 1
    preview.wire.put("s.css", b"h1{color:rgb(5, 5, 5)}", **CSS)
    preview.report("published", changed=["s.css"])
    inner = COLOR.replace("document", "frames[0].document")
    browser.wait_for(f"{COLOR} === 'rgb(5, 5, 5)' && {inner} === 'rgb(5, 5, 5)'")
    assert browser.evaluate("window.mark") == "still here"


def test_what_was_published_while_the_embedded_cloud_was_away_is_shown(browser: Page, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_cloud(data) as cloud:
        preview = preview_of(cloud)
        publish(preview)
        preview.report("alive")
        watch(browser, preview)
    process = subprocess.Popen([sys.executable, "-m", "sitepub.local", "--data", str(data), "--json"],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        assert found["endpoint"] == cloud.endpoint, "the same port again"
        again = Preview(cloud, Wire(cloud, preview.wire.bucket), preview.host)
        publish(again, title="Meanwhile")
        again.report("published", changed=["index.html"])
        browser.wait_for("document.querySelector('h1').textContent === 'Meanwhile'")
    finally:
        process.terminate()
        process.communicate(timeout=60)
