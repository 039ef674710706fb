"""`hexo deploy` goes on to work: a deployer in the blog's scripts, and its name in _config.yml."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sitepub.config.document import Node, Place, Text, data_of, read_text
from sitepub.config.yaml12 import Document, read_yaml
from sitepub.errors import ConfigError, Position, Problem, Refused
from sitepub.site.detect.hexo_deploy import deployers, is_cos, plain_keys

SCRIPT = "scripts/sitepub-deployer.js"
TYPE = "sitepub"
_BY_HAND = "Add it yourself: deploy: {type: sitepub}"


def script() -> bytes:
    return (files("sitepub.actions.moving") / "hexo_deployer.js").read_bytes()


def config_of(folder: Path) -> Path | None:
    """The blog's settings; ``None``: this is no Hexo blog that can be changed."""
    return next((folder / name for name in ("_config.yml", "_config.yaml") if (folder / name).is_file()), None)


def hexo_edits(folder: Path) -> dict[str, bytes]:
    """Files below the folder with their new content; empty when all is there already.

    Raises :class:`~sitepub.errors.Refused` for another script of that name, ConfigError for a broken _config.yml.
    """
    config = config_of(folder)
    if config is None:
        raise Refused(f"There is no Hexo blog with a _config.yml in {folder}.", code="NoProject",
                      hint="Run it in the blog's folder.")
    edits: dict[str, bytes] = {}
    place = folder / SCRIPT
    if not place.exists():
        edits[SCRIPT] = script()
    elif place.read_bytes() != script() and b"sitepub init --hexo-deployer" not in place.read_bytes()[:200]:
        raise Refused(f"{SCRIPT} is there already, and sitepub did not write it.", code="AlreadyThere",
                      hint="Move it away, and start again.")
    elif place.read_bytes() != script():
        edits[SCRIPT] = script()
    text = read_text(config)
    if isinstance(text, Problem):
        raise ConfigError(text)
    changed = with_deployer(text)
    if changed != text.content:
        mark = b"\xef\xbb\xbf" if config.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        edits[config.name] = mark + changed.encode()
    return edits


def with_deployer(text: Text) -> str:
    """The text of a _config.yml in which `deploy` names sitepub; everything else stays, character by character.

    A deployer for COS, and an empty one, gives its place; other deployers stay beside it. Raises Refused where the text
    is written in a way that cannot be changed for certain, and ConfigError for a broken one.
    """
    document = _read(text)
    root = document.root or Node({}, Place(text))
    if not isinstance(root.value, dict):
        raise ConfigError(Problem(f"holds {root.kind}, but a map of settings is expected", root.here))
    node = root.value.get("deploy")
    present = list(deployers(node))
    if any(_type(one) == TYPE for one in present):
        return text.content
    changed = _changed(text.content, node, present)
    after = read_yaml(Text(text.name, changed)).root if changed is not None else None
    if changed is None or after is None or not _as_meant(root, after, present):
        raise Refused("`deploy` in this _config.yml is written in a way that sitepub does not change.",
                      code="NotChanged", position=node.key_here if node is not None else Position(text.name),
                      hint=_BY_HAND)
    return changed


def _read(text: Text) -> Document:
    document = read_yaml(text)
    if document.problems:
        raise ConfigError(document.problems)
    return document


def _changed(content: str, node: Node | None, present: list[Node]) -> str | None:
    newline = "\r\n" if "\r\n" in content else "\n"
    if node is None:
        return _ended(content, newline) + f"{newline}# `hexo deploy` publishes with sitepub.{newline}" + newline.join(
            ("deploy:", f"  type: {TYPE}")) + newline
    giving = next((one for one in present if _gives_way(one)), None)
    if giving is not None:
        kind = giving.entries["type"]
        return _spliced(content, kind.place.index, kind.place.end or kind.place.index, kind.value is None)
    if node.value is None or node.value == "":
        start, end = node.place.index, node.place.end or node.place.index
        blank = "" if content[start - 1:start] in (" ", "\t") else " "
        return f"{content[:start]}{blank}{{type: {TYPE}}}{content[end:]}"
    return _beside(content, node, newline)


def _beside(content: str, node: Node, newline: str) -> str | None:
    """Other deployers stay."""
    start, end = node.place.index, node.place.end or 0
    if content[start:start + 1] == "[":
        before = content[:end - 1].rstrip()
        return f"{before}{'' if before.endswith((',', '[')) else ', '}{{type: {TYPE}}}{content[end - 1:]}"
    if content[start:start + 1] == "{":
        return f"{content[:start]}[{content[start:end]}, {{type: {TYPE}}}]{content[end:]}"
    last = max((one.place.end or 0 for one in node.walk() if not isinstance(one.value, dict | list)), default=end)
    last = len(content[:last].rstrip())
    stop = content.find("\n", last)
    stop = len(content) if stop < 0 else stop + 1
    line = content.rfind("\n", 0, start) + 1
    indent = content[line:start]
    if indent.strip():
        return None
    inner = content[line:stop]
    if isinstance(node.value, dict):
        lines = inner.splitlines(keepends=True)
        inner = "".join([f"{indent}- {lines[0][len(indent):]}",
                         *(f"  {one}" if one.strip() else one for one in lines[1:])])
    inner = _ended(inner, newline)
    return f"{content[:line]}{inner}{indent}- type: {TYPE}{newline}{content[stop:]}"


def _spliced(content: str, start: int, end: int, empty: bool) -> str:
    blank = " " if empty and content[start - 1:start] not in (" ", "\t") else ""
    return f"{content[:start]}{blank}{TYPE}{content[end:]}"


def _ended(content: str, newline: str) -> str:
    return content if not content or content.endswith("\n") else content + newline


def _type(node: Node) -> str:
    kind = node.entries.get("type")
    return str(kind.value) if kind is not None and kind.value is not None else ""


def _gives_way(node: Node) -> bool:
    return "type" in node.entries and (not _type(node) or is_cos(plain_keys(node)))


def _as_meant(before: Node, after: Node, present: list[Node]) -> bool:
    """Whether only the deployer came."""
    if {key for key in after.entries if key != "deploy"} != {key for key in before.entries if key != "deploy"}:
        return False
    if any(data_of(after.entries[key]) != data_of(one) for key, one in before.entries.items() if key != "deploy"):
        return False
    now = [data_of(one) for one in deployers(after.entries.get("deploy"))]
    giving = next((one for one in present if _gives_way(one)), None)
    wanted = [data_of(one) for one in present]
    if giving is None:
        return now == [*wanted, {"type": TYPE}]
    wanted[next(at for at, one in enumerate(present) if one is giving)] = {**_data(giving), "type": TYPE}
    return now == wanted


def _data(node: Node) -> dict[str, object]:
    found = data_of(node)
    assert isinstance(found, dict)
    return found
