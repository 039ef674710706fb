"""Model of ``inputs.notify``: who gets the addresses of changed pages."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sitepub.config.models.fields import FilledText, Flag, Line, Shape, wrong


def _key(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{8,128}", value):
        raise wrong("expected 8 to 128 letters, digits and hyphens")
    return value


def _url(value: str) -> str:
    if not re.match(r"https?://[^/\s]", value):
        raise wrong("expected an address that begins with https:// or http://")
    return value


class NotifyShape(Shape):
    """Who gets the addresses of the pages that a deploy has changed."""

    indexnow: Flag = Field(False, description=(
        "Send them to IndexNow (Bing, Yandex, Naver, Seznam). The file with the key is published with the site."))
    indexnow_key: Annotated[FilledText, AfterValidator(_key)] | None = Field(None, description=(
        "The key, if the host has one already. Left out: one is made of the site's name and stage."))
    indexnow_endpoint: Annotated[Line, AfterValidator(_url)] = Field(
        "https://api.indexnow.org/indexnow", description="Where to: any engine of IndexNow passes them on.")
    baidu: Line | None = Field(None, description=(
        "Send them to Baidu: the token of its page for webmasters, from the environment (`${env:BAIDU_TOKEN}`). Empty: "
        "not sent."))
    baidu_endpoint: Annotated[Line, AfterValidator(_url)] = Field(
        "http://data.zz.baidu.com/urls", description="Where to; Baidu documents this address without HTTPS.")
