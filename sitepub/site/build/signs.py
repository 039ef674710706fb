"""What build tools say of their builds: one table for hooks and for ``dev.command`` (pure).

Some tools fail and exit with 0 all the same (Hexo, Pelican), a pipe or ``;`` in a hook hides the status of
others, and ``hexo generate --watch`` and its like go on running: only their output shows it. The table holds the
lines with which well-known tools begin, end and fail, as they print them; it was made from their real output, see
tests/site/build_output.json. A tool that is not in it is judged by its exit status alone, and so is everything that
a tool calls a warning.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from sitepub.config.star_pattern import matches
from sitepub.site.build.causes import RECENT, Traceback, before_the_end, with_more

OPTION = "src.allowErrors"
"""Lines that are no failures, whatever the table says."""


class Sign(StrEnum):
    """What a line means."""

    BEGUN = "begun"
    """A build begins: what it writes is not whole yet."""
    FAILED = "failed"
    """Something could not be built. The group ``file``: the source that has to be repaired."""
    SUSPECTED = "suspected"
    """A failure, unless the tool says later that it built well: some of its warnings look the same."""
    DIED = "died"
    """A program was not there or broke down, and `;`, a pipe or `|| true` may hide its status: a failure, unless
    something says afterwards that it was built. Not of one tool, so ``dev.command`` does not look for it."""
    ENDED = "ended"
    """A build has ended, or something was written: good, unless the same build said that it failed."""
    GOOD = "good"
    """A build has ended well."""


_BEGUN, _FAILED, _SUSPECTED, _ENDED, _GOOD = Sign.BEGUN, Sign.FAILED, Sign.SUSPECTED, Sign.ENDED, Sign.GOOD
_DIED = Sign.DIED
_TABLE: tuple[tuple[Sign, str], ...] = (
    # Hexo. It prints nothing when a change leaves every page as it was, see SILENT. A plugin that does not load
    # may be the renderer: the pages are then live as source code. A file that cannot be read is left out; a link
    # to nowhere whose name begins with ".#" is the lock of an open Emacs.
    (_BEGUN, r"INFO  Start processing"),
    (_FAILED, r"(?:ERROR|FATAL) (?:Process failed|Asset render failed): (?P<file>\S.*)"),
    (_FAILED, r"ERROR (?:Render HTML failed|Script load failed|Plugin load failed): .*"),
    (_FAILED, r"ERROR Theme config load failed\..*|ERROR Failed to read directory: .*"),
    (_FAILED, r"ERROR Failed to stat file: (?!.*[/\\]\.#).*"),
    (_FAILED, r"FATAL Something's wrong\..*|Usage: hexo <command>"),  # the latter: there is no blog, or no such command
    (_FAILED, r"Unhandled rejection .*?Error: (?P<file>\S+) \[Line \d+.*"),
    (_FAILED, r"Unhandled rejection (?:\(.*|.*(?:[Ee]rror|Exception)\b.*)"),
    (_ENDED, r"INFO  (?:Generated|Deleted): .*|INFO  \d+ files generated in .*"),
    # Vite, and what is built upon it (Astro); before version 8 its errors in a watched build have no line in
    # common but the suspected ones.
    (_BEGUN, r"build started\.\.\."),
    (_FAILED, r"Build failed with [1-9]\d* errors?:?|(?:\[ERROR\] \[vite\] |ERROR +)?(?:x|✗) Build failed in .*"),
    (_FAILED, r"error during build:|failed to load config from .*|\[vite\]: Rollup failed .*"),
    (_SUSPECTED, r"\[vite:[\w:-]+\] (?!\(\w+ plugin\)|[Ww]arning).*"),
    (_SUSPECTED, r"Could not resolve (?:entry module )?[\"'].*"),
    (_GOOD, r"(?:✓ )?built in [\d.]+ ?m?s\.?"),
    # VitePress, Next.js, Docusaurus
    (_FAILED, r"build error:|> Build error occurred|Export encountered (?:an error|errors) on .*"),
    (_FAILED, r"\[ERROR\] (?:Error: )?Unable to build website for locale .*"),
    # Nuxt, Gatsby
    (_FAILED, r"(?:■ +|ERROR +|\[error\] (?:\[nuxi\] )?)?Nuxt [Bb]uild error\b.*"),
    (_FAILED, r"ERROR +Exiting due to prerender errors\."),
    (_FAILED, r"failed (?:Building (?:production JavaScript|HTML renderer|static HTML)|extract queries from ).*"),
    (_FAILED, r"ERROR #\d{5,6} +[A-Z][A-Z.-]*"),
    # webpack, Rspack and what is built upon them (Vue CLI, Create React App, Rsbuild)
    (_FAILED, r"(?:(?:webpack \S+|Rspack) |[\w .-]{1,60}\(webpack [\w.-]+\) )?compiled with [1-9]\d* errors?\b.*"),
    (_FAILED, r"(?:ERROR +)?Failed to compile(?:\.| with [1-9]\d* errors?\b.*)?"),
    (_GOOD, r"(?:(?:webpack \S+|Rspack) |[\w .-]{1,60}\(webpack [\w.-]+\) )?compiled "
            r"(?:successfully|with \d+ warnings?)\b.*"),
    (_GOOD, r"Compiled (?:successfully|with warnings)\b.*|(?:DONE +)?Build complete\. Watching for changes.*"),
    (_FAILED, r"error +(?:build failed in [\d.]+ ?m?s|Rspack build failed\.)"),
    # Rollup
    (_BEGUN, r"bundles .+ → .+\.\.\."),
    (_FAILED, r"\[!\] (?:\([^()]*\) )?\w*Error: .+"),
    (_SUSPECTED, r"\[!\] .+"),
    (_ENDED, r"created .+ in [\d.]+m?s"),
    # Parcel
    (_BEGUN, r"Building\.\.\."),
    (_FAILED, r"(?:🚨|×) Build failed\."),
    (_GOOD, r"(?:✨|√) Built in [\d.]+m?s"),
    # esbuild
    (_BEGUN, r"\[watch\] build started.*"),
    (_FAILED, r"(?:✘|X) \[ERROR\] .*"),
    (_ENDED, r"\[watch\] build finished.*"),
    # Eleventy
    (_BEGUN, r"\[11ty\] File changed: .*"),
    (_FAILED, r"\[11ty\] (?:Problem writing Eleventy templates|Eleventy (?:CLI )?Fatal Error).*"),
    (_SUSPECTED, r"\[11ty\] Error .*"),
    (_ENDED, r"\[11ty\] (?:Wrote|Copied) .* in [\d.]+ seconds.*"),
    # Hugo
    (_BEGUN, r"Start building sites … *|Change detected, rebuilding site .*|Change of .* detected, rebuilding .*"),
    (_FAILED, r"ERROR (?:Rebuild failed|render of|failed to|error building|Failed to (?!stat file:)).*"),
    (_FAILED, r"Error: error building .*"),
    (_FAILED, r"Error: (?:\"[^\"]{1,300}:\d+:\d+\": unmarshal failed: .+|module \"[^\"]{1,200}\" not found; .+)"),
    (_ENDED, r"Built in \d+ ms|Total in \d+ ms"),
    # Jekyll. A post whose head it cannot read goes live without its date and layout, and the status is 0.
    (_GOOD, r"Regenerating: .*\.\.\.done in [\d.]+ seconds\."),
    (_BEGUN, r"Regenerating: .*|Generating\.\.\. *"),
    (_FAILED, r"Liquid Exception: .*|Conversion error: .*|jekyll .* \| Error: +.*"),
    (_FAILED, r"(?:Error: )?YAML Exception reading .*|Error: could not read file .*|Error reading file .*"),
    (_FAILED, r"ERROR: YOUR SITE COULD NOT BE BUILT:|Jekyll [\d.]+ +Please append `--trace` .*"),
    (_ENDED, r"(?:\.\.\.)?done(?: in [\d.]+ seconds)?\."),
    # Pelican. What it skips is missing in the site.
    (_BEGUN, r"-> Modified: .* re-generating\.\.\."),
    (_FAILED, r"(?:ERROR|CRITICAL):? +Could not process .*|CRITICAL:? +\w*(?:Error|Exception)\b.*"),
    (_FAILED, r"ERROR:? +Skipping .*: could\b.*|ERROR:? +Cannot load plugin `.*"),
    (_ENDED, r"Done: Processed .*"),
    # MkDocs, Nikola, Sphinx
    (_FAILED, r"ERROR +-  Error (?:building|reading) (?:page|template) .*"),
    (_FAILED, r"Error: MkDocs encountered an error parsing the configuration file: .+"),
    (_FAILED, r"Aborted with (?:a configuration error|\d+ warnings in strict mode)!"),
    (_FAILED, r"ERROR: (?:Nikola: Error loading tasks\.|scan_posts: Error reading post ).*"),
    (_FAILED, r"(?:Theme|Extension|Configuration) error[:!]"),
    # gulp, Grunt, HonKit, mdBook, Zola
    (_FAILED, r"'[^']{1,200}' errored after .*|Task never defined: .*"),
    (_FAILED, r"Aborted due to warnings\.|Fatal error: .*"),
    (_FAILED, r"\w*Error: Failed to load HonKit's plugin module: .*"),
    (_FAILED, r"\[ERROR\] \(mdbook(?:::\w+)*\): .*|Error: Failed to build the site"),
    # Angular
    (_BEGUN, r"(?:[✔√❯>] )?Changes detected\. Rebuilding\.\.\."),
    (_FAILED, r"Application bundle generation failed\..*"),
    (_GOOD, r"Application bundle generation complete\..*"),
    # TypeScript
    (_BEGUN, r".{0,60} (?:Starting compilation in watch mode|Starting incremental compilation)\.\.\."),
    (_FAILED, r".{0,60} Found [1-9]\d* errors?\. Watching for file changes\."),
    (_GOOD, r".{0,60} Found 0 errors\. Watching for file changes\."),
    # MkDocs, Sphinx
    (_ENDED, r"INFO +-  Documentation built in [\d.]+ seconds|build succeeded(?:, \d+ warnings?)?\."),
    # Shells: dash, ash, bash, ksh, zsh, cmd
    (_DIED, r"(?:/[\w./-]{1,60}/)?(?:ba|da|a|k|z)?sh: (?:(?:line )?\d+: )?[^:]{1,200}: (?:command )?not found"),
    (_DIED, r"(?:/[\w./-]{1,60}/)?(?:ba|k)sh: (?:line )?\d+: \.{1,2}/[^:]{1,200}: "
            r"(?:No such file .*|Permission denied)"),
    (_DIED, r"(?:/[\w./-]{1,60}/)?(?:zsh|sh):(?:\d+:)? command not found: .+"),
    (_DIED, r"'[^']{1,200}' is not recognized as an internal or external command,"),
    (_DIED, r"Killed|Segmentation fault(?: \(core dumped\))?|Bus error(?: \(core dumped\))?"),
    # npm, Yarn, pnpm, Bun
    (_DIED, r"npm (?:ERR!|error) (?:code (?:E[A-Z]+|\d+)|Missing script: .*|could not determine executable to run)"),
    (_DIED, r"npm (?:ERR!|error) Lifecycle script .* failed with error:"),
    (_DIED, r"(?:ELIFECYCLE|ERR_PNPM_[A-Z_]+|\[ERR_PNPM_[A-Z_]+\]) +\S.*"),
    (_DIED, r"error (?:Command failed with exit code \d+\.|Command \".*\" not found\.|Couldn't find a .*)"),
    (_DIED, r"Usage Error: (?:Couldn't find a script named|Command not found).*"),
    (_DIED, r"Error: ERR_PNPM_[A-Z0-9_]+|\[ELIFECYCLE\] +\S.*"),  # pnpm 12
    (_DIED, r"error: (?:script \".*\" exited with code \d+|(?:Script|Module) not found \".*\"|Could not resolve: .*)"),
    (_DIED, r"Node\.js v\S+ is not supported by Astro!"),
    # Rust (cargo), Java, Maven; Gradle from its documentation alone
    (_DIED, r"error\[E\d{4}\]: .+|error: could not compile `.+|error: no such command: `.+"),
    (_DIED, r"error: (?:no (?:bin|example) target named |could not find `Cargo\.toml` in |failed to get `).+"),
    (_DIED, r"error: no matching package .+"),
    (_DIED, r".{1,200}\.java:\d+: error: .+|error: compilation failed"),
    (_DIED, r"Error: (?:Unable to access jarfile|Could not find or load main class) .+"),
    (_DIED, r"Error: Could not create the Java Virtual Machine\."),
    (_DIED, r"\[ERROR\] (?:Failed to execute goal|The goal you specified requires|The build could not read) .+"),
    (_DIED, r"FAILURE: Build failed with an exception\."),
    # Node.js (it prints its version last, after an empty line), Python, Bundler, Go, Rust, Java, PHP
    (_DIED, r"FATAL ERROR: .* - JavaScript heap out of memory"),
    (_DIED, r"Traceback \(most recent call last\):"),
    (_DIED, r"bundler: (?:failed to load command|command not found): .*"),
    (_DIED, r"panic: .+|thread '.*' (?:\(\d+\) )?panicked at .*|Exception in thread \".*|PHP Fatal error: .*"),
)
_SIGNS = tuple((sign, re.compile(pattern)) for sign, pattern in _TABLE)
_IDLE = re.compile(r"INFO  0 files generated in .*|make(?:\[\d+\])?: (?:Nothing to be done for|[`'].* is up to date).*")
"""Hexo and make write nothing when nothing has changed."""
_BARE = re.compile(r"ERROR|FATAL")
_NODE = re.compile(r"Node\.js v\d+\.\d+\.\d+\S*")
"""What Node.js prints last when an error that is not caught ends it, after an empty line."""
_BUN = re.compile(r"Bun v\d+\.\d+\.\d+\S* \(.+\)")
_MANIFEST = re.compile(r"--> .{1,200}Cargo\.toml:\d+:\d+|--> Cargo\.toml:\d+:\d+")
"""Below an error in the manifest, which has no words in common with others."""
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
_EXCEPTION = re.compile(r"\w*(?:Error|Exception)\b")
"""Two lines of Hexo: an error without a message of Hexo's own, as when a layout cannot be rendered."""
SILENT = re.compile(r"(?:ERROR|FATAL|Unhandled rejection) ")
"""Failures of tools that do not say so when a repair leaves everything as it was."""
_HINTS = re.compile(r"[Ee]rror|ERROR|FATAL|CRITICAL|[Ff]ail|Problem|rejection|Exception|Aborted|Found|Usage"
                    r"|Please append|never defined|not found|No such|denied|recognized|Killed|fault|npm|LIFECYCLE"
                    r"|ERR_PNPM|Command|Traceback|bundler|panic|Node\.js v|Bun v|--> |FAILURE")
