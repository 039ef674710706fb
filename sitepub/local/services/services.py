"""State of all services of the cloud API in one data folder."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from pathlib import Path

from sitepub.local.base.pace import DEFAULT_PACE, Pace
from sitepub.local.services.certificates import Certificate, Deployment
from sitepub.local.services.custom_domains import CustomDomain
from sitepub.local.services.edge_functions import EdgeFunction, EdgeFunctionRule
from sitepub.local.services.log_topics import LogTopic
from sitepub.local.services.records import CdnDomain, CdnOwnership, TeoDomain, TeoProxy, TeoRule, TeoZone
from sitepub.local.services.roles import OidcProvider, Policy, Role
from sitepub.local.services.state import Collection, StateFile
from sitepub.local.services.switches import Switches
from sitepub.local.services.tags import OwnTag
from sitepub.local.services.tasks import EdgeTask
from sitepub.local.services.zones import Answer, OwnNames, Zone, lookup

CDN_SUFFIX = "cdn.dnsv1.com"
"""Suffix of the CNAMEs of CDN hosts."""
EDGEONE_SUFFIX = "eo.dnse1.com"
OPEN_SUFFIXES = ("myqcloud.com", "tencentcos.cn")
"""Every bucket's name exists below these."""

PurgeListener = Callable[[str, str], None]
"""Called with a kind and its target: `url`, `prefix`, `flush` (what the origin changed since) with a
scheme; `host`."""


class Services:
    """State of DNSPod, SSL, CDN, EdgeOne and the custom domains of buckets."""

    def __init__(self, folder: Path, pace: float = DEFAULT_PACE) -> None:
        self.authority_folder = folder
        """Where the certificate authority has its keys."""
        self.pace = Pace(pace)
        """How long the states of the cloud API take."""
        self.file = StateFile(folder / "services.sqlite3")
        self.zones: Collection[Zone] = Collection(self.file, "dns-zone", Zone)
        """By `owner/name`."""
        self.certificates: Collection[Certificate] = Collection(self.file, "certificate", Certificate)
        """By id."""
        self.deployments: Collection[Deployment] = Collection(self.file, "deployment", Deployment)
        """By number."""
        self.cdn_domains: Collection[CdnDomain] = Collection(self.file, "cdn-domain", CdnDomain)
        """By host: a host is on the CDN once, for all accounts."""
        self.cdn_ownerships: Collection[CdnOwnership] = Collection(self.file, "cdn-ownership", CdnOwnership)
        """By `owner/registered domain`."""
        self.teo_zones: Collection[TeoZone] = Collection(self.file, "teo-zone", TeoZone)
        """By zone id."""
        self.teo_domains: Collection[TeoDomain] = Collection(self.file, "teo-domain", TeoDomain)
        """By host."""
        self.teo_rules: Collection[TeoRule] = Collection(self.file, "teo-rule", TeoRule)
        """By id; those of a zone from the top to the last."""
        self.teo_proxies: Collection[TeoProxy] = Collection(self.file, "teo-proxy", TeoProxy)
        """By id."""
        self.teo_functions: Collection[EdgeFunction] = Collection(self.file, "teo-function", EdgeFunction)
        self.teo_function_rules: Collection[EdgeFunctionRule] = Collection(
            self.file, "teo-function-rule", EdgeFunctionRule)
        """Both by id."""
        self.function_calls = 0
        """Calls that changed functions while the switch `functions_busy` was on."""
        self.tasks: Collection[EdgeTask] = Collection(self.file, "edge-task", EdgeTask)
        """Purges and prefetches, by id."""
        self.roles: Collection[Role] = Collection(self.file, "role", Role)
        self.policies: Collection[Policy] = Collection(self.file, "policy", Policy)
        """Both by id."""
        self.tags: Collection[OwnTag] = Collection(self.file, "tag", OwnTag)
        """By owner, key and value, with line breaks between them."""
        self.custom_domains: Collection[CustomDomain] = Collection(
            self.file, "custom-domain", CustomDomain
        )
        """By host."""
        self.log_topics: Collection[LogTopic] = Collection(self.file, "log-topic", LogTopic)
        """By id."""
        self.oidc_providers: Collection[OidcProvider] = Collection(self.file, "oidc-provider", OidcProvider)
        """By `owner/name`."""
        self._switches: Collection[Switches] = Collection(self.file, "switches", Switches)
        self.on_purge: list[PurgeListener] = []
        self.on_prefetch: list[Callable[[str], None]] = []
        """Called with a URL."""
        self._own: tuple[int, OwnNames] | None = None

    @property
    def switches(self) -> Switches:
        return self._switches.get("now") or Switches()

    @switches.setter
    def switches(self, value: Switches) -> None:
        self._switches.put("now", value)

    def purge(self, kind: str, target: str) -> None:
        """Remove answers from the caches of the edge (:data:`PurgeListener`)."""
        for listener in self.on_purge:
            listener(kind, target)

    def prefetch(self, url: str) -> None:
        """Make the edge fetch a URL into its cache."""
        for listener in self.on_prefetch:
            listener(url)

    def resolve(self, name: str, kind: str) -> Answer:
        """What the embedded DNS answers now. ``kind``: type of the record."""
        return lookup(list(self.zones), name, kind, self._own_names())

    def _own_names(self) -> OwnNames:
        if self._own is None or self._own[0] != self.file.changes:
            names = [domain.cname for domain in self.cdn_domains]
            names += [domain.cname for domain in self.teo_domains]
            own = OwnNames(frozenset(names), (CDN_SUFFIX, EDGEONE_SUFFIX), OPEN_SUFFIXES)
            self._own = (self.file.changes, own)
        return self._own[1]

    def close(self) -> None:
        self.file.close()


def random_name(length: int) -> str:
    """Random lower-case letters and digits, from a cryptographic source."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def random_number(digits: int) -> int:
    least: int = 10 ** (digits - 1)
    return least + secrets.randbelow(9 * least)
