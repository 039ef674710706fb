"""A picture of a real terminal: commands are run on one, and what they print becomes an SVG by Rich.

What differs from run to run (account, ports, seconds, ids) is written as in the docs, so the same program makes the
same picture.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 96
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>{title_words}</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Consolas, Menlo, "DejaVu Sans Mono", monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
SAME = (
    (re.compile(r"\b12\d{8}\b"), "1250000000"),
    (re.compile(r"localhost:\d+"), "localhost:7070"),
    (re.compile(r"\bin \d+(\.\d)? s\b"), "in 0.2 s"),
    (re.compile(r"^\d+(\.\d)? s > ", re.MULTILINE), "0.5 s > "),
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b"), "20261120T213000Z-ab12cd"),
)


def run_on_terminal(command: str, folder: Path, environ: Mapping[str, str]) -> str:
    """What a command prints on a terminal of :data:`COLUMNS` columns, with its escape sequences."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(["sh", "-c", command], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
    os.close(theirs)
    printed = b""
    with contextlib.suppress(OSError):  # EIO: the other side has ended
        while block := os.read(ours, 65536):
            printed += block
    os.close(ours)
    if process.wait(timeout=120):
        raise RuntimeError(f"{command} ended with {process.returncode}: {printed.decode(errors='replace')}")
    return printed.decode().replace("\r\n", "\n")


def seen(printed: str) -> str:
    """What stays on the screen: lines that were overwritten are gone, and what differs from run to run is the same."""
    lines = [re.split(r"\r|\x1b\[2K", line)[-1] for line in printed.split("\n")]
    text = "\n".join(lines)
    for pattern, same in SAME:
        text = pattern.sub(same, text)
    return text


def session(folder: Path) -> tuple[str, str]:
    """The first minutes with sitepub: plan and deploy; a change, and back. ``folder`` is empty, and not
    needed afterwards."""
    home = folder / "home"
    home.mkdir()
    program = folder / "bin" / "sitepub"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sitepub "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().startswith(("SITEPUB", "TENCENT", "CI", "GITHUB", "NO_COLOR", "FORCE_COLOR"))}
    environ = {**kept, "HOME": str(home), "SITEPUB_HOME": str(home / "sitepub"), "LANG": "C.UTF-8",
               "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    run_on_terminal("sitepub init website-starter my-site", folder, environ)
    site = folder / "my-site"
    shown: list[str] = []

    def step(command: str, run: str | None = None) -> None:
        shown.append(f"\x1b[1m$ {command}\x1b[0m\n" + seen(run_on_terminal(run or command, site, environ)).rstrip("\n"))

    try:
        step("sitepub plan --local")
        step("sitepub deploy --local")
        page = site / "src" / "index.html"
        page.write_text(page.read_text(encoding="utf-8").replace("</main>", "<p>News</p></main>"), encoding="utf-8")
        step("sitepub deploy --local -m News")
        step("sitepub rollback --local")
    finally:
        run_on_terminal("sitepub local stop", site, environ)
    return "\n\n".join(shown[:2]) + "\n", "\n\n".join(shown[2:]) + "\n"


def svg(printed: str, title: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor",
                      legacy_windows=False)
    console.print(Text.from_ansi(printed), soft_wrap=False)
    return console.export_svg(title=title, theme=MONOKAI, code_format=FORMAT.replace("{title_words}", title),
                              unique_id="sitepub")
