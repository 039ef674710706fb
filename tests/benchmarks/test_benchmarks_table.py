"""The tables of docs/performance.md: made of the figures of a run, with the goals that are missed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.table import markdown, rows
from benchmarks.table.figures import Figures, load
from benchmarks.table.rows import SizeRow

REPO = Path(__file__).parent.parent.parent
ABOUT = {"command": "python -m benchmarks", "date": "2026-01-02 03:04 UTC", "revision": "abc1234", "before": "def5678",
         "processor": "A CPU", "processors": 2, "memory_gb": 8, "file_system": "ext4", "system": "Linux-6",
         "python": "3.11.7", "programs": {"s5cmd": "v2.3.0"}}


def run(seconds: float, cpu: float = 0.25, peak_mb: float = 50) -> dict[str, Any]:
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak_mb}


def size(first: float = 5, nothing: float = 0.3, changed: float = 0.9, ready: float = 0.3, save: float = 0.05,
         **more: Any) -> dict[str, Any]:
    return {"first": run(first), "nothing": run(nothing),
            "changed": {**run(changed), "requests": 16, "state_sent_kb": 22.1, "state_read_kb": 50.5},
            "dev ready": run(ready), "dev save": {"seconds": save}, **more}


def peer(program: str, first: float) -> dict[str, Any]:
    return {"runs": {"program": program, "first": {"seconds": first, "cpu": 3.0}, "again": {"seconds": 1.0, "cpu": 0.5},
                     "changed": {"seconds": 2.0, "cpu": 0.5}}}


EARLIER = {**run(5.8), "requests": 15, "all_sent_kb": 900, "all_read_kb": 600}
"""One file changed, of a revision that does not log the sizes of its state."""


@pytest.fixture
def figures() -> Figures:
    return Figures(dict(ABOUT), {
        "100000 files": {"now": size(40), "s5cmd": {"first": run(50)},
                         "before": {"first": run(45, 12, 256), "changed": EARLIER}},
        "10000 files": {"now": size()},
        "peers": {"now": peer("sitepub deploy", 6), "s5cmd": peer("s5cmd sync", 9),
                  "coscmd:64": peer("coscmd upload -rs (-m 64)", 30)},
        "large file": {"now": {"deploy": run(12), "killed": {"parts sent before": 41, "after": 78, "sent twice": 0}},
                       "before": {"deploy": run(15)}, "s5cmd": {"deploy": run(10)}, "rclone": {"deploy": run(14)}},
        "one page": {"now": {"first": run(1), "nothing": run(0.2)}}})


def cells(text: str, title: str) -> list[str]:
    found = next(line for line in text.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def after(text: str, title: str) -> list[str]:
    """The cells of the line below."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in lines[at + 1].strip("|").split("|")]


def test_sizes_stand_in_their_order_with_both_revisions_and_the_ratio(figures: Figures) -> None:
    text = markdown.tables(figures)
    assert "|  | 10,000 files | 100,000 files | goal | reached | what bounds it |\n| --- | ---: | ---: | --- |" in text
    first = cells(text, "first deploy")
    assert first[1:3] == ["5.00 (0.25; 50 MB)", "40.0 (0.25; 50 MB)"]
    assert first[4] == "yes"
    assert first[5] == rows.FIRST.bound
    assert after(text, "first deploy") == ["– before", "–", "45.0 (12.0; 256 MB)", "", "", ""]
    assert cells(text, "– s5cmd cp")[1:3] == ["–", "50.0 (0.25; 50 MB)"]
    assert cells(text, "– sitepub's seconds / s5cmd's")[1:3] == ["–", "0.80"]
    assert cells(text, "its state: KB sent, read")[1] == "22.1, 50.5"
    assert after(text, "its state: KB sent, read")[:3] == ["– before, with headers and page", "–", "900, 600"]
    assert cells(text, "`dev`, a save")[1] == "0.05"


def test_peers_stand_below_sitepub_with_how_many_times_as_long_they_took(figures: Figures) -> None:
    text = markdown.tables(figures)
    assert cells(text, "`sitepub deploy`")[5:7] == ["first upload no slower than s5cmd", "yes"]
    assert cells(text, "`coscmd upload -rs (-m 64)`") == [
        "`coscmd upload -rs (-m 64)`", "30.0 (3.00)", "1.00 (0.50)", "2.00 (0.50)", "5.00 · 1.00 · 1.00", "", "",
        rows.PEER_BOUNDS["coscmd"]]


def test_single_rows_have_a_column_for_each_program(figures: Figures) -> None:
    text = markdown.tables(figures)
    assert "|  | sitepub | before | s5cmd | rclone | goal | reached | what bounds it |" in text
    assert cells(text, "a file of 1 GB")[4:7] == ["14.0 (0.25; 50 MB)", "no slower than s5cmd",
                                                 "no: 1.20 times s5cmd's seconds"]
    assert cells(text, "the same, killed: parts before, after, sent twice")[1] == "41, 78, 0"
    assert cells(text, "one page, nothing changed")[1:3] == ["0.20 (0.25; 50 MB)", "–"]


