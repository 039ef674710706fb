"""The owner of a bucket or an object, as XML documents name it."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.identity import Identity


def owner_xml(identity: Identity, app_id: str) -> str:
    """``ID`` and ``DisplayName`` of an account, as inside an Owner element."""
    account = identity.account_of(app_id)
    uin = account.uin if account else app_id
    return xml.element("ID", f"qcs::cam::uin/{uin}:uin/{uin}") + xml.element("DisplayName", uin)
