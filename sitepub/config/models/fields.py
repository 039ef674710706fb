"""The kinds of values that serverless.yml holds: text, on/off, numbers, paths, host names …

A value is taken as what its place wants when that cannot be misread: a number or boolean where text is wanted
stays as it was written (``007``), text that is a number is a number where one is wanted (variables are always
text), and on/off fields take booleans too.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sitepub.config.checks.regions import about_regions
from sitepub.config.document import WrittenFloat, WrittenInt
from sitepub.config.identifiers import IDENTIFIER, is_identifier


def wrong(message: str, hint: str | None = None) -> PydanticCustomError:
    """A mistake in a value, in words for the user. The message must not hold the value: it may be secret."""
    return PydanticCustomError("sitepub", "{said}", {"said": message, "hint": hint})


class Shape(BaseModel):
    """Base of all models: camelCase keys; unknown keys are errors; a key that holds nothing was left out."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {field.alias for field in cls.model_fields.values()}
        return {key: value for key, value in data.items() if value is not None or key not in known}


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    return str(value) if isinstance(value, int | float) else value


def _flag(value: object) -> object:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    meant = _WORDS.get(str(value).strip().lower())
    raise wrong("expected true or false", f"Write `{meant}`." if meant else None)


_WORDS = {**dict.fromkeys(("yes", "y", "on", "1", "enable", "enabled", "是"), "true"),
          **dict.fromkeys(("no", "n", "off", "0", "disable", "disabled", "否"), "false")}
"""What YAML 1.1 and people write for a boolean."""


def _switch(value: object) -> object:
    if value in (True, "true"):
        return "on"
    return "off" if value in (False, "false") else value


def whole(value: object) -> int:
    """A whole number, also one that is written as text."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,18}", value.strip()):
        return int(value)
    raise wrong("expected a whole number")


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**18:
        return float(value)  # neither infinity nor "not a number" passes the comparison
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value.strip()):
        return float(value)
    raise wrong("expected a number")


_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s{0,10}(|d|days?|h|hours?|w|weeks?)")
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


def duration(value: object) -> int:
    """Seconds of ``7 d``, ``12h``, ``2 weeks``; a plain number means days."""
    text = str(value).strip().lower() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise wrong("expected a time like 7 d or 12 h")
    return round(float(found[1]) * _UNITS[found[2][:1] or "d"])


class OneOrMore:
    """Marks a list that may be written as a single value."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: value if isinstance(value, list) else [value], handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema,
                                     handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def _filled(value: str) -> str:
    if not value.strip():
        raise wrong("must not be empty")
    return value


def _one_line(value: str) -> str:
    if re.search(r"[\r\n\0]", value):
        raise wrong("must be one line")
    return value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
FilledText = Annotated[Text, AfterValidator(_filled)]
Line = Annotated[Text, AfterValidator(_one_line)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Switch = Annotated[Literal["on", "off"], BeforeValidator(_switch),
                   WithJsonSchema({"enum": ["on", "off", True, False]})]
Whole = Annotated[int, BeforeValidator(whole), WithJsonSchema({"type": "integer"})]
Seconds = Annotated[Whole, Field(ge=0)]
Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Duration = Annotated[int, BeforeValidator(duration), WithJsonSchema({
    "type": ["string", "number"], "pattern": r"^\s*\d{1,6}(\.\d{1,3})?\s*(d|days?|h|hours?|w|weeks?)?\s*$"})]
"""Seconds."""
TextList = Annotated[list[FilledText], OneOrMore()]


def _only_maps(value: Any) -> Any:
    if not isinstance(value, dict):
        raise wrong("expected a map")
    return value


AnyMap = Annotated[dict[str, Any], BeforeValidator(_only_maps), WithJsonSchema({"type": "object"})]
"""A map of any keys, or one whose keys are checked elsewhere."""


def inner_path(value: str) -> str:
    """A folder inside the site: "" or "a/b", without ``./`` and slashes at the ends."""
    parts = [part for part in value.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise wrong("leaves the site: `..` is not allowed here")
    if parts and re.match(r"[A-Za-z]:\Z", parts[0]):
        raise wrong("expected a folder inside the site, not a drive")
    return "/".join(parts)


def _identifier(value: str) -> str:
    if not is_identifier(value):
        letters = "" if value.isascii() else "Letters are a to z here. "
        raise wrong(IDENTIFIER, f"{letters}It becomes part of bucket names and of the place where the state is kept.")
    return value


REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")


def _region(value: str) -> str:
    if not REGION.fullmatch(value):
        raise wrong("expected a region such as ap-guangzhou", about_regions(value))
    return value


def _bucket(value: str) -> str:
    if re.search(r"[A-Z]", value):
        raise wrong("capital letters are not allowed in a bucket name", "Write it in small letters.")
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", value):
        raise wrong("expected small letters, digits and inner hyphens (COS API 436/13312)")
    # 60 characters with -APPID, and an APPID has at least eight digits
    room = 60 if re.search(r"-[0-9]{8,}\Z", value) else 51
    if len(value) > room:
        raise wrong(f"is {len(value)} characters long; at most {room} are possible")
    return value


InnerPath = Annotated[Text, AfterValidator(inner_path)]
Identifier = Annotated[Text, AfterValidator(_identifier)]
Region = Annotated[Text, AfterValidator(_region)]
BucketName = Annotated[Text, AfterValidator(_bucket)]


_BARE = "Write the name alone: `www.example.com`."


def host_name(value: str) -> str:
    """A domain name in lowercase ASCII (punycode). Raises for schemes, paths, wildcards and addresses."""
    host = value.strip().rstrip(".").lower()
    if "://" in host:
        raise wrong("expected a bare host name, without http:// or https://", _BARE)
    if "/" in host or "?" in host:
        raise wrong("expected a bare host name, without a path", _BARE)
    if "*" in host:
        raise wrong("a wildcard cannot be a website's host name", "List every host name.")
    if ":" in host:
        raise wrong("expected a bare host name, without a port", _BARE)
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise wrong("is not a valid internationalized domain name") from error
    labels = host.split(".")
    if all(label.isdigit() for label in labels):
        raise wrong("expected a domain name, not an IP address")
    if len(labels) < 2:
        raise wrong("expected a full domain name such as www.example.com")
    if len(host) > 253 or not all(re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", x) for x in labels):
        raise wrong("is not a valid domain name: letters, digits and inner hyphens, 1 to 63 in each part")
    return host


HostName = Annotated[Text, AfterValidator(host_name)]


class OnOff(Shape):
    """A setting that can only be switched on or off."""

    switch: Switch
