"""What build tools say of their builds: recorded output of real tools, failed builds and good ones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sitepub.site.build.signs import Allowed, BuildOutput
from sitepub.terminal.messages import plain

RECORDED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "build_output.json").read_text(encoding="utf-8"))
"""Name → exit status, whether something of the site was missing or wrong, and the lines that matter (stack traces
left out). Hexo 8.1, Vite 4 to 8, webpack 5.113, Rspack 2, Rsbuild 2, Rollup, Parcel 2, esbuild, Eleventy 3.1, Astro,
VitePress 1.6, Nuxt 4, Docusaurus 3, Next.js 16, Hugo 0.168, Jekyll 4.3, MkDocs 1.6 with Material, Sphinx 9.0, Pelican,
Nikola, HonKit 6, gulp 5, Grunt 1.6, pnpm 12, Bun 1.4, Node.js 20, cargo 1.95, Java 17, Maven 3.8, Zensical."""
BY_STATUS_ALONE = {"astro-throw", "sphinx-W"}
"""Nothing in them says so but the exit status."""
BAD = [name for name, run in RECORDED.items() if run["failed"] and name not in BY_STATUS_ALONE]
GOOD = [name for name, run in RECORDED.items() if not run["failed"]]


def heard(lines: list[str], *allowed: str) -> BuildOutput:
    said = BuildOutput(Allowed(allowed))
    for line in lines:
        said.line(plain(line))
    return said


@pytest.mark.parametrize("name", BAD)
def test_a_build_that_failed_is_heard(name: str) -> None:
    said = heard(RECORDED[name]["lines"])
    assert said.count and said.headline
    assert said.lines[0].strip() == said.headline


@pytest.mark.parametrize("name", GOOD)
def test_a_build_that_went_well_is_not_stopped_whatever_it_warns_of(name: str) -> None:
    said = heard(RECORDED[name]["lines"])
    assert (said.headline, said.idle) == ("", name == "hexo-again")


@pytest.mark.parametrize(("name", "headline"), [
    ("node-syntax", "SyntaxError: Unexpected token ';' (/site/web/build.js:1)"),
    ("pnpm-module", "Error: Cannot find module 'nosuchmodule' (/site/web/build.js:1:11)"),
    ("pnpm-no-script", "Error: ERR_PNPM_NO_SCRIPT: Missing script: pages"),
    ("bun-throw", "error: page about.md has no title (/site/web/build.js:1:11)"),
    ("bun-build-resolve", 'error: Could not resolve: "./pages.js" (/site/web/build.js:1:8)'),
    ("cargo-compile", "error[E0425]: cannot find value `title` in this scope (src/main.rs:2:16)"),
    ("cargo-manifest", "error: unclosed table, expected `]` (Cargo.toml:5:14)"),
    ("javac-syntax", "Main.java:3: error: ';' expected"),
    ("java-memory", 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space (Main.java:5)'),
    ("hugo-config-syntax", 'Error: "/site/hugo/hugo.toml:1:9": unmarshal failed: toml: incomplete number'),
    ("node-memory", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")])
def test_the_headline_names_the_cause_and_its_place(name: str, headline: str) -> None:
    assert heard(RECORDED[name]["lines"]).headline == headline


@pytest.mark.parametrize(("lines", "headline"), [
    (["Traceback (most recent call last):", '  File "/site/build.py", line 3, in <module>', "    main()",
      '  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads', "    x",
      "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"],
     "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0) (/site/build.py:3)"),
    (["Traceback (most recent call last):", '  File "/site/build.py", line 1, in <module>',
      "    import nosuch", "ModuleNotFoundError: No module named 'nosuch'"],
     "ModuleNotFoundError: No module named 'nosuch' (/site/build.py:1)"),
    (["Traceback (most recent call last):"], "Traceback (most recent call last):"),
    (["", "Node.js v20.20.2"], "Node.js v20.20.2"),
    (["file:///site/a.mjs:2", "x", "^", "", "ReferenceError: x is not defined", "    at file:///site/a.mjs:2:1", "",
      "Node.js v22.1.0"], "ReferenceError: x is not defined (/site/a.mjs:2)"),
    (["TypeError: no", "    at f (/site/node_modules/a/b.js:1:2)", "    at Object.<anonymous> (/site/c.js:3:4)", "",
      "Node.js v22.1.0"], "TypeError: no (/site/c.js:3:4)")])
def test_the_cause_of_a_program_that_broke_down(lines: list[str], headline: str) -> None:
    said = heard(lines)
    assert (said.headline, said.lines[0]) == (headline, headline)


@pytest.mark.parametrize("dress", [
    lambda line: f"\x1b[0;31m{line}\x1b[0m", lambda line: "\x1b]8;;file:///x\x1b\\" + line + "\x1b]8;;\x1b\\",
    lambda line: f"[0] {line}", lambda line: f"[build] {line}", lambda line: f"[build:site] {line}",
    lambda line: f"packages/web build: {line}", lambda line: f"web:build: {line}", lambda line: f"{line}   \t",
    lambda line: f"2026-11-29T08:57:48.123Z {line}", lambda line: f"[08:57:48] {line}",
    lambda line: f"2026-11-29 08:57:48,123 [1] {line}",
], ids=["colours", "link", "number", "name", "script", "pnpm", "turbo", "blanks", "iso", "clock", "both"])
@pytest.mark.parametrize("name", [name for name in BAD if RECORDED[name]["status"] == 0])
def test_it_is_heard_among_others_in_colours_and_with_time_stamps(name: str, dress: Callable[[str], str]) -> None:
    assert heard([dress(line) for line in RECORDED[name]["lines"]]).count


@pytest.mark.parametrize("line", [
    "INFO  Generated: 2026/11/ERROR Process failed/index.html", "INFO  Deleted: ERROR Process failed: x",
    "[11ty] Writing ./_site/ERROR Process failed/index.html from ./ERROR Process failed.md (liquid)",
    "reading sources... [ 50%] ERROR Process failed: x", "dist/ERROR Process failed: x.html   0.07 kB",
    "notes.md:12: ERROR Process failed: _posts/x.md", '+ echo "ERROR Process failed: x"', "# ERROR Process failed: x",
    "0 errors", "Found 0 errors", "webpack 5.113.0 compiled with 0 errors in 5 ms and joy", "0 errors, 3 warnings",
    "webpack 5.113.0 compiled successfully in 153 ms", "webpack 5.113.0 compiled with 3 warnings in 275 ms",
    "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory.",
    "(node:123) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.", "ERROR", "FATAL", "Error: x",
    "ERROR Database load failed. Deleting database.", "ERROR Failed to stat file: /x/source/_posts/.#open.md",
    "WARN  No layout: index.html", "/x/index.rst:8: ERROR: Unknown directive type \"nosuch\".",
    '[vite:resolve] Module "path" has been externalized for browser compatibility, imported by "x.js".',
    "[vite:css] @import must precede all other statements", "(!) Unresolved dependencies", "[!] a note",
    "Liquid Warning: Liquid syntax error (line 2)", "build succeeded, 3 warnings.", "1 error", "failed: 0",
    "WARNING -  Doc file 'index.md' contains a link 'nope.md', but the target is not found.",
    "tests: 3 passed, 0 failed", "ERROR_PAGE=404.html", "Build failed", "Skipping ERROR: could not",
    "Failed to compile source maps, going on without", "CRITICAL CSS was inlined", "Unhandled rejection handler is set",
    "ERROR #1: none", "failed Building: 0", "'x' errored", "Fatal errors: 0", "Aborted",
    "error   build failed: see log", "Error reading the map of cities", "rspack compiled with 0 errors",
    "a.md: error during build:",
    "[11ty] Error pages: 404.html", "6 critical vulnerabilities", "Failed to compile with 0 errors", "Failed to Win",
])
def test_other_lines_are_no_failures(line: str) -> None:
    assert heard(["INFO  Start processing", line, "INFO  Files loaded in 166 ms"]).headline == ""


@pytest.mark.parametrize("lines", [
    [" ERROR #85923  GRAPHQL", "There was an error in your GraphQL query:"],
    ["failed Building static HTML for pages - 1.202s", " ERROR #95313  HTML.COMPILATION"],
    ["failed Building production JavaScript and CSS bundles - 2.3s"],
    ["[error] [nuxi] Nuxt build error: RollupError: Could not resolve"], ["error during build:", "Error: 404 /foo"],
    ["2024-01-01 00:00:00 [ERROR] (mdbook::utils): Error: Couldn't open SUMMARY.md in \"src\""],
    ["Building site...", "Error: Failed to build the site"],
    ["[10:00:00] 'build' errored after 12 ms"],
])
def test_failures_as_other_tools_print_them(lines: list[str]) -> None:
    """Gatsby, Nuxt 3, SvelteKit, mdBook, Zola and gulp, as their sources have it."""
    assert heard(lines).headline


GONE = [
    ["/bin/sh: 1: hexo: not found"], ["sh: hexo: not found"], ["bash: line 1: hugo: command not found"],
    ["sh: hugo: command not found"], ["zsh:1: command not found: jekyll"],
    ["bash: line 2: ./build.sh: No such file or directory"],
    ["'vite' is not recognized as an internal or external command,", "operable program or batch file."],
    ['npm error Missing script: "build"', "npm error", "npm error To see a list of scripts, run:"],
    ["npm ERR! code ELIFECYCLE", "npm ERR! errno 1"], ["error Command failed with exit code 1."],
    [" ELIFECYCLE  Command failed with exit code 1."], [" ERR_PNPM_NO_SCRIPT  Missing script: build"],
    ['error: script "build" exited with code 1'], ['error Command "build" not found.'],
    ["throw new Error('boom')", "", "Error: boom", "    at Object.<anonymous> (/b.js:1:7)", "", "Node.js v20.20.2"],
    ["Traceback (most recent call last):", '  File "b.py", line 1', "ValueError: 1"], ["Killed"],
    ["Segmentation fault (core dumped)"], ["bundler: command not found: jekyll"],
    ["panic: runtime error: index out of range"],
    ["thread 'main' panicked at src/main.rs:2:5:"], ['Exception in thread "main" java.lang.Error: x'],
]


@pytest.mark.parametrize("lines", GONE)
def test_a_program_that_is_not_there_or_broke_down_is_heard(lines: list[str]) -> None:
    assert heard(lines).headline
    assert heard(["copying files", *lines, "done with everything"]).headline
    assert heard(lines, *(f"{line.strip()[:3]}*" for line in lines)).headline == ""


@pytest.mark.parametrize("lines", GONE)
def test_what_was_built_well_after_it_counts(lines: list[str]) -> None:
    """``hexo g || npx hexo g``"""
    good = heard([*lines, "INFO  Start processing", "INFO  12 files generated in 1.2 s"])
    assert (good.headline, good.count, good.lines) == ("", 0, [])
    bad = heard([*lines, "FATAL Process failed: _posts/a.md", "INFO  12 files generated in 1.2 s"])
    assert bad.count == 2
    assert heard(["INFO  12 files generated in 1.2 s", *lines]).headline


@pytest.mark.parametrize("line", [
    "npm warn deprecated inflight@1.0.6", "npm notice New minor version of npm available!", "page: not found",
    "404.html: not found", "Node.js version: 20", "Killed Bill.html", "the command was not found in the cache",
    "npm error rate: 0", "panic room.md", "sh: a shell: is not found here often", "GET /x: not found",
    "Command failed softly", "warning: Traceback",
])
def test_words_alone_are_not_it(line: str) -> None:
    assert heard(["building", line]).headline == ""


def test_an_error_without_a_message_of_hexo_is_two_lines() -> None:
    said = heard(["INFO  Files loaded", "ERROR ", "ReferenceError: /x/post.ejs:1", " >> 1| <% x %>"])
    assert (said.count, said.headline) == (1, "ReferenceError: /x/post.ejs:1")
    assert not heard(["ERROR", "was the answer", "Error: x"]).count


@pytest.mark.parametrize(("pattern", "passes"), [
    ("ERROR Process failed: _posts/bad.md", True), ("*", True), ("ERROR Process failed: *", True), ("*bad.md", True),
    ("*failed*", True), ("ERROR*_posts/*.md", True), ("*.md*md", False), ("ERROR Process failed", False),
    ("error process failed: *", False), ("[A-Z]* Process*", False), ("ERROR Process failed: _posts/?ad.md", False),
    ("", False)])
def test_a_line_that_is_named_is_no_failure(pattern: str, passes: bool) -> None:
    said = heard(["ERROR Process failed: _posts/bad.md"], "nothing", pattern)
    assert said.count == (0 if passes else 1)
    assert heard(["ERROR Script load failed: x.js", "ERROR Process failed: b"], "*Script*").headline.endswith(": b")


@pytest.mark.parametrize("piece", ["ERROR ", "(webpack ", "[build", "created in 1", "bundles → ", "\x1b[", "\x1b]8;;",
                                   "Found 1 errors. ", "build: ", "12:00:00 ", "[!] (", "[11ty] Error "])
def test_a_long_line_costs_what_its_length_costs(piece: str) -> None:
    def seconds(size: int) -> float:
        line = piece * (size // len(piece))
        began = time.process_time()
        heard([line] * 3)
        return time.process_time() - began

    seconds(1000)
    short, long = (min(seconds(size) for _ in range(3)) for size in (100_000, 1_000_000))
    assert long < 40 * max(short, 0.0005)
