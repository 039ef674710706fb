"""Visitors while a share runs, on the embedded edge; and what its log files say of both releases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from sitepub.domains.router.route import Before, Share, Slot
from sitepub.logs.download import packed_lines
from sitepub.logs.edgeone_offline import EdgeOneLogs
from sitepub.logs.slot_answers import Answers, SlotAnswers
from tests.domains.router.router_site import RouterSite, route
from tests.domains.router.visitor_rule import RELEASE, VISITOR
from tests.local.edge_wire import Visit
from tests.logs.test_logs_sources import api

A = Slot(".sitepub/slots/a/", "20261129T120000Z-00000a")
B = Slot(".sitepub/slots/b/", "20261129T120100Z-00000b")
C = Slot(".sitepub/slots/c/", "20261129T120200Z-00000c")
D = Slot(".sitepub/slots/d/", "20261129T120300Z-00000d")
BOT = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"


def agent(number: int) -> str:
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{number}.0.0.0 Safari/537.36"


@pytest.fixture(scope="module")
def site(router_site: RouterSite) -> Iterator[RouterSite]:
    for slot in (A, B, C, D):
        name = slot.path[-2:-1].encode()
        router_site.put(slot, {
            "index.html": b"page " + name, "style.css": b"style " + name, f"app.{slot.path[-2]}1b2c3d4.js": name,
            "error.html": b"missing " + name})
    router_site.router.ensure([router_site.led])
    yield router_site
    router_site.router.forget([router_site.led], route(router_site.led, A).site)


def page(site: RouterSite, who: str, cookie: str = "", path: str = "/") -> Visit:
    headers = {"Cookie": cookie} if cookie else {}
    return site.visit(site.led, path, user_agent=who, accept="text/html,*/*;q=0.8", sec_fetch_dest="document",
                      **headers)


def file(site: RouterSite, who: str, path: str, cookie: str = "") -> Visit:
    headers = {"Cookie": cookie} if cookie else {}
    return site.visit(site.led, path, user_agent=who, accept="*/*", sec_fetch_dest="style", **headers)


def cookie_of(answer: Visit) -> str:
    return (answer.get("set-cookie") or "").partition(";")[0]


def test_a_page_and_its_files_are_of_one_release_with_cookies_and_without(site: RouterSite) -> None:
    site.router.point([route(site.led, A, share=Share(B, 0.5))])
    seen = set()
    for number in range(20):
        first = page(site, agent(number))
        name = first.body.removeprefix(b"page ")
        seen.add(name)
        assert first.get("cache-control") == "private, no-store"
        assert cookie_of(first).startswith(f"{VISITOR}=")
        assert cookie_of(first).endswith((A if name == b"a" else B).release)
        for cookie in ("", cookie_of(first)):
            style = file(site, agent(number), "/style.css", cookie)
            assert style.body == b"style " + name and style.get("cache-control") == "private, no-cache"
            assert style.get("set-cookie") is None
            other = "b" if name == b"a" else "a"
            assert file(site, agent(number), f"/app.{other}1b2c3d4.js", cookie).status == 200, "an open tab's file"
            again = page(site, agent(number), cookie)
            assert again.body == first.body and (again.get("set-cookie") is None) is bool(cookie)
    assert seen == {b"a", b"b"}


def test_files_come_from_where_their_page_came_from_when_the_share_changes_in_between(site: RouterSite) -> None:
    site.router.point([route(site.led, A, share=Share(B, 0.1))])
    stable = next(one for one in (page(site, agent(number)) for number in range(100, 200)) if one.body == b"page a")
    cookie = cookie_of(stable)
    site.router.point([route(site.led, A, share=Share(B, 0.9999))])
    assert file(site, agent(100), "/style.css", cookie).body == b"style a"
    moved = page(site, agent(100), cookie)
    assert moved.body == b"page b" and cookie_of(moved) != cookie
    site.router.point([route(site.led, A, before=Before(B, 2_000_000_000))])
    assert file(site, agent(100), "/style.css", cookie_of(moved)).body == b"style b"
    ended = page(site, agent(100), cookie_of(moved))
    assert ended.body == b"page a" and "Max-Age=0" in (ended.get("set-cookie") or "")
    after = page(site, agent(100))
    assert after.get("set-cookie") is None and after.get("cache-control") != "private, no-store"


def test_crawlers_see_the_stable_release_and_testers_the_one_they_ask_for(site: RouterSite) -> None:
    site.router.point([route(site.led, A, share=Share(B, 0.9999))])
    assert page(site, BOT, f"{VISITOR}=1.{B.release}", f"/?{RELEASE}={B.release}").body == b"page a"
    site.router.point([route(site.led, A, share=Share(B, 0.0001))])
    asked = page(site, agent(1), path=f"/?{RELEASE}={B.release[:15]}")
    assert asked.body == b"page b" and cookie_of(asked) == f"{RELEASE}={B.release}"
    assert page(site, agent(1), cookie_of(asked)).body == b"page b"
    assert file(site, agent(1), "/style.css", cookie_of(asked)).body == b"style b"
    back = page(site, agent(1), cookie_of(asked), f"/?{RELEASE}=")
    assert back.body == b"page a" and f"{RELEASE}=; Max-Age=0" in (back.get("set-cookie") or "")


def test_the_log_files_say_which_slot_has_answered(site: RouterSite) -> None:
    site.router.point([route(site.led, C, share=Share(D, 0.5))])
    since = datetime.now(UTC).replace(microsecond=0)
    wanted = {C.path: Answers(), D.path: Answers()}
    for number in range(12):
        name = page(site, agent(number)).body[-1:].decode()
        other = "d" if name == "c" else "c"
        for path, status in (("/", 200), (f"/app.{other}1b2c3d4.js", 200), ("/gone.png", 404)):
            assert (file(site, agent(number), path) if path != "/" else site.visit(
                site.led, user_agent=agent(number), accept="text/html")).status == status
            slot = f".sitepub/slots/{name}/"
            wanted[slot] = wanted[slot].and_one(status)
        wanted[slot] = wanted[slot].and_one(200)
    logs = EdgeOneLogs(api(site.account.cloud), [site.led], partial(packed_lines, direct=True))
    found = SlotAnswers((C.path, D.path), since)
    for _hour, lines in logs.lines(since - timedelta(seconds=1), 10**8):
        found.add(lines)
    assert found.found == wanted and all(one.missing for one in wanted.values())
    visits = [visit.path for visit in logs.read(since) if visit.time >= since]
    assert len(visits) >= 48 and not [path for path in visits if ".sitepub" in path], "visits are those of people"
