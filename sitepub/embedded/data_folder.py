"""The folder with the data of an embedded cloud: where it is, how large, and whether it is one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sitepub.config import places
from sitepub.errors import Refused

DEV_MARK = "of-dev"
"""A file beside the cloud's, with the number of the process that dev started. The last run of dev ends it."""
_OWN = frozenset({"identity.json", "cloud.json", "lock", "server.log", DEV_MARK, "content", "ca.pem", "ca.key",
                  "ca-issuing.pem", "ca-issuing.key"})
_DATABASES = ("cloud.sqlite3", "access-log.sqlite3", "services.sqlite3")


def data_folder(environ: Mapping[str, str], chosen: str | Path | None = None) -> Path:
    """The data folder: the chosen one, else ``SITEPUB_LOCAL_DATA``, else the user's own."""
    folder = chosen or environ.get("SITEPUB_LOCAL_DATA")
    return Path(folder).expanduser().resolve() if folder else (places.data_dir(environ) / "local").resolve()


def check_deletable(data: Path) -> None:
    """Raise Refused unless the folder is missing, empty, or recognisably an embedded cloud's own."""
    if not data.is_dir() or all(_is_own(entry.name) for entry in data.iterdir()):
        return
    strangers = [name for name in (".git", "package.json", "serverless.yml", "serverless.yaml",
                                   "serverless.json", "node_modules") if (data / name).exists()]
    if strangers or not (data / "identity.json").exists() or data in (Path.home(), Path(data.anchor)):
        why = f"it holds {strangers[0]}" if strangers else "it has no identity.json"
        raise Refused(f"{data} is not a folder of the embedded cloud: {why}.", code="NotLocalData",
                      hint="Nothing was deleted. Look into it and delete it yourself if you mean to.")


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith(_DATABASES)


def size(data: Path) -> int:
    """Bytes of the files in the data folder."""
    total = 0
    for folder, _folders, names in os.walk(data):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except OSError:
                # Deleted by the server since it was listed.
                continue
    return total
