"""Bucket settings: what is wanted, what differs, and that nothing else is written."""

from __future__ import annotations

import copy
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.bucket_settings import Access, CorsRule, LifecycleRule, RedirectRule, Website
from sitepub.settings.actual import NO_BUCKET, ActualSettings, read_actual
from sitepub.settings.apply import apply_settings
from sitepub.settings.difference import difference
from sitepub.settings.policy import anonymous_read, canonical, has_statement, same, with_statement
from sitepub.settings.steps import SettingStep, Timing
from sitepub.settings.wanted import WantedSettings, wanted_settings
from sitepub.tencent.cos.website_config import WebsiteConfig
from tests.publish.memory_cloud import MemoryCloud, project

BUCKET = "site-1250000000"
WEBSITE = WebsiteConfig("index.html", "error.html", redirect_https=True)
RULE = CorsRule(("GET", "HEAD"), ("https://a", "https://b"), ("X-A",), ("ETag",), 60)
ALL = ("acl", "addressing", "cors", "error", "https", "index", "lifecycle", "policy", "rules", "status", "tags")
DAYS = LifecycleRule("logs", prefix="logs/", expiration_days=30)


def wanted(**changes: Any) -> WantedSettings:
    return replace(wanted_settings(project(), BUCKET), **changes)


def in_order(**changes: Any) -> ActualSettings:
    """A bucket that is as ``wanted()`` says, but for the changes."""
    return replace(ActualSettings(acl="public-read", website=WEBSITE), **changes)


def summaries(steps: list[SettingStep]) -> list[str]:
    return [step.summary for step in steps]


@pytest.mark.parametrize("said", [ALL, ()])
def test_with_slots_the_bucket_itself_answers_errors_with_their_status(said: tuple[str, ...]) -> None:
    """The router could not know what is missing, and sends the status of the site itself."""
    lenient = replace(WEBSITE, original_status_enabled=False)
    led = wanted(website=lenient, led=True, said=said)
    assert not difference(led, in_order())
    [summary] = summaries(difference(led, in_order(website=lenient)))
    assert "errors answer 404 (was 200)" in summary
    assert not led.website.original_status_enabled, "what the routes and releases say"
    assert led.hash != wanted(website=lenient, said=said).hash == replace(led, led=False).hash


def test_a_new_bucket_gets_everything_that_the_project_mentions_and_no_more() -> None:
    steps = difference(wanted(), NO_BUCKET)
    assert [(step.kind, step.timing) for step in steps] == [
        ("bucket", Timing.BEFORE), ("acl", Timing.BEFORE), ("website", Timing.AFTER)]
    assert steps[0].summary == f"create bucket {BUCKET} in ap-guangzhou"
    full = wanted(cors=(RULE,), tags={"a": "b"}, lifecycle=(DAYS,), anonymous_read_policy=True, accelerate=True)
    assert [step.kind for step in difference(full, NO_BUCKET)] == [
        "bucket", "acl", "policy", "cors", "tags", "lifecycle", "accelerate", "website"]


def test_acceleration_is_switched_on_when_the_project_asks_for_it_and_never_off() -> None:
    assert wanted_settings(project(accelerate=True), BUCKET).accelerate
    assert summaries(difference(wanted(accelerate=True), in_order())) == ["global acceleration: on (was off)"]
    assert difference(wanted(accelerate=True), in_order(accelerate=True)) == []
    assert difference(wanted(), in_order(accelerate=True)) == []
    assert wanted(accelerate=True).hash != wanted().hash


def test_a_bucket_in_order_needs_nothing() -> None:
    assert difference(wanted(), in_order()) == []


