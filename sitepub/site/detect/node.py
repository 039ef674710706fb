"""The tools that come as npm packages: how each is recognised, and what it makes."""

from __future__ import annotations

import re
from collections.abc import Callable

from sitepub.site.detect.framework import Framework
from sitepub.site.detect.hexo_deploy import HexoDeploy, hexo_deploy
from sitepub.site.detect.js_config import UNREAD, js_value
from sitepub.site.detect.project_files import ProjectFiles, inside, yaml_value

Detector = Callable[[ProjectFiles], Framework | None]


def hexo(files: ProjectFiles) -> Framework | None:
    by_package = "hexo" in files.dependencies or "hexo" in files.package
    config = files.first(["_config.yml", "_config.yaml", "_config.json"])
    if not (by_package and config):
        return None
    text = files.text(config)
    named = yaml_value(text, "public_dir") or "public"
    source = yaml_value(text, "source_dir") or "source"
    dist = inside(named) or "public"
    # The script is taken when it does more than Hexo itself, and does not deploy on its own.
    script = files.scripts.get("build", "")
    plain = re.fullmatch(r"hexo (g|generate)( .*)?", script.strip()) is not None
    own = "hexo" in script and not plain and not re.search(r"hexo (d|deploy)\b|(\s-d\b)|--deploy\b", script)
    below = (yaml_value(text, "root") or "").strip("/")
    advice: tuple[str, ...] = ()
    if below:
        advice = (f"{config} puts the blog below /{below}/ (root): set keyPrefix: {below} in serverless.yml.",)
    before = hexo_deploy(text, config) if re.search(r"^deploy[ \t]*:", text, re.MULTILINE) else None
    if before is not None:
        advice += _about_deploy(before, config)
    return Framework(
        id="hexo", title="Hexo", why=f"package.json (hexo) and {config}",
        hook=files.run_script("build") if own else files.run_tool("hexo generate"),
        dist=dist, error=_hexo_error(files, source, dist), install=files.install,
        # pretty_urls.trailing_html: links leave out the ending.
        ignore_html_ext=re.search(r"^[ \t]+trailing_html:[ \t]*false\b", text, re.MULTILINE) is not None,
        bucket=before.bucket if before is not None else None, region=before.region if before is not None else None,
        advice=advice)


def _about_deploy(before: HexoDeploy, config: str) -> tuple[str, ...]:
    """What moved over from ``hexo deploy``, and what did not."""
    values = {"the bucket": before.bucket, "the region": before.region}
    taken = [f"{name} {value}" for name, value in values.items() if value]
    advice: list[str] = []
    if taken:
        advice.append(f"{' and '.join(taken)} {'come' if len(taken) > 1 else 'comes'} from {config} (deploy): check"
                      " `sitepub plan` before the first deploy, which asks before it replaces what lies there.")
    if before.bucket and not before.region:
        advice.append(f"{config} (deploy) names no region that is known: set region in serverless.yml to that of the"
                      " bucket.")
    if before.keys:
        advice.append(f"{config} (deploy) holds cloud keys; they were not copied. Keep them with `sitepub login`, take"
                      " them out of that file, and make new ones if it was ever pushed to a repository.")
    return tuple(advice)


def _hexo_error(files: ProjectFiles, source: str, dist: str) -> str:
    """404.html when the blog makes one, else the home page."""
    single = files.first(f"{source}/404.{ending}" for ending in ("md", "html", "htm", "ejs", "pug", "swig"))
    page = single or files.first([f"{source}/404/index.md", f"{source}/404/index.html"])
    if page is not None:
        permalink = (yaml_value(files.text(page), "permalink") or "").strip("/")
        if permalink:
            return permalink if permalink.endswith(".html") else f"{permalink}.html"
        return "404.html" if single else "404/index.html"
    by_theme = any(files.folder.glob("themes/*/source/404.html")) or files.is_file(f"{dist}/404.html")
    return "404.html" if by_theme else "index.html"


def docusaurus(files: ProjectFiles) -> Framework | None:
    config = files.config("docusaurus.config")
    if config is None and "@docusaurus/core" not in files.dependencies:
        return None
    slash = js_value(files.text(config), "trailingSlash")
    advice = () if isinstance(slash, bool) else (
        f"Set trailingSlash: true in {config or 'docusaurus.config.js'}: its links have no slash at the end, "
        "and the cloud answers /docs/intro only with the slash.",)
    return Framework(id="docusaurus", title="Docusaurus", why=config or "package.json (@docusaurus/core)",
                     hook=files.build("docusaurus build"), dist="build", ignore_html_ext=slash is False,
                     install=files.install, advice=advice)


def vitepress(files: ProjectFiles) -> Framework | None:
    return _press(files, "vitepress", "VitePress", "outDir")


def vuepress(files: ProjectFiles) -> Framework | None:
    return _press(files, "vuepress", "VuePress", "dest")


