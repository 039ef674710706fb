"""The page that visitors see at an address that does not exist, and what is said when there is none."""

from __future__ import annotations

import difflib
from collections.abc import Container, Set

from sitepub.config.project import Project
from sitepub.errors import Problem

_USUAL = ("404.html", "error.html")
"""What generators write; used when serverless.yml names no error document."""


def error_key(project: Project, keys: Container[str]) -> str:
    """The key of the error document; ``keys``: of the site's files. Without ``src.error`` it is the component's
    default, ``error.html``, or else the ``404.html`` that the site has."""
    website, prefix = project.website, project.key_prefix
    named = prefix + website.error
    if not website.error or not website.error_is_default or named in keys:
        return named if website.error else ""
    return next((prefix + usual for usual in _USUAL if prefix + usual in keys), named)


def error_page_problem(project: Project, there: Set[str]) -> Problem | None:
    """A warning when the site has no error document. ``there``: the keys of the site's files."""
    key = error_key(project, there)
    for rule in project.website.redirect_rules:
        if rule.http_error_code == 404:
            return _lost_redirect(project, rule.replace_key_with, there)
    if not key or key in there:
        return None
    if project.website.error_is_default:
        return Problem("the site has no error document: at an address that does not exist, visitors see an XML error of"
                       " COS", project.source.position, "add 404.html, or name a page of the site: `error: index.html`")
    pages = [one.removeprefix(project.key_prefix) for one in there if one.endswith((".html", ".htm"))]
    near = difflib.get_close_matches(project.website.error, pages, 1, 0.6)
    usual = next((name for name in _USUAL if name in pages), None)
    other = near[0] if near else usual
    return Problem(f"the error document {project.website.error} is not in the site: at an address that does not exist,"
                   " visitors see an XML error of COS", project.source.at("error"),
                   f"did you mean `error: {other}`?" if other else "add it, or name another page in src.error")


def _lost_redirect(project: Project, target: str | None, there: Set[str]) -> Problem | None:
    """A rule for 404 that leads to a page of the site that is not there is asked for again and again."""
    if not target:
        return None
    known = [target, f"{target}{project.website.index}", *([f"{target}.html"] * project.website.ignore_html_ext)]
    index = project.key_prefix + project.website.index  # that one is there, or the site is refused
    if target == index or any(one in there for one in known) or not target.startswith(project.key_prefix):
        return None
    return Problem(f"the redirect rule for 404 leads to {target}, which is not in the site: at an address that does not"
                   " exist, browsers are redirected in a circle", project.at("redirectRules"),
                   "add that page, or name one of the site in replaceKeyWith")
