"""The accounts of this cloud: one made with the data folder, and a second one for tests.

``DIR/identity.json`` (mode 0600) is written once and kept. The second account exists so that clients can meet
a bucket that belongs to another account, and a temporary key of the first so that they can try a security
token; only this file names those keys.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from sitepub.local.base.grants import SessionPolicy

REGION = "ap-guangzhou"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its permanent key pair."""

    app_id: str
    uin: str
    secret_id: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key pair that requests may be signed with."""

    app_id: str
    uin: str
    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    """Set: a temporary key; requests must carry this as x-cos-security-token (TC3: X-TC-Token)."""
    expires: float | None = None
    """Unix seconds; ``None``: never."""
    policies: tuple[SessionPolicy, ...] = ()
    """A temporary key may do what all of them permit; none: what its account may do."""
    role: str = ""
    """Name of the role that was assumed."""
    session: str = ""
    """Name of the session, or of the federated user."""

    def may(self, action: str, resources: Iterable[str], facts: Mapping[str, str]) -> bool:
        """Whether its own policies permit it (`name/cos:GetObject`, `cdn:DescribeDomains`)."""
        names = tuple(resources)
        return all(policy.permits(action, names, facts) for policy in self.policies)


class Identity:
    """Both accounts and every key pair in force."""

    def __init__(self, account: Account, other: Account, temporary: Signer | None = None) -> None:
        self.account = account
        self.other = other
        self._signers = {
            entry.secret_id: Signer(entry.app_id, entry.uin, entry.secret_id, entry.secret_key)
            for entry in (account, other)
        }
        if temporary is not None:
            self._signers[temporary.secret_id] = temporary

    @property
    def nobody(self) -> Signer:
        """Stands for a caller without a signature."""
        return Signer("", "", "", "")

    def signer(self, secret_id: str) -> Signer | None:
        """The key pair with this id."""
        return self._signers.get(secret_id)

    def account_of(self, app_id: str) -> Account | None:
        """The account with this app id."""
        return next((entry for entry in (self.account, self.other) if entry.app_id == app_id), None)

    def add_temporary(self, app_id: str, expires: float, *, policies: tuple[SessionPolicy, ...] = (), role: str = "",
                      session: str = "") -> Signer:
        """Make a temporary key pair of an account, as STS does. It is lost at a restart."""
        account = self.account_of(app_id)
        if account is None:
            raise ValueError(f"no account {app_id}")
        signer = replace(_new_temporary(account, expires), policies=policies, role=role, session=session)
        self._signers[signer.secret_id] = signer
        return signer


def load_identity(data: Path) -> Identity:
    """Read ``identity.json`` of a data folder, or make it."""
    file = data / "identity.json"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return Identity(Account(**stored["account"]), Account(**stored["other_account"]),
                        Signer(**{**stored["temporary"], "policies": ()}))
    except FileNotFoundError:
        pass
    account, other = _new_account("125"), _new_account("130")
    temporary = _new_temporary(account, None)
    write_private_json(file, {"account": asdict(account), "other_account": asdict(other),
                              "temporary": asdict(temporary)})
    return Identity(account, other, temporary)


def _new_temporary(account: Account, expires: float | None) -> Signer:
    return Signer(account.app_id, account.uin, "AKID" + _random(32), _random(32), _random(64), expires)


def _new_account(prefix: str) -> Account:
    digits = "".join(secrets.choice(string.digits) for _ in range(7))
    return Account(prefix + digits, "1000" + digits + prefix[:1], "AKID" + _random(32), _random(32))


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def write_private_json(file: Path, value: object) -> None:
    """Write a file that only its owner may read, all or nothing."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.write("\n")
    temporary.replace(file)