def _press(files: ProjectFiles, tool: str, title: str, option: str) -> Framework | None:
    in_script = re.search(rf"\b{tool} build\s+([\w./-]+)", " && ".join(files.scripts.values()))
    asked = inside(in_script[1]) if in_script else None
    places = [asked] if asked else []
    places += [".", "docs", "doc", "src"]
    root = next((place for place in places if files.has(f"{place}/.{tool}")), None)
    if root is None:
        if tool not in files.dependencies:
            return None
        root = asked or "."
    prefix = "" if root == "." else f"{root}/"
    config = files.config(f"{prefix}.{tool}/config")
    text = files.text(config)
    # VitePress reads it from the pages' folder, VuePress from the folder the command runs in.
    base = root if tool == "vitepress" else "."
    dist, advice = read_out_dir(text, config, f"{prefix}.{tool}/dist", option, base=base)
    scripts = ("build", "docs:build")
    script = next((name for name in scripts if f"{tool} build" in files.scripts.get(name, "")), None)
    where = "" if root == "." else f" {root}"
    own_folder = f"{prefix}.{tool}" if files.has(f"{prefix}.{tool}") else f"package.json ({tool})"
    return Framework(
        id=tool, title=title, why=config or own_folder,
        hook=files.run_script(script) if script else files.run_tool(f"{tool} build{where}"), dist=dist,
        ignore_html_ext=js_value(text, "cleanUrls") is True, install=files.install, advice=advice)


def next_export(files: ProjectFiles) -> Framework | None:
    config = files.config("next.config")
    if config is None and "next" not in files.dependencies:
        return None
    text = files.text(config)
    dist, advice = read_out_dir(text, config, "out", "distDir")
    output = js_value(text, "output")
    if output is None or output != "export":
        advice = (f"Next makes static files only with output: 'export' in {config or 'next.config.js'}.",
                  *advice)
        if output is None:
            # Without it distDir is Next's own working folder.
            dist = "out"
    return Framework(id="next", title="Next.js", why=config or "package.json (next)",
                     hook=files.build("next build"), dist=dist,
                     ignore_html_ext=js_value(text, "trailingSlash") is not True,
                     install=files.install, advice=advice)


def nuxt(files: ProjectFiles) -> Framework | None:
    config = files.config("nuxt.config")
    if config is None and "nuxt" not in files.dependencies:
        return None
    script = next((name for name in ("generate", "build") if "nuxt generate" in files.scripts.get(name, "")
                   or "nuxi generate" in files.scripts.get(name, "")), None)
    hook = files.run_script(script) if script else files.run_tool("nuxt generate")
    text = files.text(config)
    second = re.match(r"[\^~=v]*2\b", files.dependencies.get("nuxt", "")) is not None
    # Nuxt writes 200.html, the app without a page in it, beside every generated site.
    spa = js_value(text, "ssr") is False
    flat = js_value(text, "nitro", "prerender", "autoSubfolderIndex") is False
    advice = () if spa or flat or second else (
        "Set nitro: { prerender: { autoSubfolderIndex: false } } in the Nuxt configuration and "
        "ignoreHtmlExt: true in serverless.yml, so that /about answers without a slash at its end.",)
    return Framework(id="nuxt", title="Nuxt", why=config or "package.json (nuxt)", hook=hook,
                     dist="dist" if second else ".output/public", error="200.html" if spa else "404.html",
                     spa=spa, ignore_html_ext=flat, install=files.install, advice=advice)


def astro(files: ProjectFiles) -> Framework | None:
    config = files.config("astro.config")
    if config is None and "astro" not in files.dependencies:
        return None
    text = files.text(config)
    dist, advice = read_out_dir(text, config, "dist", "outDir")
    if js_value(text, "output") in ("server", "hybrid"):
        advice += (f"{config} renders pages on a server; only output: 'static' can be published.",)
    own_404 = any(files.folder.glob("src/pages/404.*")) or files.is_file("public/404.html")
    # Starlight makes a 404 page of its own.
    own_404 |= "@astrojs/starlight" in files.dependencies or files.is_file(f"{dist}/404.html")
    return Framework(id="astro", title="Astro", why=config or "package.json (astro)",
                     hook=files.build("astro build"), dist=dist,
                     error="404.html" if own_404 else "index.html",
                     ignore_html_ext=js_value(text, "build", "format") == "file",
                     install=files.install, advice=advice)


def gatsby(files: ProjectFiles) -> Framework | None:
    config = files.config("gatsby-config")
    if config is None and "gatsby" not in files.dependencies:
        return None
    return Framework(id="gatsby", title="Gatsby", why=config or "package.json (gatsby)",
                     hook=files.build("gatsby build"), dist="public", install=files.install)


