"""The plan: which step for which difference, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sitepub.publish.diff import CHANGED, OF_ANOTHER_SITE, THERE_BEFORE, diff
from sitepub.publish.phases import phase_of
from sitepub.publish.plan import Action, Phase, Reason
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.state import JournalStep
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.cos.store import Listed
from tests.publish.sites import site_file, snapshot

A = site_file("a.txt", b"alpha")
A_OTHER_HEADERS = site_file("a.txt", b"alpha", age=7)
A_CHANGED = site_file("a.txt", b"beta!")
B_SAME_AS_A = site_file("b.txt", b"alpha")
EMPTY = site_file("a.txt", b"")
EMPTY_OTHER_HEADERS = site_file("a.txt", b"", age=7)


def entry(file: SiteFile, etag: str = "") -> Entry:
    return Entry.of(file, etag)


def listed(file: SiteFile, etag: str = "") -> Listed:
    return Listed(file.key, file.size, etag or file.md5)


def journal(file: SiteFile, action: Action = Action.UPLOAD, foreign_etag: str = "") -> JournalStep:
    return JournalStep(action, file.key, file.md5, file.size, file.headers_hash, foreign_etag)


@dataclass
class Case:
    name: str
    wanted: list[SiteFile]
    expected: list[tuple[Action, str, Reason]]
    manifest: list[SiteFile] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)
    listing: list[Listed] | None = None
    journal: list[JournalStep] = field(default_factory=list)
    force: bool = False
    replace: bool = False
    adopted: bool = False
    """The objects of the manifest were there before sitepub."""
    shared: set[str] = field(default_factory=set)


CASES = [
    Case("a new file is uploaded", [A], [(Action.UPLOAD, "a.txt", Reason.NEW)]),
    Case("an unchanged file needs nothing", [A], [], [A]),
    Case("changed content is uploaded", [A_CHANGED], [(Action.UPLOAD, "a.txt", Reason.CONTENT)], [A]),
    Case("changed headers are a change", [A_OTHER_HEADERS], [(Action.HEADERS, "a.txt", Reason.HEADERS)], [A]),
    Case("an empty file is uploaded rather than copied onto itself", [EMPTY_OTHER_HEADERS],
         [(Action.UPLOAD, "a.txt", Reason.HEADERS)], [EMPTY]),
    Case("force uploads what is there", [A], [(Action.UPLOAD, "a.txt", Reason.FORCED)], [A], force=True),
    Case("a file that went is deleted", [B_SAME_AS_A],
         [(Action.DELETE, "a.txt", Reason.REMOVED)], [A, B_SAME_AS_A]),
    Case("a rename is a copy and a deletion", [B_SAME_AS_A],
         [(Action.COPY, "b.txt", Reason.RENAMED), (Action.DELETE, "a.txt", Reason.REMOVED)], [A]),
    Case("a second file with known content is copied", [A, B_SAME_AS_A],
         [(Action.COPY, "b.txt", Reason.NEW)], [A]),
    Case("a key that gets other content is no source of a copy", [A_CHANGED, B_SAME_AS_A],
         [(Action.UPLOAD, "a.txt", Reason.CONTENT), (Action.UPLOAD, "b.txt", Reason.NEW)], [A]),
    Case("an object that vanished is uploaded again", [A], [(Action.UPLOAD, "a.txt", Reason.MISSING)], [A],
         listing=[]),
    Case("an object that somebody changed is put right", [A], [(Action.UPLOAD, "a.txt", Reason.DRIFTED)], [A],
         listing=[Listed("a.txt", 5, "f" * 32)]),
    Case("what somebody changed is not deleted", [B_SAME_AS_A], [], [A, B_SAME_AS_A],
         listing=[Listed("a.txt", 5, "f" * 32), listed(B_SAME_AS_A)]),
    Case("a foreign object stays", [A], [], [A], listing=[listed(A), Listed("theirs", 1, "f" * 32)]),
    Case("with replace a foreign object goes", [A], [(Action.DELETE, "theirs", Reason.REPLACED)], [A],
         listing=[listed(A), Listed("theirs", 1, "f" * 32)], replace=True),
    Case("a foreign object with other content is taken over", [A],
         [(Action.UPLOAD, "a.txt", Reason.TAKEN_OVER)], listing=[Listed("a.txt", 5, "f" * 32)]),
    Case("a foreign object with the same content gets headers", [A],
         [(Action.HEADERS, "a.txt", Reason.ADOPTED)], listing=[listed(A)]),
    Case("nor is it deleted when the site drops it", [B_SAME_AS_A], [], [A, B_SAME_AS_A], adopted=True),
    Case("unless replace says so", [B_SAME_AS_A], [(Action.DELETE, "a.txt", Reason.REPLACED)], [A, B_SAME_AS_A],
         listing=[listed(A), listed(B_SAME_AS_A)], adopted=True, replace=True),
    Case("an object that another site has too is not deleted", [B_SAME_AS_A], [], [A, B_SAME_AS_A], shared={"a.txt"}),
    Case("not even with replace", [A], [], [A], listing=[listed(A), Listed("theirs", 1, "f" * 32)], replace=True,
         shared={"theirs"}),
    Case("with replace neither goes what was ours and is another site's now", [B_SAME_AS_A], [], [A, B_SAME_AS_A],
         listing=[listed(A), listed(B_SAME_AS_A)], replace=True, shared={"a.txt"}),
    Case("an opaque ETag that the manifest knows is the content", [A], [], [A], {"a.txt": "0-2"},
         listing=[listed(A, "0-2")]),
    Case("a killed upload that happened is believed", [A], [], listing=[listed(A)], journal=[journal(A)]),
    Case("a killed upload that did not happen is done again", [A], [(Action.UPLOAD, "a.txt", Reason.NEW)],
         listing=[], journal=[journal(A)]),
    Case("a killed change of content that happened is believed", [A_CHANGED], [], [A],
         listing=[listed(A_CHANGED)], journal=[journal(A_CHANGED)]),
    Case("a killed change of content that did not happen is done", [A_CHANGED],
         [(Action.UPLOAD, "a.txt", Reason.CONTENT)], [A], listing=[listed(A)],
         journal=[journal(A_CHANGED)]),
    Case("after a killed change of headers nobody knows them", [A_OTHER_HEADERS],
         [(Action.HEADERS, "a.txt", Reason.UNKNOWN_HEADERS)], [A], listing=[listed(A)],
         journal=[journal(A_OTHER_HEADERS, Action.HEADERS)]),
    Case("nor when the site went back to the old ones", [A],
         [(Action.HEADERS, "a.txt", Reason.UNKNOWN_HEADERS)], [A], listing=[listed(A)],
         journal=[journal(A_OTHER_HEADERS, Action.HEADERS)]),
    Case("a foreign object that a killed run wanted to take over stays foreign", [B_SAME_AS_A],
         [(Action.COPY, "b.txt", Reason.NEW)], listing=[listed(A)],
         journal=[journal(A, Action.HEADERS, foreign_etag=A.md5)]),
    Case("a large upload of a killed run is not believed", [A], [(Action.UPLOAD, "a.txt", Reason.CONTENT)],
         listing=[listed(A, "0-2")], journal=[journal(A)]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_differences(case: Case) -> None:
    plan = diff(
        snapshot(*case.wanted),
        {file.key: Entry.of(file, case.etags.get(file.key, ""), adopted=case.adopted) for file in case.manifest},
        listing=None if case.listing is None else {there.key: there for there in case.listing},
        journal=case.journal, force=case.force, replace=case.replace, shared=case.shared)
    assert [(step.action, step.key, step.reason) for step in plan.steps] == case.expected


def test_the_order_is_assets_pages_what_speaks_of_pages_then_deletions_pages_first() -> None:
    files = [site_file("sitemap.xml", b"1", "application/xml"), site_file("index.html", b"2", "text/html"),
             site_file("z.css", b"3", "text/css"), site_file("sw.js", b"4", "text/javascript"),
             site_file("app.js", b"5", "text/javascript")]
    gone = [site_file("a.css", b"6"), site_file("about", b"7"), site_file("b.html", b"8"),
            site_file("feed.xml", b"9")]
    plan = diff(snapshot(*files), {file.key: entry(file) for file in gone})
    assert [step.key for step in plan.steps] == [
        "app.js", "z.css", "index.html", "sitemap.xml", "sw.js", "feed.xml", "b.html", "about", "a.css"]
    assert [step.phase for step in plan.steps] == (
        [Phase.ASSETS] * 2 + [Phase.PAGES] + [Phase.LAST] * 2 + [Phase.DELETIONS] * 4)


def test_a_new_key_that_nobody_looked_at_is_written_only_if_it_is_free() -> None:
    assert diff(snapshot(A), {}).steps[0].guarded
    assert not diff(snapshot(A), {}, listing={}).steps[0].guarded
    assert not diff(snapshot(A_CHANGED), {"a.txt": entry(A)}).steps[0].guarded


def test_what_is_taken_over_with_other_content_can_be_asked_about() -> None:
    there = {"a.txt": Listed("a.txt", 5, "f" * 32), "b.txt": listed(B_SAME_AS_A)}
    plan = diff(snapshot(A, B_SAME_AS_A), {}, listing=there)
    assert [step.key for step in plan.taken_over] == ["a.txt"]
    assert [step.key for step in plan.adopted] == ["b.txt"]
    assert plan.foreign == ()


@pytest.mark.parametrize(("wanted", "adopted"), [
    (A_OTHER_HEADERS, True), (A_CHANGED, False),
])
def test_what_was_there_before_is_adopted_until_the_site_gives_it_other_content(
        wanted: SiteFile, adopted: bool) -> None:
    mine = {"a.txt": Entry.of(A, adopted=True)}
    assert diff(snapshot(wanted), mine).steps[0].adopted is adopted
    assert diff(snapshot(wanted), mine, force=True).steps[0].adopted is adopted
    killed = diff(snapshot(A), mine, listing={"a.txt": listed(A)}, journal=[journal(A_OTHER_HEADERS, Action.HEADERS)])
    assert killed.steps[0].adopted and killed.known["a.txt"].adopted


def test_what_stays_although_the_site_dropped_it_is_told_with_the_reason() -> None:
    files = [site_file(f"{name}.txt", name.encode()) for name in ("before", "changed", "ours", "theirs")]
    manifest = {file.key: Entry.of(file, adopted=file.key == "before.txt") for file in files}
    listing = {file.key: Listed(file.key, file.size, "f" * 32 if file.key == "changed.txt" else file.md5)
               for file in files}
    plan = diff(snapshot(A), manifest, listing=listing, shared={"theirs.txt"})
    assert plan.given_up == {"before.txt": THERE_BEFORE, "changed.txt": CHANGED, "theirs.txt": OF_ANOTHER_SITE}
    assert [step.key for step in plan.deletions] == ["ours.txt"]
    assert set(plan.known) == {"ours.txt"}


def test_plans_are_the_same_whatever_the_order_of_the_files() -> None:
    files = [site_file(f"f{number}.txt", b"%d" % (number % 3)) for number in range(30)]
    manifest = {file.key: entry(file) for file in files[::2]}
    one = diff(Snapshot({file.key: file for file in files}), manifest)
    other = diff(Snapshot({file.key: file for file in reversed(files)}), dict(reversed(manifest.items())))
    assert one.steps == other.steps


def test_a_journal_without_a_listing_is_refused() -> None:
    with pytest.raises(ValueError, match="listing"):
        diff(snapshot(A), {}, journal=[journal(A)])
    with pytest.raises(ValueError, match="listing"):
        diff(snapshot(A), {}, replace=True)


@pytest.mark.parametrize(("key", "content_type", "phase"), [
    ("index.html", "text/html; charset=utf-8", Phase.PAGES),
    ("about", "text/html", Phase.PAGES),
    ("page.xhtml", "application/xhtml+xml", Phase.PAGES),
    ("app.js", "text/javascript", Phase.ASSETS),
    ("manifest.webmanifest", "application/manifest+json", Phase.ASSETS),
    ("data/answers.json", "application/json", Phase.ASSETS),
    ("blog/sw.js", "text/javascript", Phase.LAST),
    ("service-worker.mjs", "text/javascript", Phase.LAST),
    ("sitemap-2.xml.gz", "application/gzip", Phase.LAST),
    ("blog/atom.xml", "application/xml", Phase.LAST),
    ("news", "application/rss+xml", Phase.LAST),
    ("search.json", "application/json", Phase.LAST),
    ("search/search_index.json", "application/json", Phase.LAST),
    ("local-search.xml", "application/xml", Phase.LAST),
    ("pagefind/pagefind-entry.json", "application/json", Phase.LAST),
    ("robots.txt", "text/plain", Phase.LAST),
    ("page-data/about/page-data.json", "application/json", Phase.DATA),
    ("about.txt", "text/plain", Phase.DATA),
    ("blog/_payload.json", "application/json", Phase.DATA),
])
def test_each_kind_of_file_has_its_phase(key: str, content_type: str, phase: Phase) -> None:
    assert phase_of(site_file(key, b"x", content_type)) is phase
