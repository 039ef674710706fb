"""What a tool says of its builds: lines that the tools printed, and what follows from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.dev.tool_output import BuildResult, ToolOutput
from sitepub.site.build.signs import Sign, meaning

HEXO = ("INFO  Validating config", "INFO  Start processing", "INFO  Files loaded in 166 ms",
        "INFO  Generated: index.html", "INFO  22 files generated in 30 ms",
        "INFO  Hexo is watching for file changes. Press Ctrl+C to exit.")
TRANSCRIPTS = {
    "vite 8": (
        ("watching for file changes...", "build started...", "transforming...", "✓ 21 modules transformed.",
         "dist/index.html                   0.97 kB │ gzip:  0.45 kB", "built in 236ms."),
        ("build started...", "transforming...", "✓ 15 modules transformed.", "Build failed with 1 error:", "",
         "\x1b[31m[builtin:vite-transform] \x1b[0mUnexpected token", "   ╭─[ src/App.jsx:50:7 ]"),
        ("build started...", "✓ 21 modules transformed.", "built in 145ms.")),
    "vite 6": (
        ("build started...", "✓ 3 modules transformed.", "\x1b[32m✓ built in 128ms\x1b[39m"),
        ("build started...", "✓ 0 modules transformed.",
         "[vite:build-html] Failed to resolve /none.js from /x/index.html", "file: /x/index.html"),
        ("build started...", "✓ 1 modules transformed.", "built in 14ms.")),
    "webpack": (
        ("asset main.js 38 bytes [emitted] (name: main)", "webpack 5.112.2 compiled successfully in 227 ms"),
        ("assets by status 343 bytes [cached] 1 asset", "ERROR in ./src/index.js 2:0",
         "Module parse failed: Unexpected token (2:0)", "webpack 5.112.2 compiled with 1 error in 83 ms"),
        ("asset main.js 38 bytes [emitted] (name: main)", "webpack 5.112.2 compiled with 2 warnings in 76 ms")),
    "rollup": (
        ("bundles src/index.js → rdist...", "created rdist in 23ms", "[2026-11-21 00:26:09] waiting for changes..."),
        ("\x1b[36mbundles \x1b[1msrc/index.js\x1b[22m → \x1b[1mrdist\x1b[22m...\x1b[39m",
         "\x1b[1m\x1b[31m[!] \x1b[1mRollupError: src/index.js (2:0): Expression expected\x1b[22m",
         "    at Object.getRollupError (/x/node_modules/rollup/dist/shared/parseAst.js:326:41)",
         "[2026-11-21 00:26:14] waiting for changes..."),
        ("bundles src/index.js → rdist...", "created rdist in 4ms")),
    "parcel": (
        ("Building...", "Bundling...", "Packaging & Optimizing...", "✨ Built in 172ms"),
        ("Building...", "🚨 Build failed.", "", "@parcel/core: Failed to resolve 'none.js' from './e/b.html'"),
        ("Building...", "✨ Built in 1.02s")),
    "esbuild": (
        ("[watch] build finished, watching for changes...",),
        ('[watch] build started (change: "src/index.js")', "✘ [ERROR] Unexpected end of file", "",
         "    src/index.js:2:0:", "1 error", "[watch] build finished"),
        ('[watch] build started (change: "src/index.js")', "[watch] build finished")),
    "eleventy": (
        ("[11ty] Writing _site/a/index.html from ./a.njk", "[11ty] Wrote 1 file in 0.04 seconds (v2.0.1)",
         "[11ty] Watching…"),
        ("[11ty] File changed: a.njk", "[11ty] Problem writing Eleventy templates: (more in DEBUG output)",
         "[11ty] 1. Having trouble rendering njk template ./a.njk (via TemplateContentRenderError)",
         "[11ty] Wrote 0 files in 0.00 seconds (v2.0.1)", "[11ty] Watching…"),
        ("[11ty] File changed: a.njk", "[11ty] Wrote 1 file in 0.01 seconds (v2.0.1)")),
    "hugo": (
        ("Start building sites … ", "Built in 8 ms", "Press Ctrl+C to stop"),
        ("Change detected, rebuilding site (#1).", "Template changed /index.html",
         'ERROR Rebuild failed: process: "/x/layouts/index.html:1:1": parse of template failed', "Total in 3 ms"),
        ("Change detected, rebuilding site (#2).", "Template changed /index.html", "Total in 3 ms")),
    "jekyll": (
        ("      Generating... ", "                    done in 0.201 seconds.", " Auto-regeneration: enabled for '/x'"),
        ("      Regenerating: 1 file(s) changed at 2026-11-20 16:51:57", "                    index.md",
         "  Liquid Exception: Unexpected end (line 4): Unknown tag 'x' in index.md", "             Error: Unknown tag"),
        ("      Regenerating: 1 file(s) changed at 2026-11-20 16:52:51", "                    index.md",
         "                    ...done in 0.111329991 seconds.")),
    "angular": (
        ("Application bundle generation complete. [1.202 seconds]", "Watch mode enabled. Watching for file changes..."),
        ("❯ Changes detected. Rebuilding...", "✘ [ERROR] TS1005: Unexpected ';'. [plugin angular-compiler]",
         "Application bundle generation failed. [0.204 seconds]"),
        ("❯ Changes detected. Rebuilding...", "Application bundle generation complete. [0.301 seconds]")),
    "pelican": (
        ("Done: Processed 1 article, 0 drafts, 0 hidden articles, 0 pages, 0 hidden pages ",),
        ("-> Modified: /x/content/a.md. re-generating...",
         "[00:28:10] ERROR    Could not process ./a.md                   generators.py:721",
         "Done: Processed 0 articles, 0 drafts, 0 hidden articles, 0 pages, 0 hidden pages"),
        ("-> Modified: /x/content/a.md. re-generating...", "Done: Processed 1 article, 0 drafts, 0 hidden")),
    "tsc": (
        ("\x1b[2J\x1b[3J\x1b[H12:26:41 AM - Starting compilation in watch mode...",
         "12:26:43 AM - Found 0 errors. Watching for file changes."),
        ("12:26:46 AM - File change detected. Starting incremental compilation...",
         "src/a.ts(1,19): error TS1109: Expression expected.",
         "12:26:46 AM - Found 2 errors. Watching for file changes."),
        ("12:26:49 AM - File change detected. Starting incremental compilation...",
         "12:26:49 AM - Found 0 errors. Watching for file changes.")),
}


def holds(output: ToolOutput) -> bool:
    return output.holds


def reported(output: ToolOutput, now: float) -> BuildResult | None:
    """What is reported within the next 50 seconds."""
    while output.due is not None and output.due <= now + 50:
        said = output.take(max(now, output.due))
        if said is not None:
            return said
    return None


def hear(output: ToolOutput, lines: tuple[str, ...], now: float) -> None:
    for number, line in enumerate(lines):
        output.line(line, now + number / 100)


@pytest.mark.parametrize("prefix", ["", "[0] "], ids=["alone", "among others"])
@pytest.mark.parametrize("tool", TRANSCRIPTS)
def test_a_failed_build_is_reported_with_its_lines_and_the_next_good_one_clears_it(tool: str, prefix: str) -> None:
    begin, broken, repaired = (tuple(prefix + line for line in lines) for lines in TRANSCRIPTS[tool])
    output = ToolOutput()
    output.started(0.0)
    assert holds(output)
    hear(output, begin, 1.0)
    assert not holds(output) and reported(output, 2.0) is None
    hear(output, broken, 10.0)
    assert holds(output)
    said = reported(output, 11.0)
    assert said is not None and said.failed
    assert any(word in "\n".join(said.lines) for word in (
        "Unexpected", "Failed to resolve", "Expression expected", "trouble rendering", "parse of", "Could not process"))
    assert not any("[36m" in line or line.lstrip().startswith("at ") for line in said.lines)
    assert holds(output) and reported(output, 12.0) is None, "reported once"
    hear(output, repaired, 90.0)
    assert not holds(output) and reported(output, 91.0) == BuildResult(failed=False)
    assert reported(output, 92.0) is None


@pytest.mark.parametrize("tool", [tool for tool, lines in TRANSCRIPTS.items() if meaning(lines[1][0])[0] is Sign.BEGUN])
def test_nothing_is_published_between_the_beginning_and_the_end_of_a_build(tool: str) -> None:
    output = ToolOutput()
    begin, *rest = TRANSCRIPTS[tool][2]
    output.line(begin, 10.0)
    output.wrote(11.0)
    assert holds(output)
    hear(output, tuple(rest), 12.0)
    assert not holds(output)


def test_hexo_writes_on_after_a_failure_and_only_the_repair_of_that_file_counts() -> None:
    output = ToolOutput()
    hear(output, HEXO, 0.0)
    assert not holds(output)
    hear(output, ("ERROR Process failed: _posts/bad.md", "YAMLException: unexpected end of the stream (2:1)",
                  "INFO  Deleted: 2026/11/bad/index.html", "INFO  Generated: index.html"), 10.0)
    said = reported(output, 11.0)
    assert said is not None and "bad.md" in said.headline and any("YAML" in line for line in said.lines)
    output.touched(Path("/blog/source/_posts/good.md"), 30.0)
    hear(output, ("INFO  Generated: 2026/11/good/index.html",), 31.0)
    assert holds(output) and reported(output, 32.0) is None, "the broken one is broken still"
    output.touched(Path("/blog/source/_posts/bad.md"), 90.0)
    assert holds(output)
    hear(output, ("INFO  Generated: 2026/11/bad/index.html",), 90.5)
    assert not holds(output) and reported(output, 91.0) == BuildResult(failed=False)


def test_hexo_says_nothing_when_a_repair_leaves_every_page_as_it_was() -> None:
    output = ToolOutput()
    hear(output, (*HEXO, "Unhandled rejection Nunjucks Error: _posts/bad.md [Line 1, Column 4] unknown block tag: x"),
         0.0)
    said = reported(output, 1.0)
    assert said is not None and said.failed and reported(output, 1.0) is None
    output.touched(Path("/blog/source/_posts/bad.md"), 10.0)
    assert output.due is not None and output.due > 10 and output.take(10.5) is None
    assert reported(output, 10.5) == BuildResult(failed=False)


def test_a_repair_that_fails_again_is_reported_again() -> None:
    output = ToolOutput()
    output.line("ERROR Process failed: _posts/bad.md", 0.0)
    assert reported(output, 0.0)
    output.touched(Path("/blog/source/_posts/bad.md"), 5.0)
    output.line("ERROR Process failed: _posts/bad.md", 5.5)
    again = reported(output, 5.5)
    assert again is not None and again.failed and holds(output)


def test_a_failure_that_a_tool_takes_back_at_once_is_not_reported() -> None:
    output = ToolOutput()
    hear(output, ("build started...", "[vite:css] something that was not that bad", "built in 5ms"), 0.0)
    assert not holds(output) and reported(output, 0.0) is None


def test_a_tool_that_is_unknown_is_waited_for_until_it_has_written_or_is_silent() -> None:
    output = ToolOutput()
    output.started(0.0)
    output.line("hello, I am a tool", 1.0)
    assert holds(output)
    output.wrote(2.0)
    assert holds(output), "it may say that its build failed"
    assert output.take(2.5) is None and holds(output) and output.take(3.0) is None
    assert not holds(output)
    output.started(10.0)
    assert holds(output) and output.take(14.0) is None and holds(output)
    output.take(15.0)
    assert not holds(output)


def test_what_a_dead_tool_left_is_not_published_until_it_builds_again() -> None:
    output = ToolOutput()
    output.started(0.0)
    output.wrote(1.0)
    output.died("dev.command ended with status 1", 10.0)
    output.wrote(10.1)
    assert holds(output)
    said = output.take(10.2)
    assert said is not None and said.failed and "status 1" in said.headline
    output.started(11.0)
    assert holds(output) and output.take(17.0) is None
    output.wrote(20.0)
    assert holds(output) and reported(output, 20.0) == BuildResult(failed=False) and not holds(output)


def build(output: ToolOutput, now: float, line: str = "") -> None:
    """Files are written, lie still, and then something is said of them."""
    output.writing(now)
    output.wrote(now + 0.2)
    if line:
        output.line(line, now + 1.0)


@pytest.mark.parametrize(("good", "bad"), [
    ("created site in 5ms", "[!] the build failed"),  # a script of one's own that prints as rollup does
    ("webpack 5.112.2 compiled successfully in 227 ms", "webpack 5.112.2 compiled with 1 error in 83 ms"),
    ("[11ty] Wrote 1 file in 0.04 seconds (v2.0.1)", "[11ty] Problem writing Eleventy templates:"),
    ("Done: Processed 1 article, 0 drafts", "[00:28:10] ERROR    Could not process ./a.md"),
    ("Total in 3 ms", "ERROR Rebuild failed: parse of template failed"),
    ("✨ Built in 172ms", "🚨 Build failed.")])
def test_what_a_tool_has_written_waits_until_it_says_how_the_build_ended(good: str, bad: str) -> None:
    output = ToolOutput()
    output.started(0.0)
    build(output, 1.0, good)
    assert not holds(output)
    build(output, 10.0)
    assert holds(output), "it has always said how a build ended"
    output.line(bad, 12.0)
    assert holds(output)
    said = reported(output, 12.0)
    assert said is not None and said.failed
    output.touched(Path("a.md"), 20.0)
    build(output, 20.5, good)
    assert not holds(output)


@pytest.mark.parametrize("after", [0.0, 0.2], ids=["with the line", "a moment later"])
def test_files_seen_just_after_the_line_belong_to_that_build(after: float) -> None:
    output = ToolOutput()
    build(output, 1.0, "created site in 5ms")
    build(output, 10.0, "created site in 5ms")
    output.line("created site in 5ms", 20.0)
    output.writing(20.0 + after)
    output.wrote(20.2 + after)
    assert not holds(output)


def test_files_seen_just_after_a_source_was_saved_are_of_the_next_build() -> None:
    output = ToolOutput()
    build(output, 1.0, "created site in 5ms")
    output.touched(Path("a.md"), 2.1)
    output.writing(2.2)
    output.wrote(2.4)
    assert holds(output), "the next one follows at once, and may fail"


def test_a_tool_whose_files_are_always_seen_after_its_line_is_waited_for_too() -> None:
    output = ToolOutput()
    output.line("created site in 5ms", 1.0)
    output.writing(1.1)
    output.wrote(1.3)
    assert not holds(output)
    build(output, 10.0)
    assert holds(output), "it has said how the first one ended"


def test_files_of_which_a_tool_never_speaks_are_waited_for_twice_and_then_no_more() -> None:
    output = ToolOutput()
    build(output, 1.0, "created site in 5ms")
    for start in (10.0, 20.0):
        build(output, start)
        assert holds(output) and output.take(start + 3.0) is None and holds(output)
        output.take(start + 3.2)
        assert not holds(output)
    build(output, 30.0)
    assert not holds(output)


def test_a_tool_that_talks_of_other_things_is_not_waited_for_for_ever() -> None:
    output = ToolOutput()
    build(output, 1.0, "created site in 5ms")
    build(output, 10.0)
    for tenth in range(110):
        output.line("GET /index.html 200", 10.2 + tenth / 10)
        output.take(10.2 + tenth / 10)
    assert not holds(output)


def test_a_tool_that_says_when_it_begins_may_write_on_after_it_has_ended() -> None:
    output = ToolOutput()
    for start in (0.0, 10.0):
        output.line("build started...", start)
        build(output, start + 0.1, "built in 236ms.")
    build(output, 20.0)
    assert not holds(output), "no build has begun"


def test_a_build_that_never_ends_does_not_hold_for_ever() -> None:
    output = ToolOutput()
    output.line("build started...", 0.0)
    output.line("something else", 50.0)
    assert output.take(100.0) is None and holds(output)
    output.take(110.0)
    assert not holds(output)


@pytest.mark.parametrize("line", [
    "", "Error: not of this table", "INFO  Hexo is watching for file changes.",
    "ERROR Database load failed. Deleting database.",
    "[vite:css] (postcss plugin) a warning", "webpack is watching files for updates...", "[warn] built in 5s of joy",
    "▲ [WARNING] Comparison with -0", "GET /Building... 200"])
def test_other_lines_mean_nothing(line: str) -> None:
    assert meaning(line) == (None, "")