def test_each_difference_says_what_is_and_what_was() -> None:
    assert summaries(difference(wanted(), in_order(acl="private"))) == ["access: public-read (was private)"]
    assert summaries(difference(wanted(said=("acl",)), in_order(acl=None))) == [
        "access: public-read (was a list of grants)"]
    assert summaries(difference(wanted(tags={"a": "1"}), in_order(tags={"b": "2"}))) == [
        "tags: a=1 (was b=2)"]
    assert summaries(difference(wanted(cors=(RULE,)), in_order())) == ["CORS: 1 rule"]
    assert summaries(difference(wanted(cors=()), in_order(cors=(RULE,)))) == ["CORS: 0 rules (was 1)"]
    assert summaries(difference(wanted(lifecycle=(DAYS,)), in_order(lifecycle=(DAYS, DAYS)))) == [
        "lifecycle: 1 rule (was 2)"]
    other = WebsiteConfig("home.html", None, original_status_enabled=True, auto_addressing=True,
                          rules=(RedirectRule(key_prefix="a", replace_key_with="b"),))
    assert summaries(difference(wanted(said=ALL), in_order(website=other))) == [
        "index document: index.html (was home.html); error document: error.html (was none);"
        " https only: on (was off); addresses without .html: off (was on); redirect rules: 0 (were 1)"]


def test_what_the_project_does_not_mention_is_left_alone() -> None:
    rich = in_order(acl="private", policy={"Statement": []}, cors=(RULE,), tags={"a": "b"}, lifecycle=(DAYS,))
    assert difference(wanted(acl=None), rich) == []


def test_the_order_inside_a_cors_rule_means_nothing_the_order_of_rules_does() -> None:
    same_rule = CorsRule(("HEAD", "GET"), ("https://b", "https://a"), ("x-a",), ("etag",), 60)
    other = CorsRule(("PUT",), ("*",))
    assert difference(wanted(cors=(RULE,)), in_order(cors=(same_rule,))) == []
    assert difference(wanted(cors=(RULE, other)), in_order(cors=(other, RULE)))


def test_project_words_become_the_clouds_words() -> None:
    found = wanted_settings(project(
        protocol="http", key_prefix="blog/",
        website=Website(error="404.html", ignore_html_ext=True, disable_error_status=True)), BUCKET)
    assert found.website == WebsiteConfig("index.html", "blog/404.html", original_status_enabled=False,
                                          redirect_https=False, auto_addressing=True)


def test_the_hash_is_stable_and_sees_every_change() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"acl": "private"}, {"acl": None}, {"tags": {}}, {"tags": {"a": "b"}}, {"cors": ()},
        {"cors": (RULE,)}, {"lifecycle": (DAYS,)}, {"anonymous_read_policy": True}, {"policy": {"a": 1}},
        {"website": replace(WEBSITE, index="home.html")}, {"website": replace(WEBSITE, auto_addressing=True)}]
    assert len({wanted(**change).hash for change in changes}) == len(changes)
    assert len(wanted().hash) == 32
    assert wanted(tags={"a": "1", "b": "2"}).hash == wanted(tags={"b": "2", "a": "1"}).hash
    assert wanted(policy=MappingProxyType({"a": [1]})).hash == wanted(policy={"a": [1]}).hash


# -- policies ------------------------------------------------------------------------------------------

STATEMENT = anonymous_read(BUCKET, "ap-guangzhou")
THEIRS = {"Statement": [{"Principal": {"qcs": ["qcs::cam::uin/1:uin/2"]}, "Effect": "allow",
                         "Action": ["name/cos:PutObject"], "Resource": ["*"]}], "version": "2.0"}


def test_everybody_may_read_is_added_beside_what_others_wrote() -> None:
    steps = difference(wanted(acl=None, anonymous_read_policy=True), in_order(policy=THEIRS))
    assert summaries(steps) == ["policy: everybody may read (other statements kept: 1)"]
    assert steps[0].value["Statement"] == [*THEIRS["Statement"], STATEMENT]
    assert difference(wanted(acl=None, anonymous_read_policy=True), in_order(policy=steps[0].value)) == []


