"""The official models, as ``refresh`` has kept them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("models")
PRODUCTS = tuple(sorted(file.stem for file in FOLDER.glob("*.json")))
Member = Mapping[str, Any]
"""``type`` (string, int, float, bool, object, list), ``of`` (of an object or a list's elements), ``required``,
``always`` (in every answer), ``null`` (may be null in an answer), ``deprecated``, ``enum``."""


@dataclass(frozen=True)
class Model:
    """One product in one version."""

    product: str
    version: str
    source: str
    actions: Mapping[str, Mapping[str, str]]
    objects: Mapping[str, Mapping[str, Member]]
    errors: frozenset[str]

    def request(self, action: str) -> Mapping[str, Member]:
        return self.objects[self.actions[action]["input"]]

    def response(self, action: str) -> Mapping[str, Member]:
        return self.objects[self.actions[action]["output"]]


@functools.cache
def known(section: str) -> frozenset[str]:
    """Differences that are known and still to be repaired: lines of ``known.txt`` below ``[section]``."""
    found, here = [], ""
    for line in Path(__file__).with_name("known.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif line and not line.startswith("#") and here == section:
            found.append(line)
    return frozenset(found)


@functools.cache
def model(product: str) -> Model:
    found = json.loads((FOLDER / f"{product}.json").read_text(encoding="utf-8"))
    return Model(product, found["version"], found["source"], found["actions"], found["objects"],
                 frozenset(found["errors"]))
