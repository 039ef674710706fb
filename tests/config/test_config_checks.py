"""`checks` of serverless.yml: sizes, short forms, mistakes with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.config.project import Checks
from tests.config.loading import load, only, place, problems


def text(checks: str) -> str:
    return f"component: website\nname: s\ninputs:\n  src: ./\n  {checks}\n"


@pytest.mark.parametrize(("written", "size"), [
    ("2 MB", 2_000_000), ("2MB", 2_000_000), ("300 kB", 300_000), ("300 KB", 300_000), ("300k", 300_000),
    ("1.5 MiB", 1_572_864), ("1 GB", 10**9), ("512", 512), ("512 B", 512), ("'0.5 mb'", 500_000), ("64 KiB", 65_536)])
def test_sizes(tmp_path: Path, written: str, size: int) -> None:
    checks = load(tmp_path, text(f"checks: {{size: {{page: {written}, total: {written}, '*.js': {written}}}}}")).checks
    assert checks is not None
    assert (checks.page, checks.total, checks.files) == (size, size, {"*.js": size})
    assert str(checks.places["total"]).startswith(f"{tmp_path / 'serverless.yml'}:5:")


@pytest.mark.parametrize(("written", "expected"), [
    ("checks: fail", Checks("fail")), ("checks: warn", Checks("warn")), ("checks: true", Checks()),
    ("checks: {}", Checks()), ("checks: {mode: fail}", Checks("fail")), ("checks: {ignore: /a/*}",
    Checks(ignore=("/a/*",))),
    ("checks: {skip: [anchor, gone]}", Checks(skip=frozenset({"anchor", "gone"}))), ("checks: false", None),
    ("checks:", None), ("protocol: https", None), ("checks: {size: {}}", Checks())])
def test_forms(tmp_path: Path, written: str, expected: Checks | None) -> None:
    assert load(tmp_path, text(written)).checks == expected


def test_the_command_line_lets_one_deploy_pass(tmp_path: Path) -> None:
    written = text("checks: {mode: fail, skip: [gone]}")
    assert load(tmp_path, written, inputs=["checks=warn"]).checks == Checks("warn")
    assert load(tmp_path, written, inputs=["checks.mode=warn"]).checks == Checks("warn", skip=frozenset({"gone"}))


@pytest.mark.parametrize(("written", "column", "words"), [
    ("checks: maybe", 11, "expected warn or fail"), ("checks: {mode: stop}", 18, "expected warn or fail"),
    ("checks: {size: 3 MB}", 18, "expected a map"), ("checks: {size: {page: big}}", 25, "expected a size"),
    ("checks: {size: {page: 0}}", 25, "more than nothing"), ("checks: {size: {page: -1 MB}}", 25, "expected a size"),
    ("checks: {size: {page: 2 TB}}", 25, "expected a size"), ("checks: {skip: [links]}", 19, "expected link, image"),
    ("checks: {modes: fail}", 12, "modes"), ("checks: [link]", 11, "checks"), ("checks: {ignore: ['']}", 21, "empty"),
    ("checks: {size: {page: true}}", 25, "expected a size")])
def test_mistakes(tmp_path: Path, written: str, column: int, words: str) -> None:
    problem = only(problems(tmp_path, text(written)))
    assert words in problem.message and place(problem) == (5, column)
