"""Access control lists of buckets and objects: canned names, grant headers, XML (COS API 436/7737, 436/7748).

A list is stored as its own XML, so it reads back as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

from sitepub.local.base import xml
from sitepub.local.base.documents import check, choice, invalid, malformed, read, text
from sitepub.local.base.errors import ServiceError

ALL_USERS = "http://cam.qcloud.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://cam.qcloud.com/groups/global/AuthenticatedUsers"
GROUPS = (ALL_USERS, AUTHENTICATED_USERS)
PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
GRANTS = 100
"""Grants in one list (COS API 436/7737)."""

GRANT_HEADERS = {
    "x-cos-grant-read": "READ",
    "x-cos-grant-write": "WRITE",
    "x-cos-grant-read-acp": "READ_ACP",
    "x-cos-grant-write-acp": "WRITE_ACP",
    "x-cos-grant-full-control": "FULL_CONTROL",
}
BUCKET_CANNED = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
}
OBJECT_CANNED = {
    "default": (),
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}

_CANNED = {**OBJECT_CANNED, **BUCKET_CANNED}
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_USER = re.compile(r"qcs::cam::uin/[0-9]+:(uin|roleName)/[0-9A-Za-z_-]+|qcs::cam::anyone:anyone")
_GRANT_ID = re.compile(r'\s*id\s*=\s*(?:"([^"]*)"|([^",\s]+))\s*')


@dataclass(frozen=True)
class Grant:
    """`grantee` is a group's URI or a user's `qcs::cam::uin/…:uin/…`."""

    grantee: str
    permission: str


@dataclass(frozen=True)
class Acl:
    """Grants beside the owner's own FULL_CONTROL, which cannot be removed."""

    grants: tuple[Grant, ...] = ()
    owner_listed: bool = True
    """Whether the list names the owner, too: one that was sent as a document is given back as it was (seen in the tests
    of the service's Node SDK). The owner may do everything in any case."""

    def allows(self, permission: str, user: str | None) -> bool:
        """Whether `user` (None: anonymous) holds `permission` through one of the grants."""
        groups = {ALL_USERS} if user is None else {ALL_USERS, AUTHENTICATED_USERS, user}
        enough = (permission, "FULL_CONTROL")
        return any(grant.grantee in groups and grant.permission in enough for grant in self.grants)

    @property
    def canned(self) -> str | None:
        """The canned name with the same grants, or None."""
        mine = {(grant.grantee, grant.permission) for grant in self.grants}
        return next((name for name, grants in BUCKET_CANNED.items() if set(grants) == mine), None)


PRIVATE = Acl()


def owner(uin: str) -> str:
    """The name of a main account as a grantee."""
    return f"qcs::cam::uin/{uin}:uin/{uin}"


def from_canned(name: str, canned: Mapping[str, tuple[tuple[str, str], ...]]) -> Acl:
    """Raises ServiceError InvalidArgument for a name that is not in `canned`."""
    if name not in canned:
        raise invalid(f"x-cos-acl must be one of {', '.join(canned)}, not {name!r}.")
    return Acl(tuple(Grant(*pair) for pair in canned[name]))


@lru_cache(maxsize=4096)
def from_text(text: str, owner_name: str) -> Acl | None:
    """A list as it is stored: a canned name, a document, or None for `""` and `default`."""
    if text.startswith("<"):
        return parse(text.encode(), owner_name)
    return None if text in ("", "default") else Acl(tuple(Grant(*pair) for pair in _CANNED[text]))


def from_headers(headers: Mapping[str, str]) -> Acl | None:
    """The list that x-cos-grant-* headers make (names in lower case), or None without any."""
    grants: list[Grant] = []
    for header, permission in GRANT_HEADERS.items():
        value = headers.get(header)
        if not value or not value.strip():
            continue
        for part in value.split(","):
            found = _GRANT_ID.fullmatch(part)
            grantee = (found.group(1) or found.group(2)) if found else None
            if not grantee or not (_USER.fullmatch(grantee) or grantee.isdigit()):
                raise invalid(f'{header} must be a list of id="qcs::cam::uin/<uin>:uin/<uin>".')
            grants.append(Grant(_named(grantee), permission))
    return Acl(_distinct(grants)) if grants else None


def _named(grantee: str) -> str:
    """A bare number is a main account; anyone is the group of all users."""
    if grantee == "qcs::cam::anyone:anyone":
        return ALL_USERS
    return owner(grantee) if grantee.isdigit() else grantee


def _distinct(grants: list[Grant]) -> tuple[Grant, ...]:
    if len(grants) > GRANTS:
        raise invalid(f"A list can have {GRANTS} grants, not {len(grants)}.")
    return tuple(dict.fromkeys(grants))


def parse(body: bytes, owner_name: str) -> Acl:
    """The list of an AccessControlPolicy document. The Owner in it must be the real one."""
    root = read(body, "AccessControlPolicy")
    check(root, ("Owner", "AccessControlList"))
    given = text(root, "Owner/ID")
    if given is None:
        raise malformed("Owner needs an ID.")
    if given != owner_name:
        raise ServiceError("AccessDenied", "The Owner of the list is not the owner of the resource.")
    listing = root.find("AccessControlList")
    if listing is None:
        raise malformed("AccessControlList is required.")
    check(listing, (), repeated=("Grant",))
    grants = [_grant(element) for element in listing]
    others = [grant for grant in grants if grant.grantee != owner_name]
    return Acl(_distinct(others), owner_listed=len(others) < len(grants))


def _grant(element: Element) -> Grant:
    check(element, ("Grantee", "Permission"))
    grantee, permission = element.find("Grantee"), text(element, "Permission")
    if grantee is None:
        raise malformed("A Grant needs a Grantee.")
    if permission not in PERMISSIONS:
        raise malformed(f"Permission must be one of {', '.join(PERMISSIONS)}.")
    check(grantee, ("ID", "DisplayName", "URI", "Type"))
    choice(grantee, "Type", ("CanonicalUser", "RootAccount", "SubAccount", "Group"))
    user, group = text(grantee, "ID"), text(grantee, "URI")
    if (user is None) == (group is None):
        raise malformed("A Grantee is either an ID or a URI.")
    if group is not None and group not in GROUPS:
        raise invalid(f"There is no group {group!r}.")
    if user is not None and not _USER.fullmatch(user):
        raise invalid("A Grantee ID must be qcs::cam::uin/<uin>:uin/<uin>.")
    return Grant(group or _named(user or ""), permission)


def render(acl: Acl, owner_name: str) -> str:
    """The AccessControlPolicy document, the owner's FULL_CONTROL first where it is listed."""
    grants = (*((Grant(owner_name, "FULL_CONTROL"),) if acl.owner_listed else ()), *acl.grants)
    return xml.document("AccessControlPolicy", [
        xml.element("Owner", _user_elements(owner_name)),
        xml.element("AccessControlList", map(_grant_element, grants)),
    ])


def _grant_element(grant: Grant) -> str:
    if grant.grantee in GROUPS:
        kind, inner = "Group", xml.element("URI", grant.grantee)
    else:
        kind, inner = "CanonicalUser", "".join(_user_elements(grant.grantee))
    grantee = f'<Grantee xmlns:xsi="{_XSI}" xsi:type="{kind}">{inner}</Grantee>'
    return xml.element("Grant", [grantee, xml.element("Permission", grant.permission)])


def _user_elements(name: str) -> list[str]:
    return [xml.element("ID", name), xml.element("DisplayName", name.rpartition("/")[2])]
