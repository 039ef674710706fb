"""Releases as a visitor's browser sees them: real builds of Hexo and Vite, a real Chromium."""

from __future__ import annotations

from pathlib import Path

from sitepub.actions.init import init
from tests.amount import times
from tests.chromium import RunChromium
from tests.e2e.conftest import Sitepub
from tests.starters.built import InstallPackages


def copy_of(starter: str, folder: Path, npm_packages: InstallPackages) -> Path:
    site = init(starter, None, folder=folder, here=folder).folder
    npm_packages(starter, site)
    return site


def test_a_post_is_changed_and_taken_back_and_a_tab_that_stays_open_misses_no_chunk(
        sitepub: Sitepub, tmp_path: Path, npm_packages: InstallPackages, chromium: RunChromium) -> None:
    blog = copy_of("hexo-starter", tmp_path / "blog", npm_packages)
    app = copy_of("vue-starter", tmp_path / "app", npm_packages)
    lazy, main = app / "src" / "lazy.js", app / "src" / "main.js"
    main.write_text(main.read_text(encoding="utf-8") + "\nwindow.lazy = () => import('./lazy.js')\n", encoding="utf-8")
    lazy.write_text("export default 'lazy 0'\n", encoding="utf-8")
    with chromium(f"--host-resolver-rules=MAP *.localhost {sitepub.cloud.host}") as page:
        post = next((blog / "source" / "_posts").glob("start*.md"))
        url = sitepub.deploy(blog)["url"]
        page.open(url)
        assert "a word that was not there" not in page.evaluate("document.body.innerText")
        post.write_text(post.read_text(encoding="utf-8").replace("\n---\n", "\n---\na word that was not there\n", 1),
                        encoding="utf-8")
        sitepub.deploy(blog)
        page.open(url)
        assert "a word that was not there" in page.evaluate("document.body.innerText")
        back = sitepub("rollback", "--local", "--json", cwd=blog)
        assert back.code == 0 and back.json["changes"]["uploaded"] == 0, back.err
        page.open(url)
        assert "a word that was not there" not in page.evaluate("document.body.innerText")

        page.open(sitepub.deploy(app)["url"])
        page.wait_for("typeof window.lazy === 'function'")
        for version in range(1, times(1, long=20) + 1):
            lazy.write_text(f"export default 'lazy {version}'\n", encoding="utf-8")
            assert sitepub.deploy(app)["changes"]["uploaded"] > 1
        assert page.evaluate("window.lazy().then(found => found.default)") == "lazy 0"
        page.open(page.evaluate("location.href"))
        page.wait_for("typeof window.lazy === 'function'")
        assert page.evaluate("window.lazy().then(found => found.default)") == f"lazy {version}"
