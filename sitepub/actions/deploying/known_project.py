"""What this computer knows of a project that it has deployed: enough of serverless.yml to see that nothing has changed,
without reading it.

It holds as long as everything is the same that the project was read from: the files beside serverless.yml that count,
none above it, the options, the environment variables that were looked up, and the code that reads them. A project that
depends on more than that (git, the CI system, files above its folder) is never known. No value of a variable is kept
here, and of settings only what is not secret."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from sitepub.config.bucket_settings import Website
from sitepub.config.places import cache_dir
from sitepub.config.project import Host, Project, Source
from sitepub.config.read_from import FILE_NAMES
from sitepub.config.small_file import read_small
from sitepub.errors import SitepubError
from sitepub.publish.unchanged.settled_hosts import hosts_hash
from sitepub.site.index.label import code, digest, settings_hash

_ABOVE = 2
"""How many folders above the project may have a say (``config.variables.dotenv``, ``config.load``)."""
_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """The options that decide how a project is read."""

    folder: Path
    stage: str | None = None
    inputs: tuple[str, ...] = ()
    yes: bool = False
    local: bool = False
    profile: str | None = None


class KnownHost(msgspec.Struct, frozen=True, array_like=True):
    host: str
    edge: str
    https: bool


class KnownProject(msgspec.Struct, frozen=True, array_like=True):
    digest: bytes
    """Of all that it was read from."""
    settings: bytes
    """:func:`~sitepub.site.index.label.settings_hash`."""
    variables: tuple[str, ...]
    file: str
    app: str
    stage: str
    name: str
    region: str
    protocol: Literal["http", "https"]
    key_prefix: str
    bucket_name: str | None
    state_bucket: str | None
    folder: str
    website_path: str
    index: str
    headers_file: str | Literal[False] | None
    redirects_file: str | Literal[False] | None
    accelerate: bool
    hosts: tuple[KnownHost, ...]
    hosts_hash: str
    include: tuple[str, ...]
    allow_secrets: tuple[str, ...]
    has_tool: bool
    """There is a ``dev.command``."""

    def project(self, dotenv: Mapping[str, str]) -> Project:
        """Nothing else of it is right but what stands here."""
        file = Path(self.file)
        return Project(
            root=file.parent, file=file, app=self.app, stage=self.stage, name=self.name, region=self.region,
            source=Source(Path(self.folder), website_path=self.website_path, include=self.include,
                          allow_secrets=self.allow_secrets),
            website=Website(index=self.index),
            protocol=self.protocol, key_prefix=self.key_prefix, bucket_name=self.bucket_name,
            state_bucket=self.state_bucket, headers_file=_path(self.headers_file),
            redirects_file=_path(self.redirects_file), accelerate=self.accelerate, dotenv=dotenv,
            hosts=tuple(Host(one.host, one.edge, https={"switch": "on"} if one.https else None)  # type: ignore[arg-type]
                        for one in self.hosts))


_DECODE = msgspec.msgpack.Decoder(KnownProject).decode


def known(given: Given, environ: Mapping[str, str]) -> KnownProject | None:
    """``None``: serverless.yml has to be read."""
    try:
        found = _DECODE(read_small(_place(given, environ), _LIMIT))
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
    return found if found.digest == _digest(given, found.stage, found.variables, environ) else None


def is_known(given: Given, environ: Mapping[str, str]) -> bool:
    """Whether it was remembered; whether that holds still is another question."""
    return _place(given, environ).exists()


def remember(given: Given, project: Project, environ: Mapping[str, str]) -> None:
    """After a deploy of it. A project that needs more than comparing its folder is not remembered."""
    read = project.read_from
    if (read is None or read.more or project.warnings or project.source.hook is not None or project.replace
            or project.publish or project.protected or project.preview is not None or project.traffic is not None
            or project.file.parent != Path(os.path.normpath(given.folder.absolute()))):
        return
    said, settings = _digest(given, project.stage, read.variables, environ), settings_hash(project)
    if said is None or settings is None or not _is_still_so(given, project, read.at, environ):
        return
    found = KnownProject(
        said, settings, read.variables, str(project.file), project.app, project.stage, project.name, project.region,
        project.protocol, project.key_prefix, project.bucket_name, project.state_bucket, str(project.source.folder),
        project.source.website_path, project.website.index, _text(project.headers_file),
        _text(project.redirects_file), project.accelerate,
        tuple(KnownHost(one.host, one.edge, one.https is not None and one.https.get("switch") != "off")
              for one in project.hosts), hosts_hash(project.hosts), project.source.include,
        project.source.allow_secrets, project.dev.command is not None)
    file = _place(given, environ)
    data = msgspec.msgpack.encode(found)
    with suppress(OSError):
        if file.is_file() and read_small(file, _LIMIT) == data:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.{os.getpid()}")
        new.write_bytes(data)
        new.replace(file)


def _is_still_so(given: Given, project: Project, at: int, environ: Mapping[str, str]) -> bool:
    """Whether the files say what they said when the project was read: a deploy takes a while, and they may have been
    edited meanwhile. ``at``: when they were read (ns)."""
    from sitepub.site.hash_cache import UNSURE_NS

    folder = project.file.parent
    newest = 0
    for place in (folder, *(folder / name for name in (*FILE_NAMES, ".env", f".env.{project.stage}"))):
        with suppress(OSError):
            status = place.lstat()
            newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
    if newest + UNSURE_NS < at:
        return True
    from sitepub.config.load import load_project

    try:
        return project == load_project(project.file, stage=given.stage, inputs=given.inputs, environ=environ,
                                       new_region=given.yes)
    except SitepubError:
        return False


def _digest(given: Given, stage: str, variables: Sequence[str], environ: Mapping[str, str]) -> bytes | None:
    """``None``: something else counts, too, or cannot be read."""
    folder = Path(os.path.normpath(given.folder.absolute()))
    dotenv = (".env", f".env.{stage}")
    if any(os.path.lexists(place / name) for place in list(folder.parents)[:_ABOVE] for name in (*FILE_NAMES, *dotenv)):
        return None
    parts: list[object] = [*code(), str(folder), stage, given.stage, *given.inputs, given.yes]
    try:
        for name in (*FILE_NAMES, *dotenv):
            file = folder / name
            parts += [name, read_small(file) if os.path.lexists(file) else None]
    except OSError:
        return None
    parts += [(name, environ.get(name)) for name in variables]
    return digest(parts)


def _place(given: Given, environ: Mapping[str, str]) -> Path:
    said = [os.path.normpath(given.folder.absolute()), given.stage, given.inputs, given.yes, given.local, given.profile]
    name = hashlib.sha256(repr(said).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_dir(environ) / "projects" / name


def _path(text: str | Literal[False] | None) -> Path | Literal[False] | None:
    return Path(text) if isinstance(text, str) else text


def _text(path: Path | Literal[False] | None) -> str | Literal[False] | None:
    return str(path) if isinstance(path, Path) else path
