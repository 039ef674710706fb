"""Logging in and out: a key pair is checked with the cloud, then kept as a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.errors import CredentialsError
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.sites import SITES, Site
from sitepub.terminal import secrets

REGION = "ap-guangzhou"
"""Where account calls go; STS and CAM answer the same everywhere."""


@dataclass(frozen=True, slots=True)
class Login:
    """What was stored, and whose key it is."""

    profile: str
    file: Path
    arn: str
    account_id: str
    site: Site


_UNKNOWN = frozenset({"AuthFailure.SecretIdNotFound", "AuthFailure.AccessKeyIllegal", "AuthFailure.InvalidSecretId"})
"""Codes for a key that this site of the cloud does not know (cloud API 3.0, common errors)."""


def login(secret_id: str, secret_key: str, *, profile: str, environ: Mapping[str, str],
          embedded: Embedded | None = None, site: Site | None = None) -> Login:
    """Check a key pair with STS GetCallerIdentity and store it, in a file for its owner alone.

    ``site``: of the account; ``None``: the one that knows the key, cloud.tencent.com first.

    Nothing is stored when the cloud refuses the key or cannot be asked. Raises CredentialsError,
    NetworkError, and UsageError for a name that no profile can have.
    """
    from sitepub.tencent.account.account import caller
    from sitepub.tencent.account.profiles import save_profile
    from sitepub.tencent.cloud_api import CloudApi

    secrets.register(secret_id, secret_key)
    for name, value in (("SecretId", secret_id), ("SecretKey", secret_key)):
        if not value:
            raise CredentialsError(f"The {name} is empty; nothing was stored.", code="BadCredentials")
        if any(not "!" <= char <= "~" for char in value):
            raise CredentialsError(f"The {name} has a space or a character that no key has.",
                                   code="BadCredentials",
                                   hint="Copy it again from the console (CAM, API keys).")
    unknown: CredentialsError | None = None
    for one in (site,) if site is not None else SITES:
        credentials = Credentials(secret_id, secret_key, source=f"profile {profile}", site=one)
        try:
            who = caller(CloudApi(credentials, REGION, embedded))
        except CredentialsError as error:
            if error.code not in _UNKNOWN:
                raise
            unknown = unknown or error
            continue
        file = save_profile(profile, credentials, environ)
        return Login(profile, file, who.arn, who.account_id, one)
    assert unknown is not None
    raise unknown


def logout(*, profile: str, environ: Mapping[str, str]) -> bool:
    """Delete a stored profile; False when there was none."""
    from sitepub.tencent.account.profiles import delete_profile

    return delete_profile(profile, environ)
