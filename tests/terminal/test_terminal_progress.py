"""Progress: right numbers from many threads, and lines that suit the terminal."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from sitepub.terminal import progress
from sitepub.terminal.progress import Numbers, TransferProgress, status
from tests.terminal.screen import Screen


def test_counts_are_exact_with_many_threads() -> None:
    counted = TransferProgress(Screen())
    counted.planned(8 * 500, 8 * 500 * 10)

    def work(number: int) -> None:
        for step in range(500):
            name = f"{number}/{step}"
            counted.started(name)
            counted.sent(name, 15)
            counted.sent(name, -5)
            counted.finished(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = counted.numbers()
    assert (numbers.done, numbers.sent, numbers.running, numbers.share) == (4000, 40000, (), 1.0)


def test_what_runs_is_told_longest_first() -> None:
    counted = TransferProgress(Screen())
    for name in ("a", "b", "c"):
        counted.started(name)
    counted.failed("a", OSError("gone"))
    assert counted.numbers().running == ("b", "c")
    assert counted.numbers().failed == 1


def test_a_retry_takes_back_what_was_sent_and_is_counted() -> None:
    screen = Screen()
    screen.debug = True
    counted = TransferProgress(screen)
    counted.planned(1, 100)
    counted.sent("a", 60)
    counted.sent("a", -60)
    counted.retried("a", OSError("reset"), 0.5)
    assert (counted.numbers().sent, counted.numbers().retried, counted.numbers().share) == (0, 1, 0.0)
    assert "again in 0.5 s: a: reset" in screen.noted


def test_the_time_left_is_that_of_the_slower_half() -> None:
    assert Numbers(steps=10, total_bytes=100, done=5, sent=90, rate=10, step_rate=1).seconds_left == 5
    assert Numbers(steps=10, total_bytes=100, done=9, sent=50, rate=10, step_rate=1).seconds_left == 5
    assert Numbers(steps=10, total_bytes=100).seconds_left is None
    assert Numbers(steps=1, total_bytes=0, done=1).seconds_left == 0


def simulated(
    seconds: float, rate: Callable[[float], float], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[float, str]]:
    """What is said every tenth of a second of a transfer of 100 files of 1 MB, ``rate`` bytes a second."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    counted = TransferProgress(Screen())
    counted.planned(100, 100_000_000)
    said, sent, done = [], 0.0, 0
    while clock[0] < 1000 + seconds and done < 100:
        clock[0] += 0.1
        sent = min(sent + rate(clock[0] - 1000) / 10, 100e6)
        counted.sent("a", int(sent) - counted.numbers().sent)
        while done < sent // 1_000_000:
            done += 1
            counted.finished("a")
        said.append((clock[0] - 1000, status(counted.numbers(), "file")))
    return said


@pytest.mark.parametrize("rate", [
    lambda at: 1e3 if at < 1 else 2e7, lambda at: 0 if at < 5 else 2e7, lambda at: 1e6 if at < 2 else 1.5e7 * (at % 2),
    lambda _: 1e7, lambda at: 5e4 if at < 2.5 else 3e7], ids=["slow start", "late", "uneven", "even", "slower start"])
