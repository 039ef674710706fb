"""Answers of the commands that show what is there."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.cli.schemas.parts import (
    BOOL,
    COUNT,
    NUMBER,
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

_BY: Mapping[str, Schema] = {"at": TEXT, "by": TEXT, "commit": OR_NONE, "message": OR_NONE}
_LIVE = or_none(obj({"id": TEXT, **_BY}))
_SIDE = or_none(obj({"md5": TEXT, "bytes": COUNT}))
_VISIT = obj({"time": TEXT, "status": COUNT, "method": TEXT, "host": TEXT, "path": TEXT, "query": TEXT, "bytes": COUNT,
              "seconds": {"type": ["number", "null"]}, "cache": OR_NONE, "client": TEXT, "agent": TEXT,
              "referer": TEXT, "id": TEXT})

LOOKING: Mapping[str, Schema] = {
    "info": answer("info", {
        **WHICH, "bucket": TEXT, "region": TEXT, "url": TEXT, "files": COUNT, "bytes": COUNT,
        "last_deploy": or_none(obj({"release": TEXT, **_BY})),
        "unfinished": says(or_none(obj({"since": TEXT, "by": TEXT, "running": BOOL})), "A deploy that has not ended."),
        "retained": array(obj({"key": TEXT, "bytes": COUNT, "until": TEXT})),
        "drift": says(array(TEXT), "Settings of the bucket that differ from the project."),
        "former_buckets": array(TEXT), "hosts": array(obj({"host": TEXT, "edge": TEXT}))},
        {"slots": says(obj({
            "live": says(OR_NONE, "The slot that visitors get."),
            "hosts": says(array(TEXT), "Whose visitors get slots."),
            "root": says(OR_NONE, "The release that the bucket's root holds, where it is another."),
            "all": array(obj({"slot": TEXT, "release": OR_NONE, "live": says(OR_NONE, "Since when, or when last.")}))}),
            "Where the site has slots."),
         "share": says(obj({"release": TEXT, "part": NUMBER, "since": TEXT, "by": TEXT}),
                       "The release that a share of the visitors gets."),
         "authority": says(TEXT, "On the embedded cloud: the PEM file of the root that signs its certificates.")}),
    "releases": answer("releases", {
        **WHICH, "total": COUNT,
        "releases": array(obj({"id": TEXT, "live": BOOL, "marks": array(TEXT)}, {
            "slots": says(array(TEXT), "Slots that hold it, letters: a rollback moves visitors, and copies nothing."),
            **_BY, "problem": says(TEXT, "Why its record cannot be read."), "branch": OR_NONE, "where": OR_NONE,
            "actor": OR_NONE, "request": OR_NONE, "of": OR_NONE, "seconds": {"type": ["number", "null"]},
            "files": COUNT, "bytes": COUNT, "uploaded": COUNT, "copied": COUNT, "headers": COUNT, "deleted": COUNT,
            "unchanged": COUNT, "bucket": TEXT, "region": TEXT,
            "kept": says(BOOL, "With its content: it can go live again.")}))}, {
        "shares": says(array(obj({"release": TEXT, "part": NUMBER, "since": TEXT, "by": TEXT})),
                       "Releases that a share of the visitors gets.")}),
    "diff": answer("diff", {"a": TEXT, "b": TEXT, "changes": array(obj({
        "key": TEXT, "change": {"enum": ["added", "removed", "content", "headers"]}, "before": _SIDE, "after": _SIDE},
        {"patch": says(OR_NONE, "With `--patch`, of texts.")}))}),
    "stages": answer("stages", {"app": TEXT, "stages": array(obj({
        "stage": TEXT, "name": TEXT, "region": TEXT, "bucket": OR_NONE, "url": OR_NONE, "hosts": array(TEXT),
        "unfinished": BOOL, "release": _LIVE}, {"problem": TEXT}))}),
    "previews": answer("previews", {**WHICH, "previews": array(obj({
        "name": TEXT, "url": OR_NONE, "bucket": OR_NONE, "hosts": array(TEXT), "branch": OR_NONE,
        "expires": OR_NONE, "expired": BOOL, "unfinished": BOOL, "release": _LIVE}, {"problem": TEXT}))}),
    "check": answer("check", {
        **WHICH, "connected": says(BOOL, "What is live was taken into account."), "pages": COUNT, "files": COUNT,
        "references": COUNT, "seconds": NUMBER, "kinds": says({"type": "object"}, "Kind of finding: how many."),
        "findings": array({"type": "object"}), "remarks": array(TEXT), "warnings": array(TEXT)},
        status=("ok", "found")),
    "logs": answer("logs", {"source": obj({"name": TEXT, "delay": TEXT})}, {
        "since": TEXT, "visits": array(_VISIT),
        "stats": says(obj({"since": TEXT, "until": TEXT, "visits": COUNT, "requests": COUNT,
                           "page_views": says(COUNT, "Pages shown to people."),
                           "visitors": says(COUNT, "Different people of each day."), "bot_requests": COUNT,
                           "bytes": COUNT, "hits": COUNT,
                           "misses": COUNT, "hours": array({"type": "object"})}), "With `--stats`.")}),
    "prune": answer("prune", {"app": TEXT, "name": TEXT, "stages": array(obj({
        "stage": TEXT, "region": TEXT, "goes": BOOL, "why": TEXT, "branch": OR_NONE})),
        "removed": array({})}),
}
