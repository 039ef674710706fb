"""The comment at a request: at four forges, kept up to date, with whatever a repository is made of in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.ci.forge import Forge, ForgeError, forge_of, write_comment
from sitepub.ci.log_words import LogWords
from sitepub.ci.markdown import Ran, SiteRun, code, comment, marker, summary, text
from sitepub.cli.commands.ci import _bounded
from sitepub.config.repository.ci_run import CiRun, Request, ci_run
from sitepub.errors import Position, Problem
from tests.ci.forge import Comments, comment_server


@pytest.fixture(scope="module")
def server() -> Iterator[Comments]:
    with comment_server() as comments:
        yield comments


def _environ(system: str, server: Comments) -> dict[str, str]:
    token, api = server.token, server.address
    return {
        "github": {"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "x", "GITHUB_REF": "refs/pull/7/merge",
                   "GITHUB_REPOSITORY": "team/github", "GITHUB_TOKEN": token, "GITHUB_API_URL": api},
        "gitlab": {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "42",
                   "GITLAB_TOKEN": token, "CI_API_V4_URL": api},
        "cnb": {"CNB": "true", "CNB_EVENT": "pull_request", "CNB_PULL_REQUEST_IID": "7", "CNB_REPO_SLUG": "team/cnb",
                "CNB_TOKEN": token, "CNB_API_ENDPOINT": api},
        "gitee": {"GITEE_PIPELINE_NAME": "x", "GITEE_PULL_ID": "7", "GITEE_REPO": "team/gitee", "GITEE_TOKEN": token,
                  "GITEE_API_URL": api},
    }[system]


def _forge(environ: Mapping[str, str]) -> Forge:
    run = ci_run(environ)
    assert run is not None
    forge = forge_of(run, environ)
    assert isinstance(forge, Forge), forge
    return forge


@pytest.mark.parametrize(("system", "repository"), [
    ("github", "team/github"), ("gitlab", "42"), ("cnb", "team/cnb"), ("gitee", "team/gitee")])
def test_one_comment_is_kept_up_to_date(server: Comments, system: str, repository: str) -> None:
    forge = _forge(_environ(system, server))
    others = [{"id": number, "body": "<!-- another --> x"} for number in range(150)]  # more than one page
    server.lists[repository, "7"] = list(others)
    assert write_comment(forge, "<!-- a -->", "<!-- a -->\nfirst\n") == "created"
    assert write_comment(forge, "<!-- b -->", "<!-- b -->\nother site\n") == "created"
    assert write_comment(forge, "<!-- a -->", "<!-- a -->\nsecond\n") == "updated"
    before = len(server.asked)
    assert write_comment(forge, "<!-- a -->", "<!-- a -->\nsecond\n") == "updated"
    assert {method for method, _path in server.asked[before:]} == {"GET"}, "nothing new, nothing written"
    assert server.bodies(repository, "7")[150:] == ["<!-- a -->\nsecond\n", "<!-- b -->\nother site\n"]


@pytest.mark.parametrize(("system", "words"), [
    ("github", "403 to GET (the token may not write comments)"), ("gitlab", "403"), ("cnb", "403"), ("gitee", "403")])
def test_a_token_that_may_not_is_said(server: Comments, system: str, words: str) -> None:
    environ = {name: "wrong" if value == server.token else value for name, value in _environ(system, server).items()}
    with pytest.raises(ForgeError) as refused:
        write_comment(_forge(environ), "<!-- a -->", "x")
    assert words in str(refused.value) and "wrong" not in str(refused.value)


@pytest.mark.parametrize("system", ["github", "gitlab", "cnb", "gitee"])
def test_without_a_token_the_reason_is_said(server: Comments, system: str) -> None:
    environ = {name: value for name, value in _environ(system, server).items() if value != server.token}
    run = ci_run(environ)
    assert run is not None and "TOKEN" in str(forge_of(run, environ))
    assert run.request is not None
    fork = replace(run, request=replace(run.request, foreign=True))
    assert "this run is for a fork, which gets no secrets" in str(forge_of(fork, environ))
    assert isinstance(forge_of(fork, _environ(system, server)), Forge), "one that has a token tries it"


def test_a_token_goes_over_tls_alone(server: Comments) -> None:
    forge = _forge({**_environ("github", server), "GITHUB_API_URL": "http://forge.example.com"})
    with pytest.raises(ForgeError, match="the token is not sent there"):
        write_comment(forge, "<!-- a -->", "x")


_RUN = CiRun("github", "https://example.com/run/1", "feature", None, "c0ffee" * 7, "octocat",
             Request("7", "feature", "main"))
_EVIL = ["a|b.html", "`code`.html", "``x", "<img src=x onerror=1>.html", "@everyone.html", "[x](http://evil.example)",
         "-->", "line\nbreak | x", "](x)", "x" * 500]


def test_the_comment_says_what_a_reviewer_wants_to_know() -> None:
    plan = {"status": "planned", "changes": {"uploaded": 3, "copied": 0, "headers": 0, "deleted": 1, "unchanged": 120},
            "bytes": 12000, "settings": [{"summary": "tags: a=b"}], "steps": [
                {"action": "upload", "key": f"new{number}.html", "reason": "new"} for number in range(7)]}
    check = {"kinds": {"broken link": 2}, "findings": [
        {"message": "no page about.html", "file": "public/index.html", "line": 3}]}
    preview = {"status": "ok", "url": "https://pr-7.example.com", "release": "20261120T213000Z-ab12cd",
               "changes": {"uploaded": 1, "unchanged": 2}}
    said = comment(SiteRun("", "app", "blog", "prod", (Ran("plan", 0, plan), Ran("check", 0, check),
                                                       Ran("preview", 0, preview))), _RUN)
    assert said.startswith("<!-- sitepub: app/blog/ -->\n")
    for words in ("| Stage | `prod` (of `main`) |", "3 files uploaded (12 kB), 1 file deleted, 1 bucket setting",
                  "120 unchanged", "`new0.html`", "and 2 more", "| Check | 2 × broken link |",
                  "`public/index.html:3`: no page", "| Preview | https://pr-7.example.com |",
                  "`20261120T213000Z-ab12cd`",
                  "[run](https://example.com/run/1)"):
        assert words in said, f"{words}\n{said}"


@pytest.mark.parametrize("count", [150, 100_000])
def test_a_comment_is_not_too_long(count: int) -> None:
    steps = [{"action": "upload", "key": f"{'x' * 300}{number}", "reason": "new"} for number in range(count)]
    ran = tuple(Ran("plan", 0, {"changes": {"uploaded": count}, "steps": steps}) for _ in range(4))
    said = comment(SiteRun("", "app", "blog", "prod", ran), _RUN)
    assert len(said) <= 60_000 and said.startswith("<!-- sitepub") and "[run](" in said


def test_the_output_for_other_steps_is_not_too_long() -> None:
    result = {"status": "planned", "steps": [{"key": "x" * 100}] * 10_000}
    text = _bounded({"sites": [{"commands": [{"command": "plan", "code": 0, "result": result}]}]})
    assert json.loads(text) == {"shortened": True, "sites": [{"commands": [
        {"command": "plan", "code": 0, "result": {"status": "planned", "steps": 10_000}}]}]}


@pytest.mark.parametrize("name", _EVIL)
def test_names_from_a_repository_stay_text(name: str) -> None:
    plan = {"changes": {"uploaded": 1}, "steps": [{"action": "upload", "key": name, "reason": "new"}]}
    site = SiteRun(name, "app", name, "prod", (Ran("plan", 1, {**plan, "error": {"message": name}}),), (name,))
    said = comment(site, _RUN)
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows), said
    assert marker(site).count("-->") == 1 and "\n" not in marker(site)
    assert text(name).count("@") == text(name).count("@\u200b") and "<img" not in text(name).replace("\\<", "")
    assert len(code(name)) < 300
    markdown = summary([site], _RUN)
    assert "[x](http" not in markdown.replace("`[x](http", "")


def test_annotations_have_the_place_below_the_repository(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "serverless.yml").write_text("x")
    words = LogWords("github", tmp_path, tmp_path / "site")
    problem = Problem("100% wrong\nreally", Position("serverless.yml", 3, 7), "do: it")
    assert words.annotation("error", problem) == (
        "::error file=site/serverless.yml,line=3,col=7::100%25 wrong%0Areally%0Ado: it")
    assert words.annotation("warning", Problem("x", Position("--inputs"))) == "::warning::x"
    assert words.annotation("warning", Problem("x", Position("/etc/passwd", 1))) == "::warning::x"
    assert LogWords("gitlab").annotation("error", problem) is None


def test_groups_and_masks_of_each_system() -> None:
    assert LogWords("github").group("hook") == "::group::hook"
    assert LogWords("github").mask("a\nb%") == ["::add-mask::a", "::add-mask::b%25"]
    assert LogWords("gitlab").group("The hook").endswith(":the_hook\r\x1b[0KThe hook")
    assert "section_end" in str(LogWords("gitlab").end_of_group("The hook"))
    assert (LogWords("jenkins").group("hook"), LogWords("jenkins").end_of_group("hook")) == ("--- hook", None)
    assert LogWords("cnb").mask("secret") == []
