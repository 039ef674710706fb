"""Settings in JavaScript and TypeScript files are read where they are literal, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.detect.js_config import UNREAD, js_value


@pytest.mark.parametrize(
    ("source", "path", "value"),
    [
        ("x = { outDir: 'a' }", ("outDir",), "a"),
        ('{ "outDir": "a" }', ("outDir",), "a"),
        ("{ // outDir: 'no'\n outDir: 'yes' /* outDir: 'no' */ }", ("outDir",), "yes"),
        ("{ url: 'http://x', outDir: 'a' }", ("outDir",), "a"),
        ("{ text: \"outDir: 'no'\", n: 1 }", ("outDir",), None),
        ("{ a: { outDir: 'inner' }, outDir: 'outer' }", ("outDir",), "outer"),
        ("{ build: { outDir: 'b' }, outDir: 'top' }", ("build", "outDir"), "b"),
        ("defineConfig(({ mode }) => ({ build: { outDir: `b` } }))", ("build", "outDir"), "b"),
        ("{ outDir: `${base}/b` }", ("outDir",), UNREAD),
        ("{ outDir: 'a' + b }", ("outDir",), UNREAD),
        ("[{ outDir: 'a' }, { outDir: 'b' }]", ("outDir",), UNREAD),
        ("{ ssr: false }", ("ssr",), False),
        ("{ output: 'export' as const, }", ("output",), "export"),
        ("{ myoutDir: 'a', x: y.outDir }", ("outDir",), None),
        ("{ build: { outDir: 'unclosed'", ("build", "outDir"), "unclosed"),
        ("{ /* unclosed outDir: 'a' }", ("outDir",), None),
        ("", ("build", "outDir"), None),
    ],
)
def test_javascript_settings_are_read_where_they_are_literal(
    source: str, path: tuple[str, ...], value: object
) -> None:
    assert js_value(source, *path) == value


PIECES = st.sampled_from(
    ["{", "}", "build", "outDir", ":",
     "'", '"', "`", "a", "//", "/*", "*/", "\\", "\n", ",", " ", "${", "true"])


@given(st.lists(PIECES).map("".join))
def test_no_file_is_too_broken_to_be_read(source: str) -> None:
    for value in (js_value(source, "outDir"), js_value(source, "build", "outDir")):
        assert value is None or isinstance(value, (str, bool)) or value is UNREAD