def test_no_time_left_is_said_before_it_means_something(
    rate: Callable[[float], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = simulated(60, rate, monkeypatch)
    monkeypatch.undo()
    end = said[-1][0]
    assert all("left" not in text for at, text in said if at < 2.9)
    for at, text in said:
        assert " h " not in text and "0/0" not in text
        if (found := re.search(r"(\d+) s left", text)) is not None:
            assert int(found[1]) <= 20 * at and int(found[1]) < 10 * (end - at) + 10, (at, text)


def test_a_long_transfer_says_how_long_it_takes_once_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    said = simulated(400, lambda _: 30_000.0, monkeypatch)
    monkeypatch.undo()
    first = next(at for at, text in said if "left" in text)
    assert 100 < first < 200 and re.search(r"4[789] min \d+ s left", said[-1][1]), said[-1]


def test_what_is_not_planned_yet_is_no_file_of_none() -> None:
    screen = Screen(tty=True, environ={"COLUMNS": "80", "TERM": "xterm-256color"})
    with TransferProgress(screen, verb="Publishing") as counted:
        deadline = time.monotonic() + 20
        while "getting ready" not in screen.noted:
            assert time.monotonic() < deadline, screen.noted
            time.sleep(0.01)
        counted.planned(2, 0)
        while "0/2 files" not in screen.noted:
            assert time.monotonic() < deadline, screen.noted
            time.sleep(0.01)
    assert "0/0" not in screen.noted


def test_the_status_reads_well() -> None:
    now = Numbers(steps=1000, total_bytes=24_000_000, done=120, sent=3_100_000, rate=1_200_000, step_rate=100,
                  retried=2, failed=1)
    assert status(now, "file") == "120/1,000 files  3.1 MB of 24 MB  1.2 MB/s  17 s left, 2 retried, 1 failed"


def transfer(screen: Screen, steps: int = 3, until: str = "") -> None:
    """Run a small transfer, going on only once the screen shows the text."""
    with TransferProgress(screen) as counted:
        counted.planned(steps, steps * 1000)
        for step in range(steps):
            counted.started(f"page-{step}.html")
            counted.sent(f"page-{step}.html", 1000)
            deadline = time.monotonic() + 20
            while until not in screen.noted:
                assert time.monotonic() < deadline, screen.noted
                time.sleep(0.01)
            screen.note(f"note {step}")
            counted.finished(f"page-{step}.html")


def test_work_that_is_done_at_once_gets_one_line() -> None:
    screen = Screen(tty=False)
    with TransferProgress(screen) as counted:
        counted.planned(2, 20)
        for name in ("a", "b"):
            counted.started(name)
            counted.sent(name, 10)
            counted.finished(name)
    assert re.fullmatch(r"Uploading: 2 files, 20 B in 0\.\d s\n", screen.noted)


def test_parts_of_a_transfer_are_counted_and_named_each_by_itself() -> None:
    screen = Screen(tty=False)
    with TransferProgress(screen, verb="Publishing") as counted:
        counted.part("Filling slot b")
        counted.planned(3, 10)
        for name in "abc":
            counted.started(name)
            counted.finished(name)
        counted.sent("a", 10)
        counted.part("Publishing to the bucket's root")
        counted.planned(4, 0)
        for name in "abcd":
            counted.started(name)
            counted.finished(name)
    first, second = screen.noted.splitlines()
    assert first.startswith("Filling slot b: 3 files, 10 B in ")
    assert second.startswith("Publishing to the bucket's root: 4 files in ")


def test_without_a_terminal_there_are_plain_lines_at_start_and_end() -> None:
    screen = Screen(tty=False)
    transfer(screen, until="Uploading: 3 files")
    lines = screen.noted.splitlines()
    assert lines[0] == "Uploading: 3 files, 3 kB"
    assert lines[-1].startswith("Uploading: 3 files, 3 kB in ")
    assert "\x1b" not in screen.noted and "\r" not in screen.noted


def test_plain_lines_come_with_every_tenth_but_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LINE_NOT_BEFORE", 0.0)
    screen = Screen(tty=False)
    with TransferProgress(screen) as counted:
        counted.planned(4, 0)
        for step in range(4):
            before = screen.noted.count("\n")
            if step:
                counted.finished(f"{step}")
            deadline = time.monotonic() + 20
            while screen.noted.count("\n") == before:
                assert time.monotonic() < deadline, screen.noted
                time.sleep(0.01)
    assert [line.split("  ")[0] for line in screen.noted.splitlines()[:-1]] == [
        "Uploading: 4 files", "Uploading: 1/4 files", "Uploading: 2/4 files", "Uploading: 3/4 files"]


def test_on_a_terminal_the_display_moves_and_notes_stay_readable() -> None:
    screen = Screen(tty=True, environ={"COLUMNS": "80", "TERM": "xterm-256color"})
    transfer(screen, until="page-0.html")
    assert "\x1b[" in screen.noted
    for step in range(3):
        assert re.search(rf"(^|[\r\n]|\x1b\[\d*[A-Z])note {step}\n", screen.noted)
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.noted).rstrip().splitlines()[-1]
    assert last.startswith("Uploading: 3 files, 3 kB in ")
    assert "0/3 files" in screen.noted
    assert screen.printed == ""


def test_quiet_shows_nothing() -> None:
    screen = Screen(tty=True)
    screen.quiet = True
    transfer(screen)
    assert screen.noted == ""


def test_an_error_ends_the_display_without_a_summary() -> None:
    screen = Screen(tty=False)
    with pytest.raises(KeyError), TransferProgress(screen) as counted:
        counted.planned(1, 1)
        raise KeyError("x")
    assert screen.noted == ""
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_rich_is_not_imported_without_a_terminal() -> None:
    code = (
        "import sys\n"
        "from sitepub.terminal.terminal import Terminal\n"
        "from sitepub.terminal.progress import TransferProgress\n"
        "with TransferProgress(Terminal()) as p:\n"
        "    p.planned(1, 1); p.started('a'); p.sent('a', 1); p.finished('a')\n"
        "assert 'rich' not in sys.modules and 'click' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)
