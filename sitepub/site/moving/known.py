"""Which files of other publishers sitepub reads, and what it finds in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.checks.nearest import nearest
from sitepub.config.document import Node
from sitepub.errors import ConfigError, UsageError
from sitepub.site.moving import cloudbase, hexo, netlify, s3, vercel, wrangler
from sitepub.site.moving.foreign_file import read_foreign
from sitepub.site.moving.moved import Moved


@dataclass(frozen=True, slots=True)
class Tool:
    """One publisher, and the files in which it keeps its settings."""

    name: str
    files: tuple[str, ...]
    read: Callable[[Moved, Node], None]
    meant: Callable[[Node], bool] = lambda _root: True
    """Whether a file that lies there says anything of where the site is published."""
    shared: bool = False
    """The file is of a site's generator, which keeps much else in it."""


_ENDINGS = ("toml", "yaml", "yml", "json")
_HUGO = tuple(f"{stem}.{ending}" for stem in ("hugo", "config") for ending in _ENDINGS)
_HUGO_BELOW = (*_HUGO, *(f"deployment.{ending}" for ending in _ENDINGS))
TOOLS = (
    Tool("Netlify", ("netlify.toml",), netlify.netlify),
    Tool("Vercel", ("vercel.json",), vercel.vercel),
    Tool("EdgeOne Pages", ("edgeone.json",), vercel.edgeone),
    Tool("Cloudflare", ("wrangler.toml", "wrangler.jsonc", "wrangler.json"), wrangler.wrangler,
         wrangler.publishes_files),
    Tool("CloudBase", ("cloudbaserc.json",), cloudbase.cloudbase),
    Tool("s3deploy", (".s3deploy.yml", ".s3deploy.yaml"), s3.s3deploy),
    Tool("Hugo", (*_HUGO, *(f"config/_default/{name}" for name in _HUGO_BELOW)), s3.hugo, s3.has_deployment,
         shared=True),
    Tool("Hexo", ("_config.yml", "_config.yaml"), hexo.hexo, lambda root: root.get("deploy") is not None,
         shared=True),
)


def read_settings(file: Path) -> Moved:
    """What one named file says. Raises UsageError for a name that is not known, and ConfigError."""
    tool = next((tool for tool in TOOLS if file.name in {Path(name).name for name in tool.files}), None)
    if tool is None:
        names = sorted({Path(name).name for tool in TOOLS for name in tool.files})
        near = nearest(file.name, names)
        raise UsageError(f"{file.name} is not a settings file that sitepub reads.", code="UnknownSettings",
                         hint=f"Did you mean {near}?" if near else f"It reads {', '.join(names)}.")
    return _read(tool, read_foreign(file), file)


def find_settings(folder: Path) -> tuple[Moved | None, tuple[str, ...]]:
    """What the first settings file in a folder says, and the names of the other ones. Raises ConfigError
    for a broken one that only a publisher reads."""
    found: Moved | None = None
    others: list[str] = []
    for tool in TOOLS:
        name = next((name for name in tool.files if (folder / name).is_file()), None)
        if name is None:
            continue
        try:
            root = read_foreign(folder / name)
        except ConfigError:
            if tool.shared or found is not None:
                continue  # What it is broken in may be no matter of publishing.
            raise
        if not tool.meant(_wrapped(root) if Path(name).stem == "deployment" else root):
            continue
        if found is None:
            found = _read(tool, root, folder / name)
        elif tool.name != "Hexo":  # what that names is found with the blog
            others.append(name)
    return found, tuple(others)


def _read(tool: Tool, root: Node, file: Path) -> Moved:
    moved = Moved(tool.name, file.name)
    tool.read(moved, _wrapped(root) if file.stem == "deployment" else root)
    return moved


def _wrapped(root: Node) -> Node:
    """config/_default/deployment.toml has the entries themselves."""
    return Node({"deployment": root}, root.place)
