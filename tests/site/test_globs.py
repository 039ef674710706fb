"""Patterns of files: what they match, judged by git and by pathspec, and that no pattern takes long."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pathspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.bucket_settings import HeaderRule
from sitepub.config.project import Dev
from sitepub.dev.sources import Sources
from sitepub.logs.filters import Filter
from sitepub.site.globs import LONGEST, MOST, Glob, GlobError, Globs, glob, whole_path
from sitepub.site.scan import scan
from sitepub.site.secret_files import Allowed
from tests.logs.test_logs_lines import VISIT
from tests.site.sample import project, write

SEGMENTS = st.text("ab*?", min_size=1, max_size=6) | st.sampled_from(["**", "*", "a", "b", "ab", "a*", "*b"])
PATTERNS = st.builds(lambda start, parts, end: start + "/".join(parts) + end,
                     st.sampled_from(["", "/"]), st.lists(SEGMENTS, min_size=1, max_size=4), st.sampled_from(["", "/"]))
PATHS = st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join)


def regex_of(pattern: str) -> Glob:
    found = glob(pattern)
    assert found is not None
    return found


def random_pattern(dice: random.Random) -> str:
    atoms = ["a", "b", "c", "*", "*", "?", "[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[!]a]", "[c-a]", "[[:alpha:]]",
             "[![:digit:]]", "[[:nonsense:]]", "[a", "[a-]", "[-a]", r"[\]a]", r"[\a-c]", "**", r"\a", r"\*", "-", "]",
             "1", "[[:digit:]a]", "[^a-b]", "[[a]"]
    segments = ["".join(dice.choices(atoms, k=dice.randint(1, 4))) if dice.random() < 0.75 else
                dice.choice(["**", "*", "***", "a", "b"]) for _ in range(dice.choice([1, 1, 2, 3, 4]))]
    return dice.choice(["", "", "/"]) + "/".join(segments) + dice.choice(["", "", "/"])


def random_path(dice: random.Random) -> str:
    return "/".join("".join(dice.choices("aabbc1-]*", k=dice.randint(1, 4))) for _ in range(dice.randint(1, 4)))


def test_git_matches_the_same_files(tmp_path: Path) -> None:
    dice = random.Random(20260714)
    cases = [(random_pattern(dice), [random_path(dice) for _ in range(8)]) for _ in range(1500)]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked: list[tuple[str, str, str]] = []
    for number, (pattern, paths) in enumerate(cases):
        folder = tmp_path / f"case{number}"
        folder.mkdir()
        folder.joinpath(".gitignore").write_text(pattern + "\n")
        asked += [(pattern, path, f"case{number}/{path}") for path in paths]
    answer = subprocess.run(["git", "check-ignore", "--no-index", "-z", "-v", "-n", "--stdin"], cwd=tmp_path,
                            input="".join(f"{full}\0" for *_, full in asked).encode(), capture_output=True, check=False)
    fields = answer.stdout.decode().split("\0")
    ignored = {fields[at + 3]: bool(fields[at]) for at in range(0, len(fields) - 3, 4)}
    differing = []
    for pattern, path, full in asked:
        found = glob(pattern)
        if (found is not None and found.match(path) > 0) is not ignored[full]:
            differing.append((pattern, path, ignored[full]))
    assert not differing
    assert 500 < sum(ignored.values()) < len(asked) - 500


@given(st.lists(st.tuples(st.booleans(), PATTERNS), min_size=1, max_size=4), PATHS, st.booleans())
def test_lists_match_as_pathspec_has_it(signed: list[tuple[bool, str]], path: str, folder: bool) -> None:
    lines = [("!" if negated else "") + pattern for negated, pattern in signed]
    # Points in which pathspec is not git: `***` as a whole name, `a/**/`, and a folder, which it asks for as `a/`:
    # there `*` matches the nothing after the slash, as for `git check-ignore a/`, and not where git walks a folder.
    last = [pattern.rpartition("/")[2] for _, pattern in signed]
    if any("***" in line or line.endswith("**/") for line in lines) or (folder and "*" in last):
        return
    path += "/" * folder
    assert Globs(lines).check(path) == pathspec.GitIgnoreSpec.from_lines(lines).check_file(path).include


@pytest.mark.parametrize(("pattern", "path", "how"), [
    ("*.map", "a/b/c.map", 2), ("/*.map", "a/c.map", 0), ("a/", "a", 0), ("a/", "a/b", 1), ("a/**", "a/b/c", 2),
    ("[z-a]", "z", 2), ("[z-a]", "b", 0), ("[[:upper:]]*", "Readme", 2), ("[!a]", "b", 2), ("a[!b]c", "a/c", 0),
    ("中*.html", "中文.html", 2),
    ("?", "中", 2), (r"\#a", "#a", 2), (r"\!a", "!a", 2), ("a ", "a", 2), (r"a\ ", "a ", 2), ("a\\/b", "a/b", 2),
    ("[&&~~||--]", "~", 2), ("[\\^a]", "^", 2), ("**/", "a/b", 1), ("a/**/", "a/b", 0), ("a/**/", "a/b/c", 1),
    ("a\nb", "a\nb", 2), ("(?i)A", "a", 0), ("a{1,3}", "aa", 0), ("$", "$", 2), ("a|b", "b", 0),
    ("a[/]b", "a/b", 0), ("a[/-9]b", "a/b", 0), ("a[/c]b", "acb", 2),
])
def test_what_a_pattern_matches(pattern: str, path: str, how: int) -> None:
    assert regex_of(pattern).match(path) == how


@pytest.mark.parametrize("pattern", ["", "   ", "# a comment", "/", "//", "[a", "a//b", "[[:nonsense:]]", "a[/b"])
def test_some_lines_match_nothing(pattern: str) -> None:
    assert glob(pattern) is None


@pytest.mark.parametrize("pattern", ["!", "a\\", "a" * (LONGEST + 1)])
def test_some_lines_are_no_pattern(pattern: str) -> None:
    with pytest.raises(GlobError):
        glob(pattern)


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(GlobError, match="5,000"):
        Globs(["a"] * (MOST + 1))


NAME, PATH = "a" * 255, "/".join(["a" * 20] * 190)
HOSTILE = [
    "*a*a*a*a*a*ab", "*" + "a*" * 120 + "b", "*?*?*?*?*?*?*b", "*[ab]*[ab]*[ab]*[ab]*[ab]*c", "**/a*/**/a*/**/a*/**/b",
    "**/" * 500 + "b", "**/*/**/*/**/*/**/*/**/b", "*/*/*/*/*/*/*/b", "**/a*a*a*a*/**/a*a*a*/**/a*a*a*b",
    "*" * 4000 + "b",
    "**/*a*/**/*a*/**/*a*/**/*a*/**/*b*/", "?" * 200 + "b", "a*" * 2000, "[" * 4000, "[[:" * 1000,
    "*[!b]*[!b]*[!b]*[!b]*b",
    "**a**a**a**a**a**b", "/**/*a*a*a*a*ab/**",
]


@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda pattern: pattern[:40])
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.process_time()
    Globs([pattern]).check(NAME)
    Globs([pattern]).check(PATH)
    whole_path(pattern).match("/" + PATH)
    whole_path(pattern).match("/" + NAME)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda pattern: pattern[:40])
def test_time_grows_no_faster_than_the_name(pattern: str) -> None:
    small, large = "a" * 4_000, "a" * 40_000
    match, whole = Globs([pattern]).check, whole_path(pattern).match

    def cost(name: str) -> float:
        times = []
        for _ in range(3):
            started = time.process_time()
            match(name)
            whole("/" + name)
            times.append(time.process_time() - started)
        return min(times)

    assert cost(large) < max(40 * cost(small), 0.05)


def by_hand(pattern: str) -> re.Pattern[str]:
    """The word for word translation, which backtracks."""
    if not pattern.startswith(("/", "**")):
        pattern = "**/" + pattern
    parts: list[str] = []
    while pattern:
        if pattern.startswith("**/") and (not parts or parts[-1].endswith("/")):
            parts.append("(?:.*/)?" if parts else "/?(?:.*/)?")
            pattern = pattern[3:]
        elif pattern.startswith("**"):
            parts.append(".*")
            pattern = pattern[2:]
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(pattern[0]) or re.escape(pattern[0]))
            pattern = pattern[1:]
    return re.compile("".join(parts), re.DOTALL)


@given(st.lists(st.sampled_from(["**", "**/", "*", "?", "/", "a", "b", "ab", "/a", "a/"]), min_size=1, max_size=8),
       PATHS)
def test_a_pattern_for_whole_paths_matches_what_its_translation_does(parts: list[str], path: str) -> None:
    pattern = "".join(parts)
    if "***" in pattern:
        return
    assert bool(whole_path(pattern).match("/" + path)) == bool(by_hand(pattern).fullmatch("/" + path))


def test_a_pattern_for_whole_paths_on_all_small_paths() -> None:
    paths = ["/" + "".join(each) for size in range(5) for each in itertools.product("ab/", repeat=size)]
    for pattern in ("**a*b", "/a**b", "**/a*/b", "a*b*", "/**/b", "b**/a", "**a/b*a", "a?**b"):
        regex, judge = whole_path(pattern), by_hand(pattern)
        assert [path for path in paths if regex.match(path)] == [path for path in paths if judge.fullmatch(path)]


def test_every_place_with_patterns_takes_them_in_time(tmp_path: Path) -> None:
    slow = "*a" * 30 + "*b"
    site = write(tmp_path, {"index.html": "hello", "a" * 200 + ".txt": "x", ".sitepubignore": f"{slow}\n!{slow}x\n"})
    trying = project(site, source={"exclude": (slow,), "include": (slow,), "allow_secrets": (slow,)},
                     headers=(HeaderRule(slow, {"Cache-Control": "no-store"}),), dev=Dev(ignore=(slow,)))
    started = time.process_time()
    assert len(scan(trying, site, environ={}).files) == 2
    assert not Allowed((slow,))("a" * 250)
    assert Sources(trying, trying.file).skips(site / ("a" * 250)) is False
    assert not Filter(paths=(slow,)).matches(replace(VISIT, path="/" + "a" * 8000))
    assert time.process_time() - started < 2
