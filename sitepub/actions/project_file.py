"""serverless.yml for a recognised project, with comments that say what each line is for."""

from __future__ import annotations

from sitepub.actions.starters import yaml_text
from sitepub.site.detect.framework import Framework

SCHEMA_FILE = ".sitepub-schema.json"
"""The JSON Schema beside serverless.yml, for editors. Names that begin with ``.sitepub`` stay unpublished."""

_COLUMN = 32
"""Where comments begin."""


def project_file(framework: Framework, name: str) -> str:
    """The text of a serverless.yml that publishes what ``framework`` makes."""
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
    return "\n".join(lines) + "\n"


def _source(framework: Framework) -> list[str]:
    if framework.hook is None or framework.dist is None:
        return [_line(f"    src: {_folder(framework.src)}", "published as it is"),
                *(["    # exclude: [README.md]"] if framework.src == "." else [])]
    return [f"    src: {_folder(framework.src)}",
            _line(f"    hook: {yaml_text(framework.hook)}", "builds the site …"),
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
