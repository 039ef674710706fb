"""cloudbaserc.json of Tencent CloudBase (docs.cloudbase.net/framework/plugins/framework-plugin-website)."""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.site.moving.moved import NAMED, Moved

_WEBSITE = "framework-plugin-website"
_OTHER = "only websites carry over; sitepub sets up no functions, databases or containers"
_TOP = {
    "envId": "a CloudBase environment has a bucket of its own; sitepub publishes to a bucket of the account",
    "version": "it is the version of this file's form", "functionRoot": _OTHER, "functions": _OTHER,
    "functionDefaultConfig": _OTHER,
    "region": "it is the region of the CloudBase environment; set `region` to where the bucket shall be",
    "hosting": "CloudBase's hosting is not used",
}


def cloudbase(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    framework = dict(getattr(entries.pop("framework", None), "entries", {}))
    plugins = framework.pop("plugins", None)
    found = False
    for name, plugin in (plugins.entries if plugins is not None else {}).items():
        use = plugin.get("use")
        if use is None or _WEBSITE not in str(use.value):
            moved.leave(plugin, f"framework.plugins.{name}", _OTHER)
        elif found:
            moved.leave(plugin, f"framework.plugins.{name}", "it is a second website; set it up in a folder of its own")
        else:
            found = True
            _website(moved, f"framework.plugins.{name}.inputs", plugin.get("inputs"))
    moved.rest(framework, {"name": NAMED, "hooks": "commands before and after a deploy are not run",
                           "requirement": "it describes CloudBase's deploy button"}, before="framework.")
    moved.rest(entries, _TOP)


def _website(moved: Moved, before: str, inputs: Node | None) -> None:
    entries = dict(inputs.entries) if inputs is not None else {}
    commands = dict(getattr(entries.pop("commands", None), "entries", {}))
    for key, old in (("build", "buildCommand"), ("install", "installCommand")):
        if old in entries:
            commands.setdefault(key, entries.pop(old))
        entries.pop(old, None)
    moved.hook = moved.words(commands.get("build"), f"{before}.buildCommand")
    moved.install = moved.words(commands.get("install"), f"{before}.installCommand")
    moved.folder = moved.place(entries.pop("outputPath", None), f"{before}.outputPath")
    path = moved.words(node := entries.pop("cloudPath", None), f"{before}.cloudPath")
    if path is not None and ("{{" in path or ".." in path.split("/")):
        moved.leave(node, f"{before}.cloudPath", "is not a plain path; set `keyPrefix` in serverless.yml")
    elif path is not None:
        moved.prefix = path.strip("/") or None
    ignore = entries.pop("ignore", None)
    for one in ignore.items if ignore is not None else []:
        pattern = moved.words(one, f"{before}.ignore")
        if pattern is not None:
            moved.exclude.append(pattern)
    moved.rest(entries, {"envVariables": "not copied, since they may be secrets; what pages may know stands"
                         " below `env` in serverless.yml, and everybody can read it"}, before=f"{before}.")