def test_the_text_says_of_which_run_and_machine_the_figures_are_and_what_is_missing(figures: Figures) -> None:
    figures.left_out["coscmd"] = "it is\nnot on the PATH"
    figures.left_out["renames, before"] = 'sitepub failed (1):\n{"error": {"message": "Not\\n so.", "hint": ""}}'
    text = markdown.tables(figures)
    for words in ("`python -m benchmarks`, 2026-01-02 03:04 UTC: sitepub abc1234; before: def5678, s5cmd v2.3.0.",
                  "2 processors (A CPU), 8 GB, ext4, Linux-6, Python 3.11.7.",
                  "Not measured: coscmd (it is not on the PATH).", "Not measured: renames, before (Not so.)."):
        assert words in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(figures: Figures) -> None:
    for part in markdown.tables(figures).split("\n\n"):
        assert len({line.count("|") for line in part.splitlines() if line.startswith("|")}) <= 1


@pytest.mark.parametrize("kept", [(), ("now",), ("before",), ("s5cmd",), ("now", "before"), ("now", "s5cmd")])
def test_a_part_of_a_run_has_tables_too(figures: Figures, kept: tuple[str, ...]) -> None:
    figures.rows = {row: {who: steps for who, steps in found.items() if who in kept}
                    for row, found in figures.rows.items()}
    figures.rows["300000 files"] = {"now": {"first": run(90)}} if "now" in kept else {}
    assert markdown.tables(figures).startswith("`python -m benchmarks`")


@pytest.mark.parametrize(("row", "sizes", "expected"), [
    (rows.NOTHING, {10_000: size(nothing=0.4), 1_000_000: size(nothing=8.0)}, "yes"),
    (rows.NOTHING, {10_000: size(nothing=0.41), 100_000: size(nothing=0.9)}, "no: 0.41 s with 10,000 files"),
    (rows.NOTHING, {300_000: size(nothing=2.6), 1_000_000: size(nothing=8.1)},
     "no: 2.60 s with 300,000 files; 8.10 s with 1,000,000 files"),
    (rows.NOTHING, {20: size(nothing=99)}, "yes"),
    (rows.NOTHING, {20: {"nothing": run(0.1, peak_mb=61)}}, "no: 61.0 MB with 20 files"),
    (rows.NOTHING, {10_000: {"nothing": run(0.1, peak_mb=36)}, 300_000: {"nothing": run(1, peak_mb=56)}},
     "no: 20.0 MB more with 300,000 files than with 10,000"),
    (rows.FIRST, {10_000: size(5), 100_000: size(60), 1_000_000: size(600)}, "yes"),
    (rows.FIRST, {20: size(1), 10_000: size(5), 100_000: size(61)},
     "no: a file takes 1.22 times as long with 100,000 files as with 10,000"),
    (rows.FIRST, {10_000: {"first": run(5, peak_mb=70)}, 300_000: {"first": run(100, peak_mb=251)}},
     "no: 251 MB with 300,000 files; 181 MB more with 300,000 files than with 10,000"),
    (rows.CHANGED, {10_000: size(nothing=0.3, changed=1.3), 100_000: size(nothing=0.5, changed=1.7)},
     "no: 1.20 s more with 100,000 files"),
    (rows.STATE, {10_000: {"changed": {"state_sent_kb": 900.0, "state_read_kb": 600.0}}},
     "no: 900 KB sent with 10,000 files; 600 KB read with 10,000 files"),
    (rows.STATE, {10_000: {"changed": {"requests": 9}}}, "yes"),
    (rows.READY, {10_000: size(nothing=0.3, ready=0.5)}, "no: 0.20 s more with 10,000 files"),
    (rows.SAVE, {10_000: size(save=0.1), 300_000: size(save=0.25)}, "no: 0.25 s with 300,000 files")])
def test_a_goal_that_is_missed_is_named(row: SizeRow, sizes: Mapping[int, Any], expected: str) -> None:
    assert rows.reached(row.missed(row.of(sizes))) == expected


def test_a_page_gets_the_tables_in_the_place_of_the_old_ones(figures: Figures, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{markdown.BEGIN} how -->\n\nold\n\n{markdown.END}\n\nafter\n", encoding="utf-8")
    markdown.write(page, figures)
    once = page.read_text(encoding="utf-8")
    assert once == (f"before\n\n{markdown.BEGIN} how -->\n\n{markdown.tables(figures)}\n{markdown.END}\n\nafter\n")
    markdown.write(page, figures)
    assert page.read_text(encoding="utf-8") == once


@pytest.mark.parametrize("text", ["", "no comment", markdown.BEGIN, f"{markdown.BEGIN} how -->\n", f"{markdown.END}\n",
                                  f"{markdown.END}\n{markdown.BEGIN} how -->\n"])
def test_a_page_without_a_place_stays_as_it_is(figures: Figures, tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="no place for the tables"):
        markdown.write(page, figures)
    assert page.read_text(encoding="utf-8") == text


def test_the_page_of_figures_has_a_place(figures: Figures) -> None:
    page = REPO / "docs/performance.md"
    text = markdown.replaced(page.read_text(encoding="utf-8"), markdown.tables(figures), page)
    assert text.index(markdown.BEGIN) < text.index("### Size of the site") < text.index(markdown.END)


def test_figures_that_were_written_are_read_again(figures: Figures, tmp_path: Path) -> None:
    figures.file = tmp_path / "results/figures.json"
    figures.save()
    assert load(figures.file) == figures
    assert markdown.tables(load(figures.file)) == markdown.tables(figures)


@pytest.mark.parametrize("text", [
    None, "", "{", "[]", "3", '{"format": 2, "about": {}, "figures": {}}', '{"format": 1}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "figures.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="holds no figures"):
        load(file)
