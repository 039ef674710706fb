"""``deploy`` in a Hexo blog's _config.yml. All else there goes on to be Hexo's."""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.site.detect.hexo_deploy import KEYS, PREFIXES, cos_deploy, deployers, is_cos, plain_keys
from sitepub.site.moving.moved import ITS_OWN, Moved

_HOSTS = "domains stand below `hosts` in serverless.yml; deploy sets them up and purges them"
_OTHER = "it publishes elsewhere; `hexo deploy` goes on to run it"
_SECOND = "one deployer for COS carries over; a second site is set up in a folder of its own"
_IMAGES = "pictures are published with the blog, from one bucket"
_KNOWN = {
    **dict.fromkeys(("deleteextrafiles", "removeremotefiles", "concurrency", "uploaddir", "enablelog", "skiplocal",
                     "updateposts", "cdnenable", "bucketacl", "autorefresh", "ignoreallfiles"), ITS_OWN),
    **dict.fromkeys(("cdnurl", "cdndomains", "cdnconfig", "cachetype", "zoneid", "edgeonezoneid", "cdn"), _HOSTS),
    **dict.fromkeys(("imageconfig", "image"), _IMAGES),
}


def hexo(moved: Moved, root: Node) -> None:
    first = True
    for node in deployers(root.get("deploy")):
        entries = plain_keys(node)
        kind = str(entries["type"].value or "") if "type" in entries else ""
        if kind == "sitepub":
            continue
        if not is_cos(entries) or not first:
            if kind:
                moved.leave(node, f"deploy of type {kind[:60]}", _SECOND if is_cos(entries) else _OTHER)
            continue
        first = False
        _deployer(moved, entries)


def _deployer(moved: Moved, entries: dict[str, Node]) -> None:
    found = cos_deploy(entries)
    moved.bucket, moved.region = found.bucket, found.region
    for name in KEYS:
        if name in entries and (node := entries.pop(name)).value:
            moved.secret(node, f"deploy.{name}")
    for name in PREFIXES:
        prefix = moved.words(entries.get(name), f"deploy.{name}")
        moved.prefix = moved.prefix or (prefix or "").strip("/") or None
    for name, taken in (("bucket", found.bucket), ("region", found.region)):
        for key in (name, f"cos{name}"):
            if key in entries and (node := entries.pop(key)).value and not taken:
                moved.leave(node, f"deploy.{key}", f"is no {name} of COS that sitepub knows; set `region` yourself"
                            if name == "region" else "is not a name of a bucket; set `bucketName` yourself")
    for key in {"type", "cloud", "appid", "cosappid", *PREFIXES} & entries.keys():
        del entries[key]  # the name of the bucket holds the APPID, or sitepub adds the account's
    # Below cdnConfig and imageConfig there may be keys, too.
    for key in ("cdnconfig", "imageconfig"):
        for name, node in (plain_keys(entries[key]) if key in entries else {}).items():
            if name in KEYS and node.value:
                moved.secret(node, f"deploy.{key}.{name}")
    moved.rest(entries, _KNOWN, before="deploy.")
