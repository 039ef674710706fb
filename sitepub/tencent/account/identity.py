"""Temporary credentials for a run of a CI system: its identity token is exchanged for those of a role at STS.

GitHub Actions gives a token on request (docs.github.com, "OpenID Connect reference"): the job needs
``permissions: {id-token: write}``. GitLab puts it into a variable (``id_tokens``), and so may every other system that
has one. Nothing is stored anywhere: the token is good for minutes, the keys for two hours at most.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

from sitepub.errors import CredentialsError
from sitepub.tencent.account.renewal import Renewal
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.genuine import read_json
from sitepub.tencent.sites import Site

ROLE = "SITEPUB_ROLE"
"""``qcs::cam::uin/UIN:roleName/NAME``"""
PROVIDER = "SITEPUB_ROLE_PROVIDER"
"""Name of the identity provider in CAM; left out: the one that `sitepub ci role` makes for the system."""
TOKEN = "SITEPUB_ID_TOKEN"
AUDIENCE = "sitepub"
"""What a token is made for (``aud``): STS compares it with the client id of the identity provider."""
PROVIDERS = {"github": "sitepub-github", "gitlab": "sitepub-gitlab", "cnb": "sitepub-cnb"}
_SECONDS = 7200
_ROLE_ARN = re.compile(r"qcs::cam::uin/[0-9]{5,20}:roleName/[\w+=,.@-]{1,128}")
_ASKED, _PASSWORD = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


def from_identity(environ: Mapping[str, str], embedded: Embedded | None = None, *,
                  site: Site = "cn") -> Credentials | None:
    """The role that ``SITEPUB_ROLE`` names; ``None`` when it is not set. They renew themselves where the system gives
    new tokens.

    Raises :class:`~sitepub.errors.CredentialsError` when there is no token, or STS does not take it.
    """
    role = environ.get(ROLE, "").strip()
    if not role:
        return None
    if not _ROLE_ARN.fullmatch(role):
        raise CredentialsError(f"{ROLE} is not a role of CAM.", code="BadRole",
                               hint="It looks like qcs::cam::uin/UIN:roleName/NAME; `sitepub ci role` shows it.")
    token, provider = _token_of(environ)

    def fetch() -> Credentials:
        return exchanged(token(), role, environ.get(PROVIDER, "").strip() or provider, embedded, site)

    return Renewal(fetch).keeps(fetch())


def exchanged(token: str, role: str, provider: str, embedded: Embedded | None, site: Site) -> Credentials:
    """The keys that STS gives for an identity token."""
    from sitepub.errors import CloudError
    from sitepub.tencent.cloud_api import CloudApi

    api = CloudApi(Credentials("", "", source=ROLE, site=site), "ap-guangzhou", embedded)
    try:
        answer = api.call("sts", "2018-08-13", "AssumeRoleWithWebIdentity", {
            "ProviderId": provider, "WebIdentityToken": token, "RoleArn": role, "RoleSessionName": "sitepub",
            "DurationSeconds": _SECONDS}, unsigned=True)
    except (CloudError, CredentialsError) as error:
        if error.passing:
            raise  # tried again without success: that says nothing about the role
        raise CredentialsError(
            f"STS did not give keys for the identity token of this run: {error.message}", code="IdentityRefused",
            hint="Its audience, issuer, repository and branch have to be those of the provider and the role:"
                 " `sitepub ci role` shows what they are bound to.", request_id=error.request_id) from error
    found = answer.get("Credentials")
    keys = found if isinstance(found, dict) else {}
    secret_id, secret_key, temporary = (keys.get(name) for name in ("TmpSecretId", "TmpSecretKey", "Token"))
    expires = answer.get("ExpiredTime")
    if not (isinstance(secret_id, str) and isinstance(secret_key, str) and isinstance(temporary, str)):
        raise CredentialsError("STS gave no complete credentials.", code="BadRole")
    until = float(expires) if isinstance(expires, int | float) and expires > 0 else time.time() + _SECONDS
    return Credentials(secret_id, secret_key, temporary, f"role {role.rpartition('/')[2]} ({ROLE})", until)


def _token_of(environ: Mapping[str, str]) -> tuple[Callable[[], str], str]:
    """How to get a token, and the provider's usual name."""
    said = environ.get(TOKEN, "").strip()
    if said:
        system = "gitlab" if environ.get("GITLAB_CI") else "cnb" if environ.get("CNB") else "github"
        return lambda: said, PROVIDERS[system]
    address, password = environ.get(_ASKED, ""), environ.get(_PASSWORD, "")
    if address and password:
        return lambda: _of_github(address, password), PROVIDERS["github"]
    hint = "Give the job `permissions: {id-token: write}`." if environ.get("GITHUB_ACTIONS") else (
        f"On GitLab: `id_tokens: {{{TOKEN}: {{aud: {AUDIENCE}}}}}` in the job; elsewhere set {TOKEN}.")
    raise CredentialsError(f"{ROLE} is set, but this run has no identity token.", code="NoIdentity", hint=hint)


def _of_github(address: str, password: str) -> str:
    """Asks the runner's service for a token."""
    import http.client

    from sitepub.tencent.network.proxy import proxy_for
    from sitepub.tencent.network.tls import tls_context

    url = urlsplit(address)
    host = url.hostname or ""
    query = f"{url.query}&audience={quote(AUDIENCE)}" if url.query else f"audience={quote(AUDIENCE)}"
    proxy = proxy_for(host, url.scheme)
    try:
        if url.scheme == "http" and host in ("127.0.0.1", "localhost", "::1"):
            connection = http.client.HTTPConnection(host, url.port, timeout=20)
        elif proxy is None:
            connection = http.client.HTTPSConnection(host, url.port, timeout=20, context=tls_context())
        else:
            connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=20, context=tls_context())
            connection.set_tunnel(host, url.port or 443,
                                  {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {})
        try:
            connection.request("GET", f"{url.path}?{query}", headers={"Authorization": f"Bearer {password}",
                                                                      "Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(65536)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise CredentialsError(f"The identity token cannot be fetched from {host} ({type(error).__name__}).",
                               code="NoIdentity") from error
    found = read_json(body)
    token = found.get("value") if isinstance(found, dict) else None
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise CredentialsError(f"{host} gave no identity token (status {answer.status}).", code="NoIdentity",
                               hint="Give the job `permissions: {id-token: write}`.")
    return token
