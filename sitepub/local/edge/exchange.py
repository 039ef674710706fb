"""How the edge answers a visitor: it finds the host, redirects, or answers from the cache or the origin."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from http import HTTPStatus

from sitepub.local.edge import rules as edge_rules
from sitepub.local.edge.cache import MOST_ENTRY, EdgeCache, Entry, normal_path
from sitepub.local.edge.domains import EdgeDomain, PathRedirect
from sitepub.local.edge.function_engine import NO_ENGINE, FunctionFailed, has_engine
from sitepub.local.edge.function_runs import Functions, PassedOn, Subrequest
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse, Pairs
from sitepub.local.edge.origin import SELECTING, Origins
from sitepub.local.edge.sending import hsts_header, represent, represent_function
from sitepub.local.edge.served_functions import ServedFunction
from sitepub.local.services.edge_functions import Visit

Lookup = Callable[[str], EdgeDomain | None]
"""A host name in lower case → the host as it is served now; None when it is not served."""

_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_HOST = re.compile(r"\[?[A-Za-z0-9.:_-]{1,260}\]?\Z")


class Exchange:
    """Answers visitors of all hosts."""

    def __init__(self, find: Lookup, origins: Origins, cache: EdgeCache) -> None:
        self._find = find
        self._origins = origins
        self.cache = cache
        self.ports: dict[str, int] = {"http": 0, "https": 0}
        """Ports of this edge by scheme: a redirect to the other scheme names the other port."""
        self._purges = 0
        self._fetching: dict[tuple[str, str, str], asyncio.Event] = {}
        self._functions = Functions()
        self.on_fetched: Callable[[EdgeDomain, EdgeRequest, EdgeResponse], None] = lambda *_: None
        """Called with what an edge function has fetched of a host."""

    def purged(self) -> None:
        """Do not store what is being fetched now: the purge may have meant it."""
        self._purges += 1

    async def answer(self, request: EdgeRequest) -> tuple[EdgeDomain | None, EdgeResponse]:
        """The host that was asked for (None: not served) and the answer for the visitor."""
        domain = self._find(host_name(request.authority)) if _HOST.match(request.authority) else None
        if domain is None or not domain.served or (request.scheme == "https" and not domain.https):
            # the host is known, but offline, not yet online, or without HTTPS: its visits are not logged
            return None, page(404, "No site answers to this host name here.")
        if request.version == "2" and not domain.http2:
            # a connection made for another host was used again (RFC 9113 9.1.2)
            return domain, page(421, "This host does not speak HTTP/2.")
        if not request.target.startswith("/") or _CONTROL.search(request.target):
            # HTTP/2 can carry what HTTP/1.1, which origins are asked in, cannot
            return domain, page(400, "The request target is not a path.")
        redirect = domain.redirect
        if redirect is not None and redirect.to != request.scheme:
            location = f"{redirect.to}://{self._authority(request, redirect.to)}{request.target}"
            response = page(redirect.status, f"The page is at {location}")
            response.headers.append(("Location", location))
            return domain, response
        found = edge_rules.redirected(domain.path_redirects, normal_path(request.path))
        if found is not None:
            return domain, self._path_redirect(request, *found)
        if domain.product == "cos":
            return domain, await self._passed_through(domain, request)
        function = _function(domain, request)
        if function is not None:
            return domain, await self._by_function(domain, request, function)
        return domain, await self._cached(domain, request)

    async def _by_function(self, domain: EdgeDomain, request: EdgeRequest, function: ServedFunction) -> EdgeResponse:
        """What an edge function answers. One that fails after ``passThroughOnException`` is passed by."""
        if not has_engine():
            print(f"edge function {function.name}: not run, for want of an engine: {NO_ENGINE}", file=sys.stderr)
            return page(501, f"An edge function ({function.name}) answers for this host, and this computer has no"
                             f" JavaScript engine for the embedded edge. Install it: {NO_ENGINE}")
        # headers are changed once, in the answer of the function
        plain = replace(domain, response_headers=(), max_age_rules=(), hsts=None)

        async def fetch(sub: Subrequest) -> EdgeResponse:
            response = await self._cached(plain, sub.request, sub)
            self.on_fetched(domain, sub.request, response)
            return response

        try:
            response = await self._functions.answer(function, request, host_name(request.authority), fetch)
        except PassedOn as passed:
            if passed.failure:
                print(f"edge function {function.name}: passed by, as it failed: {passed.failure}", file=sys.stderr)
            return await self._cached(domain, request)
        except FunctionFailed as error:
            print(f"edge function {function.name}: {error}", file=sys.stderr)
            return page(500, f"The edge function {function.name} failed: {error}")
        return await represent_function(domain, request, response, self.cache)

    def _path_redirect(self, request: EdgeRequest, redirect: PathRedirect, path: str) -> EdgeResponse:
        scheme = redirect.scheme or request.scheme
        query = f"?{request.query}" if redirect.keeps_query and request.query else ""
        location = f"{scheme}://{redirect.host or self._authority(request, scheme)}{path}{query}"
        response = page(redirect.status, f"The page is at {location}")
        response.headers.append(("Location", location))
        return response

    def _authority(self, request: EdgeRequest, scheme: str) -> str:
        """The same host for another scheme. Only a visitor who named this edge's own port gets the port of that
        scheme."""
        name, _, port = request.authority.partition(":")
        return f"{name}:{self.ports[scheme]}" if port == str(self.ports[request.scheme]) else name

    async def _passed_through(self, domain: EdgeDomain, request: EdgeRequest) -> EdgeResponse:
        """A bucket's own domain: no CDN, the bucket answers."""
        response = await self._origins.pull(domain, request, selecting=True)
        if request.scheme == "https" and domain.hsts is not None:
            response.headers.append(hsts_header(domain))
        return response

    async def _cached(self, domain: EdgeDomain, request: EdgeRequest, sub: Subrequest | None = None) -> EdgeResponse:
        """``sub``: what an edge function fetches, which may have a cache key and a lifetime of its own."""
        if request.method not in ("GET", "HEAD"):
            response = await self._origins.pull(domain, request, selecting=True)
            response.cache = "miss"
            return await represent(domain, request, response, None, self.cache)
        path, query = edge_rules.cache_key(domain, normal_path(request.path), request.query)
        key = (domain.host, path, query)
        if sub is not None and sub.cache_key is not None:
            # purges name addresses: whether one finds an answer under a key of its own is not documented, so none does
            key = (domain.host, f"key:{sub.cache_key}", "")
        entry, response = await self._from_cache_or_origin(domain, request, key, sub)
        return await represent(domain, request, _error_page(domain, response), entry, self.cache, packs=sub is None)

    async def _from_cache_or_origin(
        self, domain: EdgeDomain, request: EdgeRequest, key: tuple[str, str, str], sub: Subrequest | None
    ) -> tuple[Entry | None, EdgeResponse]:
        entry = self._fresh(key, request)
        fetching = self._fetching.get(key)
        if entry is None and fetching is not None:
            # one visitor's miss serves everyone who comes meanwhile, if it brings what can be kept
            await fetching.wait()
            entry = self._fresh(key, request)
        if entry is not None:
            return entry, _from_entry(entry)
        fetching = asyncio.Event()
        self._fetching.setdefault(key, fetching)
        try:
            return await self._fetch(domain, request, key, self.cache.find(key, request.headers), sub)
        finally:
            fetching.set()
            if self._fetching.get(key) is fetching:
                del self._fetching[key]

    def _fresh(self, key: tuple[str, str, str], request: EdgeRequest) -> Entry | None:
        entry = self.cache.find(key, request.headers)
        return entry if entry is not None and entry.expires > time.time() else None

    async def _fetch(self, domain: EdgeDomain, request: EdgeRequest, key: tuple[str, str, str],
                     stale: Entry | None, sub: Subrequest | None) -> tuple[Entry | None, EdgeResponse]:
        """Ask the origin, with the validators of a stale entry; store its answer if the rules allow."""
        validators: Pairs = []
        if stale is not None:
            for header, name in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
                if (value := stale.header(header)) is not None:
                    validators.append((name, value))
        purges = self._purges
        response = await self._origins.pull(domain, request, validators)
        now = time.time()
        if stale is not None and response.status == 304:
            renewed = {name.lower() for name, _ in response.headers}
            headers = (*(pair for pair in stale.headers if pair[0].lower() not in renewed), *response.headers)
            by_name = {name.lower(): value for name, value in headers}
            kept = _lifetime(domain, key[1], sub, stale.status, by_name, now)
            entry = replace(stale, headers=headers, stored=now, expires=now + (kept or 0))
            self.cache.remove(stale)
            if kept is not None and purges == self._purges:
                self.cache.put(entry)
            return entry, _from_entry(entry)
        if response.stream is not None:
            if response.length is None or response.length > MOST_ENTRY:
                return None, await self._too_large(domain, request, response)
            async with contextlib.aclosing(response.stream) as stream:
                response.body = b"".join([chunk async for chunk in stream])
            response.stream = response.length = None
        response.cache = "miss"
        kept = _lifetime(domain, key[1], sub, response.status, response.lower(), now)
        if kept is None or purges != self._purges:
            if stale is not None:
                self.cache.remove(stale)
            return None, response
        rule = edge_rules.cache_rule(domain.cache_rules, key[1])
        if rule is not None and rule.ignore_set_cookie:
            response.drop("set-cookie")
        entry = Entry(*key, response.status, tuple(response.headers), response.body, now, now + kept,
                      _varying(response, request))
        self.cache.put(entry)
        return entry, response

    async def _too_large(self, domain: EdgeDomain, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        """An answer too large for the cache: passed through, and the origin itself cuts the range."""
        if response.status == 200 and any(name in request.headers for name in SELECTING):
            await response.close()
            response = await self._origins.pull(domain, request, selecting=True)
        response.cache = "miss"
        return response


def _function(domain: EdgeDomain, request: EdgeRequest) -> ServedFunction | None:
    if domain.functions is None:
        return None
    return domain.functions.for_visit(Visit(
        host_name(request.authority), domain.functions.domain, request.scheme, request.method, request.path,
        request.query, request.headers, request.remote))


def _lifetime(domain: EdgeDomain, path: str, sub: Subrequest | None, status: int, headers: Mapping[str, str],
              now: float) -> float | None:
    """:func:`rules.lifetime`, unless an edge function says otherwise."""
    own = sub.lifetime(status) if sub is not None else None
    if own is None:
        return edge_rules.lifetime(domain, path, status, headers, now)
    return own if own > 0 else None


def host_name(authority: str) -> str:
    """The name in a Host header, lower case; ``<host>.localhost`` means the host."""
    name = authority.rpartition(":")[0] if ":" in authority else authority
    name = name.lower().rstrip(".")
    return name.removesuffix(".localhost")


def page(status: int, message: str) -> EdgeResponse:
    """A page of the edge itself."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = escape(message.encode("utf-8", "replace").decode())
    body = (f'<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
            f"<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n").encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Server", "sitepub-edge"),
               ("X-NWS-LOG-UUID", secrets.token_hex(8))]
    return EdgeResponse(status, headers, body)


def _from_entry(entry: Entry) -> EdgeResponse:
    return EdgeResponse(entry.status, list(entry.headers), entry.body, cache="hit")


def _varying(response: EdgeResponse, request: EdgeRequest) -> dict[str, str]:
    # the origin is always asked for the plain form: Accept-Encoding makes no difference to what it says
    names = {name.strip().lower() for name in response.lower().get("vary", "").split(",")} - {"", "accept-encoding"}
    return {name: request.headers.get(name, "") for name in sorted(names)}


def _error_page(domain: EdgeDomain, response: EdgeResponse) -> EdgeResponse:
    """The redirect that a host configured for an error (ErrorPage, CDN API 228/30987)."""
    settings = domain.settings.get("ErrorPage") or {}
    if settings.get("Switch") != "on":
        return response
    for rule in settings.get("PageRules") or ():
        if rule.get("StatusCode") == response.status and rule.get("RedirectUrl"):
            status = int(rule.get("RedirectCode") or 302)
            found = page(status, f"The page is at {rule['RedirectUrl']}")
            found.headers.append(("Location", str(rule["RedirectUrl"])))
            return replace(found, cache=response.cache)
    return response
