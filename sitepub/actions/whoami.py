"""Which account would be used, and where its key was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sitepub.actions.login import REGION
from sitepub.embedded.cloud import ensure_embedded
from sitepub.errors import CloudError, Problem
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.terminal import secrets


@dataclass(frozen=True, slots=True)
class Who:
    """The owner of the credentials that commands would use."""

    credentials: Credentials
    arn: str
    account_id: str
    user_id: str
    kind: str
    app_id: str | None
    """``None`` when these credentials may not ask for it."""
    embedded: Embedded | None = None


def whoami(*, local: bool, profile: str | None, environ: Mapping[str, str], dotenv: Mapping[str, str],
           warn: Callable[[Problem], None] | None = None) -> Who:
    """Ask the cloud who the credentials belong to. Raises CredentialsError, NetworkError, CloudError."""
    from sitepub.tencent.account.account import app_id, caller
    from sitepub.tencent.cloud_api import CloudApi

    credentials, embedded = keys(local=local, profile=profile, environ=environ, dotenv=dotenv, warn=warn)
    api = CloudApi(credentials, REGION, embedded)
    who = caller(api)
    try:
        number = app_id(api, credentials, environ=environ)
    except CloudError:
        # A user without CAM rights: who they are is still worth telling.
        number = None
    return Who(credentials, who.arn, who.account_id, who.user_id, who.type, number, embedded)


def keys(*, local: bool, profile: str | None, environ: Mapping[str, str], dotenv: Mapping[str, str],
         warn: Callable[[Problem], None] | None = None) -> tuple[Credentials, Embedded | None]:
    """The credentials that a command would use, and the embedded cloud's address if they are its own.

    From now on they are hidden from everything that is printed.
    """
    if local:
        cloud = ensure_embedded(environ)
        credentials, embedded = cloud.credentials, cloud.address
    else:
        from sitepub.tencent.account.credentials import find_credentials

        credentials = find_credentials(profile=profile, environ=environ, dotenv=dotenv, warn=warn)
        embedded = None
    secrets.register(credentials.secret_id, credentials.secret_key, credentials.token)
    return credentials, embedded