def eleventy(files: ProjectFiles) -> Framework | None:
    config = files.first([".eleventy.js", ".eleventy.cjs"]) or files.config("eleventy.config")
    if config is None and "@11ty/eleventy" not in files.dependencies:
        return None
    text = files.text(config)
    in_script = re.search(r"--output[= ]([\w./-]+)", files.scripts.get("build", ""))
    in_call = re.search(r"""setOutputDirectory\(\s*["']([^"']+)["']""", text)
    dist, advice = read_out_dir(text, config, "_site", "dir", "output")
    for found in (in_call, in_script):
        if found and (named := inside(found[1])):
            dist, advice = named, ()
    source = js_value(text, "dir", "input")
    start = (inside(source) if isinstance(source, str) else None) or "."
    own_404 = any((files.folder / start).glob("404.*"))
    own_404 |= files.is_file(f"{dist}/404.html")
    tool = "@11ty/eleventy" if files.package_manager == "npm" else "eleventy"
    return Framework(id="eleventy", title="Eleventy", why=config or "package.json (@11ty/eleventy)",
                     hook=files.build(tool), dist=dist, error="404.html" if own_404 else "index.html",
                     install=files.install, advice=advice)


def sveltekit(files: ProjectFiles) -> Framework | None:
    if "@sveltejs/kit" not in files.dependencies:
        return None
    # Newer projects configure it in vite.config.
    config = files.config("svelte.config") or files.config("vite.config")
    text = files.text(config)
    dist, advice = read_out_dir(text, config, "build", "pages")
    if "@sveltejs/adapter-static" not in files.dependencies:
        advice = ("SvelteKit makes static files only with @sveltejs/adapter-static.", *advice)
    fallback = js_value(text, "fallback")
    spa = isinstance(fallback, str) and fallback != "404.html"
    return Framework(id="sveltekit", title="SvelteKit", why="package.json (@sveltejs/kit)",
                     hook=files.build("vite build"), dist=dist, error=str(fallback) if spa else "404.html",
                     spa=spa, ignore_html_ext=True, install=files.install, advice=advice)


def create_react_app(files: ProjectFiles) -> Framework | None:
    if "react-scripts" not in files.dependencies:
        return None
    return Framework(id="create-react-app", title="Create React App", why="package.json (react-scripts)",
                     hook=files.build("react-scripts build"), dist="build", error="index.html", spa=True,
                     install=files.install)


def vue_cli(files: ProjectFiles) -> Framework | None:
    if "@vue/cli-service" not in files.dependencies:
        return None
    config = files.config("vue.config")
    dist, advice = read_out_dir(files.text(config), config, "dist", "outputDir")
    return Framework(id="vue-cli", title="Vue CLI", why="package.json (@vue/cli-service)",
                     hook=files.build("vue-cli-service build"), dist=dist, error="index.html", spa=True,
                     install=files.install, advice=advice)


VIEWS = {"react": "React", "vue": "Vue", "svelte": "Svelte", "preact": "Preact", "solid-js": "Solid",
          "lit": "Lit"}


def vite(files: ProjectFiles) -> Framework | None:
    config = files.config("vite.config")
    if config is None and "vite" not in files.dependencies:
        return None
    view = files.view(VIEWS)
    text = files.text(config)
    root = js_value(text, "root")
    base = (inside(root) if isinstance(root, str) else None) or "."
    default = inside("dist", base) or "dist"
    dist, advice = read_out_dir(text, config, default, "build", "outDir", base=base)
    # Without a view library it is a site of pages, as Vite's "vanilla" template is.
    own_404 = files.first(f"{place}/404.html" for place in (base, "public", f"{base}/public")) is not None
    return Framework(id="vite", title=f"Vite ({view})" if view else "Vite",
                     why=config or "package.json (vite)", hook=files.build("vite build"),
                     dist=dist, spa=view is not None,
                     error="404.html" if view is None and own_404 else "index.html",
                     install=files.install, advice=advice)


def read_out_dir(text: str, config: str | None, default: str, *option: str, base: str = "."
             ) -> tuple[str, tuple[str, ...]]:
    """The configured output folder, or the default, with advice when the setting could not be used."""
    value = js_value(text, *option)
    if value is None:
        return default, ()
    found = inside(value, base) if isinstance(value, str) else None
    if found is not None:
        return found, ()
    name = ".".join(option)
    if value is UNREAD:
        return default, (f"{config} computes {name}: check dist in serverless.yml.",)
    return default, (f"{config} writes outside of this folder ({name}): change it, or dist in "
                     "serverless.yml.",)


def own_404(files: ProjectFiles) -> bool:
    return files.first(["404.html", "public/404.html"]) is not None


NODE_DETECTORS: tuple[Detector, ...] = (
    docusaurus, vitepress, vuepress, next_export, nuxt, astro, gatsby, eleventy, sveltekit, create_react_app,
    vue_cli, vite)
"""In this order: what is built on Vite or React comes before them."""
