"""Temporary credentials of a role: of a pod (OIDC) or of a virtual machine (its metadata service)."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping

from sitepub.config.small_file import read_small_text
from sitepub.errors import CredentialsError
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.renewal import Renewal

_METADATA = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
_SESSION_SECONDS = 7200


def from_pod(environ: Mapping[str, str], embedded: Embedded | None = None) -> Credentials | None:
    """The role that TKE gives a pod: STS AssumeRoleWithWebIdentity with the token in the pod's file.

    They renew themselves: the file is kept up to date by the cluster. ``None`` when the pod's variables are not set.
    Raises :class:`~sitepub.errors.CredentialsError` when the
    token cannot be read, and what the call raises.
    """
    token_file, role = environ.get("TKE_WEB_IDENTITY_TOKEN_FILE"), environ.get("TKE_ROLE_ARN")
    provider = environ.get("TKE_PROVIDER_ID")
    if not token_file or not role or not provider:
        return None

    def fetch() -> Credentials:
        return _assume(environ, embedded, token_file, role, provider)

    return Renewal(fetch).keeps(fetch())


def _assume(environ: Mapping[str, str], embedded: Embedded | None, token_file: str, role: str, provider: str
            ) -> Credentials:
    try:
        token = read_small_text(token_file).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise CredentialsError(f"The pod's token {token_file} cannot be read ({why}).", code="BadRole") from error
    from sitepub.tencent.cloud_api import CloudApi

    api = CloudApi(Credentials("", "", source="role of the pod"), environ.get("TKE_REGION") or "ap-guangzhou",
                   embedded)
    answer = api.call("sts", "2018-08-13", "AssumeRoleWithWebIdentity", {
        "ProviderId": provider, "WebIdentityToken": token, "RoleArn": role, "RoleSessionName": "sitepub",
        "DurationSeconds": _SESSION_SECONDS,
    }, unsigned=True)
    found = answer.get("Credentials") or {}
    expires = answer.get("ExpiredTime")
    return _complete(found.get("TmpSecretId"), found.get("TmpSecretKey"), found.get("Token"), "role of the pod",
                     expires if _is_number(expires) else time.time() + _SESSION_SECONDS)


def from_machine(environ: Mapping[str, str]) -> Credentials | None:
    """The role of the virtual machine, when ``SITEPUB_CVM_ROLE`` names it (or is ``auto``). They renew themselves.

    Raises :class:`~sitepub.errors.CredentialsError` when the metadata service does not give it.
    """
    role = environ.get("SITEPUB_CVM_ROLE")
    if not role:
        return None

    def fetch() -> Credentials:
        return _of_machine(role)

    return Renewal(fetch).keeps(fetch())


def _of_machine(role: str) -> Credentials:
    try:
        if role == "auto":
            role = _metadata("").split()[0]
        found = json.loads(_metadata(role))
    except (OSError, ValueError, IndexError) as error:
        raise CredentialsError("The metadata service of this machine gave no role.", code="BadRole",
                               hint="Bind a CAM role to the machine, or unset SITEPUB_CVM_ROLE.") from error
    if not isinstance(found, dict):
        found = {}
    return _complete(found.get("TmpSecretId"), found.get("TmpSecretKey"), found.get("Token"), f"role {role}",
                     found.get("ExpiredTime"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _metadata(path: str) -> str:
    # Link-local: never through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(_METADATA + path, timeout=3) as answer:
        text: bytes = answer.read(65536)
    return text.decode()


def _complete(secret_id: object, secret_key: object, token: object, source: str, expires: object) -> Credentials:
    if not (isinstance(secret_id, str) and isinstance(secret_key, str) and isinstance(token, str)):
        raise CredentialsError(f"The {source} gave no complete credentials.", code="BadRole")
    return Credentials(secret_id, secret_key, token, source,
                       float(expires) if isinstance(expires, int | float) and _is_number(expires) else None)
