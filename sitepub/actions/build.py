"""From a project to its snapshot: run the hook, find the folder, scan it. Touches nothing remote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from sitepub.config.places import cache_dir
from sitepub.config.project import Project
from sitepub.site.folder import publish_folder
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot


def build(project: Project, *, run_the_hook: bool, environ: Mapping[str, str],
          output: Callable[[str], None]) -> Snapshot:
    """The site as it should stand in the bucket. ``output`` is given every line that the hook prints.

    Raises :class:`~sitepub.errors.HookFailed`, :class:`~sitepub.errors.SiteError`,
    :class:`~sitepub.errors.Interrupted`.
    """
    if run_the_hook and project.source.hook is not None:
        from sitepub.site.hook import run_hook

        run_hook(project, environ=environ, output=output)
    folder = publish_folder(project)
    return scan(project, folder, cache_file=hash_cache_file(folder, environ))


def hash_cache_file(folder: Path, environ: Mapping[str, str]) -> Path:
    """Where the content hashes of a folder are kept on this computer."""
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_dir(environ) / "hashes" / f"{name}.msgpack"
