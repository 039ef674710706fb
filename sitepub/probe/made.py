"""What a probe made, written down before it is made: whatever ends the probe, the next one can remove it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sitepub.config.small_file import read_small_text
from sitepub.errors import SitepubError

NAME = "sitepub-probe"
_LIMIT = 1 << 20


@dataclass(slots=True)
class Made:
    """The note of one probe, in a file of the data folder."""

    file: Path
    name: str
    """``sitepub-probe-`` and eight random digits: of the bucket without its account number, and of certificates."""
    app_id: str
    region: str
    embedded: bool
    things: list[dict[str, str]] = field(default_factory=list)

    @property
    def bucket(self) -> str:
        return f"{self.name}-{self.app_id}"

    def note(self, kind: str, **what: str) -> None:
        """Write down what is about to be made. Raises OSError when it cannot be written."""
        thing = {"kind": kind, **what}
        if thing not in self.things:
            self.things.append(thing)
        self.write()

    def write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps({"version": 1, "name": self.name, "app_id": self.app_id, "region": self.region,
                           "embedded": self.embedded, "things": self.things}, ensure_ascii=False)
        new = self.file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.file)

    def forget(self) -> None:
        """Everything is gone."""
        self.file.unlink(missing_ok=True)


def begin(folder: Path, app_id: str, region: str, *, embedded: bool) -> Made:
    """The note of a new probe, written."""
    name = f"{NAME}-{secrets.token_hex(4)}"
    made = Made(folder / f"{name}.json", name, app_id, region, embedded)
    made.write()
    return made


def left_over(folder: Path, app_id: str, *, embedded: bool) -> Iterator[Made]:
    """Notes of probes that did not remove what they made, of the same account. Raises
    :class:`~sitepub.errors.SitepubError` for one that cannot be read."""
    for file in sorted(folder.glob(f"{NAME}-*.json")):
        try:
            found: Mapping[str, Any] = json.loads(read_small_text(file, _LIMIT))
            made = Made(file, str(found["name"]), str(found["app_id"]), str(found["region"]),
                        bool(found["embedded"]), [{str(k): str(v) for k, v in one.items()} for one in found["things"]])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SitepubError(f"The note {file} of an earlier probe cannot be read.", code="BadNote",
                               hint=f"Look in the console for a bucket {file.stem}-<appid>, delete it, and then"
                                    f" this file.") from error
        if (made.app_id, made.embedded) == (app_id, embedded) and made.name.startswith(f"{NAME}-"):
            yield made
