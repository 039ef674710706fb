"""From what pydantic found to what the user reads: place, what was expected, nearest right name."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sitepub.config.checks.nearest import did_you_mean
from sitepub.config.checks.shapes import form_for
from sitepub.config.document import MOST_PROBLEMS, Node
from sitepub.errors import Problem

Loc = tuple[int | str, ...]


def mistakes(error: ValidationError, model: type[BaseModel], root: Node, *,
             elsewhere: Sequence[tuple[str, type[BaseModel]]] = (),
             path: str = "") -> list[Problem]:
    """The problems of one failed validation of ``root``, which stands at ``path``, with ``model``.

    ``elsewhere``: other places (key path, model) in which an unknown key may be at home. Places that were
    reported before (broken nodes) are left out.
    """
    problems: list[Problem] = []
    for detail in error.errors(include_url=False, include_input=False):
        loc = tuple(part for part in detail["loc"] if part != "[key]")
        in_key = "[key]" in detail["loc"]
        node, label = _find(root, loc, path)
        if node.broken:
            continue
        if len(problems) >= MOST_PROBLEMS:
            break
        if detail["type"] == "missing":
            _, above = _find(root, loc[:-1], path)
            where = node.key_here if node.key_place is not None else node.here
            label = f"{above + '.' if above else ''}{loc[-1]}"
            problems.append(Problem(f"`{label}` is missing", where, _MISSING.get(label)))
        elif detail["type"] == "extra_forbidden":
            inside = _home_inside(model, loc[:-1], str(loc[-1])) or _longer_inside(model, loc[:-1], str(loc[-1]))
            problems.append(_unknown(node, str(loc[-1]), label, keys_of(model, loc[:-1]), elsewhere, inside))
        else:
            message, hint = _said(detail, node)
            if hint is None and message.startswith("expected "):
                hint = form_for(label, node)
            where = node.key_here if in_key else node.here
            problems.append(Problem(f"`{label}`: {message}" if label else message, where, hint))
    return problems


def _find(root: Node, loc: Loc, path: str) -> tuple[Node, str]:
    """The node at ``loc``, or the deepest above it, and its name for the user."""
    node, label = root, path
    for part in loc:
        child: Node | None = None
        if isinstance(part, int):
            child = node.items[part] if part < len(node.items) else None
            step = f"[{part}]"
        else:
            child = node.entries.get(part)
            step = ("." if label else "") + (written_key(child, part) if child is not None else part)
        if child is None:
            return node, label
        if child.place is not node.place or child.place.text.whole:  # else the short form of a map
            label += step
        node = child
    return node, label


def written_key(node: Node, name: str) -> str:
    """The key as it stands in the file (``Bucket`` may be read as ``bucketName``)."""
    place = node.key_place
    if place is None or place.end is None:
        return name
    written = place.text.content[place.index : place.end].strip("\"'")
    return written if written.replace("-", "").replace("_", "").isalnum() else name


_MISSING = {"component": "Write `component: website`.",
            "name": "Write `name: my-site`: a-z, 0-9 and `-`; it becomes part of the bucket's name.",
            "inputs": "Write `inputs:`, and below it `  src: ./public`, the folder to publish.",
            "inputs.src": "Write `src: ./public`, the folder to publish."}
_HOSTS = "Write `hosts:` with a list: `- host: www.example.com`."
_OTHER_WORDS = {
    **dict.fromkeys(("domain", "domains", "host", "hostname", "hostnames", "customdomain", "customdomains", "cname",
                     "url", "cdn", "cdnurl"), _HOSTS),
    **dict.fromkeys(("ssl", "certificate", "cert", "certs", "certid"),
                    "Write `https: auto` (a free certificate), or `https: {certInfo: {certId: …}}`."),
    **dict.fromkeys(("command", "build", "buildcommand", "script"), "Write `src: {hook: COMMAND, dist: FOLDER}`."),
    **dict.fromkeys(("output", "outputdir", "folder", "dir", "directory", "path", "publish", "root"),
                    "Write `src: FOLDER`, or `src: {hook: COMMAND, dist: FOLDER}`."),
    **dict.fromkeys(("redirects", "redirect", "rewrites"), "Write `redirectRules`."),
    **dict.fromkeys(("environment", "envs", "variables"), "Write `env`."),
    **dict.fromkeys(("ignore", "exclude", "excludes"), "Write `src: {src: FOLDER, exclude: [PATTERN]}`."),
    **dict.fromkeys(("errorpage", "errordocument", "notfound"), "Write `src: {src: FOLDER, error: 404.html}`."),
}
"""What the keys of ``inputs`` are called in other tools and in other components, in small letters."""
_IN_HEADERS = {
    **dict.fromkeys(("for", "path", "paths", "file", "glob", "pattern", "source", "url"), "Write `files: PATTERN`."),
    **dict.fromkeys(("headers", "header", "values", "value"), "Write `set: {Cache-Control: no-cache}`."),
}
"""The same of an entry of ``headers``."""


_SHORTEST = 6
"""Letters of a name that is taken for a part of a longer one."""


def _longer(name: str, known: Sequence[str]) -> list[str]:
    """The keys that the name is a part of: ``keyPrefixEquals`` for ``keyPrefix``."""
    return [one for one in known if name.lower() in one.lower() and len(name) >= _SHORTEST]


def _unknown(node: Node, name: str, label: str, known: Sequence[str],
             elsewhere: Sequence[tuple[str, type[BaseModel]]], inside: str | None) -> Problem:
    hint = _OTHER_WORDS.get(name.lower()) if label == f"inputs.{name}" else None
    if hint is None and label.startswith("inputs.headers["):
        hint = _IN_HEADERS.get(name.lower())
    if hint is None and inside is not None:
        above = label.rpartition(".")[0]
        place, _, whole = inside.partition(" ")
        place = f"{above + '.' if above else ''}{place}"
        hint = f"Did you mean `{whole}` under `{place}`?" if whole else f"`{name}` belongs under `{place}`."
    if hint is not None:
        return Problem(f"unknown key `{label}`", node.key_here, hint)
    longer = _longer(name, known)
    # A part of a key of this place is nearer than a whole key of another one.
    hint = f"Did you mean `{longer[0]}`?" if len(longer) == 1 else did_you_mean(name, known)
    for place, model in elsewhere:
        if name in keys_of(model, ()) and len(longer) != 1 and (hint is None or name not in known):
            hint = f"`{name}` belongs under `{place}`." if place else f"`{name}` belongs at the top level."
            break
    if hint is None and known:
        hint = f"Known here: {', '.join(known)}." if len(known) <= 12 else None
    return Problem(f"unknown key `{label}`", node.key_here, hint)


_NUMBER_BOUNDS = {"greater_than": ("greater than", "gt"), "greater_than_equal": ("at least", "ge"),
                  "less_than": ("less than", "lt"), "less_than_equal": ("at most", "le")}


def _said(detail: ErrorDetails, node: Node) -> tuple[str, str | None]:
    """The message (to follow the key's name) and a hint."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "sitepub":
        return str(context["said"]), context["hint"]
    if kind == "literal_error":
        names = [name.strip("'") for name in str(context["expected"]).replace(" or ", ", ").split(", ")]
        written = node.written if isinstance(node.value, str) else None
        got = f", got `{written}`" if written and len(written) <= 60 and "\n" not in written else ""
        return f"expected {_either(names)}{got}", did_you_mean(written, names) if written else None
    if kind in _NUMBER_BOUNDS:
        words, key = _NUMBER_BOUNDS[kind]
        return f"must be {words} {context[key]}", None
    if kind == "too_long":
        return f"has {context['actual_length']} entries; at most {context['max_length']} are possible", None
    if kind == "too_short":
        return f"needs at least {context['min_length']}", None
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters", None
    wanted = {"string_type": "text", "list_type": "a list", "dict_type": "a map", "model_type": "a map",
              "model_attributes_type": "a map"}.get(kind)
    if wanted is not None:
        return f"expected {wanted}, got {node.kind}", None
    return detail["msg"][0].lower() + detail["msg"][1:], None


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def keys_of(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that are known at this place below ``model``."""
    found = _model_at(model, loc)
    return [field.alias or name for name, field in found.model_fields.items()] if found is not None else []


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    for part in loc:
        if isinstance(part, int):
            continue
        inner = next((_model_in(f.annotation) for f in model.model_fields.values() if f.alias == part), None)
        if inner is None:
            return None
        model = inner
    return model


def _home_inside(model: type[BaseModel], loc: Loc, name: str) -> str | None:
    """The one key of this place below which ``name`` is known (``condition`` for ``keyPrefixEquals``)."""
    found = _model_at(model, loc)
    if found is None or found is model:
        return None
    homes = [field.alias or key for key, field in found.model_fields.items()
             if (inner := _model_in(field.annotation)) is not None and name in keys_of(inner, ())]
    return homes[0] if len(homes) == 1 else None


def _longer_inside(model: type[BaseModel], loc: Loc, name: str) -> str | None:
    """The same for a part of a name: the key of this place, and the whole name."""
    found = _model_at(model, loc)
    if found is None or found is model or not any(isinstance(part, int) for part in loc):
        return None
    homes = [f"{field.alias or key} {longer[0]}" for key, field in found.model_fields.items()
             if (inner := _model_in(field.annotation)) is not None
             and len(longer := _longer(name, keys_of(inner, ()))) == 1]
    return min(homes, key=len) if homes and not _longer(name, keys_of(found, ())) else None


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The one model inside ``list[X]``, ``X | None``, ``Annotated[X, …]``."""
    return next(_models_in(annotation), None)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)
