"""Which addresses a deploy has changed for search engines (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sitepub.config.bucket_settings import Website
from sitepub.domains.purge.plan import encoded
from sitepub.publish.plan import Action, Plan
from sitepub.site.snapshot import SiteFile

_PAGES = ("text/html", "application/xhtml+xml")
_SUFFIXES = (".html", ".htm", ".xhtml")


def changed_pages(plan: Plan, website: Website, prefix: str) -> tuple[str, ...]:
    """Paths of pages that are new, have other content, or are gone, each once, in order. Other headers alone are no
    change of a page. ``prefix``: of the object keys; the error document is no page of its own."""
    found = {_path(step.key, website) for step in plan.steps
             if step.action is not Action.HEADERS and _is_page(step.key, step.file)}
    found |= {_path(key, website) for key in _dropped(plan) if key.endswith(_SUFFIXES)}
    errors = {website.error} | ({"404.html", "error.html"} if website.error_is_default else set())
    return tuple(sorted(found - {_path(f"{prefix}{error}", website) for error in errors if error != website.index}))


def _dropped(plan: Plan) -> Iterable[str]:
    """What the site has not any more, also when it stays for open tabs."""
    retained: Mapping[str, object] = plan.moved
    return (key for key in retained if key not in {step.key for step in plan.steps})


def _is_page(key: str, file: SiteFile | None) -> bool:
    if file is not None:
        return file.headers.get("Content-Type", "").lower().startswith(_PAGES)
    return key.lower().endswith(_SUFFIXES)


def _path(key: str, website: Website) -> str:
    """The one address of a page that links should have: ``/a/`` for ``a/index.html``."""
    index = website.index
    if key == index or key.endswith(f"/{index}"):
        key = key.removesuffix(index)
    elif website.ignore_html_ext:
        key = key.removesuffix(".html")
    return "/" + encoded(key)
