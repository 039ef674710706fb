"""`python -m benchmarks`: a run goes on where it was interrupted, leaves out what fails, and says what it needs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import deployed
from benchmarks.__main__ import Bench, main, needed, parsed
from benchmarks.table import needs
from benchmarks.table.figures import Figures, open_figures
from benchmarks.table.measuring import Record

ABOUT = {"sitepub": "1", "before": None, "processor": "A CPU", "processors": 2, "python": "3.11.7", "date": "today"}


def bench(tmp_path: Path) -> Bench:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return Bench(Namespace(), open_figures(tmp_path / "figures.json", dict(ABOUT)), work, [], work, [], 0.0)


def written(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))


def test_every_step_is_written_at_once_and_a_finished_row_is_not_measured_again(tmp_path: Path) -> None:
    def work(folder: Path, record: Record) -> None:
        assert folder.is_dir()
        record("first", {"seconds": 1.0})
        assert written(tmp_path)["figures"] == {"row": {"now": {"first": {"seconds": 1.0}}}}
        record("nothing", {"seconds": 0.5})

    def never(_folder: Path, _record: Record) -> None:
        raise AssertionError

    bench(tmp_path).measure("row", "now", work)
    bench(tmp_path).measure("row", "now", never)
    assert bench(tmp_path).figures.finished("row", "now")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_row_that_was_interrupted_begins_again(tmp_path: Path) -> None:
    def interrupted(_folder: Path, record: Record) -> None:
        record("first", {"seconds": 1.0})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench(tmp_path).measure("row", "now", interrupted)
    assert written(tmp_path)["figures"]["row"]["now"] == {"first": {"seconds": 1.0}}
    bench(tmp_path).measure("row", "now", lambda _folder, record: record("nothing", {"seconds": 2.0}))
    assert written(tmp_path)["figures"]["row"]["now"] == {"nothing": {"seconds": 2.0}, "done": True}


def test_what_fails_is_left_out_until_it_works(tmp_path: Path) -> None:
    def fails(_folder: Path, _record: Record) -> None:
        raise SystemExit("the program failed")

    bench(tmp_path).measure("row", "coscmd", fails)
    assert written(tmp_path)["about"]["left_out"] == {"row, coscmd": "the program failed"}
    bench(tmp_path).measure("row", "coscmd", lambda _folder, record: record("first", {"seconds": 2.0}))
    assert written(tmp_path)["about"]["left_out"] == {}


@pytest.mark.parametrize("name", ["sitepub", "before", "processor", "processors", "python"])
def test_figures_of_another_run_are_refused(tmp_path: Path, name: str) -> None:
    Figures(dict(ABOUT), file=tmp_path / "figures.json").save()
    with pytest.raises(SystemExit, match=f"another run: {name} differ"):
        open_figures(tmp_path / "figures.json", {**ABOUT, name: "another"})


@pytest.mark.parametrize(("files", "size", "gigabytes", "inodes"), [
    (1_000_000, 256, (6, 7), 1_000_000), (10_000, 4096, (0.6, 0.8), 10_000), (1, 10**9, (2.5, 2.7), 1)])
def test_what_a_site_takes(files: int, size: int, gigabytes: tuple[float, float], inodes: int) -> None:
    found = needs.need(files, size)
    assert gigabytes[0] < found.bytes / 1e9 < gigabytes[1]
    assert inodes < found.files < 1.1 * inodes + 50_000


def test_a_run_needs_what_its_largest_row_needs() -> None:
    assert needed(parsed([])).files > 1_000_000
    assert needed(parsed(["--rows", "page", "--files", "1000000"])).files < 100_000
    assert needed(parsed(["--rows", "large"])).bytes > 3_000_000_000


@pytest.mark.parametrize("wanted", [needs.Need(10**18, 1), needs.Need(1, 10**15)])
def test_a_folder_that_is_too_small_is_named(tmp_path: Path, wanted: needs.Need,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.statvfs", lambda _folder: Namespace(
        f_files=10, f_favail=10, f_bavail=1000, f_bfree=1000, f_blocks=1000, f_frsize=1000))
    with pytest.raises(SystemExit, match="Name another folder with --folder"):
        needs.check(tmp_path, wanted)
    needs.check(tmp_path, needs.Need(1, 1))


@pytest.mark.parametrize(("words", "message"), [
    (["--peers", "scp"], "unknown peer scp"), (["--before", "no-such-revision"], "git does not know"),
    (["--files", "9"], "10 files or more"), (["--rows", "all"], "invalid choice")])
def test_wrong_options_are_named(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_an_older_revision_has_sites_of_up_to_300000_files() -> None:
    assert parsed([]).before_files == [10_000, 100_000, 300_000]
    assert parsed(["--before-files"]).before_files == []
    assert parsed(["--before-files", "20"]).before_files == [20]


def test_a_small_run_and_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one: sitepub deploys a site of 20 files, and dev runs on it."""
    monkeypatch.setattr(deployed, "RACY", 0)  # its figures do not count
    page, output = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("<!-- figures: how -->\n<!-- end of the figures -->\n", encoding="utf-8")
    words = ["--files", "20", "--rows", "sizes", "--peers", "--times", "1", "--saves", "1", "--folder", str(tmp_path),
             "--output", str(output)]
    assert main([*words, "--write", str(page)]) == 0
    steps = written(tmp_path)["figures"]["20 files"]["now"]
    assert set(steps) == {"first", "nothing", "changed", "dev ready", "dev save", "done"}
    assert steps["nothing"]["requests"] == 1
    assert steps["changed"]["requests"] > 5
    assert steps["changed"]["state_sent_kb"] > 1
    assert "| one file changed |" in page.read_text(encoding="utf-8")
    assert {path.name for path in tmp_path.iterdir()} <= {"page.md", "figures.json", "home"}
    assert main(words) == 0
    assert "20 files: measured already" in capsys.readouterr().err
    assert main(["--from", str(output), "--write", str(page)]) == 0
