"""Tools that make pages of documents, and apps of other languages."""

from __future__ import annotations

import re
from pathlib import Path

from sitepub.site.detect.framework import Framework
from sitepub.site.detect.project_files import ProjectFiles, flag, inside, outside, toml_of


def quartz(files: ProjectFiles) -> Framework | None:
    config = files.first(["quartz.config.ts", "quartz.config.js", "quartz.config.yaml"])
    if config is None or not files.has("quartz"):
        return None
    named = flag(files.scripts.get("build", ""), "--output", "-o")
    return Framework(id="quartz", title="Quartz", why=config, hook="npx quartz build",
                     dist=(inside(named) if named else None) or "public", ignore_html_ext=True, install=files.install)


_BOOK = re.compile(r"\b(?:honkit|gitbook) build\b(?:[ \t]+([\w./-]+)(?:[ \t]+([\w./-]+))?)?")
"""`honkit build [book] [output]`: https://honkit.netlify.app/structure"""


def honkit(files: ProjectFiles) -> Framework | None:
    tool = next((name for name in ("honkit", "gitbook-cli", "gitbook") if name in files.dependencies), None)
    if tool is None:
        return None
    command = "honkit" if tool == "honkit" else "gitbook"
    script = next((name for name, text in files.scripts.items() if _BOOK.search(text)), None)
    places = _BOOK.search(files.scripts.get(script or "", ""))
    book = (inside(places[1]) if places and places[1] else None) or "."
    out = places[2] if places else None
    dist = (inside(out) if out else None) or (inside("_book", book) or "_book")
    return Framework(id="honkit", title="HonKit" if tool == "honkit" else "GitBook", why=f"package.json ({tool})",
                     hook=files.run_script(script) if script else files.run_tool(f"{command} build"), dist=dist,
                     error="index.html", install=files.install)


_DOCSIFY = re.compile(r"\$docsify\b|docsify(?:@[\w.-]+)?/|docsify(?:\.min)?\.js")


def docsify(files: ProjectFiles) -> Framework | None:
    """Pages that the browser makes: nothing is built. https://docsify.js.org/#/deploy"""
    for place in ("docs", ".", "doc", "public", "src"):
        page = "index.html" if place == "." else f"{place}/index.html"
        text = files.text(page)
        if not _DOCSIFY.search(text):
            continue
        history = re.search(r"""routerMode\s*:\s*["']history""", text) is not None
        prefix = "" if place == "." else f"{place}/"
        error = next((name for name in ("404.html", "error.html") if files.is_file(prefix + name)), "index.html")
        return Framework(id="docsify", title="docsify", why=page, src=place, error="index.html" if history else error,
                         spa=history)
    return None


def zola(files: ProjectFiles) -> Framework | None:
    """https://www.getzola.org/documentation/getting-started/configuration/: base_url is the one key that it must have;
    Hugo writes it baseURL."""
    config = files.first(["zola.toml", "config.toml"])
    settings = toml_of(files.text(config))
    if config is None or not isinstance(settings.get("base_url"), str):
        return None
    named = settings.get("output_dir")
    dist = inside(named) if isinstance(named, str) else "public"
    return Framework(id="zola", title="Zola", why=config, hook="zola build", dist=dist or "public",
                     advice=() if dist else outside("output_dir", config))


def mdbook(files: ProjectFiles) -> Framework | None:
    """https://rust-lang.github.io/mdBook/format/configuration/"""
    config = next((place for place in ("book.toml", "docs/book.toml", "book/book.toml", "doc/book.toml")
                   if files.is_file(place)), None)
    if config is None:
        return None
    settings = toml_of(files.text(config))
    folder = config.rpartition("/")[0] or "."
    build, output = settings.get("build"), settings.get("output")
    named = build.get("build-dir") if isinstance(build, dict) else None
    dist = inside(named if isinstance(named, str) else "book", folder)
    renderers = [name for name in output if name != "html"] if isinstance(output, dict) else []
    # With a second renderer each has a folder of its own.
    dist = f"{dist}/html" if dist and renderers else dist
    return Framework(id="mdbook", title="mdBook", why=config,
                     hook="mdbook build" if folder == "." else f"mdbook build {folder}",
                     dist=dist or "book", advice=() if dist else outside("build-dir", config))