"""One of these is in every line that reports a failure."""
_PREFIX = re.compile(
    r"(?:\[\d+\] "
    r"|\[[\w:./@-]{0,40}?build[\w:./-]{0,40}\] |[\w@./-]{1,60}[: ](?:build|generate)[\w:-]{0,40}: "
    r"|\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]? +)")
"""What ``concurrently``, ``npm-run-all``, pnpm and Turborepo put before the lines of several tools, and time
stamps."""
_STACK = re.compile(r" ++at [^:(]*[:(].*", re.DOTALL)
_PREFIXES = 3
_LONGEST = 400
"""Characters of a line that are searched: whatever a build prints, a line costs no more than these."""
_LINES = 40
_LINES_AFTER = 3
"""Below the first line, in which the place or the reason may stand."""


def meaning(line: str, before: str = "") -> tuple[Sign | None, str]:
    """What a line (without escapes) says of a build, and which file it names. ``before``: the line before it."""
    before = before[:_LONGEST].strip()
    after_bare = before.endswith(("ERROR", "FATAL")) and _BARE.fullmatch(_undressed(before)[-1]) is not None
    above = [text.strip() for text in _undressed(f"{before} ")]
    for text in _undressed(line[:_LONGEST].strip()):
        found = _meaning(text)
        if found[0] is not None:
            return found
        if after_bare and _EXCEPTION.match(text):
            return _FAILED, ""
        if "" in above and (_NODE.fullmatch(text) or _BUN.fullmatch(text)):
            return _DIED, ""
        if "^" in above and text.startswith("error: "):  # Bun shows the line of the source above it
            return _DIED, ""
        if above[-1].startswith("error: ") and _MANIFEST.fullmatch(text):
            return _DIED, ""
    return None, ""


