"""What to do about a failed hook, where its output or its status says so. The lines are from the tools' real output."""

from __future__ import annotations

import re
from pathlib import Path

_LOCK = "bring package-lock.json up to date with `npm install`, and commit it with package.json"
_NODE = "install a version of Node.js that the line above names (in CI: in the step that sets up Node.js)"
_KNOWN = (
    (re.compile(r"npm (?:ERR!|error) `npm ci` can only install packages when your package\.json and .*"), _LOCK),
    (re.compile(r"npm (?:ERR!|error) The `npm ci` command can only install with an existing package-lock\.json.*"),
     "make a package-lock.json with `npm install`, and commit it"),
    (re.compile(r"Node\.js v?[\d.]+ is not supported by .*"), _NODE),
    (re.compile(r"You are using Node\.js [\d.]+\. .{1,60} is required\.?"), _NODE),
)
_LONGEST = 400


class HookAdvice:
    """Reads what a hook prints."""

    def __init__(self) -> None:
        self._found = ""

    def line(self, line: str) -> None:
        line = line[:_LONGEST].strip()
        self._found = self._found or next((advice for known, advice in _KNOWN if known.fullmatch(line)), "")

    def after(self, status: int, folder: Path) -> str | None:
        """``status``: what the hook ended with; ``folder``: where it ran."""
        if self._found:
            return self._found
        needs_install = (folder / "package.json").is_file() and not (folder / "node_modules").is_dir()
        if needs_install:
            return f"node_modules is missing: run `npm install` in {folder} first"
        if status == 127 or status == 9009:  # sh, cmd.exe
            return "a command was not found: install it, or write its full path (a package of npm: `npx NAME`)"
        if status == 126:
            return "a command could not be executed: is the file executable?"
        if status in (-9, 137):
            return "something killed it; often the system did, because memory ran out"
        return None
