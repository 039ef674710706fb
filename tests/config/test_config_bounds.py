"""Whatever a serverless.yml or a .env file holds: it is read or refused in time, with words of limited length."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sitepub.config.document import MAX_BYTES, MOST_PROBLEMS, Text
from sitepub.config.small_file import read_small
from sitepub.config.variables.dotenv import parse_lines, read_dotenv
from sitepub.config.variables.text import MAX_DEPTH, MAX_VARIABLES
from sitepub.errors import ConfigError, Problem
from tests.config.loading import load, only, place, problems, site

PATIENCE = 8.0
"""Seconds of computing time on a busy computer; each case takes less than two on a quiet one."""
NINES = "9" * 5000

HOSTILE = {
    "nested variables": site("bucketName: " + "${env:X, " * 500 + "x" + "}" * 500),
    "nested variables in quotes": site('bucketName: "' + "${env:X, '" * 500 + "x" + "'}" * 500 + '"'),
    "nested names of variables": site("bucketName: " + "${env:" * 5000 + "}" * 5000),
    "variables that are never closed": site("bucketName: " + "${env:" * 40_000),
    "very many variables": site("bucketName: " + "${name}" * 30_000),
    "very many wrong variables": site(
        "env:\n" + "".join(f"  A{number}: ${{env:B{number}}}\n" for number in range(8000))),
    "a long name of a variable": site("bucketName: ${env:" + "B" * 200_000 + "}"),
    "variables that grow": site(
        top="app: " + "${name}" * 900 + "\nstage: " + "${app}" * 900 + "\norg: " + "${stage}" * 900),
    "variables in a ring": site(top="app: ${stage}\nstage: ${org}\norg: ${app}"),
    "many laughs": "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + step)}: &{chr(98 + step)} [{', '.join(['*' + chr(97 + step)] * 9)}]\n" for step in range(9)
    ) + site(),
    "merged laughs": "x-0: &m0 {a: 1}\n" + "".join(
        f"x-{step}: &m{step}\n  <<: [{', '.join([f'*m{step - 1}'] * 9)}]\n" for step in range(1, 12)) + site(),
    "wide merges": "x-a: &a {" + ",".join(f"k{number}: 1" for number in range(9000)
    ) + "}\nx-b:\n" + "  - <<: *a\n" * 2000,
    "deep lists": site("x: " + "[" * 100_000), "deep maps": site("x: " + "{a: " * 50_000),
    "deep dashes": site("x:\n  " + "- " * 60_000), "deep questions": site("x:\n  " + "? " * 60_000),
    "JSON without end": '{"component":' * 15_000,
    "a number of 5,000 digits": site(f"env: {{A: {NINES}}}"),
    "a fraction of 5,000 digits": site(f"env: {{A: 1.{NINES}}}"),
    "an exponent": site("env: {A: 1e999999}"),
    "an exponent of 5,000 digits": site(f"env: {{A: 1e{NINES}}}"),
    "a long hexadecimal number": site("env: {A: 0x" + "F" * 250_000 + "}"),
    "octal": site("env: {A: 0o" + "7" * 9000 + "}"),
    "a huge key": site("k" * 250_000 + ": 1"), "a huge key with a question mark": site("? " + "k" * 250_000 + "\n: 1"),
    "many keys": site("".join(f"bucketNam{number}: 1\n" for number in range(12_000))),
    "long keys": site("".join(f"{'bucketName' * 90}{number}: 1\n" for number in range(200))),
    "an anchor": site("x: &" + "a" * 250_000 + " 1"), "a tag": site("x: !<" + "a" * 250_000 + "> 1"),
    "marks": "!" * 250_000, "stars": "*" * 250_000, "anchors": "&a " * 60_000, "tabs": site("\t" * 250_000),
    "tabs before a value": site("x:" + "\t" * 200_000 + "y"), "tabs on lines": site("x: [\n" + "\t\n" * 60_000 + "]"),
    "blanks": site(" " * 250_000 + "x"), "documents": "---\n" * 60_000, "comments": site("# x\n" * 60_000),
    "a folded text": site("x: y\n" + "  y\n" * 60_000), "colons": site("x: " + "a: " * 60_000),
    "a long list": site("x: [" + "a," * 100_000 + "]"),
    "a long name": "component: website\nname: " + "a-" * 120_000 + "!\n",
    "words like a secret": site("x" + "secret" * 40_000 + " \ny: ["), "a long line": site("a" * 250_000),
    "a long PEM": site("https: {certInfo: {certificate: " + "A=" * 120_000 + "}}\nhosts: [{host: a.example.com}]"),
    "a long host": site("hosts:\n  - host: " + "a." * 120_000 + "com"),
    "many redirects": site("redirectRules:\n" + "".join(
        f"  - {{keyPrefixEquals: a{number}, replaceKeyPrefixWith: b}}\n" for number in range(3000))),
    "a program in a tag": site("x: !!python/object/apply:os.system ['exit 1']"), "a BOM": "\ufeff" * 80_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_file_is_read_or_refused_in_time(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    found: list[Problem] = []
    try:
        load(tmp_path, text)
    except ConfigError as error:
        found = list(error.problems)
    assert time.process_time() - started < PATIENCE
    assert len(found) <= MOST_PROBLEMS + 1
    assert len(repr(found)) < 400_000
    for problem in found:
        assert problem.position is None or problem.position.file.endswith("serverless.yml")
        assert len(problem.message) < 5000


def nested(depth: int) -> str:
    return "${env:X, " * depth + "x" + "}" * depth


def test_variables_may_be_nested_up_to_a_limit(tmp_path: Path) -> None:
    assert load(tmp_path, site(f"bucketName: {nested(MAX_DEPTH)}")).bucket_name == "x"
    problem = only(problems(tmp_path, site(f"bucketName: {nested(MAX_DEPTH + 1)}")))
    assert f"nested more than {MAX_DEPTH} deep" in problem.message
    assert place(problem)[0] == 5


def test_a_text_may_hold_variables_up_to_a_limit(tmp_path: Path) -> None:
    problem = only(problems(tmp_path, site("env: {A: '" + "${name}" * (MAX_VARIABLES + 1) + "'}")))
    assert f"more than {MAX_VARIABLES:,} variables" in problem.message
    assert load(tmp_path, site("env: {A: '" + "${name}" * MAX_VARIABLES + "'}")).env == {"A": "site" * MAX_VARIABLES}


def test_what_variables_become_has_a_limit(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_text("A=" + "x" * 200_000)
    found = problems(tmp_path, site("env: {B: '${env:A}${env:A}'}"))
    assert "becomes longer than" in only(found).message


@pytest.mark.parametrize(("written", "said"), [
    ("1e999999", "too large"), ("-1e400", "too large"), (NINES, "too long"), ("0x" + "F" * 400, "too long"),
    ("!!float " + NINES, "too long"),
])
def test_numbers_have_a_limit_and_a_position(tmp_path: Path, written: str, said: str) -> None:
    problem = only(problems(tmp_path, site(f"env: {{A: {written}}}")))
    assert said in problem.message
    assert place(problem)[0] == 5


@pytest.mark.parametrize("written", [".inf", "-.inf", ".nan", "1e300", "0x" + "F" * 100, "9" * 40])
def test_a_time_that_no_clock_knows_is_refused(tmp_path: Path, written: str) -> None:
    text = f"component: website\nname: site\ninputs:\n  src: {{src: ./, hook: x, dist: d, timeout: {written}}}\n"
    assert "timeout" in only(problems(tmp_path, text)).message


def test_a_line_that_is_too_long_is_cut_and_its_column_stays(tmp_path: Path) -> None:
    problem = only(problems(tmp_path, site("env: {A: '" + "x" * 9000 + "', B: ${env:MISSING}}")))
    assert place(problem) == (5, 9020)
    assert problem.position is not None
    assert problem.position.text is None


@pytest.mark.parametrize("text", [
    "A=" + "x" * 200_000, "=\n" * 100_000, "A='\n" * 60_000, 'A="' + "\\" * 200_000, "export " * 30_000,
    "A = " * 60_000,
    "A: " * 60_000, "A=x #" * 50_000, "A=" + " \t" * 100_000 + "#", "`" * 200_000, "A" * 250_000, " " * 250_000 + "x",
], ids=lambda text: text[:12])
def test_any_env_file_is_read_in_time(text: str) -> None:
    started = time.process_time()
    _, found = parse_lines(Text(".env", text))
    assert time.process_time() - started < PATIENCE
    assert len(found) <= MOST_PROBLEMS


@pytest.mark.parametrize("name", ["serverless.yml", ".env", ".env.dev"])
@pytest.mark.parametrize(("kind", "said"), [
    ("pipe", "it is a named pipe"), ("device", "it is a device"), ("huge", f"it is longer than {MAX_BYTES:,} bytes"),
    ("system", "it is a file of the system's"), ("socket", "it is a socket")])
def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path, name: str, kind: str, said: str) -> None:
    load(tmp_path, site())
    file = tmp_path / name
    file.unlink(missing_ok=True)
    make(file, kind)
    if name == "serverless.yml":
        found = problems_of_file(tmp_path)
        if kind in {"pipe", "device", "socket"} and not found:
            return
    else:
        found = list(read_dotenv(tmp_path, "dev").problems)
    problem = only(found)
    assert said in problem.message
    assert problem.position is not None
    assert problem.position.file.endswith(name)


def problems_of_file(folder: Path) -> list[Problem]:
    from sitepub.config.load import load_project

    with pytest.raises(ConfigError) as raised:
        load_project(folder / "serverless.yml", environ={})
    return list(raised.value.problems)


def make(file: Path, kind: str) -> None:
    """Something that is no file, or one without end, under this name."""
    import socket

    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            here = Path.cwd()
            os.chdir(file.parent)  # the path of a socket is short
            try:
                listening.bind(file.name)
            finally:
                os.chdir(here)
    elif kind == "huge":
        with file.open("wb") as stream:
            stream.truncate(10**12)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to({"device": "/dev/zero", "system": "/proc/self/environ"}[kind])


def test_a_small_file_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert read_small(file, 100) == b"x" * 100
    with pytest.raises(OSError, match="longer than 99 bytes"):
        read_small(file, 99)
    link = tmp_path / "link"
    link.symlink_to(file)
    assert len(read_small(link)) == 100
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        read_small(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_small(tmp_path / "missing")
