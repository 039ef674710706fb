"""What is live in one place, as a site that can be published in another: by copies on the server.

``prepare`` and ``publish`` take it like the snapshot of a folder, so everything holds that holds for a deploy. Of the
other site nothing is changed and nothing is locked: each file is copied from the object that is live there, under the
condition that it still is what its manifest says, else from what is kept of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sitepub.config.bucket_settings import RedirectRule
from sitepub.config.site_rules import HostRules, SiteRules
from sitepub.errors import SitepubError
from sitepub.publish.plan import Plan
from sitepub.publish.release.content import COPY_LIMIT, FOLDER
from sitepub.publish.release.going_back import ReleasedFiles
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import ReleaseInfo
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.snapshot import SiteFile, Snapshot, StoredCopy
from sitepub.tencent.cos.website_config import WebsiteConfig

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the kept content of a site lies."""

    bucket: str
    """The state bucket, with its ``-APPID``."""
    region: str
    prefix: str
    """Of the site's state in it: ``<app>/<stage>/<name>/``."""

    def copy_of(self, entry: Entry) -> StoredCopy:
        return StoredCopy(self.bucket, self.region, f"{self.prefix}{FOLDER}{entry.md5}-{entry.size}")


@dataclass(frozen=True, slots=True)
class LiveSite:
    """A site that is live somewhere: in a stage, or as a preview."""

    label: str
    """What the release that is made of it says of where it comes from: ``testing:20261120T213000Z-ab12cd``."""
    bucket: str
    """With its ``-APPID``."""
    region: str
    key_prefix: str
    """Of every key in it; "" or "a/b/"."""
    manifest: ShardedManifest
    """What is live. Its reader has to stay open as long as the site is used."""
    kept: Kept | None
    """Where its kept content lies; ``None``: nothing is kept of it."""
    info: ReleaseInfo
    website: WebsiteConfig | None = None
    """The website settings that went with it; ``None``: not known."""
    rules: SiteRules = field(default_factory=SiteRules)
    """Of its `_headers` and `_redirects`."""
    folder: str = ""
    """Of the bucket, with a slash behind it: the keys are those below it."""
    own: Mapping[str, SiteFile] = field(default_factory=dict)
    """Files of the manifest that are not live there, and whose content is at hand: what a preview has replaced."""


class LiveFiles(ReleasedFiles):
    """The files of a site that is live elsewhere, under the keys that they have there."""

    def __init__(self, site: LiveSite) -> None:
        super().__init__(site.manifest)
        self.site = site

    def _file(self, key: str, entry: Entry) -> SiteFile:
        if not entry.md5:
            raise SitepubError(f"what is live at {self.site.bucket}/{key} is not known", code="ContentNotKnown",
                               hint="deploy that site once more")
        if key in self.site.own:
            return self.site.own[key]
        file = super()._file(key, entry)
        if not entry.size:
            return file
        copies = [StoredCopy(self.site.bucket, self.site.region, self.site.folder + key, entry.etag)]
        if self.site.kept is not None:
            copies.append(self.site.kept.copy_of(entry))
        return replace(file, copies=tuple(copies))


def site_from(site: LiveSite, key_prefix: str) -> Snapshot:
    """The files as they are to be live below ``key_prefix``.

    Raises SitepubError for what cannot be copied: files of more than 5 GB, and content or response headers that are
    not known."""
    files = LiveFiles(site)
    if site.key_prefix == key_prefix:
        _check(site, ())
        return Snapshot(files, rules=site.rules)
    _check(site, (key for key in files if not key.startswith(site.key_prefix)))
    # What edges do is bound to addresses, and those are others below another prefix.
    return Snapshot(dict(_moved(files, site.key_prefix, key_prefix)), rules=replace(site.rules, edge=HostRules()))


def _moved(files: Mapping[str, SiteFile], old: str, new: str) -> Iterator[tuple[str, SiteFile]]:
    for key, file in files.items():
        moved = new + key.removeprefix(old)
        yield moved, replace(file, key=moved)


def _check(site: LiveSite, outside: Iterator[str] | tuple[()]) -> None:
    strange = next(iter(outside), None)
    if strange is not None:
        raise SitepubError(f"{strange} in {site.bucket} does not lie in {site.key_prefix}, which is the site's folder"
                           " there by serverless.yml", code="OtherFolder",
                           hint="`keyPrefix` or `src.targetDir` was changed since: deploy that site once more")
    if all(ref.bytes <= COPY_LIMIT for ref in site.manifest.refs) and not site.manifest.changes:
        return
    large = [key for key, entry in site.manifest.stream(keep=True) if entry.size > COPY_LIMIT]
    if large:
        shown = "\n".join(f"  {key}" for key in large[:_SHOWN])
        raise SitepubError(f"files of more than 5 GB cannot be copied from bucket to bucket:\n{shown}",
                           code="TooLargeToCopy", hint="deploy them to that stage")


def website_from(site: LiveSite, key_prefix: str) -> WebsiteConfig | None:
    """The website settings, whose keys are to lie below ``key_prefix``."""
    website, old = site.website, site.key_prefix
    if website is None or old == key_prefix:
        return website

    def moved(key: str | None) -> str | None:
        return key if key is None or not key.startswith(old) else key_prefix + key.removeprefix(old)

    def rule(one: RedirectRule) -> RedirectRule:
        return replace(one, key_prefix=moved(one.key_prefix), replace_key_with=moved(one.replace_key_with),
                       replace_key_prefix_with=moved(one.replace_key_prefix_with))

    return replace(website, error=moved(website.error), rules=tuple(rule(one) for one in website.rules))


def learn_headers(remote: Remote, snapshot: Snapshot, plan: Plan) -> None:
    """Make known the response headers that are going to be written down. Those of a release of the site lie in its
    shards; of a site that comes from elsewhere, or of which it is known what has changed, only that is read, unless the
    bucket was compared."""
    files = snapshot.files
    if isinstance(files, LiveFiles | IndexedFiles) and not plan.listed:
        changes = {step.key: step.file for step in plan.steps if step.file is not None}
        again = {key: files[key] for key, entry in plan.moved.items() if not entry.until}
        remote.states.learn(Snapshot({**changes, **again}))
    elif isinstance(files, LiveFiles) or not isinstance(files, ReleasedFiles):
        remote.states.learn(snapshot)
