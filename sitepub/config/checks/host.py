"""What no single value of a host shows: hosts that stand twice, certificates in two forms, keys that an edge does
not have. Looked up on the tree, like the rest of ``checks``."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from sitepub.config.checks.cdn import check_settings
from sitepub.config.checks.findings import Findings
from sitepub.config.document import Node
from sitepub.config.models.fields import host_name, whole

_COMMON = frozenset({"host", "edge", "dns", "async", "autoRefresh", "onlyRefresh", "https"})
_EDGE_KEYS = {
    "edgeone": (_COMMON | {"refreshCdn", "pushCdn", "area", "edgeone"},
                "EdgeOne has it as a rule of its zone: set it in the EdgeOne console, or use `edge: cdn`."),
    "cos": (_COMMON, "The bucket itself has no such setting; `edge: cdn` has."),
}
"""Keys of a host that these edges have, and what to do for the others. The CDN has them all."""
_EDGE_HTTPS = frozenset({"switch", "certInfo"})


def check_hosts(inputs: Node, found: Findings) -> None:
    hosts = inputs.get("hosts")
    items = hosts.items if hosts is not None else []
    first: dict[str, Node] = {}
    for host in items:
        node = host.get("host")
        if node is not None and isinstance(node.value, str) and not node.broken:
            try:
                name = host_name(node.value)
            except PydanticCustomError:
                continue
            if name in first:
                found.wrong(node, f"this host stands here twice; the first is at {first[name].here}")
            first.setdefault(name, node)
    preview = inputs.get("preview")
    previews = [preview] if preview is not None else []
    for owner in [inputs, *items, *previews]:
        _certificate(owner, found)
        check_settings(owner, found)
        for area in ("mainland", "overseas"):
            special = owner.get("specificConfig", area)
            if special is not None:
                check_settings(special, found)
    for host in previews:
        _edge(host, Node({}, host.place), found, "edgeone" if slots_of(inputs) > 1 else "cdn")
    for host in items:
        _edge(host, inputs, found)
        _redirect(host, inputs, found)
        _bucket_redirect(host, inputs, found)


def check_slots(inputs: Node, found: Findings) -> None:
    """Slots take a host whose edge can lead its visitors to one of them."""
    node, count = inputs.get("releases", "slots"), slots_of(inputs)
    if node is None:
        return
    hosts = inputs.get("hosts")
    edges = [host.get("edge") for host in (hosts.items if hosts is not None else [])]
    if 1 < count <= 5 and not any(edge is not None and (edge.broken or edge.value == "edgeone") for edge in edges):
        found.wrong(node, f"`releases.slots: {count}` needs a host with `edge: edgeone`: no other edge can lead"
                    " visitors to a slot", "Give one of `hosts` `edge: edgeone`, or remove `slots`: without it a"
                    " deploy goes live in the bucket's root.")


def slots_of(inputs: Node) -> int:
    """1 where the file says nothing, or nothing that the model takes."""
    node = inputs.get("releases", "slots")
    if node is None or node.broken:
        return 1
    try:
        return whole(node.value)
    except PydanticCustomError:
        return 1


def _certificate(owner: Node, found: Findings) -> None:
    cert = owner.get("https", "certInfo")
    if cert is None or not isinstance(cert.value, dict):
        return
    by_id, own, key = cert.get("certId"), cert.get("certificate"), cert.get("privateKey")
    if by_id is not None and (own is not None or key is not None):
        found.wrong(cert, "`certInfo` takes `certId`, or `certificate` with `privateKey`, not both", key=True)
    elif by_id is None and (own is None) != (key is None):
        found.wrong(cert, "`certificate` and `privateKey` need each other", key=True)


def _edge(host: Node, inputs: Node, found: Findings, default: str = "cdn") -> None:
    """``default``: its edge where the file says none."""
    node, zone = host.get("edge"), host.get("edgeone")
    edge = node.value if node is not None else default
    if zone is not None and zone.value is not None and edge in ("cdn", "cos"):
        found.wrong(zone, "`edgeone` has an effect with `edge: edgeone` alone", "Write `edge: edgeone`, or remove it.",
                    key=True)
    if not isinstance(edge, str) or edge not in _EDGE_KEYS:
        return
    known, hint = _EDGE_KEYS[edge]
    for key, node in host.entries.items():
        if key not in known and key != "edgeone" and node.value is not None and key in _cdn_keys():
            found.wrong(node, f"`{key}` is a setting of the CDN, and this host has `edge: {edge}`", hint,
                        key=True)
    own = host.get("https")
    https = own or inputs.get("https")
    for key, node in https.entries.items() if https is not None else ():
        if key not in _EDGE_HTTPS and node.value not in (None, "off", False, "false") and key in _https_keys():
            report = found.wrong if own is not None else found.odd
            report(node, f"`https.{key}` has no effect with `edge: {edge}`", hint, key=True)


def _cdn_keys() -> set[str]:
    from sitepub.config.models.host import HostShape

    return {str(field.alias or name) for name, field in HostShape.model_fields.items()}


def _https_keys() -> set[str]:
    from sitepub.config.models.https import HttpsShape

    return {str(field.alias or name) for name, field in HttpsShape.model_fields.items()}


def _redirect(host: Node, inputs: Node, found: Findings) -> None:
    redirect, https = host.get("forceRedirect"), host.get("https") or inputs.get("https")
    if redirect is None or not isinstance(redirect.value, dict) or https is None:
        return
    on = redirect.entries.get("switch")
    kind = redirect.get("redirectType")
    off = https.get("switch")
    if (on is None or _on(on)) and (kind is None or kind.value == "https") and off is not None and not _on(off):
        found.wrong(redirect, "`forceRedirect` sends visitors to https, which is switched off here",
                    "Switch https on, or remove `forceRedirect`.", key=True)


def _bucket_redirect(host: Node, inputs: Node, found: Findings) -> None:
    """The bucket itself sends visitors of its own domains to https."""
    edge, protocol = host.get("edge"), inputs.get("protocol")
    https = host.get("https") or inputs.get("https")
    switch = https.get("switch") if https is not None else None
    if (edge is not None and edge.value == "cos" and (protocol is None or protocol.value == "https")
            and (https is None or (switch is not None and not _on(switch)))):
        found.odd(edge, "the bucket redirects every visitor to https (`protocol: https`), which this host does not"
                  " have", "Add `https: auto`, or write `protocol: http`.")


def _on(node: Node) -> bool:
    return node.value in (None, "on", True, "true")
