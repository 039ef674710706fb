"""The error document: which one is used, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import RedirectRule, Website
from sitepub.config.project import Project
from sitepub.site.error_page import error_key, error_page_problem
from tests.site.sample import project

DEFAULT = Website()


def named(error: str) -> Website:
    return Website(error=error, error_is_default=False)


def site(tmp_path: Path, website: Website, prefix: str = "") -> Project:
    return replace(project(tmp_path), website=website, key_prefix=prefix)


@pytest.mark.parametrize(("website", "keys", "expected"), [
    (DEFAULT, {"index.html", "error.html"}, "error.html"),
    (DEFAULT, {"index.html", "404.html"}, "404.html"),
    (DEFAULT, {"index.html", "404.html", "error.html"}, "error.html"),
    (DEFAULT, {"index.html"}, "error.html"),
    (DEFAULT, {"index.html", "docs/404.html"}, "error.html"),
    (named("404.html"), {"index.html", "error.html"}, "404.html"),
    (named("error.html"), {"index.html", "404.html"}, "error.html"),
    (named("oops/lost.html"), {"oops/lost.html"}, "oops/lost.html"),
])
def test_the_404_page_of_the_site_is_used_unless_another_is_named(
    tmp_path: Path, website: Website, keys: set[str], expected: str
) -> None:
    assert error_key(site(tmp_path, website), keys) == expected
    prefixed = site(tmp_path, website, "blog/")
    assert error_key(prefixed, {f"blog/{key}" for key in keys} | {"404.html"}) == f"blog/{expected}"


@pytest.mark.parametrize(("website", "keys", "words"), [
    (DEFAULT, {"index.html"}, "add 404.html"),
    (named("404.htm"), {"index.html", "404.html"}, "did you mean `error: 404.html`?"),
    (named("Error.html"), {"index.html", "error.html"}, "did you mean `error: error.html`?"),
    (named("eror.html"), {"index.html", "error.html"}, "did you mean `error: error.html`?"),
    (named("lost.html"), {"index.html", "404.html"}, "did you mean `error: 404.html`?"),
    (named("a/b.png"), {"x.png"}, "name another page"),
])
def test_a_site_without_its_error_document_is_warned_of(
    tmp_path: Path, website: Website, keys: set[str], words: str
) -> None:
    for prefix in ("", "blog/"):
        problem = error_page_problem(site(tmp_path, website, prefix), {prefix + key for key in keys})
        assert problem is not None
        assert words in (problem.hint or "")
        assert "XML" in problem.message


@pytest.mark.parametrize(("website", "keys"), [
    (DEFAULT, {"404.html"}), (DEFAULT, {"error.html"}), (named("index.html"), {"index.html"}),
    (replace(DEFAULT, redirect_rules=(RedirectRule(http_error_code=404, replace_key_with="index.html"),)), {"a.html"}),
])
def test_nothing_is_said_where_visitors_get_a_page(tmp_path: Path, website: Website, keys: set[str]) -> None:
    assert error_page_problem(site(tmp_path, website), keys) is None


@pytest.mark.parametrize(("target", "keys", "lost"), [
    ("404x.html", {"index.html", "404.html"}, True), ("lost/", {"index.html", "lost.html"}, True),
    ("404.html", {"index.html", "404.html"}, False), ("lost/", {"index.html", "lost/index.html"}, False),
    ("lost", {"index.html", "lost.html"}, False), ("index.html", {"index.html"}, False),
])
def test_a_redirect_for_404_to_a_page_that_is_not_there_is_warned_of(
    tmp_path: Path, target: str, keys: set[str], lost: bool
) -> None:
    for prefix in ("", "blog/"):
        website = replace(DEFAULT, ignore_html_ext=True, redirect_rules=(
            RedirectRule(http_error_code=404, replace_key_with=prefix + target),))
        problem = error_page_problem(site(tmp_path, website, prefix), {prefix + key for key in keys})
        assert (problem is not None and "in a circle" in problem.message) is lost
