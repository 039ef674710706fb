"""Brings every accepted spelling to one, on the tree, so that the models and checks know a single form.

What was written keeps its place, and messages name keys as they stand in the file.
"""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.errors import Problem

OLD_COMPONENT = "@serverless/tencent-website"
COMPONENTS = ("website", "tencent-website", OLD_COMPONENT)
"""Names of the website component: today's, the one in older documentation, and that of the first version."""

COS_COMPONENTS = ("cos", "tencent-cos", "@serverless/tencent-cos")
"""The component for a bucket; with ``website: true`` it is a site."""

AUTO = "auto"
"""For a certificate: reuse a valid one, or apply for a free one."""

MISSPELT = {"autoRefesh": "autoRefresh", "onlyRefesh": "onlyRefresh"}
"""Misspelt in published documentation, so people copied it."""


def component_of(root: Node) -> str | None:
    """The component without its version; ``None`` when there is none."""
    node = root.get("component")
    if node is None or not isinstance(node.value, str):
        return None
    name, _, _version = node.value.strip().rpartition("@") if "@" in node.value[1:] else (node.value, "", "")
    return name.strip()


def is_site(root: Node) -> bool:
    """Is the component one that sitepub publishes? One that is not named may be."""
    component = component_of(root)
    if component in COS_COMPONENTS:
        website = root.get("inputs", "website")
        return website is not None and website.value in (True, "true")
    return component is None or component in COMPONENTS


def is_old_form(root: Node) -> bool:
    return component_of(root) == OLD_COMPONENT


def sites_in(root: Node) -> list[str]:
    """The keys of the sites in a file of the first version."""
    return [] if "component" in root.entries else [key for key, node in root.entries.items() if is_old_form(node)]


def unwrapped(root: Node) -> Node:
    """The first version put a site below a key that names it; bring that to the top level."""
    if "component" in root.entries:
        return root
    sites = sites_in(root)
    if len(sites) != 1:
        return root
    key, site = sites[0], root.entries[sites[0]]
    entries = dict(site.entries)
    if "name" not in entries and site.key_place is not None:
        entries["name"] = Node(key, site.key_place, site.key_place, key)
    for name in ("app", "stage", "org"):
        if name in root.entries:
            entries.setdefault(name, root.entries[name])
    return Node(entries, site.place, site.key_place)


def to_one_spelling(root: Node, problems: list[Problem], warnings: list[Problem]) -> None:
    """Rewrite the tree in place."""
    inputs = root.get("inputs")
    if inputs is None or not isinstance(inputs.value, dict):
        return
    entries = inputs.value
    if component_of(root) in COS_COMPONENTS and is_site(root):
        del entries["website"]
        root.entries["component"].value = COMPONENTS[0]
    _rename(entries, "bucket", "bucketName", problems)
    if is_old_form(root):
        _old_source(entries, problems)
    source = entries.get("src")
    if source is not None and not isinstance(source.value, dict | list) and source.value is not None:
        entries["src"] = source = Node({"src": source}, source.place, source.key_place)
    if "envPath" in entries and source is not None and isinstance(source.value, dict):
        _move(entries, "envPath", source.value, problems)
    acl = entries.get("acl")
    if acl is not None and isinstance(acl.value, str):
        entries["acl"] = Node({"permissions": acl}, acl.place, acl.key_place)
    checks = entries.get("checks")
    if checks is not None and isinstance(checks.value, str | bool):
        _checks_word(entries, checks)
    headers = entries.get("headers")
    if headers is not None and isinstance(headers.value, dict):
        entries["headers"] = Node([_header_rule(pattern, node) for pattern, node in headers.value.items()],
                                  headers.place, headers.key_place)
    for name in ("redirectRules", "lifecycle"):
        if name in entries:
            entries[name] = _small_first(entries[name])
    _https_words(inputs)
    if "preview" in entries:
        _https_words(entries["preview"])
    for host in entries["hosts"].items if "hosts" in entries else []:
        _https_words(host)
        for misspelt, right in MISSPELT.items():
            if misspelt in host.entries:
                warnings.append(Problem(f"`{misspelt}` is misspelt; it is read as `{right}`",
                                        host.entries[misspelt].key_here, f"Write `{right}`."))
                _rename(host.entries, misspelt, right, problems)


def _https_words(owner: Node) -> None:
    """``https: auto`` → ``https: {certInfo: {certId: auto}}``; ``https: off`` → ``https: {switch: off}``."""
    https = owner.get("https")
    if https is not None and not isinstance(https.value, dict | list):
        key = "certInfo" if https.value == AUTO else "switch"
        https = owner.entries["https"] = Node({key: https}, https.place, https.key_place)
    cert = https.get("certInfo") if https is not None else None
    if https is not None and cert is not None and cert.value == AUTO:
        https.entries["certInfo"] = Node({"certId": cert}, cert.place, cert.key_place)


def _checks_word(entries: dict[str, Node], checks: Node) -> None:
    """``checks: fail`` → ``checks: {mode: fail}``; ``checks: true`` → a map that says nothing more."""
    if checks.value in (False, "false"):
        del entries["checks"]
    elif checks.value in (True, "true"):
        entries["checks"] = Node({}, checks.place, checks.key_place)
    else:
        entries["checks"] = Node({"mode": checks}, checks.place, checks.key_place)


def _rename(entries: dict[str, Node], old: str, new: str, problems: list[Problem]) -> None:
    if old in entries:
        _move(entries, old, entries, problems, new)


def _move(entries: dict[str, Node], old: str, target: dict[str, Node], problems: list[Problem],
          new: str | None = None) -> None:
    node = entries.pop(old)
    new = new or old
    if node.value is None:
        return
    other = target.get(new)
    if other is not None and other.value is not None and other.value != node.value:
        problems.append(Problem(f"`{old}` and `{new}` at {other.key_here} are the same setting, "
                                "but with different values", node.key_here, "Keep one of them."))
        return
    target[new] = node


def _old_source(entries: dict[str, Node], problems: list[Problem]) -> None:
    """``code`` of the first version → ``src``. ``root`` stays: ``build`` gives it its meaning."""
    code = entries.get("code")
    if code is None:
        return
    if entries.get("src") is not None:
        problems.append(Problem("`code` and `src` cannot stand side by side", code.key_here,
                                "Keep one of them."))
        return
    entries["src"] = entries.pop("code")


def _header_rule(pattern: str, node: Node) -> Node:
    place = node.key_place or node.place
    return Node({"files": Node(pattern, place, place, pattern), "set": node}, place, place)


def _small_first(node: Node) -> Node:
    """``KeyPrefixEquals`` → ``keyPrefixEquals``: the capitals of the COS API were taken here too."""
    if isinstance(node.value, list):
        node.value = [_small_first(child) for child in node.value]
    elif isinstance(node.value, dict):
        node.value = {("id" if key == "ID" else key[:1].lower() + key[1:]): _small_first(child)
                      for key, child in node.value.items()}
    return node
