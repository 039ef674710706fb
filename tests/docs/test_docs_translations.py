"""A page in Chinese says what the English one says: the same headings, commands, settings, names and links."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
CHINESE = sorted((DOCS / "zh").glob("*.md"))
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def parts(page: str) -> tuple[list[str], list[tuple[str, list[str]]], Counter[str], Counter[str]]:
    """Levels of headings; blocks of commands and settings without remarks; inline code; targets of links."""
    blocks = [(language, [line for each in text.splitlines() if (line := each.partition(" #")[0].strip())])
              for _, language, text in FENCE.findall(page) if language != "markdown"]
    rest = FENCE.sub("", page)
    headings = re.findall(r"^(#+) ", rest, re.MULTILINE)
    code = Counter(re.findall(r"(?<!`)`([^`]+)`(?!`)", " ".join(rest.split())))
    links = Counter(target.partition("#")[0].split("/")[-1] for target in re.findall(r"\]\(([^()\s]+)\)", rest))
    return headings, blocks, code, links


def differences(english: str, chinese: str, name: str) -> list[str]:
    one, two = parts(english), parts(chinese)
    found = []
    if one[0] != two[0]:
        found.append(f"headings: {len(one[0])} and {len(two[0])}: {one[0]} {two[0]}")
    for theirs, ours in zip(one[1], two[1], strict=False):
        if theirs != ours:
            found.append(f"block: {theirs} and {ours}")
    if len(one[1]) != len(two[1]):
        found.append(f"{len(one[1])} blocks and {len(two[1])}")
    other = {name}  # a page links to its translation, and may name further pages that are translated
    found += [f"code only in English: {each}" for each in sorted(one[2].keys() - two[2].keys())]
    found += [f"code only in Chinese: {each}" for each in sorted(two[2].keys() - one[2].keys())]
    found += [f"links only in English: {each}" for each in sorted(one[3].keys() - two[3].keys() - other)]
    return found


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_a_chinese_page_keeps_step(page: Path) -> None:
    english = (DOCS / page.name).read_text(encoding="utf-8")
    chinese = page.read_text(encoding="utf-8")
    assert f"](../{page.name})" in chinese, "it links to the English page"
    assert f"](zh/{page.name})" in english, "and is linked there"
    assert not differences(english, chinese, page.name)


@pytest.mark.parametrize(("chinese", "fault"), [
    ("# 一\n\n```sh\nsitepub plan\n```\n\n`x` [a](b.md)\n", "headings"),
    ("# 一\n\n## 二\n\n```sh\nsitepub deploy\n```\n\n`x` [a](b.md)\n", "block"),
    ("# 一\n\n## 二\n\n`x` [a](b.md)\n", "1 blocks and 0"),
    ("# 一\n\n## 二\n\n```sh\nsitepub plan\n```\n\n`y` [a](b.md)\n", "code only in English: x"),
    ("# 一\n\n## 二\n\n```sh\nsitepub plan\n```\n\n`x`\n", "links only in English: b.md"),
])
def test_what_is_missing_is_found(chinese: str, fault: str) -> None:
    english = "# One\n\n## Two\n\n```sh\nsitepub plan   # why\n```\n\n`x` [a](b.md)\n"
    assert any(fault in each for each in differences(english, chinese, "p.md"))
    same = "# 一\n\n## 二\n\n```sh\nsitepub plan   # 为什么\n```\n\n`x` [甲](../b.md)\n"
    assert not differences(english, same, "p.md")


def test_the_website_lists_every_page() -> None:
    config = (DOCS / ".vitepress" / "config.mjs").read_text(encoding="utf-8")
    pages = [page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")
             if "node_modules" not in page.parts]
    assert len(pages) > 10
    assert [page for page in pages if f", '{page}')" not in config] == []