def test_a_policy_of_the_project_replaces_the_one_that_is_there() -> None:
    mine = {"version": "2.0", "statement": [{"effect": "deny", "principal": {"qcs": "qcs::cam::anyone:anyone"},
                                             "action": "name/cos:*", "resource": "*"}]}
    steps = difference(wanted(acl=None, policy=mine), in_order(policy=THEIRS))
    assert summaries(steps) == ["policy: 1 statement (was 1)"] and steps[0].value == mine
    echoed = {"Statement": [{"Resource": ["*"], "Action": ["name/cos:*"], "Effect": "Deny",
                             "Principal": {"qcs": ["qcs::cam::anyone:anyone"]}}], "version": "2.0"}
    assert difference(wanted(acl=None, policy=mine), in_order(policy=echoed)) == []


def test_element_names_in_one_document_keep_to_one_letter_case() -> None:
    lower = {"version": "2.0", "statement": [{"effect": "allow", "action": ["*"], "resource": ["*"],
                                              "principal": {"qcs": ["x"]}}]}
    merged = with_statement(lower, STATEMENT)
    assert set(merged) == {"version", "statement"}
    assert all(set(statement) == {"effect", "action", "resource", "principal"}
               for statement in merged["statement"])
    assert has_statement(merged, STATEMENT) and with_statement(merged, STATEMENT) == merged


json_values = st.recursive(st.text("ab", max_size=2) | st.integers(0, 2),
                           lambda inner: st.lists(inner, max_size=3)
                           | st.dictionaries(st.sampled_from(["effect", "Action", "x"]), inner, max_size=3),
                           max_leaves=8)


@given(st.dictionaries(st.sampled_from(["version", "Statement", "x"]), json_values))
def test_a_policy_is_the_same_as_itself_and_comparing_changes_nothing(policy: dict[str, Any]) -> None:
    before = copy.deepcopy(policy)
    assert same(policy, policy) and canonical(policy) == canonical(before) and policy == before
    assert has_statement(with_statement(policy, STATEMENT), STATEMENT)


# -- reading and writing -------------------------------------------------------------------------------


def test_only_what_the_project_mentions_is_read() -> None:
    cloud = MemoryCloud()
    read_actual(cloud.bucket(BUCKET), wanted(acl=None))
    assert cloud.reads == [("get website", BUCKET)]
    cloud.reads.clear()
    read_actual(cloud.bucket(BUCKET), wanted(cors=(), tags={}, lifecycle=(), anonymous_read_policy=True,
                                             accelerate=True))
    assert {what for what, _ in cloud.reads} == {
        "get acl", "get policy", "get cors", "get tags", "get lifecycle", "get website", "get accelerate"}


def test_written_settings_are_found_again_and_then_differ_no_more() -> None:
    cloud = MemoryCloud()
    bucket = cloud.bucket(BUCKET)
    full = wanted(cors=(RULE,), tags={"a": "b"}, lifecycle=(DAYS,), anonymous_read_policy=True, accelerate=True)
    steps = difference(full, NO_BUCKET)
    told: list[SettingStep] = []
    apply_settings(bucket, steps, Timing.BEFORE, told.append)
    assert [step.kind for step in told] == ["bucket", "acl", "policy", "cors", "tags", "lifecycle", "accelerate"]
    apply_settings(bucket, steps, Timing.AFTER, told.append)
    assert told == steps and difference(full, read_actual(bucket, full)) == []
    empty = wanted(cors=(), tags={}, lifecycle=())
    apply_settings(bucket, difference(empty, read_actual(bucket, empty)), Timing.BEFORE)
    assert difference(empty, read_actual(bucket, empty)) == []


def test_a_change_of_the_website_waits_for_the_pages_that_it_names() -> None:
    steps = difference(wanted(), in_order(website=replace(WEBSITE, index="old.html")))
    assert [step.timing for step in steps] == [Timing.AFTER]


def test_a_configuration_without_an_index_document_is_no_website() -> None:
    bucket = MemoryCloud().bucket(BUCKET)
    bucket.put_website(WebsiteConfig(""))
    assert read_actual(bucket, wanted()).website is None


