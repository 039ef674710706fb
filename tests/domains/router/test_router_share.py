"""router.js leads every visitor where the rule in ``visitor_rule`` says, and finds crawlers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from importlib.resources import files

import pytest

from sitepub.domains.router.route import Before, Route, Share, Slot
from tests.amount import times
from tests.domains.router.in_node import Asked, Led, led
from tests.domains.router.visitor_rule import RELEASE, VISITOR, Visitor, choice

A, B, C, D = (Slot(f".sitepub/slots/{name}/", f"2026112{day}T213000Z-ab12c{name}") for day, name in enumerate("abcd"))
GONE = "20260101T000000Z-ffffff"
CHROME = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
          " Safari/537.36")
AGENTS = {"person": CHROME, "crawler": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
          "tool": "curl/8.5.0"}
PAGE, FILE = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "style"}


def route(host: str, part: float | None, *, before: Slot | None = None, others: tuple[Slot, ...] = ()) -> Route:
    return Route(host=host, site="blog/prod/blog", live=A, share=None if part is None else Share(B, part),
                 before=Before(before, 2_000_000_000) if before is not None else None, others=others)


ROUTES = [route(f"r{number}.example.com", *one) for number, one in enumerate([
    (None,), (0.0001,), (0.1,), (0.5,), (0.9999,)])]
ROUTES += [route("before.example.com", 0.3, before=C), route("others.example.com", 0.3, before=C, others=(D,)),
           route("over.example.com", None, before=B)]


def request_of(led_by: Route, who: Visitor) -> Asked:
    headers = {"User-Agent": who.agent, **(PAGE if who.page else FILE)}
    if who.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
    query = "" if who.asked is None else f"&{RELEASE}={who.asked}"
    return Asked(f"https://{led_by.host}/{'' if who.page else 'style.css'}?q=1{query}", headers, who.address)


def set_by(found: Led) -> dict[str, str]:
    return {name: "" if "Max-Age=0" in rest else value for name, value, rest in (
        (one.partition("=")[0], one.partition("=")[2].partition(";")[0], one) for one in found.set_cookies)}


def visitors(seed: int, number: int) -> Iterator[tuple[Route, Visitor]]:
    dice = random.Random(seed)
    ids = [A.release, B.release, C.release, D.release, GONE, "", "2026", B.release[:8], B.release[:15], "x" * 30]
    for _ in range(number):
        kind = dice.choice(["person", "person", "person", "crawler", "tool"])
        cookies = {"theme": "dark; a=b"} if dice.random() < 0.2 else {}
        if dice.random() < 0.5:
            cookies[VISITOR] = dice.choice([
                f"{dice.randrange(10000)}.{dice.choice(ids)}", str(dice.randrange(10000)), "-1.x", "10000.a", "", "é",
                f"1.{B.release}.2", f"0{dice.randrange(100)}.{B.release}"])
        if dice.random() < 0.3:
            cookies[RELEASE] = dice.choice(ids)
        yield dice.choice(ROUTES), Visitor(
            f"10.0.{dice.randrange(256)}.{dice.randrange(256)}", AGENTS[kind], dice.random() < 0.6, cookies,
            dice.choice(ids) if dice.random() < 0.3 else None, kind)


def test_router_js_decides_as_the_rule_does() -> None:
    for seed in range(times(1, long=20)):
        cases = list(visitors(seed, 800))
        for (by, who), found in zip(cases, led(ROUTES, [request_of(*case) for case in cases]), strict=True):
            wanted = choice(by, who)
            assert found.url == f"https://{by.host}/{wanted.slot.path}{'' if who.page else 'style.css'}?q=1", (by, who)
            assert set_by(found) == dict(wanted.cookies), (by, who)


def test_ten_thousand_visitors_without_cookies_measured_in_the_router() -> None:
    who = [Asked(f"https://{ROUTES[2].host}/", {"User-Agent": CHROME, **PAGE}, f"10.1.{n >> 8}.{n & 255}")
           for n in range(10_000)]
    found = led(ROUTES, who)
    assert abs(sum(B.path in one.url for one in found) / len(found) - 0.1) < 0.01
    again = [Asked(one.url.replace(".com/", ".com/style.css"), {"User-Agent": CHROME, **FILE}, one.address)
             for one in who[:500]]
    for page, file in zip(found, led(ROUTES, again), strict=False):
        assert (B.path in page.url) == (B.path in file.url), "without cookies, files come from where the page came from"


def test_a_cookie_is_for_the_site_alone_and_no_cache_keeps_the_answer_that_sets_it() -> None:
    url = f"https://{ROUTES[3].host}"
    first, file, again, tester = led(ROUTES, [
        Asked(url, {"User-Agent": CHROME, **PAGE}, "192.0.2.1"),
        Asked(f"{url}/style.css", {"User-Agent": CHROME, **FILE}, "192.0.2.1"),
        Asked(url, {"User-Agent": CHROME, **PAGE, "Cookie": "sitepub-visitor=17.x"}, "192.0.2.1"),
        Asked(f"{url}/?{RELEASE}={B.release}", {"User-Agent": "curl/8.5.0", "Accept": "*/*"})])
    for one in (first, again, tester):
        assert len(one.set_cookies) == 1 and one.caching == "private, no-store"
        assert one.set_cookies[0].endswith("; Path=/; Secure; SameSite=Lax") and "Domain" not in one.set_cookies[0]
    assert first.set_cookies[0].partition("; ")[2].startswith("Max-Age=604800")
    assert tester.set_cookies[0].startswith(f"{RELEASE}={B.release}; Path")
    assert file.set_cookies == () and file.caching == "private, no-cache", "it may be another file in the other release"


@pytest.mark.parametrize(("caching", "kept"), [
    ("public, max-age=31536000, immutable", True), ("no-store", True), ("public, max-age=300", False), ("", False)])
def test_what_a_browser_may_keep_while_a_share_runs(caching: str, kept: bool) -> None:
    shared, alone = led(ROUTES, [Asked(f"https://{by.host}/a.js", {"User-Agent": CHROME, **FILE})
                                 for by in (ROUTES[2], ROUTES[0])], caching=caching)
    assert shared.caching == (caching if kept else "private, no-cache") and alone.caching == caching


def test_no_cookie_and_nothing_else_is_added_without_a_share() -> None:
    found, = led(ROUTES, [Asked(f"https://{ROUTES[0].host}/", {"User-Agent": CHROME, **PAGE})])
    assert (found.set_cookies, found.caching) == ((), "public, max-age=300")


def browsers() -> list[str]:
    """Agents of real browsers: what fake-useragent has collected."""
    lines = files("fake_useragent").joinpath("data/browsers.jsonl").read_text(encoding="utf-8").splitlines()
    agents = {json.loads(line)["useragent"] for line in lines}
    # One line of the list has quotation marks around it, which no browser sends.
    return sorted(agent for agent in agents if not agent.startswith('"'))


def crawlers() -> list[str]:
    """Agents of crawlers and other programs: the list crawler-user-agents."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

    found = {agent.strip() for one in CRAWLER_USER_AGENTS_DATA for agent in one["instances"]}
    return sorted(agent for agent in found if agent and agent.isascii())


