"""Profiles: credentials that `sitepub login` stored, in a file that only its owner may read."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.config.places import config_dir
from sitepub.config.small_file import read_small_text
from sitepub.errors import CredentialsError, Problem, UsageError
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.sites import checked_site

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profiles:
    """What the file holds, in the order it was written."""

    by_name: Mapping[str, Credentials] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    """For the user: the file was open to others, and was closed to them."""


def profiles_file(environ: Mapping[str, str] | None = None) -> Path:
    return config_dir(environ) / "profiles.ini"


def read_profiles(environ: Mapping[str, str] | None = None) -> Profiles:
    """All stored profiles; none when there is no file.

    A file that others may read is closed to them, with a warning. Raises
    :class:`~sitepub.errors.CredentialsError` when it cannot be read.
    """
    path = profiles_file(environ)
    if not path.exists():
        return Profiles()
    warnings = _close_to_others(path)
    parser = _parser()
    try:
        parser.read_string(read_small_text(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # configparser's own message quotes the line, which may hold a secret.
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise CredentialsError(f"{path} cannot be read ({why}).", code="BadProfiles",
                               hint="Delete it and run `sitepub login` again.") from None
    found = {}
    for name in parser.sections():
        section = parser[name]
        if section.get("secret_id") and section.get("secret_key"):
            site = checked_site(section.get("site") or "cn", f"site of profile {name} in {path}")
            found[name] = Credentials(section["secret_id"], section["secret_key"], section.get("token") or None,
                                      source=f"profile {name}", site=site)
    return Profiles(found, warnings)


def check_profile_name(name: str) -> None:
    """Raises :class:`~sitepub.errors.UsageError` for a name that cannot be one."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of a profile.",
                         hint="Letters, digits, dots, hyphens and underscores, at most 64.")


def save_profile(name: str, credentials: Credentials, environ: Mapping[str, str] | None = None) -> Path:
    """Store a profile, replacing one of the same name. Returns the file.

    Raises :class:`~sitepub.errors.UsageError` for a name that cannot be one.
    """
    check_profile_name(name)
    profiles = dict(read_profiles(environ).by_name)
    profiles[name] = credentials
    return _write(profiles, environ)


def delete_profile(name: str, environ: Mapping[str, str] | None = None) -> bool:
    """Forget a profile; False when there was none. The file goes with the last one."""
    profiles = dict(read_profiles(environ).by_name)
    if profiles.pop(name, None) is None:
        return False
    if profiles:
        _write(profiles, environ)
    else:
        profiles_file(environ).unlink(missing_ok=True)
    return True


def _parser() -> configparser.ConfigParser:
    # No interpolation: a key may hold a percent sign. No default section: a profile may be called DEFAULT.
    return configparser.ConfigParser(interpolation=None, default_section="\0", strict=True)


def _write(profiles: Mapping[str, Credentials], environ: Mapping[str, str] | None) -> Path:
    path = profiles_file(environ)
    try:
        _write_to(path, profiles)
    except OSError as error:
        raise CredentialsError(f"The keys cannot be stored in {path}: {error.strerror or error}.", code="NotWritable",
                               hint="Set SITEPUB_HOME to a folder that you may write to.") from error
    return path


def _write_to(path: Path, profiles: Mapping[str, Credentials]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":
        path.parent.chmod(0o700)
    parser = _parser()
    for name, credentials in profiles.items():
        parser[name] = {"secret_id": credentials.secret_id, "secret_key": credentials.secret_key}
        if credentials.token:
            parser[name]["token"] = credentials.token
        if credentials.site != "cn":
            parser[name]["site"] = credentials.site
    # mkstemp makes the file with mode 0600 from the start.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".profiles-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            parser.write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _close_to_others(path: Path) -> tuple[Problem, ...]:
    if sys.platform == "win32":
        return ()
    state = path.stat()
    mode = stat.S_IMODE(state.st_mode)
    if not stat.S_ISREG(state.st_mode) or not mode & 0o077:
        return ()  # what is no file cannot be read as one, and its mode is nobody's business
    try:
        path.chmod(0o600)
    except OSError as error:
        raise CredentialsError(f"{path} holds keys and may be read by others (mode {mode:04o}).",
                               code="OpenProfiles", hint=f"chmod 600 {path}") from error
    return (Problem(f"{path} could be read by others (mode {mode:04o}); now only by you.",
                    hint="If other people use this computer, renew the keys in it."),)
