"""What counts as a page without content, and when that is refused (pure but for the files)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.errors import ExitCode, Refused
from sitepub.publish.empty_pages import EmptyPages, is_blank
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.states.manifest import Entry
from sitepub.site.snapshot import SiteFile, Snapshot
from tests.publish.sites import site_file

STYLE = site_file("site.css", b"", "text/css")

EMPTY = {"nothing": b"", "blanks": b" \n\t\r\n" * 200, "BOM": b"\xef\xbb\xbf\n", "zeros": b"\0" * 5000,
         "no-break": "\u00a0\u3000\u200b".encode() * 100, "BOM of UTF-16": b"\xff\xfe\n\0", "form feeds": b"\f\v"}
FULL = {"letter": b"\n" * 5000 + b"x", "late": b" " * 300 + b"<p>", "Chinese": "\u4f60".encode(),
        "dash": "\u2014".encode(), "cut": b" " * 255 + "\u4f60".encode(), "comment": b"<!-- -->", "entity": b"&nbsp;"}


def page_of(key: str, content: bytes) -> SiteFile:
    return site_file(key, content, "text/html; charset=utf-8")


@pytest.mark.parametrize("where", ["in a file", "in memory"])
@pytest.mark.parametrize("name", [*EMPTY, *FULL])
def test_white_space_of_all_kinds_is_no_content(tmp_path: Path, name: str, where: str) -> None:
    content = {**EMPTY, **FULL}[name]
    page = page_of("a.html", content)
    if where == "in a file":
        (tmp_path / "a.html").write_bytes(content)
        page = SiteFile(page.key, page.size, page.md5, page.headers, page.headers_hash, tmp_path / "a.html")
    assert is_blank(page) is (name in EMPTY)


def step(page: SiteFile, reason: Reason, foreign_etag: str = "") -> Step:
    return Step(Action.UPLOAD, page.key, Phase.PAGES, reason, page, foreign_etag=foreign_etag)


def refused(*steps: Step, live: dict[str, bytes] | None = None) -> str:
    """What a deploy of these steps is refused with; "" when it is not."""
    files = {one.key: one.file for one in steps if one.file is not None}
    manifest = {key: Entry.of(page_of(key, content)) for key, content in (live or {}).items()}
    try:
        EmptyPages.of(Plan(steps), Snapshot(files), manifest, "index.html").refuse()
    except Refused as error:
        assert error.exit_code is ExitCode.REFUSED and error.code == "EmptyPages"
        return error.message
    return ""


@pytest.mark.parametrize("reason", [Reason.CONTENT, Reason.FORCED, Reason.DRIFTED, Reason.MISSING])
def test_a_page_that_had_content_is_not_emptied_for_whatever_reason_it_is_written(reason: Reason) -> None:
    page = page_of("a.html", b"\n")
    assert "a.html" in refused(step(page, reason), live={"a.html": b"<p>"})
    assert refused(step(page, reason), live={"a.html": b""}) == ""
    assert refused(step(page, reason), live={"a.html": b"\n"}) == "", "as it is"


def test_what_somebody_else_put_there_counts_as_content_unless_it_is_the_same() -> None:
    page = page_of("a.html", b"")
    assert refused(step(page, Reason.TAKEN_OVER, foreign_etag="0" * 32))
    assert not refused(step(page, Reason.TAKEN_OVER, foreign_etag=page.md5))
    assert not refused(step(page, Reason.ADOPTED, foreign_etag=page.md5))


def test_other_files_may_be_emptied_and_pages_may_be_deleted() -> None:
    assert not refused(step(STYLE, Reason.CONTENT), live={"site.css": b"a{}"})
    assert not refused(Step(Action.DELETE, "a.html", Phase.DELETIONS, Reason.REMOVED), live={"a.html": b"<p>"})


def test_a_new_page_may_be_empty_but_the_index_page_and_most_of_them_may_not() -> None:
    index, full = page_of("index.html", b"<h1>"), step(page_of("b.html", b"<p>"), Reason.NEW)
    one, two = (step(page_of(name, b""), Reason.NEW) for name in ("c.html", "d.html"))
    assert not refused(step(index, Reason.NEW), one)
    assert not refused(step(index, Reason.NEW), one, two, full)
    assert "2 pages are empty" in refused(step(index, Reason.NEW), one, two)
    assert refused(step(page_of("index.html", b" "), Reason.NEW)) == "the index page index.html is empty"
    assert not refused(step(page_of("docs/index.html", b" "), Reason.NEW), step(index, Reason.NEW))


@pytest.mark.parametrize(("built", "count", "words"), [
    (True, 1, "check the build's output"), (True, 2, "check the build's output"),
    (False, 1, "save it with its content"), (False, 2, "save them with their content")])
def test_what_to_do_depends_on_whether_a_hook_made_the_page(built: bool, count: int, words: str) -> None:
    steps = tuple(step(page_of(f"{number}.html", b""), Reason.CONTENT) for number in range(count))
    with pytest.raises(Refused) as raised:
        EmptyPages(steps, built=built).refuse()
    assert words in (raised.value.hint or "") and "--allow-empty" in (raised.value.hint or "")
