"""Model of ``inputs.preview``: what previews of the site are like."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sitepub.config.models.fields import AnyMap, Shape, Text, host_name, wrong
from sitepub.config.models.new_zone import EdgeOneShape
from sitepub.config.previews import LONGEST_NAME, PREVIEW_NAME

DAY = 86400
MOST_DAYS = 30
_STAND_IN = "x0preview0x"


def _host_of_previews(value: str) -> str:
    """A host name with the name of the preview in it."""
    if value.count(PREVIEW_NAME) != 1:
        raise wrong("expected `${preview}` once in the host, so that every preview has one of its own",
                    "Write it like '${preview}.preview.example.com'.")
    name = host_name(value.replace(PREVIEW_NAME, _STAND_IN))
    *first, _last = name.split(".")
    part = next((one for one in first if _STAND_IN in one), None)
    if part is None:
        raise wrong("expected a domain name with `${preview}` before its last part",
                    "Write it like '${preview}.preview.example.com'.")
    longest = LONGEST_NAME - len(_STAND_IN)
    if len(part) + longest > 63 or len(name) + longest > 253:
        raise wrong(f"is too long: the name of a preview may take {LONGEST_NAME} characters, a part of a host name 63")
    return name.replace(_STAND_IN, PREVIEW_NAME)


_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s{0,10}(|s|m|min|h|hours?|d|days?|w|weeks?)")
_UNITS = {"": DAY, "s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}


def expiry(value: object) -> int:
    """Seconds of ``7 d``, ``12h``, ``90 m``; a plain number means days. Raises PydanticCustomError."""
    text = str(value).strip().lower() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = _TIME.fullmatch(text)
    if found is None:
        raise wrong("expected a time like 7 d or 12 h")
    seconds = round(float(found[1]) * _UNITS[found[2][:1]])
    if not 0 < seconds <= MOST_DAYS * DAY:
        raise wrong(f"expected a time of {MOST_DAYS} d at most")
    return seconds


class PreviewShape(Shape):
    """What the previews of the site are like."""

    host: Annotated[Text, AfterValidator(_host_of_previews)] | None = Field(None, description=(
        "The host of each preview, with `${preview}` for its name: `'${preview}.preview.example.com'`. Without it, a"
        " preview has the default address of its bucket, and `sitepub preview open` shows it on this computer."))
    expires: Annotated[int, BeforeValidator(expiry), WithJsonSchema({"type": ["string", "number"]})] = Field(
        7 * DAY, description=(
            "How long a preview lives after its last deploy: `7 d`, `12 h`; 30 d is the most. `--expires` wins."))
    edge: Literal["cdn", "edgeone", "cos"] = Field("cdn", description=(
        "What serves the host, as in `hosts[]`. With `releases.slots` the default is `edgeone`: all previews lie in the"
        " site's bucket then, below one wildcard domain."))
    edgeone: EdgeOneShape | None = Field(None, description=(
        "With `edge: edgeone`: the zone that is created for the host, as in `hosts[]`."))
    area: Literal["mainland", "overseas", "global"] = Field("mainland", description="Where it is served.")
    dns: Literal["auto", "off"] = Field("auto", description="Who makes the DNS record, as in `hosts[]`.")
    https: AnyMap | None = Field(None, description=(
        "HTTPS of the host, as in `hosts[]`. Left out: `auto`, which uses a wildcard certificate of the account where"
        " there is one."))
