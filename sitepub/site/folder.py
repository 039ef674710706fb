"""The folder to publish: found, and checked before anything remote is touched."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path

from sitepub.config.project import Project, Source
from sitepub.errors import SiteError
from sitepub.site.rules.defaults import default_rule

_SHOWN = 5


def publish_folder(project: Project) -> Path:
    """The web root on this computer: ``src.src``, or with a hook ``src.dist``, and ``src.websitePath`` in it.

    ``dist`` counts from the folder of serverless.yml; when nothing is there, from ``src.src``. Call it after
    the hook. Raises :class:`~sitepub.errors.SiteError` when the folder is missing, not a folder, empty,
    without the index document, or when ``websitePath`` leads out of it.
    """
    base = _base(project)
    folder = _web_root(project, base)
    names = _names_in(folder, project)
    if all(default_rule(name, folder=is_folder, at_root=True) for name, is_folder in names.items()):
        made = f"the hook `{project.source.hook}` made nothing in it" if project.source.hook else \
            "there is nothing to publish"
        raise SiteError(f"{folder} is empty: {made}", code="EmptyFolder",
                        position=project.source.at(*_folder_keys(project)),
                        hint="src.dist names the folder that the hook fills" if project.source.hook else None)
    _check_index(project, folder, names)
    return folder


def _base(project: Project) -> Path:
    source = project.source
    if source.hook is None:
        return source.folder
    choices = [choice for choice in (source.dist, source.dist_beside_source) if choice is not None]
    if not choices:
        raise SiteError("src.hook is set, but src.dist is not: which folder does the hook fill?",
                        hint="add src.dist, for example `dist: public`", position=source.position)
    return next((choice for choice in choices if choice.exists()), choices[0])


def _web_root(project: Project, base: Path) -> Path:
    if not project.source.website_path:
        return base
    folder = base / project.source.website_path
    if base.is_dir() and not folder.resolve().is_relative_to(base.resolve()):
        raise SiteError(f"src.websitePath {project.source.website_path!r} leads out of {base}",
                        hint="it names a folder inside the published one", position=project.source.at("websitePath"))
    return folder


def _names_in(folder: Path, project: Project) -> dict[str, bool]:
    """What is in the folder, each with whether it is a folder itself."""
    source = project.source
    try:
        return {entry.name: entry.is_dir(follow_symlinks=False) for entry in os.scandir(folder)}
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        raise SiteError(f"{folder} is not a folder", position=source.at(*_folder_keys(project)), code="NotAFolder",
                        hint="src names the folder to publish; src.index names its first page") from None
    except OSError as error:
        raise SiteError(f"{folder} cannot be read: {error.strerror}",
                        position=source.at(*_folder_keys(project))) from None
    hint = None
    if source.hook and source.website_path and (_base(project)).is_dir():
        hint = "src.websitePath names a folder inside src.dist"
    elif source.hook:
        filled = _likely_outputs(project)
        hint = (f"did the hook fill another folder? There is {filled}: set src.dist" if filled else
                "src.dist names the folder that the hook fills, seen from the folder of serverless.yml")
    else:
        near = _nearest(folder.name, folder.parent, folders=True)
        hint = f"did you mean {near}?" if near else "src names the folder to publish"
    hint = foreign_path(source, *_folder_keys(project)) or hint
    raise SiteError(f"the folder to publish does not exist: {folder}", hint=hint, code="MissingFolder",
                    position=source.at("websitePath", *_folder_keys(project)))


def _folder_keys(project: Project) -> tuple[str, ...]:
    """The keys that name the published folder, the nearest first."""
    return ("dist", "src") if project.source.hook else ("src", "dist", "root")


def foreign_path(source: Source, *keys: str) -> str | None:
    """A hint when the path at one of these keys is written as only a shell, or only Windows, understands it."""
    position = source.at(*keys)
    written = position.text[position.column - 1:] if position and position.text and position.column else ""
    if re.match(r"""["']?~[/\\]""", written):
        return "`~` is not the home folder here: write the path from the folder of serverless.yml, or an absolute one"
    if os.name != "nt" and re.match(r"""["']?[A-Za-z]:[/\\]""", written):
        return "this is a path of Windows: write the path from the folder of serverless.yml, such as ./public"
    if re.match(r"""["']?(?:\$[A-Z{(]|%[A-Za-z]+%)""", written) and not written.startswith("${env:"):
        return "variables of a shell are not replaced here: write `${env:NAME}`"
    return None


def _likely_outputs(project: Project) -> str:
    usual = ("dist", "public", "build", "out", "_site", "site", ".output/public", ".vitepress/dist")
    parents = (project.root, project.source.folder)
    return ", ".join(name for name in usual
                     if any((parent / name / project.website.index).is_file() for parent in parents))


def _nearest(name: str, parent: Path, *, folders: bool) -> str | None:
    try:
        names = [entry.name for entry in os.scandir(parent) if entry.is_dir() == folders]
    except OSError:
        return None
    stems = {Path(each).stem.lower(): each for each in names}
    near = difflib.get_close_matches(Path(name).stem.lower(), stems, 1, 0.6)
    return stems[near[0]] if near else None


def _check_index(project: Project, folder: Path, names: Collection[str]) -> None:
    index = project.website.index
    # The listing tells the spelling: a file system that ignores case finds Index.html too, a bucket does not.
    if index in names and (folder / index).is_file():
        return
    pages = sorted(name for name in names if name.lower().endswith((".html", ".htm")))
    below = sorted(name for name in names if not name.startswith(".") and (folder / name / index).is_file())
    near = _nearest(index, folder, folders=False) if pages else None
    if near in pages:
        hint = f"there is {near}: rename it, or set `index: {near}` in src"
    elif below:
        hint = f"it is in {', '.join(below[:_SHOWN])}: is `websitePath: {below[0]}` what you want?"
    elif pages:
        more = f" and {len(pages) - _SHOWN} more" if len(pages) > _SHOWN else ""
        are = "is" if len(pages) == 1 else "are"
        hint = f"there {are} {', '.join(pages[:_SHOWN])}{more}: set src.index, or add {index}"
    else:
        hint = f"there is no HTML file in it; is this the right folder? Else add {index}"
    raise SiteError(f"the index document {index} is missing in {folder}", hint=hint, code="MissingIndex",
                    position=project.source.at("index", *_folder_keys(project)))
