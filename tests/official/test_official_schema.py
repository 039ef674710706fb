"""Every setting of a host in serverless.yml is one of the CDN, with its type, its required members and its values."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel

from sitepub.config.models.host import OWN_FIELDS, HostShape
from sitepub.config.models.https import CertInfoShape
from tests.official import exceptions
from tests.official.models import Member, known, model

CDN = model("cdn")
KNOWN = known("schema")
NOT_CDN = {*OWN_FIELDS, "refreshCdn", "pushCdn", "tags"} - {"https", "forceRedirect", "area"}
"""What sitepub does with a host, not settings of the CDN; ``tags`` is Tag of AddCdnDomain."""


def findings(shape: type[BaseModel], name: str) -> Iterator[str]:
    """Differences of a model of ours and the official object of that name."""
    members = CDN.objects[name]
    given = {}
    for field_name, field in shape.model_fields.items():
        key = str(field.alias or field_name)
        given[key] = field
        if shape is HostShape and key in NOT_CDN:
            continue
        official = exceptions.KEYS.get((name, key), key[:1].upper() + key[1:])
        member = members.get(official)
        here = f"{name}.{key}"
        if member is None:
            yield f"{here}: {name} has no {official}"
            continue
        annotation = typing.get_type_hints(shape, include_extras=True)[field_name]
        yield from _type(annotation, member, (name, official), here)
    if shape in (CertInfoShape, HostShape):
        return
    for official, member in members.items():
        key = official[:1].lower() + official[1:]
        required = member.get("required") and ("cdn", name, official) not in exceptions.OPTIONAL
        ours = given.get(key)
        if required and (name, official) not in exceptions.FILLED_IN and (ours is None or not ours.is_required()):
            yield f"{name}.{key}: required there, and not here"


def _type(annotation: Any, member: Member, at: tuple[str, str], here: str) -> Iterator[str]:
    plain, choices = _bare(annotation)
    kind = member["type"]
    if typing.get_origin(plain) is list:
        if kind != "list":
            yield f"{here}: a list here, {kind} there"
            return
        inner, values = _bare(typing.get_args(plain)[0])
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from findings(inner, member["of"])
        else:
            yield from _values(values or choices, member, at, here)
    elif isinstance(plain, type) and issubclass(plain, BaseModel):
        if kind != "object":
            yield f"{here}: an object here, {kind} there"
        else:
            yield from findings(plain, member["of"])
    else:
        expected = {"string": str, "int": int, "float": float, "bool": bool}.get(kind)
        if plain is not expected:
            yield f"{here}: {getattr(plain, '__name__', plain)} here, {kind} there"
        yield from _values(choices, member, at, here)


def _values(choices: tuple[Any, ...], member: Member, at: tuple[str, str], here: str) -> Iterator[str]:
    official: set[Any] = set(member.get("enum", ())) | set(exceptions.VALUES.get(("cdn", *at), ()))
    if not official:
        return
    wide, narrow = set(choices) - official, official - set(choices)
    if not choices:
        yield f"{here}: anything goes here, and there {sorted(official)}"
    elif wide:
        yield f"{here}: {sorted(wide)} is allowed here and not there"
    elif narrow - exceptions.NOT_OFFERED.get(at, frozenset()):
        yield f"{here}: {sorted(narrow)} is allowed there and not here"


def _bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type without Annotated, None and Literal; the values of a Literal."""
    if typing.get_origin(annotation) is Annotated:
        return _bare(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _bare(parts[0])
    if typing.get_origin(annotation) is Literal:
        values = typing.get_args(annotation)
        return type(values[0]), values
    return annotation, ()


def test_every_setting_of_a_host_is_one_of_the_cdn() -> None:
    found = set(findings(HostShape, "UpdateDomainConfigRequest"))
    assert not found - KNOWN, "\n".join(sorted(found - KNOWN))


def test_what_is_known_to_differ_still_does() -> None:
    assert not KNOWN - set(findings(HostShape, "UpdateDomainConfigRequest")), "right now: take them off known.txt"


def test_every_setting_can_be_read_back() -> None:
    for key in CDN.objects["UpdateDomainConfigRequest"]:
        assert key in CDN.objects["DetailDomain"], key
