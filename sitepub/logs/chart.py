"""The figures of many visits for the terminal: bars per hour, and short tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sitepub.logs.lines import Screen, shown
from sitepub.logs.stats import Hour, Stats
from sitepub.terminal.messages import display_width
from sitepub.terminal.sizes import counted, human_bytes

ROWS = 8
"""Height of the chart in lines."""
TOP = 10
_BLOCKS = " ▁▂▃▄▅▆▇█"
_STATUS_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


def chart(values: Sequence[int], *, rows: int = ROWS, unicode: bool = True) -> list[str]:
    """Columns from the bottom up, one character each, the highest as high as the chart.

    A value above zero is never drawn as nothing. ASCII has full and half characters only.
    """
    highest = max(values, default=0)
    if not highest:
        return []
    steps = 8 if unicode else 2
    heights = [max(1, round(value * rows * steps / highest)) if value else 0 for value in values]
    lines = []
    for row in range(rows - 1, -1, -1):
        fills = [min(max(height - row * steps, 0), steps) for height in heights]
        lines.append("".join(_BLOCKS[fill] if unicode else " .#"[fill] for fill in fills))
    return lines


def stats_lines(screen: Screen, stats: Stats) -> list[str]:
    """All that ``--stats`` shows."""
    if not stats.visits:
        return ["No visits."]
    lines = [*_summary(stats), ""]
    lines += _hours(screen, stats)
    lines += ["", screen.style("Statuses", "bold")]
    width = len(f"{max(stats.statuses.values()):,}")
    for status, visits in sorted(stats.statuses.items()):
        name = f"{status:3d}" if status else "  -"
        style = _STATUS_STYLES.get(status // 100)
        share = f"{visits / stats.visits:6.1%}"
        lines.append(f"  {screen.style(name, style) if style else name}  {visits:>{width},}  {share}")
    for title, top in (("Top pages", stats.pages), ("Not found", stats.missing),
                       ("Referrers", stats.referrers), ("Agents", stats.agents), ("Bots", stats.bots)):
        rows = top.first(TOP)
        if rows:
            lines += ["", screen.style(title, "bold")]
            if top.slack:
                lines.append(f"  (there were too many to count each: off by at most {top.slack:,})")
            lines += _ranking(screen, rows)
    return lines


def _summary(stats: Stats) -> Iterator[str]:
    about = "" if stats.visitors.is_exact else "about "
    parts = [counted(stats.visits, "request"), counted(stats.page_views, "page view"),
             f"{about}{counted(stats.visitors.count, 'visitor')}"]
    yield ", ".join(parts)
    parts = [human_bytes(stats.bytes)]
    if stats.hit_rate is not None:
        parts.append(f"hit rate {stats.hit_rate:.1%}")
    if stats.mean_seconds is not None:
        parts.append(f"{stats.mean_seconds * 1000:.0f} ms on average")
    if stats.bot_requests:
        parts.append(f"{counted(stats.bot_requests, 'request')} by bots")
    yield ", ".join(parts)


def _hours(screen: Screen, stats: Stats) -> list[str]:
    series = stats.series()
    label = max(len(f"{max(hour.visits for _at, hour in series):,}"), 1)
    room = max(min(screen.width, 200) - label - 4, 10)
    columns, hours = _columns(series, room)
    values = [value for _at, value in columns]
    unit = "hour" if hours == 1 else f"{hours} hours"
    lines = [screen.style(f"Visits per {unit}", "bold")]
    highest = max(values, default=0)
    drawn = chart(values, unicode=screen.unicode)
    line = "│" if screen.unicode else "|"
    for number, text in enumerate(drawn):
        mark = f"{highest:,}" if number == 0 else "0" if number == len(drawn) - 1 else ""
        lines.append(f"  {mark:>{label}} {line}{text}".rstrip())
    lines.append(" " * (label + 4) + _axis([at for at, _value in columns]))
    return lines


def _columns(series: Sequence[tuple[datetime, Hour]], room: int) -> tuple[list[tuple[datetime, int]], int]:
    """As many hours together as needed for the columns to fit; wide ones when there is room."""
    for hours in (1, 2, 3, 4, 6, 8, 12, 24):
        if -(-len(series) // hours) <= room or hours == 24:
            break
    grouped = [(series[start][0], sum(hour.visits for _at, hour in series[start: start + hours]))
               for start in range(0, len(series), hours)][-room:]
    # Few hours: a column each would be hard to read.
    each = max(1, min(3, room // max(len(grouped), 1)))
    return [column for column in grouped for _ in range(each)], hours


def _axis(moments: Sequence[datetime]) -> str:
    """Times below the columns, as many as fit with gaps between them; local."""
    text = ""
    before: datetime | None = None
    several_days = len({at.astimezone().date() for at in moments}) > 1
    for number, at in enumerate(moments):
        if at == before:
            continue
        before = at
        local = at.astimezone()
        label = f"{local:%m-%d %H:%M}" if several_days else f"{local:%H:%M}"
        if number == 0 or number >= len(text) + 3:
            text = text.ljust(number) + label
    return text


def _ranking(screen: Screen, rows: Sequence[tuple[str, int]]) -> list[str]:
    width = len(f"{rows[0][1]:,}")
    lines = []
    for name, visits in rows:
        text = shown(name)
        room = screen.width - width - 4
        if screen.stdout_is_tty and display_width(text) > room:
            end = "…" if screen.unicode else "..."
            while text and display_width(text) > room - len(end):
                text = text[:-1]
            text += end
        lines.append(f"  {visits:>{width},}  {text}")
    return lines
