"""``${env:NAME}``, ``${git:branch}``, ``${name}``, ``${app}``, ``${stage}`` and ``${org}`` inside the strings of
serverless.yml.

A default follows a comma: ``${env:NAME, 'default'}``. Variables may stand inside names and defaults
(``${env:KEY_${stage}, ${app}}``). ``$${`` is a literal ``${``.
A string with variables stays a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sitepub.config.checks.nearest import nearest
from sitepub.config.document import MOST_PROBLEMS, Node
from sitepub.config.previews import PREVIEW_NAME
from sitepub.config.repository.git_values import NAMES as GIT_NAMES
from sitepub.config.repository.git_values import GitValues
from sitepub.config.variables.text import Variable, VariableError, parse
from sitepub.errors import Position, Problem

NAMES = ("name", "app", "stage", "org")
"""The variables that come from the top level of serverless.yml."""

MAX_LENGTH = 256 * 1024
"""Characters of a text once its variables are replaced."""

_OF_PREVIEWS = ("inputs", "preview")
_TOO_LONG = f"becomes longer than {MAX_LENGTH:,} characters once its variables are replaced"
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]*\Z")


class _Ring(VariableError):
    """Top-level values that need each other."""

    def __init__(self, names: list[str], start: int, source: str) -> None:
        super().__init__(f"these variables need each other: {' → '.join(names)}", start, source)
        self.names = names


class _Elsewhere(VariableError):
    """A variable whose own value is wrong: reported where the value stands."""


class Variables:
    """Replaces the variables of a tree; every mistake becomes a problem with its own position."""

    def __init__(self, top: Mapping[str, Node], env: Mapping[str, str], problems: list[Problem],
                 git: GitValues | None = None) -> None:
        self.top = top
        """The nodes of name, app, stage and org that the file (or its parent) sets."""
        self.env = env
        self.problems = problems
        self.fallback: dict[str, str] = {}
        """Values for names that no node sets (``stage`` from the command line, its default …)."""
        self.more: dict[str, str] = {}
        """Variables that exist only where this one replaces (``branch`` in the values of ``stages``)."""
        self.took_git = False
        """A value of git's went into a text that was replaced."""
        self.looked_up: set[str] = set()
        """Names of the environment variables that were asked for."""
        self._git = git
        self._open: list[str] = []
        self._values: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._reported: set[Problem] = set()
        self._path: tuple[str, ...] = ()
        """Keys and indexes that lead to the string at hand."""

    def replace_in(self, node: Node) -> None:
        """Replace the variables in every string of the tree, in place."""
        for name in NAMES:  # while the nodes still hold what was written
            self.top_value(name)
        for path, child in _paths(node, ()):
            if isinstance(child.value, str) and "${" in child.value and not child.broken:
                self._path = path
                child.value = self._resolved(child, child.value)

    def top_value(self, name: str) -> str | None:
        """The value of name, app, stage or org; ``None`` when it is not set or cannot be known."""
        try:
            return self._lookup_top(name)
        except VariableError:
            return None

    def resolved(self, node: Node) -> str:
        """The text of one node with its variables replaced; on a mistake it is marked broken."""
        return self._resolved(node, node.value) if isinstance(node.value, str) else node.written or str(node.value)

    def _resolved(self, node: Node, text: str) -> str:
        """The string with its variables replaced; on a mistake the node is marked broken."""
        try:
            parts = parse(text)
        except VariableError as error:
            self._tell(node, error)
            return text
        pieces: list[str] = []
        length = 0
        for part in parts:
            try:
                piece = self._joined([part])
                length += len(piece)
                if length > MAX_LENGTH:
                    raise VariableError(_TOO_LONG, 0, "")
            except VariableError as error:
                self._tell(node, error)
                if length > MAX_LENGTH:
                    break
            else:
                pieces.append(piece)
        return text if node.broken else "".join(pieces)

    def _joined(self, parts: Sequence[str | Variable]) -> str:
        pieces: list[str] = []
        length = 0
        for part in parts:
            pieces.append(part if isinstance(part, str) else self._value(part))
            length += len(pieces[-1])
            if length > MAX_LENGTH:
                raise VariableError(_TOO_LONG, 0, "")
        return "".join(pieces)

    def _value(self, variable: Variable) -> str:
        name = self._joined(variable.name).strip()
        value = self._lookup(name, variable)
        if value is not None:
            return value
        if variable.default is not None:
            return self._joined(variable.default)
        kind, _, key = name.partition(":")
        if kind == "git":
            raise VariableError(f"the {_GIT_WORDS[key.strip()]}", variable.start, variable.source,
                                f"Give a default: ${{git:{key.strip()}, 'value'}}")
        if kind == "env":
            near = nearest(key, self.env)
            key = _short(key)
            raise VariableError(
                f"the environment variable `{key}` is not set", variable.start, variable.source,
                f"Did you mean `{near}`?" if near is not None and _very_near(near, key) else
                f"Set it, put it into .env, or give a default: ${{env:{key}, 'value'}}")
        name = _short(name)
        raise VariableError(f"`{name}` is not set in this file", variable.start, variable.source,
                            f"Add `{name}:` at the top level, or give a default: ${{{name}, 'value'}}")

    def _lookup(self, name: str, variable: Variable) -> str | None:
        kind, colon, key = name.partition(":")
        if colon and kind.strip() == "env":
            if not _ENV_NAME.match(key.strip()):
                raise VariableError(f"`{_short(key)}` is not a name of an environment variable", variable.start,
                                    variable.source)
            self.looked_up.add(key.strip())
            return self.env.get(key.strip())
        if colon and kind == "git" and key.strip() in GIT_NAMES and self._git is not None:
            value = self._git.get(key.strip())
            self.took_git |= value is not None
            return value
        if name in self.more:
            self.took_git = True
            return self.more[name]
        if name in NAMES:
            return self._lookup_top(name, variable)
        if name == "preview" and self._path[:2] == _OF_PREVIEWS:
            return PREVIEW_NAME  # known when a preview is made
        raise VariableError(f"unknown variable `${{{_short(name)}}}`", variable.start, variable.source,
                            _hint_for_unknown(_short(name), kind if colon else "", self._path))

    def _lookup_top(self, name: str, variable: Variable | None = None) -> str | None:
        if name in self._values:
            return self._values[name]
        if name in self._failed:
            raise _Elsewhere(self._failed[name], variable.start if variable is not None else 0,
                             variable.source if variable is not None else "")
        node = self.top.get(name)
        if node is None or node.value is None or isinstance(node.value, list | dict):
            if name == "app" and "app" not in self.fallback and (node is None or node.value is None):
                return self._lookup_top("name", variable)
            return self.fallback.get(name)
        start, source = (variable.start, variable.source) if variable is not None else (0, "")
        if name in self._open:
            raise _Ring([*self._open[self._open.index(name):], name], start, source)
        self._open.append(name)
        try:
            value = self._top_text(node)
        except _Ring as error:
            raise _Ring(error.names, start, source) from error
        except VariableError as error:
            self._failed[name] = error.message
            raise _Elsewhere(error.message, start, source) from error
        finally:
            self._open.pop()
        self._values[name] = value
        return value

    def _top_text(self, node: Node) -> str:
        if not isinstance(node.value, str):
            return node.written if node.written is not None else str(node.value)
        return self._joined(parse(node.value))

    def _tell(self, node: Node, error: VariableError) -> None:
        node.broken = True
        if isinstance(error, _Elsewhere):
            return
        if isinstance(error, _Ring) and not any(node is self.top.get(name) for name in error.names):
            return
        if len(self._reported) >= MOST_PROBLEMS:
            return
        problem = Problem(error.message, position_in(node, error.start, error.source), error.hint)
        if problem not in self._reported and problem not in self.problems:
            self._reported.add(problem)
            self.problems.append(problem)