def _undressed(line: str) -> list[str]:
    """The line as it is, and without one, two and three prefixes."""
    texts = [line]
    while len(texts) <= _PREFIXES and (prefix := _PREFIX.match(texts[-1])) is not None:
        texts.append(texts[-1][prefix.end():].lstrip())
    return texts


def is_stack(line: str) -> bool:
    """Is this a line of a stack trace of JavaScript?"""
    return _STACK.fullmatch(line[:_LONGEST]) is not None


def _meaning(line: str) -> tuple[Sign | None, str]:
    for sign, pattern in _SIGNS:
        found = pattern.fullmatch(line)
        if found is not None:
            return sign, found.groupdict().get("file") or ""
    return None, ""


class Allowed:
    """The lines that ``src.allowErrors`` lets pass: ``*`` stands for anything, all else for itself."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = [pattern.strip() for pattern in patterns]

    def __call__(self, line: str) -> bool:
        line = line.strip()
        return any(matches(pattern, line) for pattern in self._patterns)


class BuildOutput:
    """Listens to one build from its first line to its last, and keeps what says that it failed."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._before = ""
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._traceback: Traceback | None = None
        self._more = 0
        """Lines that may still say where or why."""
        self.headline = ""
        """The line that says it first."""
        self.count = 0
        self._only_died = False
        """Nothing but a :attr:`Sign.DIED` says so."""
        self.idle = False
        """It said that there was nothing to build."""
        self.lines: list[str] = []
        """That line and what followed it, without stack traces, at most 40 lines."""

    def line(self, line: str) -> None:
        """The build printed a line (without escapes)."""
        before, self._before = self._before, line
        if self._traceback is not None and (cause := self._traceback.line(line)):
            self._traceback, self.headline = None, cause
            self.lines.insert(0, cause)
        self.idle = self.idle or (
            line.startswith(("INFO  0 ", "make")) and _IDLE.fullmatch(line[:_LONGEST].rstrip()) is not None)
        sign = meaning(line, before)[0] if self._only_died or _HINTS.search(line, 0, _LONGEST) else None
        if self._only_died and sign in (_ENDED, _GOOD):
            self.count, self.headline, self.lines, self._only_died = 0, "", [], False
            self._traceback = None
        if sign in (_FAILED, _DIED) and not self._allowed(line):
            self._only_died = sign is _DIED and (self._only_died or not self.count)
            self.count += 1
            if self.count == 1:
                self._begin(line)
        elif self._more and self.lines and (told := with_more(self.headline, line)):
            self.headline, self._more = told, 0
            self.lines[0] = told
        self._more = max(0, self._more - 1)
        if self.count and len(self.lines) < _LINES and line.strip() and not is_stack(line):
            self.lines.append(line)
        self._recent.append(line[:_LONGEST])

    def _begin(self, line: str) -> None:
        """The first line that says so. Of a program that broke down the cause stands elsewhere."""
        self.headline, text, self._more = line.strip(), line[:_LONGEST].strip(), _LINES_AFTER
        last_words = _undressed(text)[-1]
        if _NODE.fullmatch(last_words) or _BUN.fullmatch(last_words):
            if cause := before_the_end(self._recent):
                self.headline = cause
                self.lines = [cause, *(one for one in self._recent if one.strip() and not is_stack(one))][:_LINES]
        elif _TRACEBACK.fullmatch(last_words):
            self._traceback, self._more = Traceback(), 0
        elif _MANIFEST.fullmatch(last_words) and self._recent:
            self.headline, self._more = with_more(self._recent[-1].strip(), line), 0
            self.lines.append(self.headline)
