"""Where a Hexo blog has been published so far: ``deploy`` in its _config.yml, as hexo-deployer-cos reads it.

Keys that stand there are never read further than that they are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sitepub.config.checks.regions import REGIONS
from sitepub.config.document import Node, Text
from sitepub.config.yaml12 import read_yaml

_TYPE = re.compile(r"(?:[a-z]{1,20}[-_])?cos(?:[-_][a-z0-9]{1,20})?", re.IGNORECASE)
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_KEYS = ("secretid", "secretkey")


@dataclass(frozen=True, slots=True)
class HexoDeploy:
    bucket: str | None
    region: str | None
    keys: tuple[str, ...]
    """Names of the entries that hold cloud keys."""


def hexo_deploy(text: str, file: str) -> HexoDeploy | None:
    """The first deployer for COS; ``None`` when there is none, or when the file cannot be read."""
    root = read_yaml(Text(file, text)).root
    if root is None or not isinstance(root.value, dict):
        return None
    for entries in _deployers(root.value.get("deploy")):
        kind = entries.get("type")
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
            continue
        bucket, region = entries.get("bucket"), entries.get("region")
        return HexoDeploy(
            bucket if isinstance(bucket, str) and _BUCKET.fullmatch(bucket) else None,
            region if isinstance(region, str) and region in REGIONS else None,
            tuple(name for name in _KEYS if isinstance(entries.get(name), str) and entries[name]))
    return None


def _deployers(node: Node | None) -> Iterator[dict[str, object]]:
    """Each deployer, its keys in lower case: they are written secretId, SecretId and secret_id."""
    several = node.value if node is not None else None
    for one in several if isinstance(several, list) else [node]:
        if one is not None and isinstance(one.value, dict):
            yield {str(key).lower().replace("_", ""): entry.value for key, entry in one.value.items()}
