"""Tools for apps that come as npm packages and bring their own bundler or configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sitepub.site.detect.framework import Framework
from sitepub.site.detect.js_config import js_value
from sitepub.site.detect.node import VIEWS, own_404, read_out_dir
from sitepub.site.detect.project_files import ProjectFiles, flag, inside


def angular(files: ProjectFiles) -> Framework | None:
    """angular.json: https://angular.dev/reference/configs/workspace-config, output paths:
    https://angular.dev/tools/cli/build."""
    config = files.first(["angular.json", ".angular.json"])
    if config is None:
        return None
    workspace = _json_with_comments(files.text(config))
    apps = {name: app for name, app in _map(workspace.get("projects")).items()
            if isinstance(app, dict) and app.get("projectType", "application") == "application"}
    named = workspace.get("defaultProject")
    name = named if isinstance(named, str) and named in apps else next(iter(apps), None)
    if name is None:
        return None
    app = _map(apps[name])
    target = _map((_map(app.get("architect")) or _map(app.get("targets"))).get("build"))
    options = _map(target.get("options"))
    # The application builder puts what browsers get into a folder of its own; the builders before it do not.
    modern = str(target.get("builder", "")).endswith(":application")
    path, browser = options.get("outputPath"), "browser" if modern else ""
    if isinstance(path, dict):
        browser = path["browser"] if isinstance(path.get("browser"), str) else browser
        path = path.get("base")
    whole = f"{path if isinstance(path, str) else f'dist/{name}'}/{browser}"
    dist = inside(whole)
    others = [other for other in apps if other != name and not other.endswith("-e2e")]
    advice = [] if dist else [f"{config} writes outside of this folder (outputPath): change it, or dist in "
                              "serverless.yml."]
    if others:
        advice.append(f"{config} has more apps: {', '.join(others)}. This publishes {name}; for another one, change "
                      "hook and dist in serverless.yml.")
    prerendered = options.get("outputMode") == "static" or bool(options.get("prerender"))
    if (options.get("ssr") or options.get("server")) and not prerendered:
        advice.append(f"{config} renders pages on a server (ssr); set outputMode: static, or take ssr out.")
    hook = files.build("ng build") if len(apps) == 1 else files.run_tool(f"ng build {name}")
    return Framework(
        id="angular", title="Angular", why=config, hook=hook, dist=dist or f"dist/{name}/browser", spa=True,
        # Prerendered pages keep the app without a page in it beside them.
        error="index.csr.html" if prerendered and options.get("ssr") else "index.html",
        install=files.install, advice=tuple(advice))


def _json_with_comments(text: str) -> Mapping[str, Any]:
    bare = re.sub(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', lambda found: found[1] or " ", text,
                  flags=re.DOTALL)
    try:
        return _map(json.loads(re.sub(r",(?=\s{0,1000}[}\]])", "", bare)))
    except (ValueError, RecursionError):
        return {}


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def umi(files: ProjectFiles) -> Framework | None:
    tool = next((name for name in ("@umijs/max", "umi") if name in files.dependencies), None)
    config = files.config(".umirc", ("ts", "js")) or files.config("config/config", ("ts", "js"))
    if tool is None:
        return None
    dist, advice = read_out_dir(files.text(config), config, "dist", "outputPath")
    return Framework(id="umi", title="Umi", why=config or f"package.json ({tool})",
                     hook=files.build("max build" if tool == "@umijs/max" else "umi build"), dist=dist,
                     error="index.html", spa=True, install=files.install, advice=advice)


def rspress(files: ProjectFiles) -> Framework | None:
    config = files.config("rspress.config")
    if config is None and not files.depends("rspress", "@rspress/core"):
        return None
    text = files.text(config)
    dist, advice = read_out_dir(text, config, "doc_build", "outDir")
    return Framework(id="rspress", title="Rspress", why=config or "package.json (rspress)",
                     hook=files.build("rspress build"), dist=dist, ignore_html_ext=js_value(text, "cleanUrls") is True,
                     install=files.install, advice=advice)


def rsbuild(files: ProjectFiles) -> Framework | None:
    config = files.config("rsbuild.config")
    if config is None and "@rsbuild/core" not in files.dependencies:
        return None
    text = files.text(config)
    short = js_value(text, "output", "distPath")
    path = ("output", "distPath") if isinstance(short, str) else ("output", "distPath", "root")
    dist, advice = read_out_dir(text, config, "dist", *path)
    view = files.view(VIEWS)
    return Framework(id="rsbuild", title=f"Rsbuild ({view})" if view else "Rsbuild",
                     why=config or "package.json (@rsbuild/core)", hook=files.build("rsbuild build"), dist=dist,
                     spa=view is not None, error="index.html" if view or not own_404(files) else "404.html",
                     install=files.install, advice=advice)


def parcel(files: ProjectFiles) -> Framework | None:
    tool = next((name for name in ("parcel", "parcel-bundler") if name in files.dependencies), None)
    source = files.package.get("source")
    entry = next((name for name in (source if isinstance(source, list) else [source])
                  if isinstance(name, str) and name.endswith((".html", ".pug"))), None)
    entry = entry or files.first(["src/index.html", "index.html", "src/index.pug", "public/index.html"])
    if tool is None or entry is None:
        return None
    targets = files.package.get("targets")
    folders = [target.get("distDir") for target in targets.values() if isinstance(target, dict)] if isinstance(
        targets, dict) else []
    named = (flag(files.scripts.get("build", ""), "--dist-dir", "--out-dir", "-d")
             or next((folder for folder in folders if isinstance(folder, str)), "dist"))
    view = files.view(VIEWS)
    return Framework(id="parcel", title=f"Parcel ({view})" if view else "Parcel", why=f"package.json ({tool})",
                     hook=files.build("parcel build" if source else f"parcel build {entry}"),
                     dist=inside(named) or "dist", spa=view is not None, error="index.html",
                     install=files.install)