def sphinx(files: ProjectFiles) -> Framework | None:
    source = next((place for place in (".", "docs", "doc", "source", "docs/source", "doc/source")
                   if files.is_file(_below(place, "conf.py"))), None)
    if source is None:
        return None
    config = _below(source, "conf.py")
    text = files.text(config)
    makefile = next((name for name in (_below(source, "Makefile"), _below(source, "../Makefile"))
                     if "sphinx" in files.text(name).lower()), None)
    if makefile is None and not re.search(r"sphinx|^html_theme\b|^master_doc\b|^root_doc\b", text,
                                          re.IGNORECASE | re.MULTILINE):
        return None
    named = re.search(r"^BUILDDIR[ \t]*[?:]?=[ \t]*([\w./-]+)", files.text(makefile), re.MULTILINE)
    home = makefile.removesuffix("Makefile").rstrip("/") or "." if makefile else source
    folder = (inside(named[1], home) if named else None) or _below(source, "_build")
    dist = inside(f"{folder}/html") or "_build/html"
    pages_404 = any(files.is_file(_below(source, f"404.{ending}")) for ending in ("rst", "md"))
    pages_404 |= re.search(r"""["']notfound\.extension["']""", text) is not None
    return Framework(id="sphinx", title="Sphinx", why=config,
                     hook=f"{files.python_runner}sphinx-build -b html {source} {dist}", dist=dist,
                     error="404.html" if pages_404 else "index.html")


def pelican(files: ProjectFiles) -> Framework | None:
    if not files.is_file("pelicanconf.py"):
        return None
    publish = files.first(["publishconf.py"])
    settings = files.text("pelicanconf.py") + "\n" + files.text(publish)
    named = _python_text(settings, "OUTPUT_PATH")
    dist = inside(named) if named else "output"
    content = (inside(_python_text(settings, "PATH") or "content")) or "content"
    pages_404 = any(files.folder.glob(f"{content}/**/404.*")) if "*" not in content else False
    where = f"-o {dist or 'output'} -s {publish or 'pelicanconf.py'}"
    return Framework(id="pelican", title="Pelican", why="pelicanconf.py",
                     hook=f"{files.python_runner}pelican {content} {where}",
                     dist=dist or "output", error="404.html" if pages_404 else "index.html",
                     advice=() if dist else outside("OUTPUT_PATH", "pelicanconf.py"))


_PYTHON_TEXT = re.compile(r"""^([A-Z_]+)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)')[ \t]*(?:#.*)?$""", re.MULTILINE)


def _python_text(text: str, name: str) -> str | None:
    """The last plain text that is given to a name at the left margin."""
    found = [line[2] or line[3] or "" for line in _PYTHON_TEXT.finditer(text) if line[1] == name]
    return found[-1] if found else None


def flutter(files: ProjectFiles) -> Framework | None:
    """https://docs.flutter.dev/deployment/web"""
    pubspec = files.text("pubspec.yaml")
    by_sdk = re.search(r"^[ \t]+sdk[ \t]*:[ \t]*flutter[ \t]*$", pubspec, re.MULTILINE)
    if not by_sdk or not files.is_file("web/index.html"):
        return None
    return Framework(id="flutter", title="Flutter", why="pubspec.yaml and web/index.html",
                     hook="flutter build web --release", dist="build/web", error="index.html", spa=True)


def blazor(files: ProjectFiles) -> Framework | None:
    """https://learn.microsoft.com/aspnet/core/blazor/host-and-deploy/webassembly/: an app that browsers run."""
    for path in sorted([*files.folder.glob("*.csproj"), *files.folder.glob("*/*.csproj")])[:50]:
        name = path.relative_to(files.folder).as_posix()
        if not re.search(r"""Sdk\s*=\s*["']Microsoft\.NET\.Sdk\.BlazorWebAssembly["'/]""", files.text(name)):
            continue
        folder = Path(name).parent.as_posix()
        out = _below(folder, "bin/site")
        project = f' "{name}"' if " " in name else f" {name}"
        return Framework(id="blazor", title="Blazor", why=name,
                         hook=f"dotnet publish{project} -c Release -o {_shell(out)}", dist=f"{out}/wwwroot",
                         error="index.html", spa=True)
    return None


def _shell(path: str) -> str:
    return f'"{path}"' if " " in path else path


def _below(folder: str, name: str) -> str:
    return name if folder in {".", ""} else f"{folder}/{name}"
