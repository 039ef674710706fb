"""The project: what serverless.yml says, once it was read, checked and completed. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sitepub.config.bucket_settings import Access, CorsRule, HeaderRule, LifecycleRule, Website
from sitepub.config.previews import PREVIEWS, PREVIEWS_FOLDER, PreviewOf, Previews
from sitepub.errors import Position, Problem

if TYPE_CHECKING:
    from sitepub.config.read_from import ReadFrom
    from sitepub.config.site_rules import HostRules

_FULL_BUCKET_NAME = re.compile(r"-1[0-9]{9}$")
"""App ids have ten digits and begin with 1 (125…, 13…)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the published files come from. All paths are absolute."""

    folder: Path
    """``src.src``: the folder to publish when there is no hook; with a hook, its working folder."""
    hook: str | None = None
    """Shell command that builds the site."""
    hook_position: Position | None = None
    timeout: float | None = None
    """Seconds after which the hook is stopped; ``None`` waits for ever."""
    dist: Path | None = None
    """``src.dist`` below the folder of serverless.yml: the build output."""
    dist_beside_source: Path | None = None
    """The same path below ``src.src``: used when ``dist`` does not exist after the hook (the published
    material leaves open which of the two is meant)."""
    website_path: str = ""
    """Folder inside the published folder that is the web root; "" or "a/b"."""
    env_path: str = ""
    """Folder below the web root that ``env.js`` is written to; "" or "a/b"."""
    env_in_source: Path | None = None
    """First form of the component: where ``env.js`` stands while the hook runs, since builds read it."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow_secrets: tuple[str, ...] = ()
    """``src.allowSecrets``: globs of files to publish although they look like private keys or credentials."""
    follow_links: bool = False
    """``src.followLinks``: symbolic links that lead out of the published folder are followed."""
    allow_errors: tuple[str, ...] = ()
    """``src.allowErrors``: lines of a build's output that are no failures, ``*`` for anything."""
    position: Position | None = None
    """Where ``src`` stands, for messages about the folder."""
    places: Mapping[str, Sequence[Position]] = field(default_factory=dict, compare=False, repr=False)
    """Where the value of each key of ``src`` stands, and each of its items: of patterns in their order."""

    def at(self, *keys: str) -> Position | None:
        """Where the value of the first of these keys stands that is written; without one, where ``src`` does."""
        return next((self.places[key][0] for key in keys if self.places.get(key)), self.position)


@dataclass(frozen=True, slots=True)
class NewZone:
    """``edgeone``: what the EdgeOne zone is like that is created where there is none for the host."""

    plan: str = ""
    """Id or type of the plan; "": one of the account's."""
    area: Literal["mainland", "overseas", "global", ""] = ""
    """"": as the plan says."""
    position: Position | None = field(default=None, compare=False)
    """Where ``plan`` stands."""


@dataclass(frozen=True, slots=True)
class Host:
    """One custom domain. ``settings`` holds the CDN fields as written (camelCase), already validated."""

    host: str
    edge: Literal["cdn", "edgeone", "cos"] = "cdn"
    """What serves it: the classic CDN, EdgeOne, or the bucket itself."""
    area: Literal["mainland", "overseas", "global"] = "mainland"
    area_written: bool = False
    """``area`` stands in the file: else that of a domain which is there already is left alone."""
    wait: bool = True
    auto_refresh: bool = True
    only_refresh: bool = False
    https: Mapping[str, Any] | None = field(default=None, repr=False)
    """May hold a private key: not in the repr. ``None``: not mentioned, left alone."""
    auto_certificate: bool = False
    """``https: auto`` (or ``certInfo: auto``): reuse, apply for and renew a free certificate."""
    https_position: Position | None = field(default=None, compare=False)
    """Where ``certInfo`` (or ``https``) stands, for messages about the certificate."""
    dns: Literal["auto", "off"] = "auto"
    """``auto``: records are made in the account's DNSPod; ``off``: they are only shown."""
    force_redirect: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    position: Position | None = None
    rules: HostRules | None = None
    """What `_headers` and `_redirects` have its edge do; ``None``: it is not known, and what is there stays."""
    new_zone: NewZone = NewZone()


@dataclass(frozen=True, slots=True)
class Dev:
    """``dev``: what is watched while the site is worked on, and what builds it."""

    watch: tuple[Path, ...] = ()
    """Absolute paths to watch in place of the source folder; empty: the source folder."""
    ignore: tuple[str, ...] = ()
    """Patterns in gitignore syntax, from the folder of serverless.yml."""
    command: str | None = None
    """Shell command that builds by itself whenever something changes; runs in the source folder."""


