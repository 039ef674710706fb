"""What a website endpoint answers to a path: a pure decision.

Facts: COS API 436/31930 (the configuration), 436/14984 (the endpoint). Where they are silent the stricter
answer is chosen, and a comment says so.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from sitepub.local.cos.bucket.website_document import RoutingRule, WebsiteConfiguration

HTML = ".html"


class Look(enum.Enum):
    """What a visitor finds under a key. DENIED hides whether the object exists, as the service does."""

    FOUND = enum.auto()
    MISSING = enum.auto()
    DENIED = enum.auto()


@dataclass(frozen=True)
class Serve:
    """Answer with the object `key`; `status` is 200, or the error's when it is the error document."""

    key: str
    status: int = 200


@dataclass(frozen=True)
class Redirect:
    location: str
    status: int


@dataclass(frozen=True)
class ErrorPage:
    """A generated page; `error_document` is the configured one that could not be served either."""

    status: int
    code: str
    key: str
    error_document: str | None = None


Decision = Serve | Redirect | ErrorPage


@dataclass(frozen=True)
class Visit:
    """A GET or HEAD of a website. `path` is decoded and starts with `/`; `query` is raw, without `?`.

    `host` carries the port when the visitor's did. `enforce_https`: the visitor came over plain HTTP to a
    name where https is served.
    """

    path: str
    query: str = ""
    scheme: str = "http"
    host: str = ""
    enforce_https: bool = False


def route(website: WebsiteConfiguration, visit: Visit, look: Callable[[str], Look]) -> Decision:
    """Decide what `visit` is answered; `look` says what the visitor finds under a key."""
    # `http` is taken and given back by the service; documented is https only, so visitors over TLS stay there
    if website.redirect_protocol == "https" and visit.enforce_https:
        query = f"?{visit.query}" if visit.query else ""
        location = f"{website.redirect_protocol}://{visit.host}{_encoded(visit.path)}{query}"
        return Redirect(location, 301)
    key = visit.path.removeprefix("/")
    for rule in website.rules:
        if rule.key_prefix is not None and key.startswith(rule.key_prefix):
            return _redirect(rule, key, visit)
    return _object(website, key, visit, look) or _error(website, key, visit, look)


def _object(
    website: WebsiteConfiguration, key: str, visit: Visit, look: Callable[[str], Look]
) -> Decision | None:
    """The object that answers for `key`, or None."""
    if not key or key.endswith("/"):
        index = key + website.index_document
        return Serve(index) if look(index) is Look.FOUND else None
    found = look(key) is Look.FOUND
    if website.auto_addressing:
        bare = key.removesuffix(HTML)
        if found and bare != key and bare and not bare.endswith("/") and look(bare) is not Look.FOUND:
            # The console says that addresses no longer show `.html`; whether the long address is then
            # redirected, refused or served is not documented. Redirecting is the stricter of the answers
            # that still lead to the page: a link that was not shortened shows.
            query = f"?{visit.query}" if visit.query else ""
            return Redirect(f"{visit.scheme}://{visit.host}{_encoded('/' + bare)}{query}", 302)
        if not found and look(key + HTML) is Look.FOUND:
            return Serve(key + HTML)
    # `/dir` without its slash is no object: 404, as the documentation said until 2020 and users report. An answer that
    # was published in 2021 is a redirect (302 to `/dir/`): a site must not rely on either, so the stricter one stays.
    return Serve(key) if found else None


def _error(
    website: WebsiteConfiguration, key: str, visit: Visit, look: Callable[[str], Look]
) -> Decision:
    wanted = key + website.index_document if not key or key.endswith("/") else key
    denied = look(wanted) is Look.DENIED
    status, code = (403, "AccessDenied") if denied else (404, "NoSuchKey")
    for rule in website.rules:
        if rule.error_code == status:  # before the error document (COS API 436/31930)
            return _redirect(rule, key, visit)
    if website.error_document is None:
        return ErrorPage(status, code, wanted)
    if look(website.error_document) is not Look.FOUND:
        return ErrorPage(status, code, wanted, website.error_document)
    return Serve(website.error_document, status if website.keeps_error_status else 200)


def _redirect(rule: RoutingRule, key: str, visit: Visit) -> Redirect:
    if rule.replace_key_with is not None:
        target = rule.replace_key_with
    else:
        target = (rule.replace_prefix_with or "") + key.removeprefix(rule.key_prefix or "")
    # Not documented: whether the query survives. It does not here, so a site cannot come to rely on it.
    # Not documented either: the status. 302, because a browser would keep a 301 after the rule is gone.
    path = _encoded("/" + target.lstrip("/"))
    return Redirect(f"{rule.protocol or visit.scheme}://{visit.host}{path}", 302)


def _encoded(path: str) -> str:
    """The path as a URL; bytes that were not UTF-8 come back as they were."""
    return quote(path, safe="/!$&'()*+,;=:@-._~", errors="surrogateescape")
