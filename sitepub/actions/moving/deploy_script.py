"""`"deploy": "sitepub deploy"` among the scripts of a package.json; all else there stays, character by character."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sitepub.config.document import Node, Text, shown_path
from sitepub.config.small_file import PACKAGE_LIMIT, read_small
from sitepub.config.yaml12 import read_yaml
from sitepub.errors import ConfigError, Position, Problem, Refused

FILE = "package.json"
NAME, COMMAND = "deploy", "sitepub deploy"
_OWN = re.compile(r"sitepub deploy(?: .*)?|npx sitepub deploy(?: .*)?", re.DOTALL)


def script_edits(folder: Path) -> dict[str, bytes]:
    """Files below the folder with their new content; empty when the script is there.

    Raises :class:`~sitepub.errors.Refused` for another script of that name, and for a folder without a package.json;
    ConfigError for a broken one.
    """
    place = folder / FILE
    if not place.is_file():
        raise Refused(f"There is no {FILE} in {folder}.", code="NoProject", hint="Run it in the project's folder.")
    name = shown_path(place)
    try:
        data = read_small(place, PACKAGE_LIMIT)
        content = data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(Problem(f"cannot be read: {error.strerror or error}", Position(name))) from None
    except UnicodeDecodeError:
        raise ConfigError(Problem("is not UTF-8", Position(name))) from None
    changed = with_script(Text(name, content))
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return {} if changed == content else {FILE: mark + changed.encode()}


def with_script(text: Text) -> str:
    """The text of a package.json with the script."""
    content = text.content
    try:
        before = json.loads(content)
    except (ValueError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise ConfigError(Problem(f"is not JSON: {said[:1].lower()}{said[1:]}", text.position(at))) from None
    root = read_yaml(text).root
    scripts = before.get("scripts", {}) if isinstance(before, dict) else None
    if not isinstance(scripts, dict) or root is None or not isinstance(root.value, dict):
        raise ConfigError(Problem("has no map of scripts", Position(text.name)))
    if NAME in scripts:
        if isinstance(scripts[NAME], str) and _OWN.fullmatch(scripts[NAME].strip()):
            return content
        node = root.get("scripts", NAME)
        raise Refused(f"{FILE} has a script `{NAME}` already, and it is another one.", code="AlreadyThere",
                      position=node.key_here if node is not None else Position(text.name),
                      hint=f'Give one of the two another name, as in "publish-site": "{COMMAND}".')
    newline = "\r\n" if "\r\n" in content else "\n"
    entry = f'"{NAME}": "{COMMAND}"'
    node = root.entries.get("scripts")
    if node is not None:
        changed = _added(content, node, entry, newline)
    else:
        step = _indent(content, root)
        value = f"{{{newline}{step * 2}{entry}{newline}{step}}}" if step else f"{{ {entry} }}"
        changed = _added(content, root, f'"scripts": {value}', newline)
    wanted = {**before, "scripts": {**scripts, NAME: COMMAND}}
    if json.loads(changed) != wanted:
        raise Refused(f"{FILE} is written in a way that sitepub does not change.", code="NotChanged",
                      hint=f"Add it yourself: {entry}")
    return changed


def _added(content: str, node: Node, entry: str, newline: str) -> str:
    """An entry at the end of a map, on a line of its own where the others are."""
    start, end = node.place.index, node.place.end or 0
    close = end - 1
    if not node.entries:
        outer = _margin(content, start)
        if newline in content and (outer or newline in content[start:end] or content[:start].strip() == ""):
            step = _unit(content)
            return f"{content[:start]}{{{newline}{outer}{step}{entry}{newline}{outer}}}{content[end:]}"
        return f"{content[:start]}{{{entry}}}{content[end:]}"
    last = len(content[:close].rstrip())
    first = next(iter(node.entries.values())).key_place
    line = content.rfind("\n", 0, first.index) + 1 if first is not None else 0
    margin = content[line:first.index] if first is not None else ""
    behind = f",{newline}{margin}" if line > start and not margin.strip() else ", "
    return f"{content[:last]}{behind}{entry}{content[last:]}"


def _margin(content: str, at: int) -> str:
    """The blanks that the line begins with."""
    line = content[content.rfind("\n", 0, at) + 1:at]
    return line[:len(line) - len(line.lstrip())]


def _unit(content: str) -> str:
    found = re.search(r"\n([ \t]{1,16})\"", content)
    return found[1] if found else "  "


def _indent(content: str, root: Node) -> str:
    """That of the first entry; "" where all stands on one line."""
    first = next((one.key_place for one in root.entries.values()), None)
    if first is None:
        return "  " if "\n" in content.strip() or content.endswith("\n") else ""
    line = content.rfind("\n", 0, first.index) + 1
    margin = content[line:first.index]
    return margin if line > root.place.index and not margin.strip() else ""
