"""Starting: a copy of a template, or a serverless.yml for the project that is already there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

from sitepub.actions.next_commands import next_commands, quoted
from sitepub.actions.project_file import SCHEMA_FILE, project_file
from sitepub.actions.site_name import site_name
from sitepub.actions.starters import TEMPLATES, Template, of_new_repository, starter_files
from sitepub.config.read_from import FILE_NAMES
from sitepub.errors import Refused, SitepubError, UsageError
from sitepub.outside import not_written
from sitepub.site.detect.framework import Framework
from sitepub.site.moving.moved import Left, Moved

_MOST_NAMED = 10
_MOST_LOOKED = 200
"""Packages of a workspace that are read."""


@dataclass(frozen=True, slots=True)
class InitOutcome:
    """What was written."""

    folder: Path
    """Absolute."""
    files: tuple[str, ...]
    """Below ``folder``, with ``/``."""
    next: tuple[str, ...]
    """Commands to run now, in this order, from where the user is."""
    template: Template | None = None
    framework: Framework | None = None
    """What was recognised, when no template was asked for."""
    moved: Moved | None = None
    """What another tool's settings said."""
    unread: tuple[str, ...] = ()
    """Settings files of further tools."""
    met: tuple[str, ...] = ()
    """What was done about files that a new repository has already."""

    @property
    def advice(self) -> tuple[str, ...]:
        found = self.framework.advice if self.framework else ()
        return (*self.met, *found, *(f"{name} was not read: sitepub init --from {name} takes that one instead."
                          for name in self.unread))

    @property
    def left(self) -> tuple[Left, ...]:
        """What of those settings does not carry over. Keys of a Hexo blog are in the advice already."""
        if self.moved is None:
            return ()
        known = self.moved.tool == "Hexo" and self.framework is not None and self.framework.id == "hexo"
        return tuple(one for one in self.moved.left if not (known and one.secret))


def init(template: str | None, directory: Path | None, *, folder: Path, here: Path,
         environ: Mapping[str, str] | None = None, started: str | None = None,
         ask_dist: Callable[[Framework], str | None] | None = None, settings: Path | None = None) -> InitOutcome:
    """Write a template into ``directory`` (default: a folder named like it), or set up the one in ``folder``.

    ``directory`` is read from ``folder``; ``here`` is where the user's shell is, for the commands to run
    next. ``started``: the program that the user started, when it is not the ``sitepub`` of PATH. ``ask_dist`` is
    asked for the output folder where only a guess is known; ``None``: the guess. ``settings``: a file of the tool that
    has published the site so far, from ``folder``; left out: one that lies there. Nothing is ever overwritten: Refused
    names the files that are in the way, and nothing was written. UsageError for an unknown template, and for a folder
    without a known project (code ``NoProject``).
    """
    if template is not None:
        chosen = find_template(template)
        return _from_template(chosen, Path(os.path.normpath(folder / (directory or chosen.name))), here, environ,
                              started)
    return _for_project(folder, here, environ, started, ask_dist, settings)


def find_template(name: str) -> Template:
    """The template of that name. Raises UsageError with the nearest name."""
    from sitepub.config.checks.nearest import nearest

    for template in TEMPLATES:
        if name in (template.name, template.short):
            return template
    names = [template.name for template in TEMPLATES]
    short = f"{name.lower()}-starter"
    near = short if short in names else nearest(name, names)
    if near is None and (other := nearest(name.lower(), [template.short for template in TEMPLATES])):
        near = f"{other}-starter"
    raise UsageError(f"There is no template {name!r}.", code="UnknownTemplate",
                     hint=f"Did you mean {near}?" if near else f"Templates: {', '.join(names)}.")


def _from_template(template: Template, target: Path, here: Path, environ: Mapping[str, str] | None,
                   started: str | None) -> InitOutcome:
    files = starter_files(template, site_name(target, environ))
    if others := [name for name in FILE_NAMES if name not in files and os.path.lexists(target / name)]:
        raise Refused(f"{target} already has a {others[0]}.", code="AlreadyThere",
                      hint=f"Choose a new folder: sitepub init {template.name} NEW-FOLDER")
    begun = of_new_repository(target, files)
    files = {name: content for name, content in files.items() if name not in begun.there}
    _refuse_overwriting(target, files, f"Choose a new folder: sitepub init {template.name} NEW-FOLDER")
    _write(target, {**files, SCHEMA_FILE: _schema()})
    return InitOutcome(target, (*files, SCHEMA_FILE), next_commands(target, here, template.install, started),
                       template=template, met=begun.settle(target))


