"""Where a Hexo blog has been published so far: ``deploy`` in its _config.yml, as the deployers for COS read it:
hexo-deployer-cos, -cos-enhanced (both type `cos`), -cos-cdn, -tencent (`tencent-cos`), -qcloud-cos.

Keys that stand there are never read further than that they are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sitepub.config.checks.regions import REGIONS
from sitepub.config.document import Node, Text
from sitepub.config.yaml12 import read_yaml

_TYPE = re.compile(r"(?:[a-z]{1,20}[-_])?cos(?:[-_][a-z0-9]{1,20})?", re.IGNORECASE)
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
KEYS = ("secretid", "secretkey", "cossecretid", "cossecretkey")
PREFIXES = ("pathprefix", "remotepath")
"""The folder in the bucket: of hexo-cos-uploader and of hexo-deployer-qcloud-cos."""


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
    return next((cos_deploy(entries) for node in deployers(root.value.get("deploy"))
                 if is_cos(entries := plain_keys(node))), None)


def cos_deploy(entries: Mapping[str, Node]) -> HexoDeploy:
    """What one deployer says, by :func:`plain_keys`."""
    bucket, region = _text(entries, "bucket", "cosbucket"), _text(entries, "region", "cosregion")
    return HexoDeploy(bucket if bucket and _BUCKET.fullmatch(bucket) else None,
                      region if region in REGIONS else None,
                      tuple(name for name in KEYS if _text(entries, name)))


def is_cos(entries: Mapping[str, Node]) -> bool:
    """hexo-deployer-cos-cdn can publish to Alibaba's OSS too."""
    kind = _text(entries, "type")
    return kind is not None and _TYPE.fullmatch(kind) is not None and _text(entries, "cloud") in (None, "tencent")


def deployers(node: Node | None) -> Iterator[Node]:
    several = node.value if node is not None else None
    for one in several if isinstance(several, list) else [node]:
        if one is not None and isinstance(one.value, dict):
            yield one


def plain_keys(node: Node) -> dict[str, Node]:
    """The keys in lower case: they are written secretId, SecretId and secret_id."""
    return {str(key).lower().replace("_", ""): entry for key, entry in node.entries.items()}


def _text(entries: Mapping[str, Node], *names: str) -> str | None:
    for name in names:
        node = entries.get(name)
        if node is not None and isinstance(node.value, str) and node.value:
            return node.value
    return None