def position_in(node: Node, start: int, source: str) -> Position:
    """Where the piece ``source``, which begins at ``start`` of the node's string, stands in the file.

    Quotes, escapes and folded lines shift it; so the same occurrence is looked for in the written text.
    """
    text = node.place.text
    written = text.content[node.place.index : node.place.end]
    value = node.value if isinstance(node.value, str) else ""
    at = -1
    for _ in range(value.count(source, 0, start) + 1 if source else 0):
        at = written.find(source, at + 1)
        if at < 0:
            break
    return text.position(node.place.index + max(at, 0))


_GIT_WORDS = {"branch": "branch is not known: none is checked out here, and no CI system says one",
              "commit": "commit is not known: this is not a git repository with a commit",
              "tag": "commit that is checked out here has no tag",
              "dirty": "state of the files is not known: this is not a git repository with a commit"}


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:100] + "…"


def _instead_of_an_output(path: tuple[str, ...]) -> str:
    """What to do in place of an output of another component (``${output:…}``, ``${api.url}``)."""
    keys = [key.replace(".", "\\.") for key in path[1:]]
    if path[:1] != ("inputs",) or not keys:
        return "Outputs of other projects are not known here: write the value, or ${env:NAME}."
    return ("Outputs of other projects are not known here. Write the value, use ${env:NAME}, or give it on the"
            f" command line: --inputs {'.'.join(keys)}=VALUE")


def _very_near(one: str, other: str) -> bool:
    import difflib

    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio() > 0.85


def _paths(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every node below, with the keys and indexes that lead to it."""
    yield path, node
    children = node.entries.items() if isinstance(node.value, dict) else (
        (str(index), child) for index, child in enumerate(node.items))
    for key, child in children:
        yield from _paths(child, (*path, key))


def _hint_for_unknown(name: str, kind: str, path: tuple[str, ...]) -> str:
    if name.startswith("env."):
        return f"Write `${{env:{name[4:]}}}`."
    if kind == "output" or re.fullmatch(r"[A-Za-z][\w-]*(?:\.[\w-]+)+", name):
        return _instead_of_an_output(path)
    if kind == "git":
        near = nearest(name.partition(":")[2], GIT_NAMES)
        return f"Did you mean `${{git:{near}}}`?" if near is not None else (
            f"Known are {', '.join(f'${{git:{one}}}' for one in GIT_NAMES)}.")
    if name == "branch":
        return "Write `${git:branch}`: `${branch}` is known in the values of `stages` alone."
    if name == "preview":
        return "It stands for the name of a preview, and only in `inputs.preview.host`."
    near = nearest(name, NAMES)
    if near is not None:
        return f"Did you mean `${{{near}}}`?"
    if kind:
        near = nearest(kind, ["env", "git"])
        if near is not None:
            return f"Did you mean `${{{near}:{name.partition(':')[2]}}}`?"
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
        return f"Write `${{env:{name}}}` for the environment variable, or `$${{{name}}}` for the text itself."
    return ("Known are ${env:NAME}, ${git:branch}, ${name}, ${app}, ${stage} and ${org}; "
            f"write `$${{{name}}}` for the text itself.")
