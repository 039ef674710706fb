"""Projects in the shapes that their tools' own generators give them are recognised, and others are not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sitepub.site.detect.frameworks import Framework, detect
from tests.site.framework_more_shapes import MORE_SHAPES
from tests.site.framework_shapes import BUILD, SHAPES, package

EVERY = [*SHAPES, *MORE_SHAPES]


def make(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def found(folder: Path, files: Mapping[str, str]) -> Framework:
    framework = detect(make(folder, files))
    assert framework is not None
    return framework


@pytest.mark.parametrize(
    ("files", "wanted"), [shape[1:] for shape in EVERY], ids=[shape[0] for shape in EVERY]
)
def test_it_is_recognised_with_what_it_makes(
    tmp_path: Path, files: dict[str, str], wanted: dict[str, Any]
) -> None:
    framework = found(tmp_path / "project", files)
    assert {name: getattr(framework, name) for name in wanted} == wanted
    assert framework.why
    assert (framework.hook is None) == (framework.dist is None)
    assert not framework.spa or framework.error.endswith(".html")


NO_SITES: dict[str, dict[str, str]] = {
    "an empty folder": {},
    "a library": {"package.json": package("lodash", scripts=BUILD), "src/index.js": ""},
    "a Python package": {"pyproject.toml": "", "src/x/__init__.py": ""},
    "a config.yaml of something else": {"config.yaml": "a: 1\n"},
    "a _config.yml of something else": {"_config.yml": "a: 1\n"},
    "a list as package.json": {"package.json": "[]"},
    "package.json with sections that are no maps": {"package.json": '{"dependencies": [], "scripts": 1}'},
}


@pytest.mark.parametrize("files", NO_SITES.values(), ids=NO_SITES)
def test_what_is_no_site_is_not_taken_for_one(tmp_path: Path, files: dict[str, str]) -> None:
    assert detect(make(tmp_path, files)) is None


ADVICE: dict[str, tuple[dict[str, str], str]] = {
    "a blog below a folder": (
        {"package.json": package("hexo"), "_config.yml": "root: /blog/\n"},
        "keyPrefix: blog",
    ),
    "next without export": (
        {"package.json": package("next"), "next.config.js": "module.exports = {}"},
        "output: 'export'",
    ),
    "docusaurus without trailingSlash": ({"docusaurus.config.js": "export default {}"}, "trailingSlash"),
    "a computed folder": (
        {
            "package.json": package("vite"),
            "vite.config.js": "export default { build: { outDir: process.env.OUT } }",
        },
        "vite.config.js computes build.outDir",
    ),
    "a folder elsewhere": ({"hugo.toml": "publishDir = '../public'"}, "outside of this folder"),
    "sveltekit for a server": (
        {"package.json": package("@sveltejs/kit", "@sveltejs/adapter-node")},
        "@sveltejs/adapter-static",
    ),
    "astro on a server": (
        {"package.json": package("astro"), "astro.config.mjs": "export default {output: 'server'}"},
        "output: 'static'",
    ),
    "a folder with other things in it": ({"index.html": "", "notes.txt": ""}, "src.exclude"),
}


@pytest.mark.parametrize(("files", "words"), ADVICE.values(), ids=ADVICE)
def test_what_the_user_has_to_change_is_said(tmp_path: Path, files: dict[str, str], words: str) -> None:
    assert any(words in sentence for sentence in found(tmp_path, files).advice)


@pytest.mark.parametrize("folder", ["..", ".", "/", "../x", "C:/x", "a\\x00b", "a\nb", "~"])
def test_a_strange_output_folder_is_no_reason_to_fail(tmp_path: Path, folder: str) -> None:
    text = repr(folder)
    config = f"export default {{ build: {{ outDir: {text} }}, dir: {{ input: {text}, output: {text} }} }}"
    for tool, name in (("vite", "vite.config.js"), ("@11ty/eleventy", "eleventy.config.js")):
        framework = found(tmp_path / tool, {"package.json": package(tool), name: config})
        assert framework.dist is not None
        assert framework.dist.isprintable()
        assert not framework.dist.startswith(("/", "..", "C:"))
