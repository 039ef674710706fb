"""The figures of many visits as one page that can be read without a network.

Everything is in the one file: styles, plots, tables. There is no script in it. Names that visitors could
choose are escaped, and a policy in the page forbids it to load anything, should one get through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape

from sitepub.logs.lines import shown
from sitepub.logs.plot import Bar, bars, round_marks
from sitepub.logs.stats import Hour, Stats
from sitepub.terminal.sizes import human_bytes

_TOP = 25

_STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #59636e; --back: #fff; --line: #d1d9e0;
  --bar: #0969da; --panel: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --back: #0d1117;
  --line: #30363d; --bar: #4493f8; --panel: #151b23; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; color: var(--text);
  background: var(--back); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0 0; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0 0; }
dl div { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
svg { width: 100%; min-width: 44rem; height: auto; display: block; }
.bar { fill: var(--bar); } .bar:hover { opacity: .7; }
.grid { stroke: var(--line); } .base { stroke: var(--soft); }
.mark { fill: var(--soft); font-size: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; }
th { color: var(--soft); font-weight: 500; }
td.number, th.number { text-align: right; white-space: nowrap; width: 1%; padding-left: 1rem;
  font-variant-numeric: tabular-nums; }
summary { cursor: pointer; color: var(--soft); margin-top: .5rem; }
""".strip()


def report(stats: Stats, *, title: str, source: str, made: datetime) -> str:
    """The whole page. ``source``: where the visits come from, in words; ``made``: now."""
    series = stats.series()
    body = [
        f"<h1>{escape(shown(title))}</h1>",
        f'<p class="soft">{_span(stats)}. From {escape(source)}. Written {_when(made)} ({_zone(made)}).</p>',
        _figures(stats),
    ]
    if series:
        visits = max(hour.visits for _at, hour in series)
        body += [
            "<h2>Visits per hour</h2>",
            _plot("Visits per hour", "visits", series, lambda hour: hour.visits, visits, "{:,.0f}".format),
            "<h2>Traffic per hour</h2>",
            _plot("Traffic per hour", "traffic", series, lambda hour: hour.bytes,
                  max(hour.bytes for _at, hour in series), human_bytes),
            "<details><summary>The same as a table</summary>",
            _table(("Hour", "Requests", "Traffic", "Errors"),
                   ((_hour(at, series), f"{hour.visits:,}", human_bytes(hour.bytes), f"{hour.errors:,}")
                    for at, hour in series)),
            "</details>",
        ]
    body += ["<h2>Statuses</h2>", _table(
        ("Status", "Requests", "Share"),
        ((str(status or "unknown"), f"{visits:,}", f"{visits / stats.visits:.1%}")
         for status, visits in sorted(stats.statuses.items())))]
    for heading, column, top, what in (
            ("Top pages", "Page", stats.pages, "Page views"), ("Not found", "Path", stats.missing, "Requests"),
            ("Referrers", "Site", stats.referrers, "Page views"), ("Agents", "Name", stats.agents, "Page views"),
            ("Bots", "Name", stats.bots, "Requests")):
        body.append(f"<h2>{heading}</h2>")
        if top.slack:
            body.append('<p class="soft">There were too many to count each: the figures are off by at most '
                        f"{top.slack:,}.</p>")
        body.append(_table((column, what),
                           ((shown(name), f"{visits:,}") for name, visits in top.first(_TOP))))
    return _page(escape(shown(title)), "\n".join(body))


def _page(title: str, body: str) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Without it a browser asks the server that the page came from for an icon.
        '<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n"
        "</html>\n")


def _figures(stats: Stats) -> str:
    figures = [("Requests", f"{stats.visits:,}"), ("Page views", f"{stats.page_views:,}"),
               ("Visitors, day by day", f"{stats.visitors.count:,}"), ("By bots", f"{stats.bot_requests:,}"),
               ("Traffic", human_bytes(stats.bytes))]
    if stats.hit_rate is not None:
        figures.append(("Hit rate", f"{stats.hit_rate:.1%}"))
    if stats.mean_seconds is not None:
        figures.append(("Time taken, mean", f"{stats.mean_seconds * 1000:.0f} ms"))
    errors = sum(visits for status, visits in stats.statuses.items() if status >= 400)
    figures.append(("Errors (4xx, 5xx)", f"{errors:,}"))
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures) + "</dl>"


def _plot(title: str, id: str, series: Sequence[tuple[datetime, Hour]], value: Callable[[Hour], float],
          highest: float, words: Callable[[float], str]) -> str:
    drawn = bars(title, [Bar(_hour(at, series), value(hour), words(value(hour))) for at, hour in series],
                axis=[(mark, words(mark)) for mark in round_marks(highest)], id=id)
    return f'<div class="wide">{drawn}</div>'


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, the others are numbers."""
    head = "".join(f'<th scope="col"{_number(at)}>{escape(name)}</th>' for at, name in enumerate(titles))
    body = "".join("<tr>" + "".join(f"<td{_number(at)}>{escape(cell)}</td>" for at, cell in enumerate(row))
                   + "</tr>" for row in rows)
    if not body:
        body = f'<tr><td colspan="{len(titles)}" class="soft">none</td></tr>'
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _number(column: int) -> str:
    return ' class="number"' if column else ""


def _span(stats: Stats) -> str:
    begin, end = stats.since or stats.first, stats.until or stats.last
    return f"{_when(begin)} to {_when(end)}" if begin and end else "No visits"


def _hour(at: datetime, series: Sequence[tuple[datetime, Hour]]) -> str:
    """With its zone where clocks were changed in between: else one hour of a day would be there twice."""
    changed = series[0][0].astimezone().utcoffset() != series[-1][0].astimezone().utcoffset()
    return f"{_when(at)} {_zone(at)}" if changed else _when(at)


def _zone(moment: datetime) -> str:
    """``UTC+08:00``."""
    return f"UTC{moment.astimezone().isoformat()[-6:]}"


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