def _for_project(folder: Path, here: Path, environ: Mapping[str, str] | None, started: str | None,
                 ask_dist: Callable[[Framework], str | None] | None, settings: Path | None) -> InitOutcome:
    from sitepub.actions.moving.project import framework_with, rule_files
    from sitepub.site.detect.frameworks import detect
    from sitepub.site.moving.known import find_settings, read_settings

    for name in FILE_NAMES:
        if os.path.lexists(folder / name):
            raise Refused(f"There is a {name} here already.", code="AlreadyThere",
                          hint="sitepub deploy publishes what it says; sitepub schema lists its keys.")
    moved, unread = find_settings(folder) if settings is None else (read_settings(folder / settings), ())
    framework = detect(folder if moved is None else folder / moved.base)
    if moved is not None:
        framework = framework_with(framework, moved, folder)
    if framework is None:
        if below := sites_below(folder):
            shown = ", ".join(f"{name} ({title})" for name, title in below.items())
            raise UsageError(f"The project's sites lie in folders below {folder}: {shown}.", code="SitesBelow",
                             hint=f"set one up with sitepub init --cwd {quoted(next(iter(below)))}")
        names = ", ".join(template.name for template in TEMPLATES)
        raise UsageError(f"No site was recognised in {folder}.", code="NoProject",
                         hint=f"Start from a template with sitepub init TEMPLATE: {names}.")
    if framework.dist_is_a_guess:
        framework = with_known_dist(framework, ask_dist(framework) if ask_dist is not None else None)
    rules = rule_files(moved, folder) if moved is not None else {}
    text = project_file(framework, site_name(folder, environ), moved,
                        {usual: name for usual, (name, _text) in rules.items()})
    files = {"serverless.yml": text.encode(), **{name: content.encode() for name, content in rules.values()}}
    _refuse_overwriting(folder, files, "Move it away, and start again.")
    _write(folder, {**files, SCHEMA_FILE: _schema()})
    return InitOutcome(folder, (*files, SCHEMA_FILE), next_commands(folder, here, framework.install, started),
                       framework=framework, moved=moved, unread=unread)


def with_known_dist(framework: Framework, answer: str | None) -> Framework:
    """The framework with the output folder that the user named, else with the guess and the advice to check it."""
    from sitepub.site.detect.project_files import inside

    if answer is None:
        return replace(framework, advice=(
            *framework.advice, f"Which folder does `{framework.hook}` write the site to? Fill in src.dist in"
            f" serverless.yml, which says {framework.dist} for now."))
    dist = "." if answer.strip().rstrip("/\\") in {".", ""} else inside(answer)
    if dist is None:
        raise UsageError(f"{answer} is not a folder below this one.", code="NoFolder",
                         hint="sitepub publishes what lies in the project's folder: let the build write there")
    return replace(framework, dist=dist, dist_is_a_guess=False)


def sites_below(folder: Path) -> dict[str, str]:
    """The packages of a workspace that are sites: folder → what makes it."""
    from sitepub.site.detect.frameworks import detect
    from sitepub.site.detect.project_files import ProjectFiles

    found: dict[str, str] = {}
    places = [path.parent for pattern in ("*/package.json", "*/*/package.json")
              for path in islice(folder.glob(pattern), _MOST_LOOKED)]
    for place in sorted(places):
        name = place.relative_to(folder).as_posix()
        if "node_modules" in name or name.startswith(".") or len(found) == _MOST_NAMED:
            continue
        # Plain HTML in some package is no site for certain.
        if ProjectFiles(place).scripts and (framework := detect(place)) is not None and framework.id != "html":
            found[name] = framework.title
    return found


@cache
def _schema() -> bytes:
    from sitepub.config.schema import json_schema

    return (json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n").encode()


def _refuse_overwriting(target: Path, files: Mapping[str, bytes], hint: str) -> None:
    in_the_way = [name for name in files if os.path.lexists(target / name)]
    # A file where a folder must be.
    folders = {parent for name in files for parent in (target / name).parents}
    in_the_way += sorted(str(place) for place in folders if os.path.lexists(place) and (
        not place.is_dir() or (place.is_symlink() and place != target and place.is_relative_to(target))))
    if in_the_way:
        count = len(in_the_way)
        shown = ", ".join(in_the_way[:_MOST_NAMED])
        more = f" and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""
        raise Refused(f"Nothing was written to {target}: {'this is' if count == 1 else 'these are'} there "
                      f"already: {shown}{more}.", code="AlreadyThere", hint=hint)


def _write(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files or none. Only the schema, which is sitepub's own, may replace a file."""
    made: list[Path] = []
    try:
        for name, content in files.items():
            path = target / name
            missing = [parent for parent in (path.parent, *path.parent.parents) if not parent.exists()]
            for folder in reversed(missing):
                folder.mkdir()
                made.append(folder)
            if name == SCHEMA_FILE and path.is_file():
                _replace(path, content)
                continue
            with path.open("xb") as stream:
                made.append(path)
                stream.write(content)
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, FileExistsError):
            raise Refused(f"{error.filename} appeared while sitepub was writing; nothing was kept.",
                          code="AlreadyThere") from None
        if isinstance(error, OSError):
            words = error.strerror or str(error)
            raise SitepubError(f"Could not write to {target}: {words}. Nothing was kept.", code="NotWritten",
                               hint=not_written(error)) from None
        raise


def _replace(path: Path, content: bytes) -> None:
    """Put a new file in place of another. Where a link has the name, it is the link that goes, not what it leads to."""
    handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
