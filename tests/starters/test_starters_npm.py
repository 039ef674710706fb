"""The starters that need npm, installed from the registry and built for real."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import pytest

from sitepub.actions.init import init
from sitepub.site.detect.frameworks import detect
from tests.starters.built import InstallPackages, generate
from tests.starters.pages import complaints, read_page

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def copy_of(starter: str, folder: Path, npm_packages: InstallPackages) -> Path:
    site = init(starter, None, folder=folder, here=folder).folder
    npm_packages(starter, site)
    return site


@pytest.fixture(scope="session")
def hexo_blog(tmp_path_factory: pytest.TempPathFactory, npm_packages: InstallPackages) -> Path:
    """A copy of the Hexo starter, installed and built. Tests that change it take :func:`own_blog`."""
    blog = copy_of("hexo-starter", tmp_path_factory.mktemp("blog"), npm_packages)
    generate(blog, "npx", "hexo", "generate")
    return blog


@pytest.fixture
def own_blog(hexo_blog: Path, tmp_path: Path, npm_packages: InstallPackages) -> Path:
    blog = tmp_path / "own"
    shutil.copytree(hexo_blog, blog, ignore=shutil.ignore_patterns("node_modules", "public", "db.json"))
    npm_packages("hexo-starter", blog)
    return blog


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_blog_has_its_pages_lists_feed_and_sitemap(hexo_blog: Path) -> None:
    public = hexo_blog / "public"
    for name in ("index.html", "404.html", "about/index.html", "archives/index.html", "tags/index.html",
                 "categories/index.html", "tags/hexo/index.html", "tags/博客/index.html",
                 "categories/指南/index.html", "2026/11/start-here/index.html",
                 "2026/11/你好，世界/index.html",
                 "atom.xml", "sitemap.xml", "favicon.svg", "css/style.css", "images/lantern.svg"):
        assert (public / name).is_file(), name


def test_every_page_of_the_blog_is_sound(hexo_blog: Path) -> None:
    pages = sorted((hexo_blog / "public").rglob("*.html"))
    assert {str(page): complaints(read_page(page)) for page in pages} == {str(page): [] for page in pages}


def test_every_link_within_the_blog_leads_somewhere(hexo_blog: Path) -> None:
    public = hexo_blog / "public"
    for path in public.rglob("*.html"):
        for address in read_page(path).links():
            assert address.startswith("/"), "pages and the 404 page are shown at any depth"
            place = public / unquote(address).lstrip("/").partition("#")[0]
            target = place / "index.html" if address.endswith("/") else place
            assert target.is_file(), f"{path}: {address}"


def test_chinese_posts_come_with_a_chinese_page_around_them(hexo_blog: Path) -> None:
    page = read_page(hexo_blog / "public" / "2026" / "11" / "你好，世界" / "index.html")
    assert page.all("html")[0]["lang"] == "zh-CN"
    assert page.title == "你好，世界 · My blog"
    for words in ("首页", "归档", "跳到正文", "2026年11月16日", "中文文件名", "阅读约"):
        assert words in page.visible
    home = read_page(hexo_blog / "public" / "index.html")
    assert home.all("html")[0]["lang"] == "en"
    assert [a.get("lang") for a in home.all("article")].count("zh-CN") == 1


def test_the_feed_is_atom_with_absolute_links(hexo_blog: Path) -> None:
    feed = ET.parse(hexo_blog / "public" / "atom.xml").getroot()
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 3
    for element in [feed, *entries]:
        assert all(element.find(ATOM + name) is not None for name in ("id", "title", "updated", "link"))
    content = "".join(entry.findtext(f"{ATOM}content", "") for entry in entries)
    assert 'src="https://example.com/images/lantern.svg"' in content
    assert not re.search(r'(?:href|src)="/', content)


def test_the_sitemap_lists_every_post_and_not_the_404_page(hexo_blog: Path) -> None:
    sitemap = ET.parse(hexo_blog / "public" / "sitemap.xml").getroot()
    places = [unquote(url.text or "") for url in sitemap.iter(f"{MAP}loc")]
    assert "https://example.com/" in places
    assert "https://example.com/2026/11/你好，世界/" in places
    assert not any("404" in place for place in places)
    assert len(places) == len(set(places))


def test_two_builds_give_the_same_bytes_so_that_a_second_deploy_sends_nothing(
    hexo_blog: Path, own_blog: Path
) -> None:
    generate(own_blog, "npx", "hexo", "generate")
    assert contents(own_blog / "public") == contents(hexo_blog / "public")


def test_long_lists_are_paged_and_awkward_titles_are_shown_as_written(own_blog: Path) -> None:
    config = own_blog / "_config.yml"
    config.write_text(config.read_text(encoding="utf-8").replace("per_page: 8", "per_page: 2")
                      .replace("https://example.com", "https://blog.test"), encoding="utf-8")
    posts = own_blog / "source" / "_posts"
    (posts / "awkward.md").write_text(
        "---\ntitle: '<b>&amp; \"quotes\" </b>'\ndate: 2026-11-19\n"
        "tags: ['a & b', 'C#']\n---\nText & <em>more</em>\n",
        encoding="utf-8")
    (posts / "bare.md").write_text("---\ndate: 2026-11-19\n---\nNo title.\n", encoding="utf-8")
    generate(own_blog, "npx", "hexo", "generate")
    public = own_blog / "public"
    second = read_page(public / "page/2/index.html")
    assert [(a["rel"], a["href"]) for a in second.all("a") if a.get("rel") in {"prev", "next"}] == [
        ("prev", "/"), ("next", "/page/3/")]
    assert "Page 2 of 3" in second.visible
    pages = sorted(public.rglob("*.html"))
    assert {str(page): complaints(read_page(page)) for page in pages} == {str(page): [] for page in pages}
    post = read_page(public / "2026/11/awkward/index.html")
    assert '<b>&amp; "quotes" </b>' in post.title
    assert not post.all("b")
    assert post.all("link")[0]["href"] == "https://blog.test/2026/11/awkward/"
    ET.parse(public / "atom.xml")
    ET.parse(public / "sitemap.xml")


def test_a_blog_without_posts_still_builds(own_blog: Path) -> None:
    shutil.rmtree(own_blog / "source/_posts")
    generate(own_blog, "npx", "hexo", "generate")
    assert (own_blog / "public/atom.xml").is_file()
    ET.parse(own_blog / "public/sitemap.xml")


@pytest.mark.parametrize("starter", ["react-starter", "vue-starter"])
def test_an_app_builds_into_hashed_files_and_one_page(
    starter: str, tmp_path: Path, npm_packages: InstallPackages
) -> None:
    app = copy_of(starter, tmp_path, npm_packages)
    framework = detect(app)
    assert framework is not None
    assert (framework.spa, framework.hook, framework.install) == (True, "npm run build", None)
    generate(app, *str(framework.hook).split())
    dist = app / str(framework.dist)
    page = read_page(dist / "index.html")
    assert complaints(page) == []
    assert [path.name for path in dist.rglob("*.html")] == ["index.html"]
    assert all(address.startswith("/") and (dist / address[1:]).is_file() for address in page.links())
    assert {re.sub(r"-[\w-]{8}\.", "-HASH.", path.name) for path in (dist / "assets").iterdir()} == {
        "index-HASH.js", "index-HASH.css"}