@dataclass(frozen=True, slots=True)
class LogTopic:
    """``logs``: the topic of the log service that the CDN writes visits to."""

    id: str
    region: str = "ap-shanghai"
    """The default is where the CDN makes its own logset (CDN API, ListClsLogTopics)."""


@dataclass(frozen=True, slots=True)
class Notify:
    """``notify``: who gets the addresses of changed pages."""

    indexnow: bool = False
    indexnow_key: str | None = None
    indexnow_endpoint: str = ""
    baidu: str = field(default="", repr=False)
    """A token: secret."""
    baidu_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Releases:
    """Which releases are kept with their content, and how long what a release has dropped stays live."""

    number: int = 100
    """The live one among them."""
    age: int | None = None
    """Seconds after which a release is kept no longer; ``None``: its age does not matter."""
    keep_assets: int = 7 * 86400
    """Seconds; 0: they are deleted at once."""
    slots: int = 1
    """Folders of the bucket that hold a release each, behind EdgeOne; 1: the bucket's root alone."""


@dataclass(frozen=True, slots=True)
class Override:
    """An input that has another value in this stage."""

    path: str
    """``inputs.src.index``."""
    before: str | None
    """What the file says for every stage, as it is written there; ``None``: nothing."""
    after: str
    position: Position


@dataclass(frozen=True, slots=True)
class Checks:
    """``checks``: what is checked before publishing."""

    mode: Literal["warn", "fail"] | None = None
    """``None``: not said. A deploy only warns then."""
    page: int | None = None
    """Bytes of a page with what it loads."""
    total: int | None = None
    """Bytes of the whole site."""
    files: Mapping[str, int] = field(default_factory=dict)
    """Pattern in gitignore syntax → bytes that each file may have."""
    skip: frozenset[str] = frozenset()
    """Kinds of findings that are not wanted."""
    ignore: tuple[str, ...] = ()
    """Addresses that are not checked; ``*`` stands for anything."""
    position: Position | None = field(default=None, compare=False)
    places: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)
    """Where the sizes stand, by their keys."""


