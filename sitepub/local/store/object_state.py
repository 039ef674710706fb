"""What is kept of an object beside its headers: encryption, a link's target, whether it grows, its restored copy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

ARCHIVES = ("ARCHIVE", "DEEP_ARCHIVE", "MAZ_ARCHIVE")
"""Classes whose objects cannot be read until they are restored."""


@dataclass(frozen=True, slots=True)
class ObjectState:
    """Most objects have none of it."""

    encryption: str = ""
    """`AES256` or `cos/kms`: encrypted with keys of the service."""
    kms_key: str = ""
    customer_key: str = ""
    """MD5 (base64) of the key that came with the object and has to come again. The bytes are not encrypted here."""
    symlink: str = ""
    """Key of the object that this one stands for, as it was sent."""
    appendable: bool = False
    restored: float = 0.0
    """When a copy that can be read was asked for, Unix seconds."""
    restored_days: int = 0

    @property
    def text(self) -> str:
        """As the column `state` keeps it."""
        if self == NO_STATE:
            return ""
        given = asdict(self)
        return json.dumps({field.name: given[field.name] for field in fields(self)
                           if given[field.name] != field.default})


NO_STATE = ObjectState()


@lru_cache(maxsize=1024)
def state_of(text: str) -> ObjectState:
    """The state that a column holds."""
    return ObjectState(**json.loads(text)) if text else NO_STATE
