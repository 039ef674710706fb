"""--inputs a.b=value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.document import Node, Place, Text, data_of
from sitepub.config.inputs import apply_inputs, input_value
from tests.config.loading import load, only, problems, site

HERE = Place(Text("--inputs", "", whole=True))


@pytest.mark.parametrize(("raw", "value"), [
    ("true", True), ("false", False), ("null", None), ("12", 12), ("-3", -3), ("0", 0), ("1.5", 1.5),
    ("007", "007"), ("1.0", "1.0"), ("1.10", "1.10"), ("1e3", "1e3"), ("+1", "+1"), ("on", "on"), ("", ""),
    ("True", "True"), ('"12"', "12"), ('"a"b"', None), ("[1, \"a\"]", [1, "a"]),
    ('{"a": {"b": true}}', {"a": {"b": True}}),
    ("npm run build", "npm run build"), ("a=b", "a=b"), ("12345678901234567890", 12345678901234567890),
])
def test_values_are_json_or_text(raw: str, value: object) -> None:
    if raw == '"a"b"':
        with pytest.raises(ValueError, match="Extra data"):
            input_value(raw, HERE)
        return
    found = data_of(input_value(raw, HERE), written=False)
    assert found == value
    assert type(found) is type(value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=10),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                           max_size=3)))
def test_json_maps_and_lists_arrive_as_they_are(value: object) -> None:
    for shape in ([value], {"k": value}):
        assert data_of(input_value(json.dumps(shape), HERE), written=False) == shape


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).map(str.strip).filter(
    lambda t: t and t[0] not in "[{\"" and not any(c.isdigit() for c in t) and t not in ("true", "false",
                      "null")))
def test_other_text_arrives_as_it_is(text: str) -> None:
    assert input_value(text, HERE).value == text


def applied(before: object, *assignments: str) -> object:
    root = Node({"inputs": input_value(json.dumps(before), HERE)}, HERE)
    assert apply_inputs(root, assignments) == []
    data = data_of(root, written=False)
    assert isinstance(data, dict)
    return data["inputs"]


def test_paths_reach_into_maps_and_lists() -> None:
    assert applied({}, "a.b.c=1") == {"a": {"b": {"c": 1}}}
    assert applied({"a": {"b": 1, "c": 2}}, "a.b=x") == {"a": {"b": "x", "c": 2}}
    assert applied({"h": [{"host": "a", "area": "global"}]}, "h.0.host=b") == {"h": [{"host": "b",
                   "area": "global"}]}
    assert applied({"h": [1]}, "h.1=2", "h.2.x=3") == {"h": [1, 2, {"x": 3}]}
    assert applied({}, "env.a\\.b=1") == {"env": {"a.b": 1}}
    assert applied({"a": 1}, "a=null") == {"a": None}


def test_the_last_assignment_wins_and_order_counts() -> None:
    assert applied({}, "a=1", "a=2") == {"a": 2}
    assert applied({}, 'a={"x": 1}', "a.y=2") == {"a": {"x": 1, "y": 2}}


def test_the_short_form_of_src_grows_into_a_map(tmp_path: Path) -> None:
    project = load(tmp_path, site(), inputs=["src.index=home.html", "src.error=oops.html"])
    assert project.source.folder == tmp_path / "public"
    assert (project.website.index, project.website.error) == ("home.html", "oops.html")


def test_the_command_line_replaces_what_the_file_says_in_another_spelling(tmp_path: Path) -> None:
    assert load(tmp_path, site("bucket: one"), inputs=["bucketName=two"]).bucket_name == "two"
    assert load(tmp_path, site("bucketName: one"), inputs=["bucket=two"]).bucket_name == "two"
    old = 'component: "@serverless/tencent-website"\nname: a\ninputs:\n  code: {src: x}\n'
    assert load(tmp_path, old, inputs=["src.src=y"]).source.folder == tmp_path / "y"


def test_a_file_without_inputs_can_get_them_from_the_command_line(tmp_path: Path) -> None:
    project = load(tmp_path, "component: website\nname: a\n", inputs=["src=./x", "env.VERSION=007",
                   "env.N=7"])
    assert project.source.folder == tmp_path / "x"
    assert project.env == {"VERSION": "007", "N": 7}


def test_variables_work_in_values_of_the_command_line(tmp_path: Path) -> None:
    assert load(tmp_path, site(), inputs=["bucketName=b-${stage}"]).bucket_name == "b-dev"


def test_numbers_where_text_is_wanted_stay_as_they_were_written(tmp_path: Path) -> None:
    assert load(tmp_path, site(), inputs=["bucketName=123456"]).bucket_name == "123456"


@pytest.mark.parametrize(("assignment", "message"), [
    ("src", "expected key=value"),
    ("=x", "expected key=value"),
    ("a..b=x", "expected key=value"),
    ("hosts.5.host=x", "`hosts` is a list of 1: `5` is not an index in it"),
    ("hosts.first.host=x", "`first` is not an index in it"),
    ("region.x=y", "`region` is text, so there is no `x` in it"),
    ("tags=[1", "is not valid JSON"),
    ("protocol=ftp", "`inputs.protocol`: expected http or https, got `ftp`"),
    ("protocl=http", "unknown key `inputs.protocl`"),
    ("bucketName=${env:NOPE}", "`NOPE` is not set"),
])
def test_mistakes_name_the_assignment(tmp_path: Path, assignment: str, message: str) -> None:
    problem = only(problems(tmp_path, site("hosts: [{host: a.com}]\nregion: ap-beijing"),
                   inputs=[assignment]))
    assert message in problem.message
    assert problem.position is not None
    assert str(problem.position) == "--inputs"
    assert problem.position.text == assignment


def test_a_value_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    for depth in (100, 100_000):
        problem = only(problems(tmp_path, site(), inputs=["tags=" + "[" * depth + "]" * depth]))
        assert "nested too deeply" in problem.message


def test_a_secret_on_the_command_line_is_not_shown(tmp_path: Path) -> None:
    found = problems(tmp_path, site(), inputs=["https.certInfo.privateKey=[hunter2",
                     "https.privateKey=hunter2"])
    assert "hunter2" not in repr(found)