def test_an_unknown_kind_of_setting_is_a_mistake_of_ours() -> None:
    step = SettingStep("colour", "", "", Timing.BEFORE, None)
    with pytest.raises(ValueError, match="colour"):
        apply_settings(MemoryCloud().bucket(BUCKET), [step], Timing.BEFORE)


def test_access_is_read_from_the_project() -> None:
    found = wanted_settings(project(access=Access(acl=None, anonymous_read_policy=True)), BUCKET)
    assert found.acl is None and found.anonymous_read_policy


OTHERS = WebsiteConfig("index.html", "oops.html", original_status_enabled=False, redirect_https=False,
                       auto_addressing=True, rules=(RedirectRule(key_prefix="a", replace_key_with="b"),))
"""What somebody set in the console."""


def test_what_the_file_does_not_mention_stays() -> None:
    assert difference(wanted(), in_order(website=OTHERS), ours=()) == []
    assert difference(wanted(), in_order(acl=None, everybody_reads=True), ours=()) == []
    assert difference(wanted(), in_order(acl="public-read-write"), ours=()) == []
    grants = difference(wanted(), in_order(acl=None), ours=())
    assert [(step.kind, step.replaces) for step in grants] == [("grants", False)]
    index = difference(wanted(), in_order(website=replace(OTHERS, index="home.html")), ours=())
    assert [step.value for step in index] == [OTHERS], "the index document is the site's, the rest stays"


@pytest.mark.parametrize(("said", "field", "value"), [
    ("addressing", "auto_addressing", False), ("https", "redirect_https", True),
    ("status", "original_status_enabled", True), ("rules", "rules", ()), ("error", "error", "error.html"),
])
def test_what_it_mentions_is_set_and_asked_about_once(said: str, field: str, value: Any) -> None:
    steps = difference(wanted(said=(said,)), in_order(website=OTHERS), ours=())
    assert [getattr(step.value, field) for step in steps] == [value]
    assert replace(steps[0].value, **{field: getattr(OTHERS, field)}) == OTHERS, "nothing else changes"
    assert steps[0].replaces is (said != "https"), "http is what a bucket begins with"
    again = difference(wanted(said=(said,)), in_order(website=OTHERS), ours=(said,))
    assert [step.replaces for step in again] == [False], "it is the project's since the last deploy"
    old = difference(wanted(said=(said,)), in_order(website=OTHERS), ours=None)
    assert [step.replaces for step in old] == [False], "states of older versions remember nothing"


def test_what_it_mentioned_and_mentions_no_more_goes_back_to_the_default() -> None:
    steps = difference(wanted(), in_order(website=OTHERS), ours=("rules", "addressing"))
    assert [(step.value.rules, step.value.auto_addressing, step.value.error) for step in steps] == [
        ((), False, "oops.html")]


@pytest.mark.parametrize(("said", "here", "there"), [
    ("acl", {"acl": "private"}, {"acl": "public-read"}), ("acl", {}, {"acl": None}),
    ("acl", {}, {"acl": "public-read-write"}), ("cors", {"cors": (RULE,)}, {"cors": (RULE, RULE)}),
    ("tags", {"tags": {"a": "1"}}, {"tags": {"b": "1"}}), ("lifecycle", {"lifecycle": ()}, {"lifecycle": (DAYS,)}),
    ("policy", {"policy": {"version": "2.0", "statement": []}}, {"policy": {"version": "2.0", "statement": [{
        "effect": "deny"}]}}),
])
def test_others_lists_and_grants_are_asked_about_too(said: str, here: dict[str, Any], there: dict[str, Any]) -> None:
    steps = difference(wanted(said=(said,), **here), in_order(**there), ours=())
    assert [(step.kind, step.replaces) for step in steps] == [(said, True)]
    assert [step.replaces for step in difference(wanted(said=(said,), **here), in_order(**there), ours=(said,))] == [
        False]
    empty: dict[str, Any] = {"acl": "private"} if said == "acl" else {said: {} if said in ("tags", "policy") else ()}
    assert not any(step.replaces for step in difference(wanted(said=(said,), **here), in_order(**empty), ours=()))
