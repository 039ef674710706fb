"""Real tools build sites; planted faults are found, and none is invented."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.amount import AMOUNT
from tests.check.real_sites import CONFIG, found, judged, npm_tools, python_tools, report_of, run, write
from tests.e2e.conftest import Sitepub, Visitor
from tests.starters.built import InstallPackages, generate
from tests.starters.test_starters_npm import copy_of, hexo_blog

pytestmark = pytest.mark.npm

__all__ = ["hexo_blog"]

only_long = pytest.mark.skipif(AMOUNT != "long", reason="installs several tools: tests/run --long")

FAULTS = """
![gone](/img/nowhere.png) [gone](/nowhere/) [slash](/{page}) [local](http://localhost:4000/x)
[anchor](#nowhere) [other anchor](/{page}/#Nowhere) ![case](/{case}) ![mixed](http://pics.example.org/a.png)
<script src="/js/nowhere.js"></script><link rel="stylesheet" href="/css/nowhere.css">
<video src="/nowhere.mp4"></video><div style="background: url(/img/nowhere2.png)"></div>
<img src="/{right}" srcset="/{right} 1x, /img/nowhere3.png 2x">
"""


def expected(page: str, case: str, here: str) -> set[tuple[str, str]]:
    return {("image", "/img/nowhere.png"), ("link", "/nowhere/"), ("slash", f"/{page}"),
            ("local-address", "http://localhost:4000/x"), ("anchor", f"{here}#nowhere"), ("anchor",
            f"/{page}/#Nowhere"),
            ("case", f"/{case}"), ("mixed-content", "http://pics.example.org/a.png"), ("script", "/js/nowhere.js"),
            ("style", "/css/nowhere.css"), ("file", "/nowhere.mp4"), ("image", "/img/nowhere2.png"),
            ("image", "/img/nowhere3.png")}


@only_long
def test_hexo(hexo_blog: Path, tmp_path: Path, npm_packages: InstallPackages) -> None:
    """The starter with its posts in Chinese, its feed and sitemap; then with a post full of faults."""
    clean = report_of(hexo_blog, "./public")
    assert found(clean) == set() and clean.pages > 10 and clean.references > 200
    blog = tmp_path / "blog"
    shutil.copytree(hexo_blog, blog, ignore=shutil.ignore_patterns("node_modules", "public", "db.json"))
    npm_packages("hexo-starter", blog)
    text = FAULTS.format(page="about", case="Images/lantern.svg", right="images/lantern.svg")
    write(blog, {"source/_posts/faults.md": f"---\ntitle: Faults\ndate: 2026-11-01\n---\n<!-- more -->\n{text}"})
    generate(blog, "npx", "hexo", "generate")
    report = report_of(blog, "./public")
    wanted = expected("about", "Images/lantern.svg", "/2026/11/faults/")
    assert wanted <= found(report)
    # The feed holds the post's text, and the lists may: nothing else is found.
    assert {target for _kind, target in found(report) - wanted} <= {target for _kind, target in wanted}
    sources = {one.source.file for one in report.findings if one.source is not None}
    assert sources == {"source/_posts/faults.md"}


@only_long
def test_vite(tmp_path: Path, npm_packages: InstallPackages) -> None:
    site = copy_of("vue-starter", tmp_path, npm_packages)
    generate(site, "npm", "run", "build")
    assert found(report_of(site, "./dist")) == set()
    page = site / "index.html"
    faults = FAULTS.format(page="about", case="Favicon.svg", right="favicon.svg")
    write(site, {"public/about/index.html": '<h1 id="x">About</h1>', "public/faults/index.html": _html(faults),
                 "public/favicon.svg": "<svg/>", "public/404.html": "<p>"})
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", '<img src="/nowhere4.png"></body>'),
    encoding="utf-8")
    generate(site, "npm", "run", "build")
    report = report_of(site, "./dist")
    # A page of an app: what is no file of the site is for the app to show.
    assert found(report) == {one for one in expected("about", "Favicon.svg", "/faults/")
                             if one[0] not in ("link", "slash")} - {("anchor", "/about/#Nowhere")} | {
        ("image", "/nowhere4.png"), ("anchor", "/about/#Nowhere")}


def _html(markdown: str) -> str:
    """The few forms of Markdown that the faults are written in."""
    import re

    text = re.sub(r"!\[[^\]]*\]\(([^)]*)\)", r'<img src="\1">', markdown)
    return "<!DOCTYPE html><meta charset=utf-8>" + re.sub(r"\[[^\]]*\]\(([^)]*)\)", r'<a href="\1">x</a>', text)


@only_long
@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs", "material"])
def test_mkdocs(tmp_path: Path, theme: str) -> None:
    environ = python_tools("mkdocs", "mkdocs", "mkdocs-material")
    write(tmp_path, {
        "mkdocs.yml": f"site_name: Docs\nsite_url: https://docs.example.org/\ntheme: {{name: {theme}}}\n",
        "docs/index.md": "# Welcome\n\n[sub](sub/page.md#second-part) ![a](img/a.png)\n\n## Next\n\n[x](#next)\n",
        "docs/sub/page.md": "# Page\n\n## Second part\n\n[up](../index.md#next)\n", "docs/img/a.png": "1",
        "docs/about.md": "# About\n"})
    run(["mkdocs", "build", "-q"], tmp_path, environ)
    assert found(report_of(tmp_path, "./site")) == set()
    text = FAULTS.format(page="about", case="Img/a.png", right="img/a.png")
    write(tmp_path, {"docs/faults.md": f"# Faults\n\n{text}"})
    run(["mkdocs", "build", "-q"], tmp_path, environ)
    report = report_of(tmp_path, "./site")
    assert found(report) == expected("about", "Img/a.png", "/faults/")
    assert {one.source.file for one in report.findings if one.source is not None} == {"docs/faults.md"}


LAYOUTS = {
    "layouts/_default/baseof.html": """<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8">
<link rel="canonical" href="{{ .Permalink }}">{{ with .OutputFormats.Get "rss" }}
<link rel="alternate" type="application/rss+xml" href="{{ .RelPermalink }}">{{ end }}</head>
<body>{{ range .Site.Taxonomies.tags }}<a href="{{ .Page.RelPermalink }}">{{ .Page.Title }}</a>{{ end }}
{{ block "main" . }}{{ end }}</body></html>""",
    "layouts/_default/single.html": '{{ define "main" }}{{ .TableOfContents }}{{ .Content }}{{ end }}',
    "layouts/_default/list.html": """{{ define "main" }}{{ range .Pages }}
<a href="{{ .RelPermalink }}">x</a>{{ end }}{{ end }}""",
    "layouts/404.html": '{{ define "main" }}<a href="/">home</a>{{ end }}',
}


@only_long
def test_hugo(tmp_path: Path) -> None:
    environ = python_tools("hugo", "hugo")
    write(tmp_path, {"hugo.toml": "baseURL = 'https://www.example.org/'\nenableRobotsTXT = true\n"
                                  "[markup.goldmark.renderer]\nunsafe = true\n", **LAYOUTS,
                     "static/img/a.png": "1", "content/about.md": "---\ntitle: About\n---\n## 标题\n"})
    for number in range(3):
        write(tmp_path, {f"content/posts/post-{number}.md": f"---\ntitle: Post {number}\ntags: [Red, 中文]\n---\n"
                         "![a](/img/a.png) [p](/posts/post-1/#标题)\n\n## 标题\n"})
    run(["hugo", "--quiet"], tmp_path, environ)
    clean = report_of(tmp_path, "./public")
    assert found(clean) == set() and clean.pages >= 8
    text = FAULTS.format(page="about", case="Img/a.png", right="img/a.png")
    write(tmp_path, {"content/posts/faults.md": f"---\ntitle: Faults\n---\n{text}"})
    run(["hugo", "--quiet"], tmp_path, environ)
    report = report_of(tmp_path, "./public")
    assert found(report) == expected("about", "Img/a.png", "/posts/faults/")


THEMES = ("landscape", "next", "fluid", "butterfly", "icarus", "keep", "redefine")
HEXO = ("hexo", "hexo-generator-archive", "hexo-generator-category", "hexo-generator-index", "hexo-generator-tag",
        "hexo-generator-sitemap", "hexo-generator-feed", "hexo-renderer-ejs", "hexo-renderer-marked",
        "hexo-renderer-stylus", "hexo-renderer-pug", *(f"hexo-theme-{theme}" for theme in THEMES))


@only_long
@pytest.mark.parametrize("theme", THEMES)
def test_themes_of_hexo(tmp_path: Path, theme: str, sitepub: Sitepub, visitor: Visitor) -> None:
    """Every address that answers 404 is found, and nothing is found that does not."""
    tools = npm_tools("hexo-themes", *HEXO)
    site = tmp_path / "site"
    write(site, {
        "package.json": json.dumps({"hexo": {}, **json.loads((tools / "package.json").read_text(encoding="utf-8"))}),
        "_config.yml": f"title: 博客\nlanguage: zh-CN\nurl: https://www.example.org\npermalink: :year/:month/:title/\n"
                       f"theme: {theme}\nper_page: 3\nsitemap: {{path: sitemap.xml}}\n"
                       "feed: {type: atom, path: atom.xml}\n",
        "source/images/a.png": "1", "source/about/index.md": "---\ntitle: About\n---\n",
        "source/tags/index.md": "---\ntitle: Tags\ntype: tags\nlayout: tags\n---\n",
        "source/categories/index.md": "---\ntitle: Categories\ntype: categories\nlayout: categories\n---\n",
        "source/404.md": "---\ntitle: 404\npermalink: /404.html\n---\nnot here\n",
        "serverless.yml": CONFIG.replace("real", theme) % "./public"})
    for number in range(8):
        write(site, {f"source/_posts/post-{number}.md": (
            f"---\ntitle: 第 {number} 篇 Post\ndate: 2026-0{number + 1}-11 12:00:00\ntags: [Hexo, C++, 中文标签]\n"
            f"categories: [技术, 子类 {number % 2}]\n---\n![a](/images/a.png) [about](/about/)\n<!-- more -->\n"
            "## 标题 一\n[jump](#标题-二)\n## 标题 二\n")})
    (site / "node_modules").symlink_to(tools / "node_modules")
    generate(site, "npx", "hexo", "generate")
    report = sitepub("check", "--offline", "--no-build", "--json", cwd=site).json
    assert report["pages"] > 30
    url = sitepub.deploy(site, "--no-build")["url"]
    missed, invented = judged(visitor, url, site / "public", report)
    assert (missed, invented) == (set(), set())
    others = {one["kind"] for one in report["findings"]} - {"link", "image", "slash", "case"}
    assert others == set(), report["findings"]


