"""Warnings about a bucket: files and the error document that several sites in it take from each other, and lifecycle
rules that break the site."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sitepub.errors import Problem, SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.settings.bucket_dangers import of_kept
from sitepub.settings.lifecycle_danger import dangers
from sitepub.site.error_page import error_key
from sitepub.site.snapshot import Snapshot

_OWN_BUCKET = "give each site a bucket of its own (`bucketName: …-${stage}`)"


def about_other_sites(remote: Remote, snapshot: Snapshot, prepared: Prepared) -> Iterator[Problem]:
    """Files that this deploy, or the next one of another site, overwrites."""
    for mate in prepared.mates:
        shared = len(mate.keys & snapshot.files.keys())
        if shared:
            yield Problem(f"the bucket {remote.bucket} holds {mate.site} (app/stage/name) too, and {shared}"
                          f" file{'s have' if shared > 1 else ' has'} the same name in both: each deploy of one"
                          " replaces those of the other", hint=f"{_OWN_BUCKET}, or another keyPrefix")


def about_the_error_page(remote: Remote, keys: Collection[str], *, sets_it: bool) -> Iterator[Problem]:
    """A bucket has one error document. ``keys``: of the site's files; ``sets_it``: this deploy writes the settings.

    One request, and only for a site below a prefix of its bucket, since others have it for themselves."""
    if not remote.project.key_prefix:
        return
    try:
        website = remote.settings.get_website()
    except SitepubError:
        return  # what does not answer is reported where it is needed
    ours = error_key(remote.project, keys)
    there = website.error if website is not None else None
    if not there or there == ours or there.startswith(remote.project.key_prefix):
        return
    if sets_it:
        yield Problem(f"the bucket {remote.bucket} has one error document for all sites in it: this deploy replaces"
                      f" {there} by {ours}, and visitors of the other sites see that then", hint=_OWN_BUCKET)
    else:
        yield Problem(f"the bucket {remote.bucket} has one error document for all sites in it, and it is {there} of"
                      f" another site now: visitors of this one do not see {ours}",
                      hint=f"`sitepub deploy --verify` sets it back; better, {_OWN_BUCKET}")


def about_lifecycle(remote: Remote, keys: Collection[str], prepared: Prepared, *, ask: bool) -> Iterator[Problem]:
    """Lifecycle rules that break this site. ``ask`` for those of the bucket, too: one request."""
    rules = prepared.wanted.lifecycle
    if rules is not None:
        yield from dangers(rules, keys, written=True)
    elif ask and not prepared.new_bucket:
        try:
            there = remote.settings.get_lifecycle()
        except SitepubError:
            return  # what does not answer is reported where it is needed
        yield from dangers(there, keys, written=False)
    if ask:
        yield from _about_kept(remote, prepared)


def _about_kept(remote: Remote, prepared: Prepared) -> Iterator[Problem]:
    """Rules of the state bucket that delete or archive what sitepub keeps of this site. One request."""
    if prepared.found is None:
        return  # the bucket may not be there yet
    try:
        rules = remote.state_settings.get_lifecycle()
    except SitepubError:
        return
    for danger in of_kept(rules, remote.states.prefix):
        if danger.breaks:
            yield Problem(f"{remote.states.store.bucket}: {danger.message}", hint=danger.hint)
