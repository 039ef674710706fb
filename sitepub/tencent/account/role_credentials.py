"""Temporary credentials of a role: of a pod (OIDC) or of a virtual machine (its metadata service)."""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any

from sitepub.config.small_file import read_small_text
from sitepub.errors import CredentialsError
from sitepub.interrupts import pause
from sitepub.tencent.account.renewal import Renewal
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.genuine import ForeignAnswer, foreign_words, read_json
from sitepub.tencent.network.retry import Backoff
from sitepub.tencent.sites import Site

_METADATA = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
_SESSION_SECONDS = 7200
_ANSWER = 65536
"""Bytes of an answer of the metadata service: a role has less than 2 kB."""
_ROLE_NAME = re.compile(r"[\w.+=,@-]{1,128}")


def from_pod(environ: Mapping[str, str], embedded: Embedded | None = None, *,
             site: Site = "cn") -> Credentials | None:
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
        return _assume(environ, embedded, token_file, role, provider, site)

    return Renewal(fetch).keeps(fetch())


def _assume(environ: Mapping[str, str], embedded: Embedded | None, token_file: str, role: str, provider: str,
            site: Site) -> Credentials:
    try:
        token = read_small_text(token_file).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise CredentialsError(f"The pod's token {token_file} cannot be read ({why}).", code="BadRole") from error
    from sitepub.tencent.cloud_api import CloudApi

    api = CloudApi(Credentials("", "", source="role of the pod", site=site),
                   environ.get("TKE_REGION") or "ap-guangzhou", embedded)
    answer = api.call("sts", "2018-08-13", "AssumeRoleWithWebIdentity", {
        "ProviderId": provider, "WebIdentityToken": token, "RoleArn": role, "RoleSessionName": "sitepub",
        "DurationSeconds": _SESSION_SECONDS,
    }, unsigned=True)
    answered = answer.get("Credentials")
    found = answered if isinstance(answered, dict) else {}
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
    if role == "auto":
        role = _asked("").decode("utf-8", "replace").split()[0]
    found: Any = read_json(_asked(role))
    return _complete(found.get("TmpSecretId"), found.get("TmpSecretKey"), found.get("Token"), f"role {role}",
                     found.get("ExpiredTime"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _asked(path: str, backoff: Backoff | None = None) -> bytes:
    """What the metadata service says of a role ("": the names of all). It has no mark of its own, so only what has
    the right shape is taken for its word; another answer is asked for again.

    Raises :class:`~sitepub.errors.CredentialsError` when it says that there is no such role or is not there, and
    :class:`~sitepub.tencent.genuine.ForeignAnswer` for answers of other programs.
    """
    backoff = backoff or Backoff(attempts=4)
    failures = 0
    while True:
        error: Exception
        try:
            status, headers, body = _metadata(path)
            if status == 404:
                raise _no_role()
            if status == 200 and _fits(path, body):
                return body
            error = ForeignAnswer("the metadata service of this machine", foreign_words(status, headers, body))
            again = True
        except (OSError, http.client.HTTPException) as lost:
            # Without a machine around there is no such service, and each try takes its time.
            error, again = _no_role(), failures == 0
            error.__cause__ = lost
        failures += 1
        if not again or failures >= backoff.attempts:
            raise error
        pause(backoff.wait(failures))


def _no_role() -> CredentialsError:
    return CredentialsError("The metadata service of this machine gave no role.", code="BadRole",
                            hint="Bind a CAM role to the machine, or unset SITEPUB_CVM_ROLE.")


def _fits(path: str, body: bytes) -> bool:
    if path:
        found = read_json(body)
        return isinstance(found, dict) and not {"Code", "TmpSecretId"}.isdisjoint(found)
    names = body.decode("utf-8", "replace").split()
    return bool(names) and all(_ROLE_NAME.fullmatch(name) for name in names)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _metadata(path: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body."""
    # Link-local: never through a proxy, and never elsewhere.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        with opener.open(_METADATA + path, timeout=3) as answer:
            return answer.status, _lower(answer.headers), answer.read(_ANSWER)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, _lower(refused.headers), refused.read(_ANSWER)


def _lower(headers: Message) -> Mapping[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _complete(secret_id: object, secret_key: object, token: object, source: str, expires: object) -> Credentials:
    if not (isinstance(secret_id, str) and isinstance(secret_key, str) and isinstance(token, str)):
        raise CredentialsError(f"The {source} gave no complete credentials.", code="BadRole")
    return Credentials(secret_id, secret_key, token, source,
                       float(expires) if isinstance(expires, int | float) and _is_number(expires) else None)
