"""Keys that stand one level too high, or are called as other tools call them: the hint says where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.config.load import load_project
from sitepub.errors import ConfigError


@pytest.mark.parametrize(("inputs", "hint"), [
    ("redirectRules: [{keyPrefixEquals: docs/, redirect: {replaceKeyWith: a.html}}]",
     "`keyPrefixEquals` belongs under `inputs.redirectRules[0].condition`."),
    ("redirectRules: [{httpErrorCodeReturnedEquals: 404}]",
     "`httpErrorCodeReturnedEquals` belongs under `inputs.redirectRules[0].condition`."),
    ("redirectRules: [{condition: {keyPrefixEquals: docs/}, replaceKeyPrefixWith: d/}]",
     "`replaceKeyPrefixWith` belongs under `inputs.redirectRules[0].redirect`."),
    ("redirectRules: [{condition: {keyPrefix: docs/}, redirect: {replaceKeyWith: a.html}}]",
     "Did you mean `keyPrefixEquals`?"),
    ("redirectRules: [{keyPrefix: docs/}]",
     "Did you mean `keyPrefixEquals` under `inputs.redirectRules[0].condition`?"),
    ("redirectRules: [{condition: {keyPrefixEquals: a}, redirect: {keyPrefix: b}}]",
     "Did you mean `replaceKeyPrefixWith`?"),
    ("redirectRules: [{condition: {prefix: a/}, redirect: {replaceKeyWith: b}}]", "Did you mean `keyPrefixEquals`?"),
    ("redirectRules: [{condition: {httpErrorCode: 404}, redirect: {replaceKeyWith: b}}]",
     "Did you mean `httpErrorCodeReturnedEquals`?"),
    ("redirectRules: [{condition: {keyPrefixEquals: a}, redirect: {replaceKeyPrefix: b}}]",
     "Did you mean `replaceKeyPrefixWith`?"),
    ("lifecycle: [{id: a, prefix: logs/, expiration: {days: 1}}]",
     "`prefix` belongs under `inputs.lifecycle[0].filter`."),
    ("headers: [{for: '*.html', set: {Cache-Control: no-cache}}]", "Write `files: PATTERN`."),
    ("headers: [{glob: '*.html', set: {Cache-Control: no-cache}}]", "Write `files: PATTERN`."),
    ("headers: [{files: '*.html', headers: {Cache-Control: no-cache}}]", "Write `set: {Cache-Control: no-cache}`."),
    ("headers: [{files: '*.html', values: {Cache-Control: no-cache}}]", "Write `set: {Cache-Control: no-cache}`."),
])
def test_the_hint_says_where_a_key_belongs(tmp_path: Path, inputs: str, hint: str) -> None:
    assert hint in hints(tmp_path, f"component: website\nname: a\ninputs:\n  src: ./s\n  {inputs}\n")


def hints(folder: Path, text: str) -> list[str | None]:
    file = folder / "serverless.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_project(file, environ={})
    return [problem.hint for problem in caught.value.problems]


@pytest.mark.parametrize("inputs", ["src：./s", "src: ./s\n  env：x"])
def test_a_full_width_colon_is_no_colon(tmp_path: Path, inputs: str) -> None:
    found = hints(tmp_path, f"component: website\nname: a\ninputs:\n  {inputs}\n")
    assert any("a colon and a space" in (hint or "") for hint in found)
