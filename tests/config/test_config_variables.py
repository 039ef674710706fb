"""${…} in serverless.yml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.document import Node, Place, Text
from sitepub.config.variables.text import VariableError, escape, parse
from sitepub.config.variables.variables import Variables
from tests.config.loading import load, only, place, problems, site

text_values = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


def replaced(text: str, env: dict[str, str]) -> str:
    node = Node(text, Place(Text("serverless.yml", text)))
    found = Variables({}, env, [])
    found.replace_in(node)
    assert not found.problems
    assert isinstance(node.value, str)
    return node.value


@given(text_values)
def test_an_escaped_string_is_read_back_as_it_was(text: str) -> None:
    assert replaced(escape(text), {}) == text


@given(st.lists(st.tuples(text_values, text_values), max_size=5), text_values)
def test_values_stand_where_their_variables_stood(pairs: list[tuple[str, str]], tail: str) -> None:
    env = {f"V{i}": value for i, (_, value) in enumerate(pairs)}
    # a literal that ends in $ would make the escape $${ of what follows
    literals = [literal.rstrip("$") for literal, _ in pairs]
    text = "".join(escape(literal) + f"${{env:V{i}}}" for i, literal in enumerate(literals)) + escape(tail)
    expected = "".join(literal + value for literal, (_, value) in zip(literals, pairs, strict=True)) + tail
    assert replaced(text, env) == expected


@given(st.text("${}env:A,'\" x", max_size=30))
def test_any_string_is_parsed_or_refused_at_a_place_inside_it(text: str) -> None:
    try:
        parse(text)
    except VariableError as error:
        assert 0 <= error.start < len(text)


@pytest.mark.parametrize(("text", "value"), [
    ("${env:A}", "1"), ("x${env:A}y${env:B}z", "x1y2z"), ("${env:NO, 'd'}", "d"), ('${env:NO, "d e"}', "d e"),
    ("${env:NO,d}", "d"), ("${env:NO, }", ""), ("${env:NO, ''}", ""), ("${env:A, 'd'}", "1"),
    ("${ env:A }", "1"),
    ("${env:NO, '}'}", "}"), ("${env:NO, 'a,b'}", "a,b"), ("${env:${env:WHICH}}", "1"),
    ("${env:NO, ${env:A}}", "1"), ("${env:NO, '${env:A}-${env:B}'}", "1-2"),
    ("${env:NO, ${env:NO2, 'x'}}", "x"),
    ("$${env:A}", "${env:A}"), ("$$${env:A}", "$${env:A}"), ("$A {x} $", "$A {x} $"),
    ("${env:SIGN}", "${env:A}"),
])
def test_forms_of_a_variable(text: str, value: str) -> None:
    assert replaced(text, {"A": "1", "B": "2", "WHICH": "A", "SIGN": "${env:A}"}) == value


def test_the_names_of_the_top_level_and_their_defaults(tmp_path: Path) -> None:
    text = site("env: {N: '${name}', A: '${app}', S: '${stage}', O: '${org}', "
                "L: ['${name}', {k: '${stage}'}]}",
                top="org: acme")
    project = load(tmp_path, text)
    assert project.env == {"N": "site", "A": "site", "S": "dev", "O": "acme", "L": ["site", {"k": "dev"}]}
    project = load(tmp_path, text.replace("org: acme", "org: ${env:ORG}-x\napp: ${name}-app\nstage: prod"),
                   environ={"ORG": "o"})
    assert project.env["A"] == "site-app"
    assert project.env["O"] == "o-x"
    assert project.env["S"] == "prod"


def test_the_command_line_stage_is_what_stage_means(tmp_path: Path) -> None:
    project = load(tmp_path, site("bucketName: b-${stage}", top="stage: dev"), stage="prod")
    assert (project.stage, project.bucket_name) == ("prod", "b-prod")


def test_an_escaped_variable_reaches_the_hook(tmp_path: Path) -> None:
    text = "component: website\nname: $${env:X}\ninputs: {src: {hook: 'echo $${HOME}', dist: d}}\n"
    assert "letters" in only(problems(tmp_path, text)).message
    project = load(tmp_path, text.replace("$${env:X}", "site"))
    assert project.source.hook == "echo ${HOME}"


def test_values_from_the_environment_are_text_and_fit_where_a_number_or_boolean_is_wanted(
    tmp_path: Path) -> None:
    text = site("replace: ${env:YES}\nenv: {N: '${env:N}'}\nsrc: {src: x, timeout: '${env:N}'}").replace(
        "  src: ./public\n", "")
    project = load(tmp_path, text, environ={"YES": "true", "N": "012"})
    assert project.replace is True
    assert project.env == {"N": "012"}
    assert project.source.timeout == 12


@pytest.mark.parametrize(("value", "column", "message", "hint"), [
    ("${env:NOPE}", 15, "the environment variable `NOPE` is not set", "default"),
    ("x-${env:HOM}", 17, "`HOM` is not set", "`HOME`"),
    ("'x-${env:A}-${env:NOPE}'", 27, "`NOPE` is not set", "default"),
    ("${env:NOPE}-${env:NOPE2}", 15, "`NOPE` is not set", ""),
    ("a-${stge}", 17, "unknown variable `${stge}`", "`${stage}`"),
    ("${foo}", 15, "unknown variable `${foo}`", "$${foo}"),
    ("${HOME}", 15, "unknown variable `${HOME}`", "${env:HOME}"),
    ("${env.HOME}", 15, "unknown variable `${env.HOME}`", "${env:HOME}"),
    ("${output:prod:a:b.c}", 15, "unknown variable", "other projects"),
    ("${evn:HOME}", 15, "unknown variable", "${env:HOME}"),
    ("${org}", 15, "`org` is not set in this file", "org:"),
    ("a${env:A", 16, "never closed", "$${"),
    ("${env:A, 'x}", 15, "the quote of this default is never closed", ""),
    ("${env:A, 'x' y}", 15, "expected `}` after the default", ""),
    ("${}", 15, "unknown variable `${}`", "Known are"),
    ("${env:}", 15, "is not a name of an environment variable", ""),
])
def test_a_mistake_points_at_the_variable_itself(tmp_path: Path, value: str, column: int, message: str,
                                                 hint: str) -> None:
    found = problems(tmp_path, site(f"bucketName: {value}"), environ={"A": "1", "HOME": "/"})
    assert message in found[0].message
    assert place(found[0]) == (5, column)
    assert hint in (found[0].hint or "")
    assert len(found) == value.count("NOPE") or len(found) == 1


def test_the_place_is_found_in_folded_and_escaped_strings(tmp_path: Path) -> None:
    text = site('env:\n  A: "\\u4e2d ${env:A} ${env:NOPE}"\n  B: >\n    one\n    two ${env:A} ${env:NOPE}\n'
                "  C: 'it''s ${env:NOPE}'")
    assert [place(p) for p in problems(tmp_path, text, environ={"A": "1"})] == [(6, 25), (9, 20), (10, 15)]


def test_a_cycle_is_told_at_each_of_its_members_only(tmp_path: Path) -> None:
    text = "component: website\nname: a-${app}\napp: b-${stage}\nstage: c-${name}\ninputs:\n  src: x\n" \
           "  bucketName: ${name}\n"
    found = problems(tmp_path, text)
    assert [place(p) for p in found] == [(2, 9), (3, 8), (4, 10)]
    assert all("need each other" in p.message for p in found)
    assert "app → stage → name → app" in found[0].message


def test_a_name_that_needs_itself_is_a_cycle(tmp_path: Path) -> None:
    problem = only(problems(tmp_path, "component: website\nname: ${name}\ninputs: {src: x}\n"))
    assert "name → name" in problem.message


def test_a_broken_name_is_told_once_not_at_every_use(tmp_path: Path) -> None:
    text = ("component: website\nname: ${env:NOPE}\n"
            "inputs: {src: x, bucketName: 'a-${name}', env: {N: '${name}'}}\n")
    assert place(only(problems(tmp_path, text))) == (2, 7)


def test_no_value_from_the_environment_is_ever_shown(tmp_path: Path) -> None:
    text = site("region: ${env:KEY}\nbucketName: ${env:KEY}\nprotocol: ${env:KEY}\nreplace: ${env:KEY}\n"
                "hosts: [{host: '${env:KEY}', area: '${env:KEY}'}]\nheaders: {'*': {Expires: '${env:KEY}'}}\n"
                "acl: ${env:KEY}\ntags: '${env:KEY}'", top="stage: ${env:KEY}\norg: '${env:KEY}'")
    found = problems(tmp_path, text, environ={"KEY": "Hunter2 Hunter2\n"})
    assert len(found) >= 9
    assert "Hunter2" not in json.dumps([repr(p) for p in found])
