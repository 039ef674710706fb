"""From a project to the cloud it is published on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sitepub.config.project import Project
from sitepub.embedded.cloud import EmbeddedCloud, ensure_embedded
from sitepub.errors import Problem
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.terminal import secrets


def _role_of(embedded: EmbeddedCloud, environ: Mapping[str, str]) -> Credentials | None:
    """The role that ``SITEPUB_ROLE`` names, when it is one of the embedded cloud's own account."""
    from sitepub.tencent.account import identity

    named = environ.get(identity.ROLE, "")
    if not named:
        return None
    from sitepub.tencent.account.account import caller
    from sitepub.tencent.cloud_api import CloudApi

    uin = caller(CloudApi(embedded.credentials, embedded.region, embedded.address)).account_id
    if not named.startswith(f"qcs::cam::uin/{uin}:"):
        return None
    return identity.from_identity(environ, embedded.address)


def connect(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str],
            warn: Callable[[Problem], None] | None = None) -> Cloud:
    """The cloud for a project: the embedded one (``local``; started if need be) or the real one.

    With ``local`` no real credentials are read. The key in use is hidden from everything that is printed.
    ``warn`` is called with warnings (a file of keys that others could read). Raises CredentialsError when there
    are none or they are wrong, NetworkError, CloudError.
    """
    if local:
        embedded = ensure_embedded(environ, lambda text: warn(Problem(text)) if warn is not None else None)
        credentials = _role_of(embedded, environ) or embedded.credentials
        secrets.register(credentials.secret_id, credentials.secret_key, credentials.token)
        return Cloud(credentials, embedded.app_id, project.region, embedded.address,
                     accelerate=project.accelerate)
    from sitepub.tencent.account import account
    from sitepub.tencent.account.credentials import find_credentials

    credentials = find_credentials(profile=profile, environ=environ, dotenv=project.dotenv, warn=warn)
    secrets.register(credentials.secret_id, credentials.secret_key, credentials.token)
    if credentials.renewal is not None:
        credentials.renewal.on_new = lambda new: secrets.register(new.secret_id, new.secret_key, new.token)
    # The account number of the environment belongs to the key of the environment, not to a profile's.
    app_id = None if profile else environ.get("TENCENT_APP_ID") or project.dotenv.get("TENCENT_APP_ID")
    return account.connect(credentials, region=project.region, app_id=app_id or None,
                           accelerate=project.accelerate)
