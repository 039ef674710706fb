"""YAML 1.2 with positions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.document import Text, data_of, decode_text
from sitepub.config.yaml12 import MAX_NODES, Document, read_yaml
from sitepub.errors import Problem
from tests.config.loading import load, only, place, problems, site


def read(text: str) -> Document:
    return read_yaml(Text("serverless.yml", text))


def value_of(text: str) -> object:
    document = read(text)
    assert not document.problems
    assert document.root is not None
    return data_of(document.root, written=False)


@pytest.mark.parametrize(("written", "value"), [
    ("true", True), ("True", True), ("FALSE", False),
    ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"), ("tRue", "tRue"),
    ("0", 0), ("017", 17), ("0o17", 15), ("0x1F", 31), ("-12", -12), ("+3", 3), ("1_000", "1_000"),
    ("1:30", "1:30"), ("0b11", "0b11"), ("0o8", "0o8"), ("2024-01-02", "2024-01-02"),
    ("1.10", 1.1), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-2", -0.015), ("1e", "1e"), (".", "."),
    (".inf", math.inf), ("-.INF", -math.inf), ("~", None), ("null", None), ("Null", None), ("nUll", "nUll"),
    ("", None), ("'on'", "on"), ("'017'", "017"), ('"true"', "true"), ("!!str 12", "12"), ("!!int 12", 12),
    ("!!float 12", 12.0), ("=", "="), ("<<", "<<"),
])
def test_scalars_follow_the_core_schema(written: str, value: object) -> None:
    found = value_of(f"a: {written}\n")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_nan_is_a_number() -> None:
    found = value_of("a: .nan")
    assert isinstance(found, dict)
    assert math.isnan(found["a"])


@given(st.integers())
def test_a_whole_number_is_read_as_itself(number: int) -> None:
    assert value_of(f"a: {number}") == {"a": number}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_number_is_read_as_itself(number: float) -> None:
    assert value_of(f"a: {number!r}") == {"a": number}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x7f\ufeff\ufffe\uffff"
                            + "".join(map(chr, range(0x80, 0xA0)))), max_size=20),
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(st.text("abc xyz-_", min_size=1, max_size=8), children, max_size=4),
    max_leaves=12)


@given(json_values, st.sampled_from([None, 2, "\t"]))
def test_json_is_read_as_json(value: object, indent: int | str | None) -> None:
    for ascii_only in (True, False):
        assert value_of(json.dumps({"v": value}, indent=indent, ensure_ascii=ascii_only)) == {"v": value}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_position_inside_it(text: str) -> None:
    lines = [line for part in text.split("\r\n") for chunk in part.split("\n") for line in chunk.split("\r")]
    for problem in read(text).problems:
        assert problem.position is not None
        if problem.position.line is not None and problem.position.column is not None:
            assert 1 <= problem.position.line <= len(lines)
            assert 1 <= problem.position.column <= len(lines[problem.position.line - 1]) + 1


@given(st.lists(st.sampled_from(["a: 1", "- b", "  c: [x", "}", "&x y", "*x", "\tq: 1", "'", '"', "k: |",
       "  t",
                                 "? z", ": v", "<<: *x", "%T", "---", "...", "# c", "a: {b: 1,", "!t u"]),
                max_size=8))
def test_any_mixture_of_yaml_pieces_is_read_or_refused_with_a_position(pieces: list[str]) -> None:
    for problem in read("\n".join(pieces)).problems:
        assert problem.position is not None
        assert problem.position.line is None or 1 <= problem.position.line <= len(pieces)


@pytest.mark.parametrize(("text", "at", "message", "hint"), [
    ("a:\n\tb: 1\n", (2, 1), "a tab is used for indentation", "spaces"),
    ("a: *\n", (1, 4), "`*` begins an alias", "quotes"),
    ("a: b: c\n", (1, 5), "a second `: ` on one line", "quotes"),
    ("a: 'x\n\n", (1, 4), "this quote is never closed", ""),
    ("a: 1\nb\nc: 2\n", (2, 1), "expected `key: value`", "colon"),
    ("a: [1\nb: 2\n", (2, 2), "expected a comma or the end of the list", "bracket"),
    ("a: @x\n", (1, 4), "a value cannot begin with `@`", "quotes"),
    ("a: 1\n---\nb: 2\n", (2, 1), "a second document begins here", "---"),
    ("a: 1\na: 2\n", (2, 1), "`a` stands here twice; the first is at serverless.yml:1:1", "Keep one"),
    ("a: {b: 1, b: 2}\n", (1, 11), "`b` stands here twice", "Keep one"),
    ("a: &x [*x]\n", (1, 4), "an alias stands inside the value it names", ""),
    ("a: *x\n", (1, 4), "found undefined alias", ""),
    ("a: !env X\n", (1, 4), "the tag `!env` is not known", "!!str"),
    ("a: !!int x\n", (1, 4), "is no int", ""),
    ("a: x\x01y\n", (1, 5), "the character U+0001 is not allowed", ""),
    ("[a]: 1\n", (1, 1), "a key must be text", ""),
    ("? \n: 1\n", (1, 2), "a key is missing here", ""),
    ("a: {<<: 1}\n", (1, 9), "`<<` merges maps", ""),
    ('a: "\\ud800"\n', (1, 4), "half of a surrogate pair", ""),
])
def test_a_mistake_is_told_with_its_place(text: str, at: tuple[int, int], message: str, hint: str) -> None:
    problem = only(read(text).problems)
    assert message in problem.message
    assert place(problem) == at
    assert hint in (problem.hint or "")
    assert problem.position is not None
    assert problem.position.text == text.splitlines()[at[0] - 1]


def test_tabs_may_separate_but_not_indent() -> None:
    assert value_of("a:\tb\t# note\nc: d\t\n\t\ne: [1,\t2,\n\t3]\n") == {"a": "b", "c": "d", "e": [1, 2, 3]}


def test_line_breaks_of_every_system_give_the_same_positions() -> None:
    for line_break in ("\n", "\r\n", "\r"):
        problem = only(read(line_break.join(["# one", "a: 1", "b: 2", "a: 3", ""])).problems)
        assert place(problem) == (4, 1)
        assert problem.position is not None
        assert problem.position.text == "a: 3"


def test_anchors_and_merge_keys_work() -> None:
    text = ("base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\n"
            "one:\n  <<: *b\n  y: 5\ntwo:\n  <<: [*b, *o]\nthree: *b\n")
    found = value_of(text)
    assert isinstance(found, dict)
    assert found["one"] == {"x": 1, "y": 5}
    assert found["two"] == {"x": 1, "y": 2, "z": 4}
    assert found["three"] == {"x": 1, "y": 2}


def test_a_merged_key_is_a_plain_key_when_it_is_quoted() -> None:
    assert value_of("'<<': 1") == {"<<": 1}


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    problem = only(read("\n".join(lines)).problems)
    assert f"more than {MAX_NODES:,} values" in problem.message


def test_deep_nesting_is_refused() -> None:
    assert "nested more than" in only(read("[" * 500 + "]" * 500).problems).message
    assert "nested more than" in only(read("\n".join(" " * i + "a:" for i in range(500))).problems).message


@pytest.mark.parametrize(("data", "message", "hint"), [
    ("component: website".encode("utf-16"), "UTF-16", "UTF-8"),
    ("a: 1\nb: 中文\n".encode("gbk"), "the byte 0xD6 is not UTF-8", "not as GBK"),
    (b"x" * 1_000_001, "1,000,001 bytes", ""),
])
def test_a_file_that_is_not_utf8_is_refused_in_plain_words(data: bytes, message: str, hint: str) -> None:
    problem = decode_text("serverless.yml", data)
    assert isinstance(problem, Problem)
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_the_place_of_a_wrong_byte_is_told() -> None:
    problem = decode_text("serverless.yml", "a: 1\nb: 中文\n".encode("gbk"))
    assert isinstance(problem, Problem)
    assert place(problem) == (2, 4)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_bytes(b"\xef\xbb\xbf" + site().encode())
    assert load(tmp_path, "\ufeff" + site()).name == "site"


def test_an_empty_file_and_a_list_are_refused(tmp_path: Path) -> None:
    assert only(problems(tmp_path, "# nothing\n")).message == "is empty"
    assert "got a list" in only(problems(tmp_path, "- component: website\n")).message
    assert "got text" in only(problems(tmp_path, "website\n")).message


def test_a_json_file_is_read_by_the_same_reader(tmp_path: Path) -> None:
    text = '{\n\t"component": "website",\n\t"name": "a",\n\t"inputs": {"src": "./x", "replace": true}\n}\n'
    project = load(tmp_path, text, name="serverless.json")
    assert (project.name, project.replace) == ("a", True)
