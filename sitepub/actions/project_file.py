"""serverless.yml for a recognised project, with comments that say what each line is for."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.actions.starters import yaml_text
from sitepub.site.address_rules.rule_files import HEADERS, REDIRECTS
from sitepub.site.detect.framework import Framework
from sitepub.site.moving.moved import Moved

SCHEMA_FILE = ".sitepub-schema.json"
"""The JSON Schema beside serverless.yml, for editors. Names that begin with ``.sitepub`` stay unpublished."""

_COLUMN = 32
"""Where comments begin."""


def project_file(framework: Framework, name: str, moved: Moved | None = None,
                 rules: Mapping[str, str] | None = None) -> str:
    """The text of a serverless.yml that publishes what ``framework`` makes. ``moved``: what another tool's settings
    add, and ``rules``: which files hold its redirects and headers."""
    lines = [
        f"# yaml-language-server: $schema=./{SCHEMA_FILE}",
        f"# {framework.title}, recognised by {framework.why}. `sitepub schema` prints every key there is.",
        "component: website",
        f"app: {yaml_text(name)}",
        f"name: {yaml_text(name)}",
        "",
        "inputs:",
        "  src:",
        *_source(framework),
        f"    index: {yaml_text(framework.index)}",
        *_error(framework),
        *_exclude(moved),
    ]
    if framework.spa:
        lines.append(_line("  disableErrorStatus: true", "with status 200"))
    if framework.ignore_html_ext:
        lines.append(_line("  ignoreHtmlExt: true", "/about answers with about.html"))
    lines += [
        _line(f"  region: {framework.region or 'ap-guangzhou'}",
              "where the bucket is" if framework.region else "the one nearest to your readers"),
        "  protocol: https",
        _line(f"  bucketName: {yaml_text(framework.bucket)}", "where the site has been so far") if framework.bucket
        else _line(f"  # bucketName: {name}", "default: made from app, name and stage"),
    ]
    lines += _moved(moved, rules or {})
    return "\n".join(lines) + "\n"


def _exclude(moved: Moved | None) -> list[str]:
    if moved is None or not moved.exclude:
        return []
    return ["    exclude:", *(f"      - {_quoted(pattern)}" for pattern in moved.exclude)]


def _moved(moved: Moved | None, rules: Mapping[str, str]) -> list[str]:
    if moved is None:
        return []
    lines = []
    if moved.prefix:
        lines.append(_line(f"  keyPrefix: {_quoted(moved.prefix)}", "the folder in the bucket"))
    for usual, key in ((REDIRECTS, "redirectsFile"), (HEADERS, "headersFile")):
        if usual in rules:
            lines.append(_line(f"  {key}: ./{rules[usual]}", f"from {moved.file}"))
    if rules and moved.needs_edge:
        lines.append(_line("  unsupportedRules: warn", "some rules need a host with `edge: edgeone` or `edge: cdn`"))
    if moved.headers:
        lines.append("  headers:")
        for one in moved.headers:
            lines += [f"    - files: [{', '.join(_quoted(pattern) for pattern in one.files)}]", "      set:"]
            lines += [f"        {name}: {_quoted(value)}" for name, value in one.headers.items()]
    return lines


def _quoted(text: str) -> str:
    """Always in quotes, and a variable of serverless.yml as text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return f'"{escaped}"'


def _source(framework: Framework) -> list[str]:
    if framework.hook is None or framework.dist is None:
        return [_line(f"    src: {_folder(framework.src)}", "published as it is"),
                *(["    # exclude: [README.md]"] if framework.src == "." else [])]
    return [f"    src: {_folder(framework.src)}",
            _line(f"    hook: {yaml_text(framework.hook.replace('${', '$${'))}", "builds the site …"),
            _line(f"    dist: {_folder(framework.dist)}",
                  "FILL IN: the folder that the hook writes; it is published" if framework.dist_is_a_guess
                  else "… into this folder, which is published")]


def _error(framework: Framework) -> list[str]:
    text = f"    error: {yaml_text(framework.error)}"
    if framework.spa:
        return [_line(text, "every address is answered by the app,")]
    if framework.error == framework.index:
        return [_line(text, "no 404 page was found; the home page stands in for it")]
    return [_line(text, "shown where there is no page")]


def _folder(path: str) -> str:
    return yaml_text("./" if path == "." else f"./{path}")


def _line(text: str, comment: str) -> str:
    return f"{text:<{_COLUMN}}  # {comment}"
