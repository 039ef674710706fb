"""``inputs.preview``: the host of each preview, and how long it lives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sitepub.cli.options import Run
from sitepub.cli.previews.option import in_preview
from sitepub.config.load import load_project
from sitepub.config.previews import PreviewOf
from sitepub.config.project import Project
from sitepub.errors import ConfigError, UsageError
from sitepub.publish.previews.names import preview_of
from tests.terminal.screen import Screen

DAY = 86400


def load(folder: Path, inputs: tuple[str, ...] = (), **preview: Any) -> Project:
    file = folder / "serverless.yml"
    file.write_text(json.dumps({"component": "website", "name": "shop", "inputs": {
        "src": "./public", "hosts": [{"host": "www.example.com"}], "preview": preview}}), encoding="utf-8")
    return load_project(file, inputs=inputs, environ={})


def with_slots(folder: Path, slots: object = 2, **preview: Any) -> Project:
    file = folder / "serverless.yml"
    file.write_text(json.dumps({"component": "website", "name": "shop", "inputs": {
        "src": "./public", "hosts": [{"host": "www.example.com", "edge": "edgeone"}], "preview": preview,
        "releases": {"slots": slots}}}), encoding="utf-8")
    return load_project(file, environ={})


def mistakes(folder: Path, **preview: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, **preview)
    assert all(one.position is not None and one.position.line for one in caught.value.problems)
    return "\n".join(f"{one.message} {one.hint}" for one in caught.value.problems)


@pytest.mark.parametrize(("pattern", "host"), [
    ("${preview}.preview.example.com", "new.preview.example.com"), ("pr-${preview}.example.com", "pr-new.example.com"),
    ("$${preview}.example.com", "new.example.com"), ("a.${preview}.b.example.com", "a.new.b.example.com"),
    ("${preview}-${stage}.例子.cn", "new-dev.xn--fsqu00a.cn"), ("${Preview, 'x'}.${preview}.com", None),
    ("${preview}.EXAMPLE.com.", "new.example.com")])
def test_each_preview_has_a_host_of_its_own(tmp_path: Path, pattern: str, host: str | None) -> None:
    if host is None:
        assert "unknown variable" in mistakes(tmp_path, host=pattern)
        return
    project = load(tmp_path, host=pattern)
    [found] = preview_of(project, PreviewOf("new", DAY)).hosts
    assert found.host == host and found.auto_certificate and found.edge == "cdn"
    assert [one.host for one in project.hosts] == ["www.example.com"]


@pytest.mark.parametrize(("pattern", "said"), [
    ("preview.example.com", "expected `${preview}` once"), ("${preview}.${preview}.com", "expected `${preview}` once"),
    ("${preview}", "full domain name"), ("example.${preview}", "before its last part"),
    ("https://${preview}.example.com", "bare host name"), ("${preview}.example.com/a", "without a path"),
    ("*.${preview}.example.com", "wildcard"), ("-${preview}.example.com", "not a valid domain name"),
    (f"{'a' * 34}${{preview}}.example.com", "too long"), ("${preview}.ex ample.com", "not a valid domain name"),
    ("${env:NOT_SET}.${preview}.com", "is not set")])
def test_what_cannot_be_the_host_of_previews(tmp_path: Path, pattern: str, said: str) -> None:
    assert said in mistakes(tmp_path, host=pattern)


@pytest.mark.parametrize(("expires", "seconds"), [
    ("7 d", 7 * DAY), ("12h", DAY // 2), ("90 m", 5400), (3, 3 * DAY), ("2 weeks", 14 * DAY), ("30d", 30 * DAY)])
def test_how_long_a_preview_lives(tmp_path: Path, expires: object, seconds: int) -> None:
    assert load(tmp_path, expires=expires).previews.expires == seconds


@pytest.mark.parametrize(("expires", "said"), [
    ("31 d", "30 d at most"), ("0", "30 d at most"), ("5 weeks", "30 d at most"), ("soon", "a time like"),
    (True, "a time like"), ("-1 d", "a time like"), ("1 y", "a time like"), ([], "a time like")])
def test_what_is_no_such_time(tmp_path: Path, expires: object, said: str) -> None:
    assert said in mistakes(tmp_path, expires=expires)


def test_mistakes_are_reported_together_and_by_name(tmp_path: Path) -> None:
    said = mistakes(tmp_path, hots="${preview}.example.com", edge="cnd", https={"swich": "on"}, dns="manual")
    assert "Did you mean `host`?" in said and "Did you mean `cdn`?" in said and "Did you mean `switch`?" in said
    assert "inputs.preview.dns" in said
    assert "no effect with `edge: cos`" in mistakes(
        tmp_path, host="${preview}.a.com", edge="cos", https={"http2": "on"})
    assert "not both" in mistakes(tmp_path, https={"certInfo": {"certId": "a", "certificate": "b", "privateKey": "c"}})


def test_https_edge_and_dns_of_the_host(tmp_path: Path) -> None:
    host = load(tmp_path, host="${preview}.a.com", edge="edgeone", https="off", dns="off").previews.host
    assert host is not None and (host.edge, host.dns, host.auto_certificate) == ("edgeone", "off", False)
    assert host.https == {"switch": "off"} and not host.area_written
    host = load(tmp_path, host="${preview}.a.com", https={"certInfo": {"certId": "abc"}}, area="global").previews.host
    assert host is not None and host.https is not None and host.https["certInfo"]["certId"] == "abc"
    assert host.area_written and not host.auto_certificate


def test_it_may_come_from_the_command_line_and_stands_for_nothing_elsewhere(tmp_path: Path) -> None:
    project = load(tmp_path, inputs=("preview.host=${preview}.b.com",), host="${preview}.a.com")
    assert project.previews.host is not None and project.previews.host.host == "${preview}.b.com"
    file = tmp_path / "serverless.yml"
    file.write_text("component: website\nname: a\ninputs:\n  src: ./public\n  env: {HOST: '${preview}'}\n")
    with pytest.raises(ConfigError) as caught:
        load_project(file, environ={})
    assert "only in `inputs.preview.host`" in str(caught.value.problems[0].hint)


@pytest.mark.parametrize(("pattern", "wildcard"), [
    ("${preview}.preview.example.com", "*.preview.example.com"), ("${preview}.example.com", "*.example.com"),
    ("${preview}.例子.cn", "*.xn--fsqu00a.cn"), ("pr-${preview}.example.com", None),
    ("${preview}-x.example.com", None), ("a.${preview}.example.com", None)])
def test_with_slots_one_wildcard_domain_serves_all_previews(tmp_path: Path, pattern: str, wildcard: str | None) -> None:
    project = with_slots(tmp_path, host=pattern)
    host = project.previews.host
    assert host is not None and (host.edge, host.auto_certificate, project.previews.routed) == ("edgeone", True, True)
    found = [one.host for one in project.every_host]
    assert found == ["www.example.com", *([wildcard] if wildcard else [])]
    assert [one.host for one in preview_of(project, PreviewOf("new", DAY)).every_host] == [
        pattern.replace("${preview}", "new").replace("例子", "xn--fsqu00a")]


@pytest.mark.parametrize(("slots", "preview"), [
    (1, {"host": "${preview}.a.com"}), (2, {"host": "${preview}.a.com", "edge": "cdn"}), (2, {"expires": "2 d"}),
    (2, {"host": "${preview}.a.com", "edge": "cos"}), (1, {"host": "${preview}.a.com", "edge": "edgeone"})])
def test_every_other_preview_has_a_bucket_of_its_own(tmp_path: Path, slots: int, preview: dict[str, Any]) -> None:
    project = with_slots(tmp_path, slots, **preview)
    assert not project.previews.routed and project.previews.wildcard is None
    assert [one.host for one in project.every_host] == ["www.example.com"]


def test_settings_that_only_the_cdn_has_are_reported_also_where_slots_choose_the_edge(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        with_slots(tmp_path, host="${preview}.a.com", https={"http2": "on"})
    [problem] = caught.value.problems
    assert "no effect with `edge: edgeone`" in problem.message and problem.position is not None


def test_a_preview_never_takes_a_host_of_the_site(tmp_path: Path) -> None:
    project = with_slots(tmp_path, host="${preview}.example.com")
    with pytest.raises(UsageError, match=r"would have the host www\.example\.com, which is the site's"):
        preview_of(project, PreviewOf("www", DAY))
    assert preview_of(project, PreviewOf("www2", DAY)).hosts[0].host == "www2.example.com"


@pytest.mark.parametrize(("asked", "called"), [
    ("草稿", True), ("Новый вид", True), ("new look", True), ("feature/a", True), ("x" * 60, True), ("café", True),
    ("new-look", False), ("New-Look", False), ("a1", False)])
def test_a_preview_that_cannot_be_called_so_says_how_it_is_called(tmp_path: Path, asked: str, called: bool) -> None:
    project = load(tmp_path)
    screen = Screen()
    run = Run(terminal=screen, folder=tmp_path, environ={})
    made = in_preview(run, project, asked, None)
    assert made.preview is not None
    assert (f"is called {made.preview.name}" in screen.noted) is called
