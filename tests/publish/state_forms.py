"""States as they lie in the bucket, of this form and of the one before."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec

from sitepub.publish.states import root
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import NoReader
from sitepub.publish.states.state import Former, State


def encode(state: State) -> bytes:
    """With the whole manifest over no shards."""
    return root.encode(root.root_of(state))


def decode(data: bytes, where: str) -> State:
    return root.state_of(root.decode(data, where), NoReader())


def _entry(entry: Entry) -> list[Any]:
    return [entry.md5, entry.size, entry.headers_hash, entry.etag, entry.adopted]


def _fields(state: State) -> dict[str, Any]:
    """Version 1: everything in one document of JSON. Members that had their default were left out."""
    plain = {name: getattr(state, name) for name in State.__struct_fields__
             if name not in ("version", "manifest", "retained", "due", "former", "marks", "oldest")}
    document = {name: value for name, value in msgspec.json.decode(msgspec.json.encode(plain)).items() if value}
    document |= {"version": 1, "manifest": {key: _entry(entry) for key, entry in state.manifest.items()}}
    if state.former:
        document["former"] = [_former(one) for one in state.former]
    return document


def _former(one: Former) -> dict[str, Any]:
    return {"bucket": one.bucket, "region": one.region, "created": msgspec.to_builtins(one.created),
            "pending": msgspec.to_builtins(one.pending),
            "manifest": {key: _entry(entry) for key, entry in one.manifest.items()}}


def packed_json(document: object) -> bytes:
    return gzip.compress(json.dumps(document).encode())


def version_1(state: State, overlay: str = "") -> bytes:
    """``overlay``: the name of the one that lies over it."""
    return packed_json(_fields(state) | ({"overlay": overlay} if overlay else {}))


def overlay_1(state: State, gone: tuple[str, ...] = ()) -> bytes:
    """``state``: its manifest holds what has changed since the document below was written."""
    return packed_json({"state": _fields(state), "gone": gone})
