"""The account behind a key pair: its app id (part of every bucket name), and who is calling."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.places import cache_dir
from sitepub.config.small_file import read_small_text
from sitepub.errors import CloudError, UsageError
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the credentials belong to (STS GetCallerIdentity)."""

    arn: str
    account_id: str
    user_id: str
    type: str
    """"CAMUser", "RootUser"-like names as the cloud gives them."""


def caller(api: CloudApi) -> Caller:
    """Ask who is calling; also the cheapest test of credentials."""
    answer = api.call("sts", "2018-08-13", "GetCallerIdentity", {})
    return Caller(str(answer.get("Arn", "")), str(answer.get("AccountId", "")), str(answer.get("UserId", "")),
                  str(answer.get("Type", "")))


def checked_app_id(value: str, place: str = "TENCENT_APP_ID") -> str:
    """An app id that the user gave. Raises :class:`~sitepub.errors.UsageError` unless it is a number."""
    value = value.strip()
    if not (value.isascii() and value.isdigit() and 5 <= len(value) <= 20):
        raise UsageError(f"{place} is {value!r}, which is not an app id.",
                         hint="It is the number at the end of every bucket name, such as 1250000000.")
    return value


def app_id(api: CloudApi, credentials: Credentials, *, environ: Mapping[str, str] | None = None) -> str:
    """The account's app id: remembered by a hash of the SecretId, else from CAM GetUserAppId."""
    cache = _Remembered(cache_dir(environ) / "accounts.json")
    name = hashlib.sha256(credentials.secret_id.encode()).hexdigest()[:32]
    if (known := cache.get(name)) is not None:
        return known
    answer = api.call("cam", "2019-01-16", "GetUserAppId", {})
    found = str(answer.get("AppId", ""))
    if not found.isdigit():
        raise CloudError("The cloud did not return the account's app id.", code="NoAppId",
                         hint="Set TENCENT_APP_ID to it (console, account information).")
    cache.put(name, found)
    return found


def connect(credentials: Credentials, *, region: str, embedded: Embedded | None = None,
            app_id: str | None = None, accelerate: bool = False) -> Cloud:
    """The cloud these credentials open. Asks the network only for an app id that is not known yet.

    ``app_id``: what the user said it is (TENCENT_APP_ID).
    """
    if app_id:
        number = checked_app_id(app_id)
    else:
        number = _app_id(CloudApi(credentials, region, embedded), credentials)
    return Cloud(credentials, number, region, embedded, accelerate)


_app_id = app_id
"""For :func:`connect`, whose parameter has the same name."""


class _Remembered:
    """App ids by hashed SecretId. A damaged or unwritable file only costs a request."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _all(self) -> dict[str, str]:
        try:
            content = json.loads(read_small_text(self._path))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(content, dict):
            return {}
        return {name: value for name, value in content.items() if isinstance(value, str) and value.isdigit()}

    def get(self, name: str) -> str | None:
        return self._all().get(name)

    def put(self, name: str, value: str) -> None:
        content = json.dumps({**self._all(), name: value}, indent=1)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".accounts-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
            Path(temporary).replace(self._path)
