"""``stages`` of serverless.yml: which branch publishes to which stage, and what a stage has of its own.

The kind of a value says what its key is. Text: the key is a branch (or a pattern of branches), the text its stage. A
map: the key is a stage (or a pattern of stages), the map holds its ``branch`` and the ``inputs`` that are merged over
the rest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sitepub.config.checks.nearest import did_you_mean
from sitepub.config.document import Node, without_secrets
from sitepub.config.identifiers import IDENTIFIER, is_identifier
from sitepub.config.project import Override
from sitepub.config.star_pattern import matches
from sitepub.errors import Problem

LONGEST = 30
"""Characters of a stage that is named after a branch."""
_DIGEST = 6
_KEYS = ("branch", "inputs")
_LONGEST_SHOWN = 80


def safe_stage(text: str) -> str:
    """A stage's name for whatever a branch is called: ``Feature/Log_in`` → ``feature-log-in``. Where letters are cut
    off or cannot stay, a hash of the whole takes their place, so that two branches do not share a stage."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    lost = any(char.isalnum() and not char.isascii() for char in text)
    if plain and not lost and len(plain) <= LONGEST:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{plain[:LONGEST - _DIGEST - 1].rstrip('-')}-{digest}".lstrip("-")


@dataclass(frozen=True, slots=True)
class Stages:
    """What the key holds; empty when it is missing."""

    node: Node | None
    branches: tuple[tuple[str, Node], ...] = ()
    """Pattern of branches → the text that names the stage, in the order of the file."""
    settings: tuple[tuple[str, Node], ...] = ()
    """Pattern of stages → their map."""

    def for_branch(self, branch: str) -> Node | None:
        """The text that names the stage of a branch: an exact name comes before every pattern, else the first."""
        exact = (node for pattern, node in self.branches if pattern == branch)
        return next(exact, None) or next((node for pattern, node in self.branches if matches(pattern, branch)), None)

    def named(self, stage: str) -> str | None:
        """The branch whose stage is written out and has this name."""
        return next((pattern for pattern, node in self.branches if node.value == stage), None)

    def of(self, stage: str) -> Iterator[Node]:
        """The ``inputs`` for a stage, what is said of it by name last."""
        for named in (False, True):
            for pattern, node in self.settings:
                inputs = node.get("inputs")
                if matches(pattern, stage) and (pattern == stage) is named and inputs is not None:
                    yield inputs


def read_stages(node: Node | None, problems: list[Problem]) -> Stages:
    """Read the key, and say what is wrong in it."""
    if node is None or node.value is None:
        return Stages(None)
    if not isinstance(node.value, dict):
        problems.append(Problem(f"`stages` is a map of branches and stages, not {node.kind}", node.here,
                                "As in `stages: {main: prod, 'feature/*': '${branch}'}`."))
        return Stages(None)
    branches: list[tuple[str, Node]] = []
    settings: list[tuple[str, Node]] = []
    for key, child in node.value.items():
        if isinstance(child.value, dict):
            settings.append((key, child))
            branches += _settings(key, child, problems)
        elif isinstance(child.value, list):
            problems.append(Problem(f"`stages.{key}` is a stage's name or a map, not a list", child.here,
                                    f"As in `{key}: prod`, or `prod: {{branch: [{key}]}}`."))
        elif child.value is not None:
            branches.append((key, child))
    return Stages(node, tuple(branches), tuple(settings))


def _settings(stage: str, node: Node, problems: list[Problem]) -> Iterator[tuple[str, Node]]:
    """Check one map; its branches, each with the stage's name as it would stand behind the branch."""
    if not is_identifier(stage.replace("*", "x")):
        problems.append(Problem(f"`stages.{stage}` holds a map, so its key is a stage: {IDENTIFIER}", node.key_here,
                                "For a branch write the name of its stage, and give that stage the map."))
    for key, child in node.entries.items():
        if key not in _KEYS:
            problems.append(Problem(f"unknown key `stages.{stage}.{key}`", child.key_here,
                                    did_you_mean(key, _KEYS) or "A stage has `branch` and `inputs`."))
    inputs = node.get("inputs")
    if inputs is not None and not isinstance(inputs.value, dict):
        problems.append(Problem(f"`stages.{stage}.inputs` is a map, not {inputs.kind}", inputs.here))
        node.entries.pop("inputs")
    branch = node.get("branch")
    if branch is None:
        return
    if "*" in stage:
        problems.append(Problem(f"`stages.{stage}` stands for several stages, so no branch can be one's own",
                                branch.key_here, "Name the stage of a branch with `'feature/*': '${branch}'`."))
        return
    for item in branch.items or [branch]:
        if isinstance(item.value, str) and item.value:
            yield item.value, Node(stage, node.key_place or node.place, node.key_place, stage)
        else:
            problems.append(Problem(f"`stages.{stage}.branch` is the name of a branch, or a list of them", item.here))


def merge(base: Node, over: Node, path: str = "inputs") -> Iterator[Override]:
    """Put a stage's inputs over those of the file, in place: maps key by key, everything else as a whole; a key that
    holds nothing takes the value away. Yields what that changes."""
    top = path == "inputs"
    for written, new in over.entries.items():
        key = _spelling_of(base, written) if top else written
        where = f"{path}.{written}"
        if top and written == "envPath" and isinstance(source := base.entries.get(_spelling_of(base, "src")), Node):
            source.entries.pop("envPath", None)
        old = base.entries.get(key)
        if old is not None and isinstance(old.value, dict) and not isinstance(new.value, dict | list | None):
            new = _as_map(key, new, path)
        elif old is not None and isinstance(new.value, dict) and not isinstance(old.value, dict | list | None):
            old = base.entries[key] = _as_map(key, old, path)
        if old is None and isinstance(new.value, dict) and new.value:
            old = base.entries[key] = Node({}, new.place, new.key_place)
        if old is not None and isinstance(old.value, dict) and isinstance(new.value, dict):
            yield from merge(old, new, where)
            continue
        if old is None and new.value is None:
            continue
        if new.value is None:
            base.entries.pop(key)
        else:
            base.entries[key] = new
        if old is None or _shown(written, old) != _shown(written, new) or isinstance(new.value, dict | list):
            yield Override(where, None if old is None else _shown(written, old), _shown(written, new), new.here)


def _spelling_of(base: Node, key: str) -> str:
    """The name that the file uses for a key that has two."""
    for one, other in (("bucket", "bucketName"), ("bucketName", "bucket"), ("src", "code"), ("code", "src")):
        if key == one and one not in base.entries and other in base.entries:
            return other
    return key


def _as_map(key: str, node: Node, path: str) -> Node:
    """A short form as the map that it stands for, where a map is merged with it."""
    short = {("inputs", "src"): "src", ("inputs", "code"): "src", ("inputs", "acl"): "permissions"}.get((path, key))
    if key == "https":
        short = "certInfo" if node.value == "auto" else "switch"
    return node if short is None else Node({short: node}, node.place, node.key_place)


def _shown(key: str, node: Node) -> str:
    """A value as it stands in the file, its variables not replaced; what may be secret is hidden."""
    if isinstance(node.value, list):
        return f"a list of {len(node.value)}"
    if isinstance(node.value, dict):
        return f"a map of {len(node.value)}"
    if node.value is None:
        return "nothing"
    text = " ".join((node.written if node.written is not None else str(node.value)).split())
    text = without_secrets(f"{key}: {text}").removeprefix(f"{key}: ")
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
