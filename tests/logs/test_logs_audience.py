"""People and bots among visits, and how many of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sitepub.logs.audience import Visitors, agent_name, bot_name, is_bot
from sitepub.logs.chart import stats_lines
from sitepub.logs.lines import line
from sitepub.logs.report import report
from sitepub.logs.stats import Stats
from sitepub.terminal.messages import display_width
from tests.logs.test_logs_lines import screen
from tests.logs.test_logs_stats import PAGE, TEN, utc

__all__ = ["utc"]

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.5 Mobile/15E148 Safari/604.1")
WECHAT = ("Mozilla/5.0 (Linux; Android 13; M2012K11AC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 "
          "Mobile Safari/537.36 MicroMessenger/8.0.49 Language/zh_CN")
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BAIDU = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"


@pytest.mark.parametrize(("agent", "name"), [
    (GOOGLE, "Googlebot"), (BAIDU, "Baiduspider"),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
    ("Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)", "Bytespider"),
    ("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", "spider"),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0", "Mozilla"),
])
def test_bots_are_known_by_their_agents(agent: str, name: str) -> None:
    assert is_bot(agent)
    assert bot_name(agent) == name


@pytest.mark.parametrize(("agent", "name"), [
    (CHROME, "Chrome"), (SAFARI, "Safari"), (WECHAT, "WeChat"), (f"{CHROME} Edg/126.0.0.0", "Edge"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox"),
    ("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile "
     "Safari/537.36", "Chrome"),
    ("Opera/9.80 (Windows NT 6.1) Presto/2.12 Version/12.16", "Opera"), ("", ""),
    ("curl/8.5.0", "curl"), ("Wget/1.21", "Wget"), ("python-requests/2.32.3", "python-requests"),
    ("Go-http-client/1.1", "Go-http-client"), ("okhttp/4.12.0", "okhttp"), ("Mozilla/5.0", "others"),
])
def test_people_are_not_taken_for_bots(agent: str, name: str) -> None:
    assert not is_bot(agent)
    assert agent_name(agent) == name


def counted() -> Stats:
    visits = [replace(PAGE, agent=agent, client=client, path=path, status=status) for agent, client, path, status in (
        (CHROME, "192.0.2.1", "/", 200), (CHROME, "192.0.2.1", "/a.css", 200), (CHROME, "192.0.2.1", "/blog/", 304),
        (SAFARI, "192.0.2.1", "/", 200), (CHROME, "192.0.2.2", "/", 200), (CHROME, "192.0.2.3", "/logo.png", 200),
        (CHROME, "192.0.2.4", "/gone", 404), (GOOGLE, "192.0.2.5", "/", 200), ("curl/8.5.0", "192.0.2.6", "/", 200),
        ("sitepub/0.1.0", "192.0.2.7", "/", 200), ("sitepub", "192.0.2.7", "/", 200))]
    return Stats().add_all([*visits, replace(visits[0], time=TEN + timedelta(days=1))])


def test_requests_page_views_and_visitors_are_three_figures() -> None:
    found = counted().as_object()
    assert (found["requests"], found["page_views"], found["visitors"], found["bot_requests"]) == (10, 6, 5, 1)
    assert found["pages"] == [{"path": "/", "visits": 5}, {"path": "/blog/", "visits": 1}]
    assert found["bots"] == [{"name": "Googlebot", "visits": 1}]
    assert found["agents"] == [{"name": "Chrome", "visits": 4}, {"name": "Safari", "visits": 1},
                               {"name": "curl", "visits": 1}]
    shown = "\n".join(stats_lines(screen(), counted()))
    assert "10 requests, 6 page views, 5 visitors\n" in shown and "1 request by bots" in shown
    page = report(counted(), title="t", source="s", made=TEN)
    assert "<dt>Page views</dt><dd>6</dd>" in page and "Googlebot" in page


def test_visitors_are_told_apart_without_being_kept() -> None:
    visitors = Visitors()
    for number in range(1000):
        visitors.add(datetime(2026, 11, 1 + number % 2, tzinfo=UTC).date(), f"192.0.2.{number % 100}", CHROME)
    assert visitors.count == 100 and visitors.is_exact
    assert not any("192.0.2" in str(value) for value in vars(visitors).values())


def test_very_many_visitors_are_counted_in_bounded_memory() -> None:
    visitors = Visitors(room=2000)
    for number in range(20_000):
        visitors.add(TEN.date(), str(number), "")
    assert not visitors.is_exact and 17_000 < visitors.count < 23_000


@pytest.mark.parametrize("width", [20, 30, 40, 50, 60, 70, 80])
def test_a_narrow_terminal_loses_columns_before_the_path_does(width: int) -> None:
    told = line(screen(tty=True, width=width), replace(PAGE, path="/blog/hello/"), today=TEN.astimezone().date())
    assert "/blog/hello/" in told and " 200 " in told
    assert display_width(told) <= max(width, 41)
    assert ("192.0.2.1" in told) is (width >= 70)
    old = line(screen(tty=True, width=120), PAGE, today=(TEN + timedelta(days=1)).astimezone().date())
    assert old.startswith("2026-11-20 10:00:00")
