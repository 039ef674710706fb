"""Sites that a build makes: a real Hexo blog and a React page, from the starters, through their hooks."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from urllib.parse import quote

from tests.e2e.conftest import Sitepub, Visitor
from tests.starters.built import InstallPackages


def digests(folder: Path) -> dict[str, str]:
    return {unicodedata.normalize("NFC", path.relative_to(folder).as_posix()):
            hashlib.md5(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_hexo_blog_is_built_published_and_updated_by_what_differs(
    sitepub: Sitepub, visitor: Visitor, tmp_path: Path, npm_packages: InstallPackages
) -> None:
    assert sitepub("init", "hexo-starter", "my-blog", cwd=tmp_path).code == 0
    blog = tmp_path / "my-blog"
    npm_packages("hexo-starter", blog)
    report = sitepub.deploy(blog)
    public = blog / "public"
    before = digests(public)
    assert report["changes"]["uploaded"] == len(before) > 15
    for name in before:
        page = visitor.get(report["url"], "/" + quote(name))
        assert page.status == 200, name
        assert hashlib.md5(page.body).hexdigest() == before[name], name
    post = next((blog / "source/_posts").glob("*.md"))
    post.write_text(post.read_text(encoding="utf-8") + "\n\nOne more line.\n", encoding="utf-8")
    report = sitepub.deploy(blog)
    after = digests(public)
    differ = {name for name in after if before.get(name) != after[name]}
    assert 0 < report["changes"]["uploaded"] == len(differ) < len(after)
    assert report["changes"]["unchanged"] == len(after) - len(differ)
    assert b"One more line." in b"".join(visitor.get(report["url"], "/" + quote(n)).body for n in differ)
    _it_is_not_damaged_by_builds_that_fail(sitepub, visitor, blog, report["url"])


def _it_is_not_damaged_by_builds_that_fail(sitepub: Sitepub, visitor: Visitor, blog: Path, url: str) -> None:
    """Hexo ends with status 0 each time."""
    def refused() -> tuple[int, str]:
        run = sitepub("deploy", "--local", "--json", cwd=blog)
        return run.code, run.json["error"]["message"]

    before = digests(blog / "public")
    post = next((blog / "source/_posts").glob("*.md"))
    good = post.read_text(encoding="utf-8")
    post.write_text("---\ntitle: [a\n---\n", encoding="utf-8")
    code, said = refused()
    assert code == 1 and f"ERROR Process failed: _posts/{post.name}" in said
    post.write_text(good, encoding="utf-8")
    layout = blog / "themes/lantern/layout/post.ejs"
    whole = layout.read_text(encoding="utf-8")
    layout.write_text("<%- nosuch.word %>", encoding="utf-8")
    (blog / "db.json").unlink()
    code, said = refused()
    assert code == 1 and "ReferenceError" in said
    layout.write_text(whole, encoding="utf-8")
    (blog / "themes").rename(blog / "elsewhere")
    (blog / "db.json").unlink()
    code, said = refused()
    assert code == 5 and "pages had content and are empty now" in said
    (blog / "elsewhere").rename(blog / "themes")
    (blog / "db.json").unlink()
    for name, digest in before.items():
        assert hashlib.md5(visitor.get(url, "/" + quote(name)).body).hexdigest() == digest, name
    assert sitepub.deploy(blog)["changes"]["deleted"] == 0
    assert sitepub.deploy(blog)["warnings"] == [], "Hexo writes nothing when nothing has changed"


def test_the_react_starter_is_built_by_its_hook_and_answers_every_route(
    sitepub: Sitepub, visitor: Visitor, tmp_path: Path, npm_packages: InstallPackages
) -> None:
    assert sitepub("init", "react-starter", "my-app", cwd=tmp_path).code == 0
    app = tmp_path / "my-app"
    npm_packages("react-starter", app)
    report = sitepub.deploy(app)
    built = digests(app / "dist")
    assert report["changes"]["uploaded"] >= len(built)
    index = (app / "dist/index.html").read_bytes()
    assert visitor.get(report["url"]).body == index
    deep = visitor.get(report["url"], "/some/route")
    assert (deep.status, deep.body) == (200, index)
    hashed = next(name for name in built if name.startswith("assets/") and name.endswith(".js"))
    assert visitor.get(report["url"], "/" + hashed).headers["cache-control"] == "public, max-age=31536000, immutable"
