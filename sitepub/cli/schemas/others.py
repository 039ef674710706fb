"""Answers of the commands about this computer, names, locks and edges."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.cli.schemas.parts import (
    BOOL,
    COUNT,
    NEXT,
    NUMBER,
    OR_NONE,
    TEXT,
    VERSION,
    WHICH,
    Schema,
    answer,
    array,
    obj,
    or_none,
    says,
)

_PURGED = array(obj({"host": TEXT, "addresses": COUNT, "folders": COUNT, "everything": BOOL, "tasks": array(TEXT),
                     "done": BOOL}))
_AUDIENCE = obj({
    "release": TEXT, "part": says(NUMBER, "Of the visitors, 0 to 1."), "since": OR_NONE, "by": OR_NONE,
    "errors": says(or_none(obj({"answers": COUNT, "missing": says(COUNT, "Status 404."),
                                "refused": says(COUNT, "Other statuses of 400 to 499."),
                                "failed": says(COUNT, "Status 500 and above."), "part": {"type": ["number", "null"]}})),
                   "Counted from EdgeOne's log files; null: they do not say.")})

OTHERS: Mapping[str, Schema] = {
    "init": answer("init", {"folder": TEXT, "files": says(array(TEXT), "What was written.")}, {
        "template": OR_NONE, "framework": OR_NONE, "warnings": array({}),
        "changed": says(array(TEXT), "Files of the project that got an addition."),
        "from": says({"type": "object"}, "What another publisher's file gave, and what stays behind.")},
        status=("ok", "unchanged")),
    "mark": answer("mark", {"release": TEXT, "name": TEXT, "removed": BOOL, "changed": BOOL}),
    "traffic": answer("traffic", {
        **WHICH, "changed": BOOL, "stable": _AUDIENCE,
        "share": says(or_none(_AUDIENCE), "The release that a part of the visitors gets."),
        "errors_since": says(OR_NONE, "From when on errors are counted; null: no log is read."), "notes": array(TEXT)}),
    "unlock": answer("unlock", {"locked": says(BOOL, "There was a lock.")}, {
        "holder": TEXT, "since": OR_NONE, "was_alive": BOOL,
        "free_in": says(NUMBER, "Seconds until another run can have it.")}),
    "purge": answer("purge", {**WHICH, "hosts": _PURGED}, status=("ok", "unchanged")),
    "warm": answer("warm", {**WHICH, "hosts": _PURGED, "left_out": COUNT}, status=("ok", "unchanged")),
    "certs": answer("certs", {**WHICH, "hosts": array(obj({"host": TEXT})), "renewed": array(TEXT)},
                    status=("ok", "unchanged")),
    "whoami": obj({"version": VERSION, "action": {"const": "whoami"}, "status": {"const": "ok"}, "arn": TEXT,
                   "account_id": TEXT, "user_id": TEXT, "type": TEXT, "app_id": TEXT,
                   "secret_id": says(TEXT, "Not all of it."), "source": TEXT,
                   "site": {"enum": ["cn", "intl"]}, "embedded": OR_NONE, "next": NEXT}),
    "doctor": obj({"version": VERSION, "action": {"const": "doctor"}, "status": {"enum": ["ok", "fail"]},
                   "checks": array(obj({
        "name": TEXT, "verdict": {"enum": ["ok", "warn", "fail"]}, "message": TEXT, "hint": OR_NONE})), "next": NEXT}),
}
