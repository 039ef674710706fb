"""Keys that the original accepted and that have no effect here, with the reason. They become warnings."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.document import Node
from sitepub.errors import Problem

_TEMPLATE = "it describes a template in a registry"
_OWN = "sitepub sets it itself, to the website of the bucket"
_OLD_CDN = "it belongs to the CDN API of 2017"

IGNORED: dict[tuple[str, ...], str] = {
    ("description",): _TEMPLATE,
    ("keywords",): _TEMPLATE,
    ("repo",): _TEMPLATE,
    ("readme",): _TEMPLATE,
    ("license",): _TEMPLATE,
    ("author",): _TEMPLATE,
    ("version",): _TEMPLATE,
    ("type",): _TEMPLATE,
    ("inputs", "force"): "sitepub compares what is there with what is wanted; see `deploy --force`",
    ("inputs", "src", "root"): "paths are taken from the folder of this file",
    ("inputs", "acl", "grantRead"): "only the canned ACL in `permissions` is set",
    ("inputs", "acl", "grantWrite"): "only the canned ACL in `permissions` is set",
    ("inputs", "acl", "grantReadAcp"): "only the canned ACL in `permissions` is set",
    ("inputs", "acl", "grantWriteAcp"): "only the canned ACL in `permissions` is set",
    ("inputs", "acl", "grantFullControl"): "only the canned ACL in `permissions` is set",
    ("inputs", "acl", "accessControlPolicy"): "only the canned ACL in `permissions` is set",
    ("inputs", "cors", "*", "id"): "the rules of a bucket are distinguished by their content",
    ("inputs", "lifecycle", "*", "noncurrentVersionTransition"): "older versions are not moved, only deleted",
    ("inputs", "lifecycle", "*", "expiration", "expiredObjectDeleteMarker"): "delete markers are left alone",
    ("inputs", "hosts", "*", "origin"): _OWN,
    ("inputs", "hosts", "*", "serviceType"): _OWN,
    ("inputs", "hosts", "*", "hostType"): _OWN,
    ("inputs", "hosts", "*", "fwdHost"): _OWN,
    ("inputs", "hosts", "*", "backupOrigin"): _OWN,
    ("inputs", "hosts", "*", "projectId"): "domains are made in the account's default project",
    ("inputs", "hosts", "*", "domain"): "`host` is the name of the domain",
    ("inputs", "hosts", "*", "https", "httpsType"): _OLD_CDN,
    ("inputs", "hosts", "*", "https", "spdy"): "the protocol is gone",
}
"""Path (``*`` for every item of a list) → why it has no effect."""


def take_ignored(root: Node, *, old_form: bool) -> list[Problem]:
    """Remove these keys from the tree; a warning for each that was there."""
    warnings: list[Problem] = []
    for path, reason in IGNORED.items():
        if old_form and path == ("inputs", "src", "root"):
            continue  # there it has a meaning
        for parent in _below(root, path[:-1]):
            node = parent.entries.pop(path[-1], None)
            if node is not None:
                warnings.append(Problem(f"`{_shown(path)}` has no effect: {reason}", node.key_here))
    acl = root.get("inputs", "acl")
    if acl is not None and isinstance(acl.value, dict) and not acl.value:
        root.get("inputs").entries.pop("acl")  # type: ignore[union-attr]
    return warnings


def _below(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    if not path:
        yield node
        return
    children = node.items if path[0] == "*" else [n for n in [node.entries.get(path[0])] if n is not None]
    for child in children:
        yield from _below(child, path[1:])


def _shown(path: tuple[str, ...]) -> str:
    return ".".join(path).replace(".*", "[]")
