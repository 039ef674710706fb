"""Logging in and out: a key pair is checked with the cloud, then kept as a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.errors import CredentialsError
from sitepub.tencent.cloud import Credentials, Embedded
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


def login(secret_id: str, secret_key: str, *, profile: str, environ: Mapping[str, str],
          embedded: Embedded | None = None) -> Login:
    """Check a key pair with STS GetCallerIdentity and store it, in a file for its owner alone.

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
    credentials = Credentials(secret_id, secret_key, source=f"profile {profile}")
    who = caller(CloudApi(credentials, REGION, embedded))
    file = save_profile(profile, credentials, environ)
    return Login(profile, file, who.arn, who.account_id)


def logout(*, profile: str, environ: Mapping[str, str]) -> bool:
    """Delete a stored profile; False when there was none."""
    from sitepub.tencent.account.profiles import delete_profile

    return delete_profile(profile, environ)