KNOWN = ["Googlebot/2.1 (+http://www.google.com/bot.html)", "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
         "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
         "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
         "Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)", "360Spider", "YisouSpider",
         "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "DuckDuckBot/1.1", "Twitterbot/1.0",
         "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "WhatsApp/2.23.20.0",
         "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "Slackbot 1.0 (+https://api.slack.com/robots)",
         "curl/8.5.0", "Wget/1.21.4", "python-requests/2.32.0", "Go-http-client/2.0", "GPTBot/1.2", "ClaudeBot/1.0"]
PEOPLE = ["Mozilla/5.0 (Linux; Android 11; CUBOT P40) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
          "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)", "",
          "Opera/9.80 (Android; Opera Mini/36.2/191.249; U; en) Presto/2.12.423 Version/12.16",
          "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.47 NetType/4G",
          "Mozilla/5.0 (Linux; U; Android 12; zh-cn) AppleWebKit/537.36 UCBrowser/15.0 U3/0.8.0 Mobile Safari/537.36",
          "Mozilla/5.0 (Linux; Android 9) AppleWebKit/537.36 Mobile Safari/537.36 T7/13.5 baiduboxapp/13.5.0.10"]


def test_crawlers_are_found_and_no_browser_is_taken_for_one() -> None:
    asked = [*browsers(), *PEOPLE, *KNOWN, *crawlers()]
    all_share = route("www.example.com", 0.9999)
    url = f"https://www.example.com/?{RELEASE}="
    found = [B.path in one.url for one in led([all_share], [
        Asked(url, {"User-Agent": agent, "Cookie": f"{VISITOR}=1.{A.release}", **PAGE}) for agent in asked])]
    people = found[:-len(KNOWN) - len(crawlers())]
    known = found[len(people):-len(crawlers())]
    assert [agent for agent, shared in zip(asked, people, strict=False) if not shared] == []
    assert [agent for agent, shared in zip(KNOWN, known, strict=True) if shared] == []
    missed = sum(found[-len(crawlers()):])
    assert missed / len(crawlers()) < 0.08, "of 2,100 agents, many of tools that are no search engine"
