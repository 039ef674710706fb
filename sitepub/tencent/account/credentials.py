"""Finding credentials: where a key pair may lie, in which order, and what is wrong with a half one."""

from __future__ import annotations

import configparser
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sitepub.config.small_file import read_small_text
from sitepub.errors import CredentialsError, Problem
from sitepub.tencent.account.profiles import profiles_file, read_profiles
from sitepub.tencent.account.renewal import Renewal
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.sites import Site, site_of

FAMILIES = ("TENCENTCLOUD", "TENCENT")
"""Prefixes of the variables ``…_SECRET_ID``, ``…_SECRET_KEY``, ``…_TOKEN``; the first has precedence."""


def find_credentials(*, profile: str | None, environ: Mapping[str, str], dotenv: Mapping[str, str],
                     home: Path | None = None, warn: Callable[[Problem], None] | None = None) -> Credentials:
    """The credentials to use.

    A profile that is named wins: ours, then the one of the cloud's own CLI (``~/.tccli``). Else the first of:
    the environment, the project's .env, the role that ``SITEPUB_ROLE`` names, our profile "default",
    ``~/.tencentcloud/credentials``, the CLI's default profile, the role that the environment offers. ``warn`` is called
    with warnings.

    The site of the account is the profile's, else the one that ``TENCENTCLOUD_SITE`` names.

    Raises :class:`~sitepub.errors.CredentialsError` for half a pair, an unusable value, expired credentials,
    and when there are none; the message then says where it looked.
    """
    user_home = home if home is not None else _home(environ)
    stored = read_profiles(environ)
    for problem in stored.warnings:
        if warn is not None:
            warn(problem)
    if profile is not None:
        found = stored.by_name.get(profile) or _tccli(user_home, profile)
        if found is None:
            known = ", ".join(stored.by_name) or "none is stored"
            raise CredentialsError(f"There is no profile {profile} (known: {known}).", code="NoSuchProfile",
                                   hint=f"`sitepub login --profile {profile}` stores one.")
        return _checked(found)
    named = _from_variables(environ, "environment") or _from_variables(dotenv, ".env")
    if named is None and environ.get("SITEPUB_ROLE"):
        from sitepub.tencent.account import identity

        named = identity.from_identity(environ, site=site_of(environ, dotenv) or "cn")
    if named is None and (own := stored.by_name.get("default")) is not None:
        return _checked(own)
    site = site_of(environ, dotenv) or "cn"
    found = named or _ini(user_home) or _tccli(user_home, "default") or _role(environ, site)
    if found is None:
        raise _none_found(user_home, environ)
    return _checked(found, site)


def _home(environ: Mapping[str, str]) -> Path:
    for name in ("USERPROFILE", "HOME") if os.name == "nt" else ("HOME",):
        if value := environ.get(name):
            return Path(value)
    return Path.home()


def _none_found(home: Path, environ: Mapping[str, str]) -> CredentialsError:
    places = ["the environment (TENCENTCLOUD_SECRET_ID, TENCENT_SECRET_ID)", "the project's .env",
              str(profiles_file(environ)), str(_ini_file(home)), str(_tccli_file(home, "default"))]
    return CredentialsError(
        "No credentials found. Looked in: " + "; ".join(places) + ".", code="NoCredentials",
        hint="Run `sitepub login`, or set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, "
             "or try it without an account: `--local`.")


def _from_variables(values: Mapping[str, str], place: str) -> Credentials | None:
    for family in FAMILIES:
        names = (f"{family}_SECRET_ID", f"{family}_SECRET_KEY")
        secret_id, secret_key = (values.get(name, "").strip() for name in names)
        if secret_id and secret_key:
            token = values.get(f"{family}_TOKEN", "").strip()
            return Credentials(secret_id, secret_key, token or None, source=f"{place} {names[0]}")
        if secret_id or secret_key:
            there, missing = names if secret_id else (names[1], names[0])
            raise CredentialsError(f"{there} is set ({place}), but {missing} is not.", code="HalfCredentials",
                                   hint=f"Set {missing}, or unset {there}.")
    return None


def _ini_file(home: Path) -> Path:
    return home / ".tencentcloud" / "credentials"


