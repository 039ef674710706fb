"""The files of a site at their addresses: what is served where, and what a redirect would hide (pure)."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Set

from sitepub.config.project import Project
from sitepub.site.address_rules.addresses import addresses_of, served_at
from sitepub.site.address_rules.live_rules import both_addresses
from sitepub.site.address_rules.redirected import Impossible
from sitepub.site.address_rules.redirects_file import RedirectLine


class ServedFiles:
    """Below the site's part of the bucket."""

    def __init__(self, project: Project, keys: Iterable[str]) -> None:
        prefix = project.key_prefix
        self.index = project.website.index
        self.bare = project.website.ignore_html_ext
        self.paths = sorted(key.removeprefix(prefix) for key in keys if key.startswith(prefix))
        self.there: Set[str] = set(self.paths)

    def at(self, path: str) -> str:
        return served_at(path, self.there, self.index, without_html=self.bare)

    def refuse_hiding(self, rule: RedirectLine, *, prefix: bool) -> None:
        """Raises for files that would not be reachable any more. ``prefix``: what begins with the address, too."""
        if prefix:
            start = rule.address.path.rstrip("/")[1:]
            own = {served_at(path, self.there, self.index, without_html=self.bare) for path in both_addresses(rule)}
            hidden = [path for path in self.beginning(start) if not (rule.force and path in own)]
            if hidden:
                raise Impossible(f"COS knows prefixes only, and would redirect {hidden[0]}, too")
            return
        if rule.force or rule.address.exact:
            return
        start = rule.address.path[1:].partition("*")[0].partition(":")[0]
        for path in self.beginning(start):
            if any(rule.address.match(one) is not None
                   for one in addresses_of(path, self.index, without_html=self.bare)):
                raise Impossible(f"{path} is there, and no layer redirects only what is missing",
                                 f"`{rule.status}!` redirects all the same, and hides the files")

    def beginning(self, start: str) -> Iterator[str]:
        at = bisect.bisect_left(self.paths, start)
        while at < len(self.paths) and self.paths[at].startswith(start):
            yield self.paths[at]
            at += 1
