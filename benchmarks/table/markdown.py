"""The tables of docs/performance.md, from the figures of a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import rows
from benchmarks.table.figures import Figures
from benchmarks.table.rows import SizeRow, Sizes, Steps, number

BEGIN, END = "<!-- figures:", "<!-- end of the figures -->"
_NONE = "–"


def write(page: Path, figures: Figures) -> None:
    """Put the tables between the two comments of a page. Raises SystemExit when it has none."""
    text = page.read_text(encoding="utf-8")
    page.write_text(replaced(text, tables(figures), page), encoding="utf-8")


def replaced(text: str, between: str, page: Path) -> str:
    begin, end = text.find(BEGIN), text.find(END)
    after = text.find("-->\n", begin) + len("-->\n")
    if begin < 0 or not begin < after <= end:
        raise SystemExit(f"{page} has no place for the tables: a line that begins with {BEGIN!r}, and after it {END!r}")
    return f"{text[:after]}\n{between}\n{text[end:]}"


def tables(figures: Figures) -> str:
    parts = [_head(figures), _sizes(figures), _beside(figures), _single(figures), _left_out(figures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(figures: Figures) -> str:
    about = figures.about
    programs = "".join(f", {name} {version}" for name, version in sorted(about.get("programs", {}).items()))
    before = f"; before: {about['before']}" if about.get("before") else ""
    return (f"`{about['command']}`, {about['date']}: sitepub {about['revision']}{before}{programs}. "
            f"{about['processors']} processors ({about['processor']}), {about['memory_gb']} GB, "
            f"{about['file_system']}, {about['system']}, Python {about['python']}.")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: Sequence[str], right: int, lines: Sequence[Sequence[str]]) -> str:
    """``right``: how many columns after the first hold figures."""
    rule = ["---", *["---:"] * right, *["---"] * (len(head) - right - 1)]
    return "\n".join(_line(cells) for cells in (head, rule, *lines))


def cell(figures: Mapping[str, Any] | None) -> str:
    """``seconds (processor time; MB)``, as far as they were measured."""
    if not figures:
        return _NONE
    more = [number(figures["cpu"])] if "cpu" in figures else []
    more += [f"{figures['peak_mb']:,.0f} MB"] if "peak_mb" in figures else []
    return number(figures["seconds"]) + (f" ({'; '.join(more)})" if more else "")


def _sizes_of(figures: Figures, who: str) -> Sizes:
    found = {name: figures.of(name, who) for name in figures.rows}
    return {int(count[1]): steps for name, steps in found.items()
            if steps and (count := re.fullmatch(r"(\d+) files", name))}


def _sizes(figures: Figures) -> str:
    now, before, s5cmd = (_sizes_of(figures, who) for who in ("now", "before", "s5cmd"))
    counts = sorted({*now, *before, *s5cmd})
    if not counts:
        return ""
    title = "### Size of the site\n\nFiles of 256 bytes, no latency.\n\n"
    return title + _table(["", *(f"{count:,} files" for count in counts), "goal", "reached", "what bounds it"],
                          len(counts), list(_size_lines(counts, now, before, s5cmd)))


def _size_lines(counts: Sequence[int], now: Sizes, before: Sizes, s5cmd: Sizes) -> Iterator[list[str]]:
    def line(title: str, sizes: Sizes, step: str, show: Callable[[Mapping[str, Any]], str] = cell) -> list[str]:
        steps = [sizes.get(count, {}).get(step) for count in counts]
        return [title, *(show(one) if one else _NONE for one in steps)]

    def ours(row: SizeRow, show: Callable[[Mapping[str, Any]], str] = cell,
             earlier: str = "– before") -> Iterator[list[str]]:
        measured = row.of(now)
        verdict = rows.reached(row.missed(measured)) if measured else _NONE
        yield [*line(row.title, now, row.step, show), row.goal, verdict, row.bound]
        if row.of(before):
            yield [*line(earlier, before, row.step, show), "", "", ""]

    for row in rows.TIMED:
        yield from ours(row)
        if row is rows.FIRST and s5cmd:
            yield [*line("– s5cmd cp", s5cmd, "first"), "", "", ""]
            yield ["– sitepub's seconds / s5cmd's", *(_times(now, s5cmd, count) for count in counts), "", "", ""]
        if row is rows.CHANGED:
            yield from ours(rows.REQUESTS, lambda found: str(found["requests"]))
            yield from ours(rows.STATE, _state, "– before, with headers and page")


def _times(ours: Sizes, theirs: Sizes, count: int) -> str:
    both = [sizes.get(count, {}).get("first") for sizes in (ours, theirs)]
    return number(both[0]["seconds"] / both[1]["seconds"]) if both[0] and both[1] else _NONE


def _state(found: Mapping[str, Any]) -> str:
    """What an older revision does not log is all of its traffic."""
    for what in ("state", "all"):
        if f"{what}_sent_kb" in found:
            return f"{number(found[f'{what}_sent_kb'])}, {number(found[f'{what}_read_kb'])}"
    return _NONE


def _beside(figures: Figures) -> str:
    found = {who: steps["runs"] for who, steps in figures.rows.get(rows.PEERS, {}).items() if "runs" in steps}
    if not found:
        return ""
    lines = []
    ours, s5cmd = found.get("now"), found.get("s5cmd")
    for who, runs in found.items():
        goal = verdict = times = ""
        name = f"`{runs['program']}`" if who != "before" else "– before"
        bound = rows.PEER_BOUNDS.get(who.partition(":")[0], "")
        if who == "now":
            bound, goal = rows.SITEPUB_BOUND, "first upload no slower than s5cmd"
            verdict = rows.reached(_slower(runs, s5cmd)) if s5cmd else _NONE
        elif ours:
            times = " · ".join(number(runs[run]["seconds"] / ours[run]["seconds"]) for run in _RUNS)
        lines.append([name, *(cell(runs[run]) for run in _RUNS), times, goal, verdict, bound])
    head = ["", "first upload", "nothing changed", "one file changed", "times sitepub's seconds", "goal", "reached",
            "what bounds the first upload"]
    return "### Beside other programs\n\n10,000 files of 4 KB, 30 ms before every answer.\n\n" + _table(head, 4, lines)


_RUNS = ("first", "again", "changed")


def _slower(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    if (times := ours["first"]["seconds"] / theirs["first"]["seconds"]) > 1:
        yield f"{number(times)} times s5cmd's seconds"


def _single(figures: Figures) -> str:
    peers = [who for who in figures.rows.get(rows.LARGE, {}) if who not in ("now", "before")]
    columns = ["now", *(["before"] if figures.about.get("before") else []), *peers]
    lines = []
    for row in rows.SINGLE:
        found: Mapping[str, Steps] = {who: steps for who, steps in figures.rows.get(row.key, {}).items()
                                      if row.step in steps}
        if "now" in found:
            cells = [_single_cell(found.get(who, {}).get(row.step)) for who in columns]
            lines.append([row.title, *cells, row.goal, rows.reached(row.missed(found)), row.bound])
    if not lines:
        return ""
    names = ["sitepub" if who == "now" else who for who in columns]
    return "### Other rows\n\n" + _table(["", *names, "goal", "reached", "what bounds it"], len(columns), lines)


def _single_cell(found: Mapping[str, Any] | None) -> str:
    if found and "sent twice" in found:
        return f"{found['parts sent before']}, {found['after']}, {found['sent twice']}"
    return cell(found)


def _left_out(figures: Figures) -> str:
    return "\n".join(f"Not measured: {what} ({_reason(why)})." for what, why in sorted(figures.left_out.items()))


def _reason(why: str) -> str:
    """What sitepub says as JSON, else how the text ends."""
    message = re.search(r'"message": "((?:[^"\\]|\\.)*)"', why)
    return " ".join((message[1].replace("\\n", " ") if message else why).split())[-200:]
