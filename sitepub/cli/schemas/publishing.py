"""Answers of the commands that publish."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.cli.schemas.parts import (
    COUNT,
    ERROR,
    NEXT,
    OR_NONE,
    TEXT,
    WHICH,
    Schema,
    answer,
    array,
    obj,
    or_none,
    says,
)

_CHANGES = obj(dict.fromkeys(("uploaded", "copied", "headers", "deleted", "unchanged"), COUNT))
_SITE: Mapping[str, Schema] = {
    "version": {"const": 1}, "app": TEXT, "stage": TEXT, "name": TEXT, "region": TEXT, "bucket": TEXT,
    "url": says(TEXT, "Of the bucket's website; those of the hosts are in `hosts`."), "changes": _CHANGES,
    "bytes": says(COUNT, "Sent, or to be sent.")}
_RETAINED = says(array(obj({"key": TEXT, "bytes": COUNT, "until": TEXT})),
                  "What the site has dropped and what stays for tabs that are open.")
_LEFT_OUT = says(array(obj({"path": TEXT, "reason": TEXT, "option": OR_NONE})),
                  "What sitepub's own rules do not publish, and the setting that does.")
_WARNINGS = says(array(TEXT), "With file, line and column in front, where there is one.")
_HOST_STEP = obj({"kind": TEXT, "host": TEXT, "summary": TEXT, "reason": TEXT})
_HOST_ERROR = or_none(obj({"code": TEXT, "message": TEXT, "request_id": OR_NONE}))
OUTCOME = obj({"host": TEXT, "edge": TEXT, "steps": array(_HOST_STEP), "url": OR_NONE}, {
    "status": {"enum": ["unchanged", "online", "waiting", "removed", "left", "failed"]}, "error": _HOST_ERROR})
_TAKEN_DOWN = obj({"host": TEXT, "edge": TEXT, "status": {"enum": ["removed", "left", "failed"]},
                   "left": says(array(TEXT), "What stays, and why."), "error": _HOST_ERROR})
_DEPLOYED: Mapping[str, Schema] = {
    "seconds": {"type": "number", "minimum": 0},
    "release": says(OR_NONE, "Its id, for `sitepub rollback` and `sitepub diff`."),
    "hosts": array(OUTCOME), "retained": _RETAINED, "left_out": _LEFT_OUT,
    "notified": says(array(obj({"service": TEXT, "host": TEXT, "sent": COUNT, "total": COUNT, "failed": OR_NONE})),
                     "Search engines."),
    "warnings": _WARNINGS}
SLOTS: Mapping[str, Schema] = {"slots": says(obj({
    "live": says(OR_NONE, "The slot that visitors get since, a letter; null: the run moved no visitors."),
    "release": says(OR_NONE, "What it holds."), "moved": says({"type": "boolean"}, "Visitors got another slot before."),
    "uploaded": COUNT, "copied": COUNT, "bytes": COUNT,
    "hosts": says(array(TEXT), "Whose visitors get slots."),
    "led": says(array(TEXT), "Hosts that are led to a slot since this run."),
    "gone": says(array(TEXT), "Hosts that are led to the bucket's root again."),
    "deleted": says(COUNT, "Objects of slots that are not needed any more.")}),
    "What was done with the slots of the site, if it has any.")}
_SLOT_STEPS: Mapping[str, Schema] = {"slots": says(array(obj({
    "kind": {"enum": ["fill slot", "edge function", "lead visitors", "root follows", "lead visitors to the root",
                      "delete slot"]},
    "slot": OR_NONE, "summary": TEXT, "reason": TEXT, "uploaded": COUNT, "copied": COUNT, "deleted": COUNT,
    "bytes": COUNT})), "What is done with the slots of the site, in the order of doing.")}
_SENT: Mapping[str, Schema] = {name: schema for name, schema in _SITE.items() if name != "version"}
_STAYS = says(array(obj({"bucket": TEXT, "why": OR_NONE, "objects": array(obj({"key": TEXT, "why": TEXT}))})),
              "What stays, and why.")
REMOVED: Mapping[str, Schema] = {"deleted": says(COUNT, "Objects."), "buckets": array(TEXT), "left": _STAYS,
                                 "hosts": array(_TAKEN_DOWN)}

PUBLISHING: Mapping[str, Schema] = {
    "error": obj({"version": {"const": 1}, "status": {"const": "error"}, "error": ERROR, "next": NEXT}),
    "plan": obj({
        **_SITE, "action": {"const": "plan"}, "status": {"enum": ["planned", "unchanged"]},
        "settings": says(array(obj({"kind": TEXT, "summary": TEXT, "reason": TEXT,
                                         "timing": {"enum": ["before", "after"]}})), "Of the bucket."),
        "steps": says(array(obj({
            "action": {"enum": ["upload", "copy", "headers", "delete"]}, "key": TEXT, "reason": TEXT, "phase": TEXT,
            "bytes": COUNT, "source": OR_NONE})), "In the order of doing."),
        "hosts": array(obj({"host": TEXT, "edge": TEXT, "steps": array(_HOST_STEP), "error": _HOST_ERROR})),
        "retained": _RETAINED, "left_out": _LEFT_OUT,
        "left_alone": says(array(TEXT), "Keys of others in the bucket."),
        "refusal": says(or_none(obj({"code": TEXT, "message": TEXT, "hint": OR_NONE})),
                        "Why a deploy would stop before it changes anything."),
        "warnings": _WARNINGS, "next": NEXT}, _SLOT_STEPS),
    "deploy": answer("deploy", {**_SENT, **_DEPLOYED},
                     {"preview": obj({"name": TEXT, "branch": OR_NONE, "expires": TEXT}), **SLOTS,
                      "share": says(obj({"release": TEXT, "part": {"type": "number"}}),
                                    "The release went to a share of the visitors; `release` is that of all others.")}),
    "rollback": answer("rollback", {**_SENT, **_DEPLOYED, "of": says(TEXT, "The release that is live again.")}, SLOTS),
    "promote": answer("promote", {**_SENT, **_DEPLOYED, "of": says(TEXT, "The release, as `stage:id`.")}, SLOTS),
    "remove": answer("remove", {**WHICH, "region": TEXT, "bytes": COUNT, **REMOVED, "previews": array(TEXT)},
                     status=("ok", "unchanged")),
}
