"""What the rules of `_redirects` come to: routing rules of the bucket, redirects of the edges, the page for missing
addresses, copies of files, pages that forward (pure).

In the order of the layers: an edge where the site has one (it keeps the status), else a routing rule of COS, else, for
a single address, a page. What none of them can do is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal
from urllib.parse import unquote

from sitepub.config.bucket_settings import RedirectRule
from sitepub.config.project import Project
from sitepub.config.site_rules import EdgeRedirect
from sitepub.errors import Problem
from sitepub.site.address_rules.addresses import SPLAT, filled
from sitepub.site.address_rules.edge_paths import CDN_REDIRECTS, CDN_STATUSES, EDGEONE_REDIRECTS
from sitepub.site.address_rules.forwarding_page import page_file
from sitepub.site.address_rules.header_rules import configurable
from sitepub.site.address_rules.live_rules import both_addresses, live_rules, path_of
from sitepub.site.address_rules.redirected import Impossible, Redirected
from sitepub.site.address_rules.redirects_file import RedirectLine
from sitepub.site.address_rules.served_files import ServedFiles
from sitepub.site.snapshot import SiteFile

ROUTING_RULES = 100
"""Of a bucket (COS API 436/31930)."""
_PERMANENT = (301, 308)
_SHOWN = 10


def compile_redirects(rules: Sequence[RedirectLine], project: Project, files: Mapping[str, SiteFile]) -> Redirected:
    """``files``: those of the site, by key."""
    return _Compiling(project, files).compile(rules)


class _Compiling:
    def __init__(self, project: Project, files: Mapping[str, SiteFile]) -> None:
        self.project = project
        self.files = files
        self.prefix = project.key_prefix
        self.index = project.website.index
        self.edges = configurable(project.hosts)
        self.on_bucket = not project.hosts or len(self.edges) < len(project.hosts)
        """Visitors come to the website endpoint with nothing in front of it."""
        self.served = ServedFiles(project, files)
        self.done = Redirected()
        self.routing: list[tuple[RedirectLine, RedirectRule]] = []
        self.left: dict[str, int] = {
            host.host: CDN_REDIRECTS - len((host.settings.get("urlRedirect") or {}).get("pathRules") or ())
            if host.edge == "cdn" else EDGEONE_REDIRECTS for host in self.edges}
        self.pages: list[RedirectLine] = []
        self.splats: list[RedirectLine] = []
        """Redirects of many addresses that are in force."""

    def compile(self, rules: Sequence[RedirectLine]) -> Redirected:
        done = self.done
        live = list(live_rules(rules, {host.host for host in self.project.hosts}, self._warn))
        # A rule with a splat has no other way: those come first where the number is limited.
        for rule in sorted(live, key=lambda rule: rule.address.exact):
            try:
                self._rule(rule)
            except Impossible as no:
                done.refused.append(Problem(f"`{rule}` cannot be done: {no.why}", rule.position, no.hint))
        in_order = {id(rule): number for number, rule in enumerate(live)}
        done.refused.sort(key=lambda problem: (problem.position.line or 0) if problem.position else 0)
        self.routing.sort(key=lambda one: in_order[id(one[0])])
        # Where one prefix begins with another, the longer one must be asked first; rules that never counted are gone.
        done.routing = tuple(made for _rule, made in sorted(
            self.routing, key=lambda one: -len(one[1].key_prefix or "")))
        self._say_what_differs()
        return done

    def _warn(self, rule: RedirectLine, message: str, hint: str | None) -> None:
        self.done.warnings.append(Problem(message, rule.position, hint))

    # One rule

    def _rule(self, rule: RedirectLine) -> None:
        if rule.conditions:
            raise Impossible(f"no layer knows the condition {rule.conditions[0]}",
                             "leave the condition out, or choose in the page, by script")
        if rule.query:
            raise Impossible("no layer can choose by the parameters of the query",
                             "leave them out: the redirect then takes every query")
        if rule.status == 200:
            self._rewrite(rule)
        elif rule.status in (404, 410):
            self._missing(rule)
        elif not self._is_shadowed(rule):
            self._redirect(rule)

    def _redirect(self, rule: RedirectLine) -> None:
        inside = path_of(filled(rule.to, dict.fromkeys(rule.address.names, "x")))
        if not rule.address.exact and not rule.external and rule.address.match(inside) is not None:
            raise Impossible("it would redirect its own destination again and again")
        reasons: list[Impossible] = []
        at_edge: list[EdgeRedirect] = []
        route: RedirectRule | None = None
        try:
            at_edge = self._at_edges(rule)
        except Impossible as no:
            reasons.append(no)
        if self.on_bucket and not reasons:
            try:
                route = self._route(rule)
            except Impossible as no:
                reasons.append(no)
        if reasons or (self.on_bucket and route is None):
            if not self._can_be_page(rule):
                raise reasons[0]
            self._page(rule, reasons)
        if not rule.address.exact and (at_edge or route is not None):
            self.splats.append(rule)
        for made in at_edge:
            self._count(rule, -1)
            self.done.edge = (*self.done.edge, made)
        if route is not None and not (reasons and not at_edge):
            self.routing.append((rule, route))

    # The edges

    def _hosts(self, rule: RedirectLine) -> list[str]:
        return [host.host for host in self.edges if rule.address.host in ("", host.host)]

    def _count(self, rule: RedirectLine, by: int) -> None:
        for host in self._hosts(rule):
            self.left[host] += by

    def _at_edges(self, rule: RedirectLine) -> list[EdgeRedirect]:
        """Empty: the site has no edge of its own."""
        kinds = {host.host: host.edge for host in self.edges}
        if rule.address.host and rule.address.host not in kinds:
            raise Impossible(f"{rule.address.host} has no edge, and the bucket answers all its hosts alike",
                             "give it `edge: edgeone` or `edge: cdn`, or leave the host out")
        to = rule.to if rule.external else f"/{self.prefix}{rule.to[1:]}"
        made = [EdgeRedirect(f"/{self.prefix}{path[1:]}", to, rule.status, rule.address.host)
                for path in both_addresses(rule)]
        for host in self._hosts(rule):
            if any(char in rule.to for char in "?#"):
                raise Impossible("the destination has a query or a fragment, which edges do not add")
            if kinds[host] == "cdn":
                self._cdn_can(rule, host)
            if self.left[host] < len(made):
                most = CDN_REDIRECTS if kinds[host] == "cdn" else EDGEONE_REDIRECTS
                raise Impossible(f"{host} has room for {most} redirects" + (
                    ", two for an address with and without a slash" if kinds[host] == "cdn" else ""),
                    "one rule with a splat replaces many, as in /old/* /new/:splat")
        if self._hosts(rule):
            self.served.refuse_hiding(rule, prefix=False)
        return made if self._hosts(rule) else []

    def _cdn_can(self, rule: RedirectLine, host: str) -> None:
        if rule.status not in CDN_STATUSES:
            raise Impossible(f"the CDN, which serves {host}, redirects with 301 and 302 only",
                             "write one of them, or use `edge: edgeone`")
        if rule.address.names not in ((), (SPLAT,)):
            raise Impossible(f"the CDN, which serves {host}, knows `*` and no placeholders", "use `edge: edgeone`")

    # The bucket

    def _route(self, rule: RedirectLine) -> RedirectRule | None:
        """``None``: a page is better."""
        if len(self.project.website.redirect_rules) + len(self.routing) >= ROUTING_RULES:
            raise Impossible(f"a bucket has room for {ROUTING_RULES} redirects, those of serverless.yml counted",
                             "one rule with a splat replaces many, as in /old/* /new/:splat; an edge has more room")
        if rule.address.host:
            raise Impossible("the bucket answers all its hosts alike", "leave the host out")
        if rule.external:
            raise Impossible("COS redirects within the website only",
                             "a host with `edge: edgeone` or `edge: cdn` can redirect elsewhere")
        if any(char in rule.to for char in "?#"):
            raise Impossible("COS takes a destination without query and fragment", None)
        if rule.address.exact:
            if self.edges:
                return None  # what begins with the address would be sent to the bucket's own name
            path = rule.address.path.rstrip("/") if both_addresses(rule)[1:] else rule.address.path
            target = unquote(rule.to, errors="surrogateescape")
            if not path.strip("/"):
                raise Impossible("COS knows prefixes, and this one would take every address")
            self.served.refuse_hiding(rule, prefix=True)
            wider = self._wider(path)
            if wider is not None and "." not in path.rpartition("/")[2]:
                raise Impossible(f"COS knows prefixes only, and would take what begins with `{path}` from"
                                 f" line {wider.position.line}, too", "a host with `edge: edgeone` can do both")
            if target.startswith(path):
                raise Impossible("COS knows prefixes only, and would redirect the destination, too")
            return RedirectRule(key_prefix=self.prefix + path[1:], replace_key_with=self._key(target))
        before = rule.address.prefix
        if before is None:
            raise Impossible("COS knows prefixes: an address with a `*` at its end, and no placeholders",
                             "a host with `edge: edgeone` can do it")
        if before == "/":
            raise Impossible("COS knows prefixes, and this one would take every address, also the destination",
                             "a host with `edge: edgeone` can redirect it to another host")
        if not self.edges:
            self.served.refuse_hiding(rule, prefix=False)
        return self._prefix_rule(rule, before)

    def _prefix_rule(self, rule: RedirectLine, before: str) -> RedirectRule:
        target, captured, rest = rule.to.partition(f":{SPLAT}")
        decoded = unquote(target, errors="surrogateescape")
        if rest:
            raise Impossible("COS puts the rest of the address at the end, and nothing behind it",
                             "end the destination with :splat")
        if decoded.startswith(before):
            raise Impossible("it would redirect its own destination again and again")
        if captured:
            return RedirectRule(key_prefix=self.prefix + before[1:], replace_key_prefix_with=self.prefix + decoded[1:])
        return RedirectRule(key_prefix=self.prefix + before[1:], replace_key_with=self._key(decoded))

    def _key(self, target: str) -> str:
        return self.prefix + target[1:] or self.index

    # What is there

    def _is_shadowed(self, rule: RedirectLine) -> bool:
        """Whether files answer at a single address: they do, unless the rule is forced (Netlify)."""
        if rule.force or not rule.address.exact:
            return False
        there = self.served.at(rule.address.path)
        if there:
            self._warn(rule, f"`{rule}` has no effect: {there} is at this address, and is served",
                       f"`{rule.status}!` redirects all the same")
        return bool(there)

    # Pages, copies, and the page for missing addresses

    def _keys(self, rule: RedirectLine) -> list[str]:
        """Of objects that answer at the address and are not there yet."""
        paths = [path[1:] + self.index if path.endswith("/") else path[1:] for path in both_addresses(rule)]
        return [self.prefix + path for path in paths if path not in self.served.there
                and self.prefix + path not in self.done.files]

    def _can_be_page(self, rule: RedirectLine) -> bool:
        return rule.address.exact and not rule.address.host and not self.served.at(rule.address.path) and bool(
            self._keys(rule))

    def _wider(self, path: str) -> RedirectLine | None:
        """The rule with a splat that takes an address first, wherever the other one comes."""
        return next((one for one in self.splats if one.address.match(path) is not None), None)

    def _reachable(self, rule: RedirectLine) -> None:
        """Raises for an object that no visitor would get: routing rules and edges come before objects."""
        wider = self._wider(rule.address.path)
        if wider is not None:
            raise Impossible(f"line {wider.position.line} redirects this address, too, and comes before every file",
                             "a host with `edge: edgeone` can do both" if rule.redirects else None)
        key = self.prefix + rule.address.path[1:]
        theirs = next((one.key_prefix for one in self.project.website.redirect_rules
                       if one.key_prefix is not None and key.startswith(one.key_prefix)), None)
        if theirs is not None:
            raise Impossible(f"redirectRules in serverless.yml redirects what begins with `{theirs}`, and comes before"
                             " every file")

    def _page(self, rule: RedirectLine, reasons: Sequence[Impossible]) -> None:
        try:
            self._reachable(rule)
        except Impossible as no:
            raise (reasons[0] if reasons else no) from None
        target = rule.to if rule.external else f"/{self.prefix}{filled(rule.to, {})[1:]}"
        for key in self._keys(rule):
            self.done.files[key] = page_file(key, target)
        self.pages.append(rule)

    def _rewrite(self, rule: RedirectLine) -> None:
        if rule.external:
            raise Impossible("COS and its edges serve files, and pass no request on to another address",
                             "call that address from the page, or redirect to it with 302")
        if rule.address.host:
            raise Impossible("the bucket answers all its hosts alike", "leave the host out")
        if not rule.address.exact and rule.to == rule.address.path[:-1] + f":{SPLAT}":
            raise Impossible("no layer excepts addresses from the rules below", "leave the line out")
        target = rule.to.partition("?")[0].partition("#")[0]
        page = "" if f":{SPLAT}" in target or (rule.address.names and ":" in target) else self.served.at(
            unquote(target, errors="surrogateescape"))
        if rule.address.path == "/*" and not rule.force:
            self._error_page(rule, page, 200)
        elif not rule.address.exact:
            raise Impossible("COS has one page for all addresses that do not exist",
                             "`/* /index.html 200` is that page; for single addresses, write them out")
        elif not page:
            raise Impossible(f"there is no file at {target}")
        elif there := self.served.at(rule.address.path):
            if there != page:
                if rule.force:
                    raise Impossible(f"{there} is at this address", "leave that file out with src.exclude")
                self._warn(rule, f"`{rule}` has no effect: {there} is at this address, and is served", None)
        else:
            self._reachable(rule)
            for key in self._keys(rule):
                self.done.files[key] = replace(self.files[self.prefix + page], key=key)

    def _missing(self, rule: RedirectLine) -> None:
        page = self.served.at(unquote(rule.to, errors="surrogateescape")) if rule.to and not rule.external else ""
        if rule.address.path == "/*" and not rule.force and rule.status == 404:
            self._error_page(rule, page, 404)
            return
        there = self.served.at(rule.address.path) if rule.address.exact else next(
            (path for path in self.served.beginning(rule.address.path[1:].partition("*")[0].partition(":")[0])), "")
        if there:
            if not rule.force and rule.address.exact:
                self._warn(rule, f"`{rule}` has no effect: {there} is at this address, and is served", None)
                return
            raise Impossible(f"{there} is there, and would be served", "leave it out with src.exclude")
        if rule.status == 410:
            raise Impossible("COS answers 404 for what is not there", "leave the line out")
        if rule.to and page != self._error_now():
            raise Impossible("COS has one page for all addresses that do not exist",
                             f"`/* {rule.to} 404` makes it this one")

    def _error_now(self) -> str:
        return self.done.error or self.project.website.error

    def _error_page(self, rule: RedirectLine, page: str, status: Literal[404, 200]) -> None:
        website = self.project.website
        if not page:
            raise Impossible(f"there is no file at {rule.to}" if rule.to else "no page is named")
        if not website.error_is_default and (website.error, 200 if website.disable_error_status else 404) != (
                page, status):
            raise Impossible(f"serverless.yml says `error: {website.error}`", "leave one of the two out")
        self.done.error, self.done.error_status = page, status

    # What is worth saying

    def _say_what_differs(self) -> None:
        self.pages.sort(key=lambda rule: rule.line.number)
        for rule in self.pages[:_SHOWN]:
            meant = f", not with the status {rule.status}" if rule.status in _PERMANENT else ""
            self._warn(rule, f"`{rule}` becomes a page that forwards visitors{meant}: no layer can redirect it",
                       "search engines take its canonical link; a host with `edge: edgeone` redirects")
        more = self.pages[_SHOWN:]
        if more:
            self._warn(more[0], f"{len(more)} more redirects become pages that forward visitors, the last in line"
                       f" {more[-1].line.number}", None)
        others = [rule for rule, _made in self.routing if rule.said and rule.status != 302]
        if others and not self.edges:
            first = min(others, key=lambda rule: rule.line.number)
            count = f"{len(others)} redirects are" if len(others) > 1 else "the redirect is"
            self._warn(first, f"{count} answered with COS's own status (302): its rules have none",
                       "a host with `edge: edgeone` keeps the status")
