"""Lifecycle rules that break a site are warned of, others are not."""

from __future__ import annotations

from typing import Any

import pytest

from sitepub.config.bucket_settings import LifecycleRule
from sitepub.settings.lifecycle_danger import dangers
from sitepub.tencent.cos.setting_documents import lifecycle_document, lifecycle_rules

KEYS = ("index.html", "img/a.png", "img/b.png")
DATE = "2026-12-24T00:00:00+08:00"


def rule(**more: Any) -> dict[str, Any]:
    return {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, **more}


def said(document: dict[str, Any], *, written: bool = True) -> list[str]:
    return [problem.message for problem in dangers(lifecycle_rules({"Rule": document}), KEYS, written=written)]


@pytest.mark.parametrize(("document", "words"), [
    (rule(Expiration={"Days": "30"}), "deletes 3 files of the site 30 days after their upload"),
    (rule(Expiration={"Days": "1"}, Filter={"Prefix": "index"}), "deletes 1 file of the site 1 day after their upload"),
    (rule(Expiration={"Date": DATE}), f"deletes 3 files of the site on {DATE}"),
    (rule(Expiration={"Days": "7"}, Filter={"And": {"Prefix": "img/"}}), "deletes 2 files"),
    (rule(Expiration={"Days": "7"}, Filter=None), "deletes 3 files"),
    (rule(Transition={"Days": "90", "StorageClass": "ARCHIVE"}), "3 files of the site to ARCHIVE 90 days after"),
    (rule(Transition={"Days": "0", "StorageClass": "DEEP_ARCHIVE"}), "to DEEP_ARCHIVE within a day of their upload"),
    (rule(Transition={"Date": DATE, "StorageClass": "ARCHIVE"}), f"to ARCHIVE on {DATE}"),
    (rule(Transition=[{"Days": "30", "StorageClass": "STANDARD_IA"}, {"Days": "90", "StorageClass": "MAZ_ARCHIVE"}]),
     "to MAZ_ARCHIVE 90 days"),
])
def test_a_rule_that_breaks_the_site(document: dict[str, Any], words: str) -> None:
    messages = said(document)
    assert len(messages) == 1 and words in messages[0] and "rule old" in messages[0]
    assert "not in serverless.yml" in said(document, written=False)[0]


@pytest.mark.parametrize("document", [
    rule(Expiration={"Days": "30"}, Status="Disabled"),
    rule(Expiration={"Days": "30"}, Filter={"Prefix": "logs/"}),
    rule(Expiration={"Days": "30"}, Filter={"Tag": {"Key": "a", "Value": "b"}}),
    rule(Expiration={"Days": "30"}, Filter={"And": {"Prefix": "img/", "Tag": [{"Key": "a", "Value": "b"}]}}),
    rule(Expiration={"ExpiredObjectDeleteMarker": "true"}),
    rule(NoncurrentVersionExpiration={"NoncurrentDays": "3"}),
    rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": "3"}),
    rule(Transition={"Days": "30", "StorageClass": "STANDARD_IA"}),
    rule(Transition={"Days": "30", "StorageClass": "INTELLIGENT_TIERING"}),
    rule(Transition={"Date": DATE, "StorageClass": "MAZ_STANDARD_IA"}),
])
def test_a_rule_that_does_no_harm(document: dict[str, Any]) -> None:
    assert said(document) == []


def test_a_rule_for_tagged_objects_is_not_taken_for_one_about_all() -> None:
    ours = LifecycleRule(id="old", expiration_days=30)
    tagged = rule(Expiration={"Days": "30"}, Filter={"Tag": {"Key": "a", "Value": "b"}})
    assert lifecycle_rules({"Rule": tagged}) != (ours,)
    assert lifecycle_rules(lifecycle_document([ours])) == (ours,)
