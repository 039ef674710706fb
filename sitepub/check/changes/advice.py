"""Where a change that all pages share comes from in the tool that makes the site, and how to switch it off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sitepub.check.changes.causes import Cause
from sitepub.check.sources import texts_of

_ANY = ""
_CHUNKS = ("one changed file gives another name to every file that imports it, up to the pages. That is right after a"
           " change of the code; if nothing changed, a value of the build (a time, a version) is in the code")
_ADVICE: dict[tuple[str, Cause], str] = {
    ("hexo", Cause.TIME): (
        "the theme prints the time of the build (`new Date()`, `date(Date.now())`, `moment()`), or Hexo takes the time"
        " of the file for `updated`, which a fresh checkout changes: set `updated_option: date` in _config.yml"),
    ("hexo", Cause.VERSION): "set `meta_generator: false` in _config.yml, or update Hexo when the pages change anyway",
    ("hexo", Cause.QUERY): "the theme adds a number to its scripts and styles: look for its option, or take it out",
    ("hexo", Cause.RANDOM): (
        "a plugin or the theme draws a random id or salt with each build (tabs, encrypted posts): update it, or give it"
        " a fixed value"),
    ("hexo", Cause.COUNT): "a counter of posts, tags or words stands on each page: show it on one page only",
    ("hexo", Cause.TEXT): (
        "a list that each page shows (recent posts, tags, archives) has changed: switch the widget off, or let a script"
        " load it"),
    ("hugo", Cause.TIME): (
        "a template prints `now`, or the date of the last commit (`enableGitInfo`, `.Lastmod`): print the date of the"
        " page, and check out the whole history in CI (`fetch-depth: 0`)"),
    ("hugo", Cause.VERSION): "set `disableHugoGeneratorInject = true` in hugo.toml",
    ("hugo", Cause.ASSET): "`fingerprint` names files by their content: the script or stylesheet has changed",
    ("vite", Cause.ASSET): (
        f"{_CHUNKS}: see `define` in vite.config for a time or a commit, and keep what changes often in a chunk of"
        " its own (`build.rollupOptions.output.manualChunks`)"),
    ("vite", Cause.TIME): (
        "`define` in vite.config, or a plugin, puts the time of the build into the pages: take it out"),
    ("vitepress", Cause.ASSET): (
        "each page holds the names of the chunks of all pages, so one changed page changes all of them;"
        " `metaChunk: true` in the config of VitePress leaves a single name in each page"),
    ("vitepress", Cause.TIME): "`lastUpdated` needs the whole history of git in CI (`fetch-depth: 0`)",
    ("mkdocs", Cause.TIME): (
        "the theme prints `build_date_utc`, or a plugin (git-revision-date) the date of the last commit: check out the"
        " whole history in CI, and set SOURCE_DATE_EPOCH for the build"),
    ("mkdocs", Cause.VERSION): "the theme prints its version: override the block in the template `main.html`",
    ("next", Cause.BUILD): "`generateBuildId` in next.config: return the commit of the sources, or a fixed value",
    ("nuxt", Cause.BUILD): "`buildId` in nuxt.config: set it to a fixed value",
    ("jekyll", Cause.TIME): "a layout prints `site.time`: print `page.date`",
    ("jekyll", Cause.VERSION): (
        "`{% seo %}` prints the version of Jekyll and has no switch: update when the pages change anyway"),
    ("gatsby", Cause.ASSET): "`webpackCompilationHash` and page data change with the code: " + _CHUNKS,
    ("docusaurus", Cause.TIME): "`showLastUpdateTime` needs the whole history of git in CI (`fetch-depth: 0`)",
    ("sphinx", Cause.TIME): "`html_last_updated_fmt` in conf.py prints the time of the build: set it to None",
    ("sphinx", Cause.VERSION): "`html_show_sphinx = False` in conf.py",
    (_ANY, Cause.TIME): "a template prints the time of the build: print the date of the page, or nothing",
    (_ANY, Cause.VERSION): "the tool prints its version into each page: look for a switch, or fix the version",
    (_ANY, Cause.ASSET): _CHUNKS,
    (_ANY, Cause.QUERY): (
        "a template adds a time or a build number to addresses: let the name carry a hash of the content instead"),
    (_ANY, Cause.BUILD): "the tool draws an id for each build: give it the commit, or a fixed value",
    (_ANY, Cause.RANDOM): "a plugin or template draws a random value with each build: give it a fixed one",
    (_ANY, Cause.NONCE): (
        "a nonce in a static page protects nothing, for every visitor gets the same: allow the script by its hash"),
    (_ANY, Cause.SPACE): (
        "line ends or spaces differ: build on one system only, and let git keep the line ends (`* text=auto eol=lf` in"
        " .gitattributes)"),
    (_ANY, Cause.COUNT): "a counter stands on each page: show it on one page only, or let a script load it",
    (_ANY, Cause.TEXT): (
        "a part that all pages share (menu, sidebar, footer) has changed; that is right if it was meant"),
}
_SUSPECTS: dict[Cause, re.Pattern[str]] = {
    Cause.TIME: re.compile(
        r"new Date\(\s{0,5}\)|Date\.now\(|\bmoment\(\s{0,5}\)|dayjs\(\s{0,5}\)|\{\{-?\s{0,5}now\b|\bnow\.Format|\(now\b"
        r"|site\.time|build_date_utc|datetime\.now\(|time\.time\(|\.Site\.Last(?:Change|mod)|\bdate\(\s{0,5}\)"
        r"|\bupdated\b"),
    Cause.QUERY: re.compile(r"\?[vt]=|Date\.now\(|new Date\(|\bnow\.Unix"),
    Cause.BUILD: re.compile(r"generateBuildId|buildId|BUILD_ID|GIT_COMMIT|rev-parse|COMMIT_SHA|GITHUB_SHA"),
    Cause.RANDOM: re.compile(r"Math\.random\(|uuid|nanoid|randomBytes|crypto\.random|\brandom\b"),
    Cause.NONCE: re.compile(r"nonce"),
    Cause.ASSET: re.compile(r"\bdefine\s{0,5}:\s{0,5}\{|Date\.now\(|new Date\(\s{0,5}\)"),
    Cause.VERSION: re.compile(r"name=[\"']?generator|hexo_version|hugo\.Generator|env\.version|mkdocs_version"),
    Cause.COUNT: re.compile(r"\.length\b|\bcount\b|\blen\b"),
}
_TEMPLATES = (".ejs", ".njk", ".swig", ".pug", ".jade", ".hbs", ".liquid", ".html", ".tmpl", ".twig", ".j2", ".jinja",
              ".vue", ".svelte", ".astro", ".jsx", ".tsx", ".js", ".ts", ".mjs", ".cjs")
_CONTENT = ("source/_posts/", "content/", "docs/", "_posts/")
_WORDS = re.compile(r"[^\W\d_]{3,40}(?:[ :]{1,3}[^\W\d_]{2,40}){0,6}")
_COMMON = frozenset({"meta name", "div class", "span class", "script src", "link rel", "content", "class", "time"})


def advice(tool: str, cause: Cause) -> str:
    """``tool``: the id of the framework, as it is recognised by the project's files."""
    return _ADVICE.get((tool, cause)) or _ADVICE[_ANY, cause]


def written_in(root: Path, output: Path, cause: Cause, piece: str) -> tuple[str, int, int] | None:
    """The place in the templates that makes the piece, best guess: a line with the words that stand beside what
    changed, or else the first one with what makes such values. From ``root``, line and column."""
    words = [word for word in sorted(_WORDS.findall(piece), key=len, reverse=True)[:4]
             if len(word) >= 4 and word.lower() not in _COMMON and not piece.startswith("<")]
    suspect = _SUSPECTS.get(cause)
    second: tuple[str, int, int] | None = None
    for name, text in _templates(root, output):
        found = suspect.search(text) if suspect is not None else None
        for word in words:
            at = text.find(word)
            if at >= 0 and (suspect is None or found is not None):
                return _place(name, text, at)
        if second is None and found is not None:
            second = _place(name, text, found.start())
    return second


def _templates(root: Path, output: Path) -> Iterator[tuple[str, str]]:
    for name, text in texts_of(root, output):
        if name.endswith(_TEMPLATES) and not any(part in f"/{name}" for part in map("/".__add__, _CONTENT)):
            yield name, text


def _place(name: str, text: str, at: int) -> tuple[str, int, int]:
    return name, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