def _ini(home: Path) -> Credentials | None:
    """The file that the cloud's SDKs share: section ``default`` with secret_id and secret_key."""
    path = _ini_file(home)
    text = _text(path)
    if text is None:
        return None
    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise CredentialsError(f"{path} is not an INI file ({type(error).__name__}).",
                               code="BadCredentialsFile",
                               hint="It should hold [default], secret_id = … and secret_key = …") from None
    if not parser.has_section("default"):
        return None
    return _pair(parser["default"], "secret_id", "secret_key", "token", str(path))


def _tccli_file(home: Path, profile: str) -> Path:
    return home / ".tccli" / f"{profile}.credential"


def _tccli(home: Path, profile: str) -> Credentials | None:
    path = _tccli_file(home, Path(profile).name)
    text = _text(path)
    if text is None:
        return None
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise CredentialsError(f"{path} is not JSON.", code="BadCredentialsFile",
                               hint="Run `tccli configure` again.") from None
    if not isinstance(content, dict):
        return None
    values = {name: str(value) for name, value in content.items() if isinstance(value, str | int | float)}
    expires = values.get("expiresAt", "")
    if _is_time(expires) and int(expires) <= time.time():
        raise CredentialsError(f"The credentials in {path} have expired.", code="ExpiredToken",
                               hint="Run `tccli auth login` again.")
    found = _pair(values, "secretId", "secretKey", "token", str(path))
    if found is None or not _is_time(expires):
        return found

    def again() -> Credentials:
        return _tccli(home, profile) or found

    # `tccli auth login` in another window writes new ones.
    return Renewal(again).keeps(replace(found, expires=float(expires)))


def _is_time(text: str) -> bool:
    """Seconds since 1970."""
    return text.isascii() and text.isdigit() and len(text) <= 15 and int(text) > 0


def _pair(values: Mapping[str, str], id_name: str, key_name: str, token_name: str, place: str
          ) -> Credentials | None:
    secret_id, secret_key = values.get(id_name, "").strip(), values.get(key_name, "").strip()
    if secret_id and secret_key:
        return Credentials(secret_id, secret_key, values.get(token_name, "").strip() or None, source=place)
    if secret_id or secret_key:
        there, missing = (id_name, key_name) if secret_id else (key_name, id_name)
        raise CredentialsError(f"{place} has {there}, but no {missing}.", code="HalfCredentials",
                               hint=f"Complete or delete {place}.")
    return None


def _text(path: Path) -> str | None:
    try:
        return read_small_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise CredentialsError(f"{path} cannot be read ({why}).", code="BadCredentialsFile") from None


def _role(environ: Mapping[str, str], site: Site) -> Credentials | None:
    """A role, only when the environment offers one: nothing is probed."""
    if environ.get("TKE_WEB_IDENTITY_TOKEN_FILE") or environ.get("SITEPUB_CVM_ROLE"):
        from sitepub.tencent.account import role_credentials

        return role_credentials.from_pod(environ, site=site) or role_credentials.from_machine(environ)
    return None


def _checked(found: Credentials, site: Site | None = None) -> Credentials:
    """The credentials without the spaces and line breaks that copying leaves around them.

    Raises :class:`~sitepub.errors.CredentialsError` for characters that no key has, naming the part only.
    """
    parts = [found.secret_id.strip(), found.secret_key.strip(), (found.token or "").strip()]
    for name, value in zip(("SecretId", "SecretKey", "token"), parts, strict=True):
        if any(not "!" <= char <= "~" for char in value):
            raise CredentialsError(
                f"The {name} from {found.source} has a space or a character that no key has.",
                code="BadCredentials", hint="Copy it again from the console (CAM, API keys).")
    if parts[0] == parts[1]:
        raise CredentialsError(f"SecretId and SecretKey from {found.source} are the same.",
                               code="BadCredentials", hint="Copy both from the console (CAM, API keys).")
    checked = replace(found, secret_id=parts[0], secret_key=parts[1], token=parts[2] or None,
                      site=site or found.site)
    return checked if checked.renewal is None else checked.renewal.keeps(checked)