@dataclass(frozen=True, slots=True)
class Project:
    """One site in one stage, as serverless.yml, the variables, .env and the command line say."""

    root: Path
    """Folder of the configuration file."""
    file: Path
    app: str
    stage: str
    name: str
    source: Source
    org: str | None = None
    region: str = "ap-guangzhou"
    bucket_name: str | None = None
    """As configured, without ``-APPID`` when that was left out; ``None``: derived, see :meth:`bucket`."""
    key_prefix: str = ""
    """Prefix of every object key ("" or "a/b/"): ``keyPrefix`` and ``src.targetDir`` joined."""
    protocol: Literal["http", "https"] = "https"
    website: Website = field(default_factory=Website)
    access: Access = field(default_factory=Access)
    cors: tuple[CorsRule, ...] | None = None
    """``None``: not mentioned, leave the bucket's rules alone."""
    tags: Mapping[str, str] | None = None
    lifecycle: tuple[LifecycleRule, ...] | None = None
    headers: tuple[HeaderRule, ...] = ()
    headers_file: Path | Literal[False] | None = None
    """``headersFile``, absolute; ``None``: the web root's `_headers`; False: none is read."""
    redirects_file: Path | Literal[False] | None = None
    """``redirectsFile``, likewise."""
    security_headers: bool = False
    """``securityHeaders: recommended``: the edges add the usual set."""
    unsupported_rules_warn: bool = False
    """``unsupportedRules: warn``: rules of these files that cannot be done are warnings."""
    env: Mapping[str, Any] = field(default_factory=dict)
    replace: bool = False
    """Also delete remote objects that sitepub did not upload and the site does not have."""
    accelerate: bool = False
    state_bucket: str | None = None
    """``state.bucket``: private bucket for sitepub's own state; ``None``: ``sitepub-state-<region>``."""
    releases: Releases = field(default_factory=lambda: Releases())
    previews: Previews = field(default_factory=lambda: Previews())
    preview: PreviewOf | None = None
    """``None``: this is the site itself."""
    protected: bool = False
    """``protect`` names this stage: nothing goes live without a question that is not committed."""
    traffic: float | None = None
    """Share of the visitors that is to get the new release; ``None``: all."""
    publish: bool = False
    """Mark the release as stable."""
    dev: Dev = field(default_factory=Dev)
    checks: Checks | None = None
    """``None``: not mentioned, and a deploy checks nothing."""
    hosts: tuple[Host, ...] = ()
    purge: Literal["changed", "all", "none"] = "changed"
    """What is purged from the hosts after a deploy."""
    notify: Notify | None = None
    logs: LogTopic | None = None
    """``None``: looked for when it is needed."""
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the .env files set (may hold credentials: never shown, never passed to the hook)."""
    stage_from: str = field(default="the default", compare=False)
    """Why it is this stage, in words."""
    stage_by_branch: bool = field(default=False, compare=False)
    """The git branch decides it."""
    overrides: tuple[Override, ...] = field(default=(), compare=False)
    """What ``stages`` says of this stage alone."""
    warnings: tuple[Problem, ...] = ()
    read_from: ReadFrom | None = field(default=None, compare=False, repr=False)
    """``None``: it was not read from a file."""
    places: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)
    """Where each key of ``inputs`` stands, and each of ``env`` (``env.NAME``)."""

    def at(self, *keys: str) -> Position | None:
        """Where the first of these keys of ``inputs`` stands that is written; without one, where ``src`` does."""
        return next((self.places[key] for key in keys if key in self.places), self.source.position)

    @property
    def every_host(self) -> tuple[Host, ...]:
        """The hosts of the site, and the wildcard domain of its previews."""
        wildcard = self.previews.wildcard if self.preview is None else None
        return self.hosts if wildcard is None else (*self.hosts, wildcard)

    def bucket(self, app_id: str) -> str:
        """Full name of the website bucket, ``<name>-<APPID>``.

        A configured name that ends with the app id of another account stays as it is: it means that account's
        bucket, not a new one of ours with two numbers."""
        if self.preview is not None and not self.previews.routed:
            return f"{preview_bucket_name(replace(self, preview=None), self.preview.name, app_id)}-{app_id}"
        if self.bucket_name and _FULL_BUCKET_NAME.search(self.bucket_name):
            return self.bucket_name
        base = self.bucket_name or derived_bucket_name(self.app, self.name, self.stage, app_id)
        return base if base.endswith(f"-{app_id}") else f"{base}-{app_id}"

    @property
    def folder(self) -> str:
        """Of the bucket, with a slash behind it: where a preview lies that has no bucket of its own; "": the root."""
        if self.preview is None or not self.previews.routed:
            return ""
        return f"{PREVIEWS_FOLDER}{self.preview.name}/"

    def state_bucket_for(self, app_id: str) -> str:
        """Full name of the private bucket that holds sitepub's state for this region."""
        base = self.state_bucket or f"sitepub-state-{self.region}"
        return base if base.endswith(f"-{app_id}") else f"{base}-{app_id}"

    @property
    def state_prefix(self) -> str:
        """Where this site's state lies in the state bucket: ``<app>/<stage>/<name>/``, and that of a preview below
        it."""
        site = f"{self.app}/{self.stage}/{self.name}/"
        return site if self.preview is None else f"{site}{PREVIEWS}{self.preview.name}/"


def derived_bucket_name(app: str, name: str, stage: str, app_id: str) -> str:
    """The bucket base name for a site that names none: ``<app>-<name>-<stage>``, valid for COS.

    COS takes lowercase letters, digits and inner hyphens, at most 60 characters with ``-APPID``
    (436/13312). What has to be cut is replaced by a hash of the whole, so two sites never share a name.
    """
    import hashlib

    whole = "-".join([name, stage] if app == name else [app, name, stage])
    base = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", whole.lower())).strip("-") or "site"
    room = 60 - len(app_id) - 1
    if base == whole and len(base) <= room:
        return base
    digest = hashlib.sha256(f"{app}/{stage}/{name}".encode()).hexdigest()[:8]
    return f"{base[: room - 9].rstrip('-')}-{digest}"


def preview_bucket_name(site: Project, preview: str, app_id: str) -> str:
    """The bucket of a preview, without ``-APPID``: begins like that of the site. The hash at its end is of all that
    makes a preview another one, so no site and no other preview has this name."""
    import hashlib

    room = 60 - len(app_id) - 1 - 9
    whole = f"{site.app}/{site.stage}/{site.name}/{site.region}/{PREVIEWS}{preview}"
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    stem = site.bucket(app_id).removesuffix(f"-{app_id}")[: max(room - len(preview) - 1, 12)].rstrip("-")
    return f"{f'{stem}-{preview}'[:room].rstrip('-')}-{digest}"