def ember(files: ProjectFiles) -> Framework | None:
    if not files.depends("ember-cli", "ember-source") or files.depends("ember-cli-addon-docs"):
        return None
    config = files.config("ember-cli-build") or files.first([".ember-cli"])
    named = (flag(files.scripts.get("build", ""), "--output-path", "-o")
             or _json_with_comments(files.text(".ember-cli")).get("output-path"))
    by_vite = "@embroider/vite" in files.dependencies
    dist = inside(named) if isinstance(named, str) else None
    if dist is None and by_vite:
        vite = files.config("vite.config")
        dist, _advice = read_out_dir(files.text(vite), vite, "dist", "build", "outDir")
    return Framework(id="ember", title="Ember", why=config or "package.json (ember-cli)",
                     hook=files.build("vite build" if by_vite else "ember build --environment=production"),
                     dist=dist or "dist", error="index.html", spa=True, install=files.install)


def quasar(files: ProjectFiles) -> Framework | None:
    config = files.config("quasar.config") or files.config("quasar.conf")
    if config is None or not files.depends("quasar", "@quasar/cli", "@quasar/app", "@quasar/app-vite",
                                           "@quasar/app-webpack"):
        return None
    script = files.scripts.get("build", "")
    kind = flag(script, "--mode", "-m") or "spa"
    advice: tuple[str, ...] = ()
    if kind not in {"spa", "pwa"}:
        advice = (f"The build script makes the mode {kind}; a website is the mode spa or pwa.",)
        kind = "spa"
    dist, found = read_out_dir(files.text(config), config, f"dist/{kind}", "build", "distDir")
    own = "quasar build" in script and not advice
    command = "quasar build" if kind == "spa" else f"quasar build -m {kind}"
    return Framework(id="quasar", title="Quasar", why=config,
                     hook=files.run_script("build") if own else files.run_tool(command), dist=dist, error="index.html",
                     spa=True, install=files.install, advice=(*advice, *found))


def taro(files: ProjectFiles) -> Framework | None:
    if not files.depends("@tarojs/cli", "@tarojs/taro"):
        return None
    config = files.config("config/index", ("ts", "js"))
    dist, advice = read_out_dir(files.text(config), config, "dist", "outputRoot")
    script = "build:h5" if "build:h5" in files.scripts else None
    return Framework(id="taro", title="Taro", why=config or "package.json (@tarojs/taro)",
                     hook=files.run_script(script) if script else files.run_tool("taro build --type h5"), dist=dist,
                     error="index.html", spa=True, install=files.install, advice=advice)


def react_router(files: ProjectFiles) -> Framework | None:
    """React Router 7 as a framework (https://reactrouter.com/how-to/spa), and Remix 2 with Vite before it."""
    remix = "@remix-run/dev" in files.dependencies
    if not remix and "@react-router/dev" not in files.dependencies:
        return None
    config = files.config("vite.config") if remix else files.config("react-router.config")
    title, text = "Remix" if remix else "React Router", files.text(config)
    folder = js_value(text, "buildDirectory")
    base = (inside(folder) if isinstance(folder, str) else None) or "build"
    listed = re.search(r"\bprerender\s*:\s*\[([^\]]{0,2000})\]", text)
    home = listed is None or re.search(r"""["'`]/["'`]|\.\.\.""", listed[1]) is not None
    prerenders = (home and re.search(r"\bprerender\s*[:(]", text) is not None
                  and js_value(text, "prerender") is not False)
    advice: tuple[str, ...] = ()
    if js_value(text, "ssr") is not False:
        place = config or "react-router.config.ts"
        advice = (f"{title} needs a server unless {place} says ssr: false.",)
    if folder is not None and (not isinstance(folder, str) or inside(folder) is None):
        advice += (f"Check dist in serverless.yml: buildDirectory in {config} could not be used.",)
    return Framework(
        id="remix" if remix else "react-router", title=title,
        why=config or f"package.json ({'@remix-run/dev' if remix else '@react-router/dev'})",
        hook=files.build("remix vite:build" if remix else "react-router build"), dist=f"{base}/client",
        # With a prerendered home page the app without a page in it has a name of its own.
        error="__spa-fallback.html" if prerenders else "index.html", spa=True, install=files.install, advice=advice)


def storybook(files: ProjectFiles) -> Framework | None:
    config = files.config(".storybook/main", ("ts", "js", "mjs", "cjs", "tsx", "mts", "cts"))
    script = next((name for name, text in files.scripts.items()
                   if re.search(r"\bstorybook build\b|\bbuild-storybook\b", text)), None)
    if config is None:
        return None
    named = flag(files.scripts.get(script or "", ""), "--output-dir", "-o")
    dist = (inside(named) if named else None) or "storybook-static"
    return Framework(id="storybook", title="Storybook", why=config,
                     hook=files.run_script(script) if script else files.run_tool("storybook build"), dist=dist,
                     error="index.html", install=files.install)


def storybook_of_a_library(files: ProjectFiles) -> Framework | None:
    """Vite makes no site of a library; its Storybook is one."""
    config = files.config("vite.config")
    is_library = config is not None and re.search(r"\blib\s*:\s*\{", files.text(config)) is not None
    return storybook(files) if is_library and not files.is_file("index.html") else None
