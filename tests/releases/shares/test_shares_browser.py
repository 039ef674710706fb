"""A share in a real Chromium, which keeps cookies for ``localhost``, and refuses them (they are Secure) where there is
no HTTPS: the same release again and again, its page with its own files."""

from __future__ import annotations

from pathlib import Path

from tests.chromium import Page, RunChromium
from tests.conftest import LocalCloud
from tests.releases.shares.conftest import agent, make


def shown(page: Page, address: str, number: int = 1) -> int:
    """Which version the browser shows, when page, style sheet and script are of the same one."""
    page.call("Network.setUserAgentOverride", userAgent=agent(number))
    page.open(address)
    found = page.wait_for("document.body && [document.body.innerText.trim(), String(window.version),"
                          " getComputedStyle(document.body).getPropertyValue('--version').trim()]")
    assert len(set(found)) == 1, found
    return int(found[0])


def test_the_same_release_again_with_cookies_and_without(shared_cloud: LocalCloud, tmp_path: Path, chromium: RunChromium
                                                         ) -> None:
    site = make(shared_cloud, tmp_path, "browser")
    site.do("deploy")
    site.write(2)
    site.do("deploy", "--traffic", "0.5")
    port = shared_cloud.edge_http
    kept, refused = f"http://{site.host}.localhost:{port}/", f"http://{site.host}:{port}/"
    rules = f"MAP *.localhost {shared_cloud.host}, MAP {site.host} {shared_cloud.host}"
    with chromium(f"--host-resolver-rules={rules}") as page:
        numbers = range(4)
        first = shown(page, kept)
        assert {shown(page, kept, number) for number in numbers} == {first}, "the cookie, whatever the agent"
        assert page.evaluate("document.cookie").startswith("sitepub-visitor=")
        without = {number: shown(page, refused, number) for number in range(12)}
        assert set(without.values()) == {1, 2}, "address and browser"
        assert {number: shown(page, refused, number) for number in numbers} == {
            number: without[number] for number in numbers} and page.evaluate("document.cookie") == ""
        site.do("traffic", "0.9999")
        assert shown(page, kept) == 2 and {shown(page, refused, number) for number in numbers} == {2}
        site.do("rollback")
        assert shown(page, kept) == 1 and page.evaluate("document.cookie") == "", "the page takes the cookie away"
        assert {shown(page, refused, number) for number in numbers} == {1}
