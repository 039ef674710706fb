"""Every regular expression of sitepub, as it is found in the source, with the calls that use it."""

from __future__ import annotations

import ast
import importlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent / "sitepub"
_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}


@dataclass(frozen=True)
class Used:
    """One expression, where it stands, and the ways in which it is used."""

    place: str
    pattern: str | bytes
    flags: int
    uses: frozenset[str]

    def runs(self) -> Iterator[tuple[str, Callable[[Any], object]]]:
        compiled: re.Pattern[Any] = re.compile(self.pattern, self.flags)
        if self.uses <= {"match", "fullmatch"}:
            for use in sorted(self.uses):
                yield use, getattr(compiled, use)
        else:
            # Every search, substitution and split goes through the text like this.
            yield "search", lambda text: deque(compiled.finditer(text), 0)


MADE_AT_RUN_TIME: Mapping[str, tuple[str, ...]] = {
    "terminal/secrets.py": ("secret|other",),  # texts joined by "|": nothing in them repeats
    "leaks/forms.py": (),  # FORMS, which are looked at one by one
    "site/globs.py": (),  # examples below
    "local/base/wildcards.py": (),
    "actions/starters.py": (r"^name: .*$", r"^app: .*$"),
    "site/detect/node.py": (r"\bvite build\s+([\w./-]+)",),
    "site/detect/js_config.py": (r"(?<![\w$.])(?:outDir|([\"'])outDir\1)\s*:",),
    "site/detect/project_files.py": (),
    "local/services/rule_conditions.py": ("^/a/(.*)$",),  # of RE2, which is linear, from rules
    "local/edge/rules.py": ("^/a/(.*)$", r"\$([1-9])"),
    "local/cloud_api/teo/rule_checks.py": (),  # only compiled
    "local/cloud_api/teo/rules.py": (),  # only compiled
    "config/checks/invisible.py": ("[ \u200b]",),
}
"""Files with expressions that are put together from variables → examples of what comes out."""
SHORT_TEXTS: Mapping[str, str] = {
    "site/build/signs.py": "lines of at most 400 characters (_LONGEST)",
    "site/pattern_hints.py": "patterns of at most 200 characters (_LONGEST)",
    "site/address_rules/addresses.py": "paths of at most 1,000 characters (LONGEST, and keys of COS)",
    "site/written_words.py": "parts of a file's name, which has at most 255 bytes",
}
"""Files whose expressions only ever see texts of a limited length."""


def expressions(only: str = "") -> list[Used]:
    """All of them, by place."""
    found: list[Used] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE).as_posix()
        if only in place and place not in SHORT_TEXTS:
            found += _in_file(file, place)
    return found


def unresolved() -> list[str]:
    """Calls of ``re`` whose expression is neither constant nor exemplified."""
    return [f"{place}:{call.lineno}" for file in sorted(PACKAGE.rglob("*.py"))
            for place in [file.relative_to(PACKAGE).as_posix()] if place not in {**MADE_AT_RUN_TIME, **SHORT_TEXTS}
            for call in _calls(file) if _value(call, file) is None]


def _in_file(file: Path, place: str) -> list[Used]:
    names = _names(file)
    found = []
    for call in _calls(file):
        value = _value(call, file)
        if value is None:
            continue
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        uses = _uses_of(names.get(id(call)), file) if method == "compile" else frozenset({method})
        found.append(Used(f"{place}:{call.lineno}", *value, uses))
    found += [Used(f"{place} (example)", example, 0, frozenset({"search"}))
              for example in MADE_AT_RUN_TIME.get(place, ())]
    if place in _MORE:
        found += _MORE[place]()
    return found


@cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(_text(file))


@cache
def _calls(file: Path) -> tuple[ast.Call, ...]:
    if "re." not in _text(file):
        return ()
    return tuple(node for node in ast.walk(_tree(file)) if (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS
        and isinstance(node.func.value, ast.Name) and node.func.value.id == "re"))


@cache
def _attributes(file: Path) -> Mapping[str, frozenset[str]]:
    """Name → what is taken from it anywhere in the file: ``match`` of ``_WORD.match``."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return {name: frozenset(attributes & _CALLS) for name, attributes in found.items()}


@cache
def _names(file: Path) -> Mapping[int, str]:
    """The name that a compiled expression is kept under, by the id of the call."""
    found = {}
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                for inner in ast.walk(node.value):
                    found[id(inner)] = target.id
    return found


@cache
def _uses_of(name: str | None, home: Path) -> frozenset[str]:
    """How the expression of this name is used in its file, else in others; every way for one that is passed around."""
    for files in ([home], PACKAGE.rglob("*.py")) if name else ():
        uses = frozenset[str]().union(*(_attributes(file).get(name or "", ()) for file in files
                                        if f"{name}." in _text(file)))
        if uses:
            return uses
    return frozenset({"search", "match", "fullmatch"})


def _value(call: ast.Call, file: Path) -> tuple[str | bytes, int] | None:
    module = importlib.import_module(
        "sitepub." + file.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"))
    flags = next((keyword.value for keyword in call.keywords if keyword.arg == "flags"), None)
    where = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3}
    position = where.get(call.func.attr, 4) if isinstance(call.func, ast.Attribute) else 9
    flags = flags or (call.args[position] if len(call.args) > position else None)
    try:
        pattern = eval(compile(ast.Expression(call.args[0]), str(file), "eval"), vars(module))
        number = eval(compile(ast.Expression(flags), str(file), "eval"), vars(module)) if flags else 0
    except NameError:
        return None
    return (pattern, int(number)) if isinstance(pattern, str | bytes) else None


def _forms() -> list[Used]:
    from sitepub.leaks.forms import FORMS

    return [Used(f"leaks/forms.py: {form.anchor.decode()}", form.source, 0, frozenset({"search"})) for form in FORMS]


def _wildcards() -> list[Used]:
    from sitepub.local.base.wildcards import wildcard

    return [Used(f"local/base/wildcards.py: {text}", wildcard(text).pattern, re.DOTALL, frozenset({"fullmatch"}))
            for text in ("*a*a*a*a*ab", "a*b", "*", "cos:*Object*", "a**b**c")]


def _globs() -> list[Used]:
    from sitepub.site.globs import glob

    lines = ("*a*a*a*a*ab", "**/a/**/b/**/c", "a*b?[c-e]*/**", "/x/**/*.js", "[!a]*[[:digit:]]*z", "*" * 50 + "b")
    return [Used(f"site/globs.py: {line}", made.regex.pattern, made.regex.flags & ~re.UNICODE, frozenset({"match"}))
            for line in lines if (made := glob(line)) is not None]


_MORE: Mapping[str, Callable[[], list[Used]]] = {
    "leaks/forms.py": _forms, "site/globs.py": _globs, "local/base/wildcards.py": _wildcards,
}
