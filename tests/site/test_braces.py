"""Braces in patterns, judged by bash."""

from __future__ import annotations

import random
import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.braces import MOST, BracesError, alternatives
from sitepub.site.globs import GlobError, Globs, globs


@pytest.mark.parametrize(("pattern", "meant"), [
    ("*.{map,md}", ["*.map", "*.md"]), ("a{,.min}.js", ["a.js", "a.min.js"]), ("{a,b}{1,2}", ["a1", "a2", "b1", "b2"]),
    ("{a,{b,c}d}", ["a", "bd", "cd"]), ("{1..3}", ["1", "2", "3"]), ("p{08..10}", ["p08", "p09", "p10"]),
    ("{c..a}", ["c", "b", "a"]), ("{3..1}", ["3", "2", "1"]), ("{a}", ["{a}"]), ("{}", ["{}"]),
    ("{{a,b}}", ["{a}", "{b}"]),
    ("{a,b", ["{a,b"]), ("a,b}", ["a,b}"]), ("{a,{b,c}", ["{a,b", "{a,c"]), (r"\{a,b\}", [r"\{a,b\}"]),
    (r"{a\,b,c}", [r"a\,b", "c"]), ("!{a,b}", ["!a", "!b"]), ("", [""]), ("{a..}", ["{a..}"]),
    ("中{文,国}", ["中文", "中国"]),
    ("{drafts,old}/**/*.{psd,ai}", ["drafts/**/*.psd", "drafts/**/*.ai", "old/**/*.psd", "old/**/*.ai"]),
])
def test_what_a_pattern_stands_for(pattern: str, meant: list[str]) -> None:
    assert alternatives(pattern) == meant


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is the judge")
def test_bash_expands_the_same() -> None:
    dice = random.Random(20260802)
    pieces = ["a", "b", ",", ",", "{", "{", "}", "}", "1..3", "x", r"\{", r"\,"]
    patterns = ["".join(dice.choices(pieces, k=dice.randint(1, 9))) for _ in range(3000)]
    # Of what is not closed or closed too often bash has rules of its own, also of
    # an empty word and of half a sequence.
    patterns = [each for each in patterns if balanced(each) and "{}" not in each
                and "1..3" not in each.replace("{1..3}", "")]
    script = "\n".join(f"printf '%s\\0' {each}; echo" for each in patterns)
    answer = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True).stdout
    for pattern, line in zip(patterns, answer.splitlines(), strict=True):
        ours = [each.replace("\\", "") for each in alternatives(pattern)]
        assert [each for each in ours if each] == [each for each in line.split("\0") if each], pattern
    assert len(patterns) > 200


def balanced(pattern: str) -> bool:
    depth = 0
    for char in pattern.replace(r"\{", "").replace(r"\,", ""):
        depth += (char == "{") - (char == "}")
        if depth < 0 or (char == "," and not depth):
            return False
    return depth == 0


@given(st.text("ab*{},.1\\/!", max_size=40))
def test_any_text_ends_in_patterns_or_in_a_refusal(text: str) -> None:
    try:
        assert 1 <= len(alternatives(text)) <= MOST
        globs(text)
    except ValueError as error:
        assert isinstance(error, (BracesError, GlobError))


@pytest.mark.parametrize("pattern", ["{a,b}" * 11, "{" * 2000 + "}" * 2000, "{a," * 1300, "{a,b" * 1000, "{1..9999}",
                                     "{" + ",".join("x" * 100 for _ in range(40)) + "}" * 3, "{,}" * 1300,
                                     "{" + "a" * 2000 + ",b}" + "{,}" * 9 + "c" * 2000])
def test_no_pattern_takes_long_or_much(pattern: str) -> None:
    started = time.process_time()
    try:
        Globs([pattern]).check("a/b/c")
    except GlobError as error:
        assert "braces" in str(error) or "longer" in str(error)
    assert time.process_time() - started < 2


def test_a_name_with_a_hash_in_front_is_no_comment_in_braces() -> None:
    assert "#b" in Globs(["{a,#b}"]) and "a" in Globs(["{a,#b}"]) and "#b" not in Globs(["#{b,c}"])
