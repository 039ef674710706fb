"""Where the router leads the visitors of a host: the value of one environment variable of the edge function (pure).

Each host has a variable of its own, so two sites of a zone never write the same one, and setting it moves all visitors
of the host at once. The router, ``router.js``, reads what is written here; tests run both on the same routes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from sitepub.errors import ConfigError, Problem

MOST_VARIABLES = 64
"""Variables that one function may have (HandleFunctionRuntimeEnvironment, teo 2022-09-01)."""
MOST_BYTES = 5000
"""Bytes of the value of a variable, UTF-8."""
MOST_KEY_BYTES = 64
_PREFIX = "SITE_"
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*")


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A folder of the bucket that holds one release, whole."""

    path: str
    """From the bucket's root, with the slash behind it: ``.sitepub/slots/a/``."""
    release: str
    """Id of the release that it holds. Part of the cache key: a slot that gets another release has other cache
    entries, so nothing is purged."""


class Share(msgspec.Struct, frozen=True):
    """A release that some of the visitors get."""

    slot: Slot
    part: float
    """Of the visitors: above 0, below 1."""


class Before(msgspec.Struct, frozen=True, omit_defaults=True):
    """The slot that was live before: open tabs find there what the live one does not have."""

    slot: Slot
    until: int
    """Unix seconds."""
    more: tuple[Slot, ...] = ()
    """What visitors got before that, or shared: looked in after it, in this order."""


class Redirect(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A redirect that the bucket's website would answer, of what begins with ``prefix``. Written as a list: there is
    little room."""

    prefix: str
    """Of the path, decoded, without the first slash."""
    to: str
    """What takes its place."""
    whole: bool = False
    """``to`` takes the place of the whole path."""


class Route(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the visitors of one host are led."""

    host: str
    """In lower case, without a port. ``*.preview.example.com``: every host below it that has no route of its own."""
    site: str
    """Whose it is: ``<app>/<stage>/<name>``, for a preview with ``/<preview>`` behind it."""
    live: Slot | None = None
    """``None``: nothing is there (a preview that is gone): 404 with ``X-Robots-Tag: noindex``."""
    share: Share | None = None
    before: Before | None = None
    others: tuple[Slot, ...] = ()
    """What else is whole: for testers, by ``?sitepub-release=ID``."""
    index: str = "index.html"
    """Index document of folders."""
    error: str = ""
    """Key of the error document below the slot; "": the router's own short answer."""
    error_status: int = 404
    """Status that the router sends the error document with: 404, or 200 as bucket websites can. The bucket itself has
    to answer 404 all the same, or the router cannot know that something is missing."""
    redirects: tuple[Redirect, ...] = ()
    """Of a preview, from the first: the rules of its bucket are the site's, and for other folders."""
    hidden: bool = False
    """Search engines are kept out: ``X-Robots-Tag: noindex`` with every answer."""

    @property
    def variable(self) -> str:
        return variable_of(self.host)


_DECODER = msgspec.json.Decoder(Route)


def variable_of(host: str) -> str:
    """The name of a host's variable, which is a name in JavaScript too: ``SITE_www_example_com``.

    A dot is one ``_``, a hyphen two: they never stand side by side in a host name, so no two hosts share a name.
    Raises :class:`~sitepub.errors.ConfigError` for a host that is too long."""
    if _HOST.fullmatch(host) is None:
        raise ValueError(f"no host name: {host!r}")
    name = _PREFIX + host.replace("-", "__").replace("*", "ANY").replace(".", "_")
    if len(name) > MOST_KEY_BYTES:
        raise ConfigError(Problem(
            f"{host} is too long for a route of EdgeOne: its variable {name} has {len(name)} characters, and"
            f" {MOST_KEY_BYTES} are allowed", hint="use a shorter host name"))
    return name


def encoded(route: Route) -> str:
    """Raises :class:`~sitepub.errors.ConfigError` when it is longer than a variable may be."""
    value = msgspec.json.encode(route).decode()
    size = len(value.encode())
    if not fits(route):
        raise ConfigError(Problem(
            f"the route of {route.host} takes {size} bytes, and a variable of an edge function has {MOST_BYTES}",
            hint="lower releases.slots"))
    return value


def fits(route: Route) -> bool:
    return len(msgspec.json.encode(route)) <= MOST_BYTES


def with_redirects(route: Route, redirects: Sequence[Redirect]) -> Route:
    """The first one that applies to a path counts, so those at the end are left out where they do not fit."""
    for count in range(len(redirects), 0, -1):
        whole = msgspec.structs.replace(route, redirects=tuple(redirects[:count]))
        if fits(whole):
            return whole
    return route


def decoded(value: str) -> Route | None:
    """``None``: sitepub did not write this."""
    try:
        return _DECODER.decode(value)
    except msgspec.MsgspecError:
        return None
