"""One comment at a pull or merge request, kept up to date through the API of the forge.

GitHub (issue comments), GitLab (merge request notes), CNB (pull comments, api.cnb.cool), Gitee (v5, pull comments). The
token is the one that the system gives to a run; GitLab and Gitee give none that may write comments, so there it is a
variable that the user sets.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sitepub import __version__
from sitepub.config.repository.ci_run import CiRun
from sitepub.tencent.network.proxy import Proxy, proxy_for

TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "cnb": "CNB_TOKEN", "gitee": "GITEE_TOKEN"}
"""System → the variable with the token that writes comments."""

_PAGES = 20
_PAGE = 100
_LIMIT = 20_000_000
_SECONDS = 20


class ForgeError(Exception):
    """The forge did not take a comment; the message says why."""


@dataclass(frozen=True, slots=True)
class Forge:
    """Where the comments of one request lie."""

    comments: str
    """Address of the list; a new one is posted there."""
    one: str
    """Address of one of them, with ``{id}``."""
    update: str = "PATCH"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    page: str = "per_page"
    """Name of the parameter for the length of a page."""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameters that go with every request."""


def forge_of(run: CiRun, environ: Mapping[str, str]) -> Forge | str:
    """The forge of the run's request, or in words why no comment can be written."""
    request = run.request
    if request is None or not request.number.isascii() or not request.number.isalnum():
        return "the CI system does not say the number of the request"
    if request.foreign and run.system in TOKENS and not environ.get(TOKENS[run.system]):
        return "this run is for a fork, which gets no secrets, so there is no token to write it with"
    number = request.number
    match run.system:
        case "github":
            return _github(number, environ)
        case "gitlab":
            token, api = environ.get("GITLAB_TOKEN"), environ.get("CI_API_V4_URL")
            project = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or environ.get("CI_PROJECT_ID")
            if not token or not api or not project:
                return "GITLAB_TOKEN is not set: a project access token with the scope api, as a masked variable"
            notes = f"{api}/projects/{quote(project, safe='')}/merge_requests/{number}/notes"
            return Forge(notes, notes + "/{id}", "PUT", {"PRIVATE-TOKEN": token})
        case "cnb":
            token, api, repo = (environ.get(name) for name in ("CNB_TOKEN", "CNB_API_ENDPOINT", "CNB_REPO_SLUG"))
            if not token or not api or not repo:
                return "CNB_TOKEN, CNB_API_ENDPOINT or CNB_REPO_SLUG is not set"
            notes = f"{api}/{quote(repo)}/-/pulls/{number}/comments"
            return Forge(notes, notes + "/{id}", "PATCH", {
                "Authorization": f"Bearer {token}", "Accept": "application/vnd.cnb.api+json"}, "page_size")
        case "gitee":
            token, repo = environ.get("GITEE_TOKEN"), environ.get("GITEE_REPO", "")
            if not token or repo.count("/") != 1:
                return ("GITEE_TOKEN (a personal access token with the scopes pull_requests and notes) or GITEE_REPO"
                        " (owner/name) is not set")
            api = environ.get("GITEE_API_URL") or "https://gitee.com/api/v5"
            pulls = f"{api}/repos/{quote(repo)}/pulls"
            return Forge(f"{pulls}/{number}/comments", pulls + "/comments/{id}", form={"access_token": token})
        case "jenkins" if environ.get("CHANGE_URL"):
            return _of_change(number, environ)
    return "its comments are not known to sitepub"


def _github(number: str, environ: Mapping[str, str], repo: str = "") -> Forge | str:
    token, repo = environ.get("GITHUB_TOKEN"), repo or environ.get("GITHUB_REPOSITORY", "")
    if not token or not repo:
        return "GITHUB_TOKEN is not set: in `env` of the step, set it to `${{ github.token }}`"
    api = environ.get("GITHUB_API_URL") or "https://api.github.com"
    issues = f"{api}/repos/{quote(repo)}/issues"
    return Forge(f"{issues}/{number}/comments", issues + "/comments/{id}", headers={
        "Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"})


def _of_change(number: str, environ: Mapping[str, str]) -> Forge | str:
    """Jenkins names the page of the request: ``https://github.com/owner/name/pull/12``."""
    page = urlsplit(environ["CHANGE_URL"])
    owner, _, rest = page.path.strip("/").partition("/")
    if page.hostname == "github.com" and rest:
        return _github(number, environ, f"{owner}/{rest.partition('/')[0]}")
    return f"sitepub writes comments from Jenkins at github.com alone, not at {page.hostname}"


def write_comment(forge: Forge, mark: str, body: str) -> str:
    """Put the comment in place of the one that begins with ``mark``, or add it. ``created`` or ``updated``.

    Raises :class:`ForgeError`."""
    for one in _comments(forge):
        if str(one.get("body", "")).lstrip().startswith(mark):
            if str(one.get("body", "")).strip() != body.strip():
                _ask(forge, forge.update, forge.one.replace("{id}", quote(str(one.get("id")), safe="")), {"body": body})
            return "updated"
    _ask(forge, "POST", forge.comments, {"body": body})
    return "created"


def _comments(forge: Forge) -> Iterator[Mapping[str, Any]]:
    for page in range(1, _PAGES + 1):
        query = urlencode({forge.page: _PAGE, "page": page, **forge.form})
        found = _ask(forge, "GET", f"{forge.comments}?{query}", None)
        listed = found if isinstance(found, list) else []
        yield from (one for one in listed if isinstance(one, dict))
        if len(listed) < _PAGE:
            return


def _ask(forge: Forge, method: str, address: str, content: Mapping[str, str] | None) -> Any:
    url = urlsplit(address)
    host = url.hostname or ""
    data = json.dumps({**content, **forge.form}).encode() if content is not None else None
    headers = {"User-Agent": f"sitepub/{__version__}", "Content-Type": "application/json", **forge.headers}
    proxy = proxy_for(host, url.scheme)
    try:
        connection = _connection(url.scheme, host, url.port, proxy)
        try:
            connection.request(method, f"{url.path}?{url.query}" if url.query else url.path, data, headers)
            answer = connection.getresponse()
            body = answer.read(_LIMIT)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ForgeError(f"{host} cannot be reached ({type(error).__name__})") from error
    if answer.status >= 300:
        why = " (the token may not write comments)" if answer.status in (401, 403, 404) else ""
        raise ForgeError(f"{host} answered {answer.status} to {method}{why}")
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError) as error:
        raise ForgeError(f"{host} answered {method} with something that is not JSON") from error


def _connection(scheme: str, host: str, port: int | None, proxy: Proxy | None) -> http.client.HTTPConnection:
    """The token goes over TLS only, except to a server on this computer."""
    if scheme != "https":
        if host not in ("localhost", "127.0.0.1", "::1"):
            raise ForgeError(f"the API of {host} has no https address: the token is not sent there")
        return http.client.HTTPConnection(host, port, timeout=_SECONDS)
    from sitepub.tencent.network.tls import tls_context

    context: ssl.SSLContext = tls_context()
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=_SECONDS, context=context)
    connection.set_tunnel(host, port or 443,
                          {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {})
    return connection
