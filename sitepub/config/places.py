"""Where sitepub keeps its own files on this computer. ``SITEPUB_HOME`` puts them all below one folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def _place(kind: str, environ: Mapping[str, str] | None) -> Path:
    home = (os.environ if environ is None else environ).get("SITEPUB_HOME")
    if home:
        return Path(home).expanduser().absolute() / kind
    import platformdirs

    folders = platformdirs.PlatformDirs("sitepub", appauthor=False)
    return {
        "config": folders.user_config_path,
        "cache": folders.user_cache_path,
        "data": folders.user_data_path,
    }[kind]


def config_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Profiles (credentials, mode 0600)."""
    return _place("config", environ)


def cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Content hashes and account numbers: may be deleted at any time."""
    return _place("cache", environ)


def data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The embedded cloud's data lies below here."""
    return _place("data", environ)
