"""``.env`` files: which ones are read, which one wins, and how a line is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.config.document import MOST_PROBLEMS, Text, read_text, shown_path
from sitepub.config.ownership import project_root, written_by_others
from sitepub.config.variables.loader_variables import loads_code
from sitepub.errors import Position, Problem

PARENTS = 2
"""How many folders above the project are looked into."""

_NAME = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:(?=[ \t]))[ \t]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


@dataclass(slots=True)
class Dotenv:
    """What the files set. The first file that sets a variable wins."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Mistakes in the project's own files."""
    warnings: list[Problem] = field(default_factory=list)
    """Mistakes in those of its parents, which may belong to something else; what was read above the project or
    was not; variables that are never taken from such files."""
    above: bool = False
    """There are such files above the folder, whether they were read or not."""


def read_dotenv(folder: Path, stage: str | None) -> Dotenv:
    """Read ``.env.STAGE`` and ``.env`` of the folder, then the same pair of its parents.

    Without a stage only the ``.env`` files. Above the root of the project only files that no other user can have
    written, and with a warning that says so. Variables that make programs load code are left out, with a warning.
    Nothing is raised: mistakes are in ``problems`` and ``warnings``.
    """
    found = Dotenv()
    names = ([f".env.{stage}"] if stage else []) + [".env"]
    root = project_root(folder)
    for place in [folder, *folder.parents][: PARENTS + 1]:
        for name in names:
            _read(place / name, folder, root, found)
    return found


def _read(file: Path, folder: Path, root: Path, found: Dotenv) -> None:
    try:
        if not file.exists() or file.is_dir():  # Python's virtual environments may have this name
            return
    except OSError:  # a parent folder that may not be looked into holds nothing for us
        return
    found.above |= file.parent != folder
    above = not file.parent.is_relative_to(root)
    if above and (why := written_by_others(file, folder)) is not None:
        found.warnings.append(Problem(f"is not read: it lies above the project, and {why}", Position(shown_path(file)),
                                      "Move what the site needs into a .env file beside serverless.yml."))
        return
    problems_here = found.problems if file.parent == folder else found.warnings
    text = read_text(file)
    if isinstance(text, Problem):
        problems_here.append(text)
        return
    found.files.append(file)
    if above:
        found.warnings.append(Problem("is read although it lies above the project", Position(shown_path(file)),
                                      "Move what the site needs into a .env file beside serverless.yml."))
    lines, problems = parse_lines(text)
    problems_here += problems
    for key, (value, at) in lines.items():
        if loads_code(key, value):
            found.warnings.append(_problem(
                text, at, f"{key} is not taken from a .env file: it makes programs load code or trust others",
                "Set it in the environment, or in the command that needs it."))
        else:
            found.values.setdefault(key, value)


def parse_lines(text: Text) -> tuple[dict[str, tuple[str, int]], list[Problem]]:
    """Read ``NAME=value`` lines: the value of each name and where the name stands.

    ``export`` before the name is allowed, and ``NAME: value``. Unquoted values end at `` #`` or at the end of
    the line. Quoted values may have several lines; in double quotes ``\\n``, ``\\r``, ``\\t``, ``\\"``,
    ``\\\\`` and ``\\$`` are escapes, in single quotes and backticks nothing is. Nothing is expanded. Of
    several assignments to one name the last counts. Positions never show a value: it may be a secret.
    """
    content = text.content
    values: dict[str, tuple[str, int]] = {}
    problems: list[Problem] = []
    index = 0
    while index < len(content):
        end = _line_end(content, index)
        start = index + len(content[index:end]) - len(content[index:end].lstrip())
        if start == end or content[start] == "#":
            index = end + 1
            continue
        name = _NAME.match(content, start, end)
        if name is None:
            if len(problems) < MOST_PROBLEMS:
                problems.append(_problem(text, start, "expected NAME=value",
                                         "A name begins with a letter or _; letters, digits, _, . and - follow."))
            index = end + 1
            continue
        at = name.end()
        if at < end and content[at] in "\"'`":
            value, index, problem = _quoted(text, at)
            if problem is not None:
                problems += [problem] if len(problems) < MOST_PROBLEMS else []
                continue
        else:
            value, index = re.sub(r"(?:^|(?<=[ \t]))#.*", "", content[at:end]).strip(), end + 1
        values[name[1]] = (value, name.start(1))
    return values, problems


def _quoted(text: Text, at: int) -> tuple[str, int, Problem | None]:
    """Read a quoted value at ``at``: the value, where to go on, and what is wrong."""
    content = text.content
    quote = content[at]
    escapes = quote == '"'
    index = at + 1
    while index < len(content) and content[index] != quote:
        index += 2 if escapes and content[index] == "\\" else 1
    if index >= len(content):
        return "", _line_end(content, at) + 1, _problem(text, at, "this quote is never closed", None)
    raw = content[at + 1 : index].replace("\r\n", "\n")
    end = _line_end(content, index)
    rest = content[index + 1 : end].strip()
    if rest and not rest.startswith("#"):
        return "", end + 1, _problem(text, index + 1, "nothing but a comment may follow the closing quote",
                                     "Put the whole value in quotes; a quote inside needs a backslash.")
    if escapes:
        raw = _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[0]), raw)
    return raw, end + 1, None


def _line_end(content: str, index: int) -> int:
    end = content.find("\n", index)
    return len(content) if end < 0 else end


def _problem(text: Text, index: int, message: str, hint: str | None) -> Problem:
    where = text.position(index)
    shown = re.match(r"[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:]", where.text or "")
    return Problem(message, Position(where.file, where.line, where.column,
                                     shown[0] + "…" if shown is not None else None), hint)
