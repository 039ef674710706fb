"""The owner of a bucket or an object, as XML documents name it."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.identity import Identity


def lister_xml(app_id: str) -> str:
    """The same in listings of objects and versions, which name the APPID (436/7734, 436/35521)."""
    return xml.element("ID", app_id) + xml.element("DisplayName", app_id)


def owner_xml(identity: Identity, app_id: str) -> str:
    """``ID`` and ``DisplayName`` of an account, as inside an Owner element."""
    account = identity.account_of(app_id)
    uin = account.uin if account else app_id
    return xml.element("ID", f"qcs::cam::uin/{uin}:uin/{uin}") + xml.element("DisplayName", uin)
