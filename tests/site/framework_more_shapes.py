"""More projects as their tools' own generators lay them out, shortened to what tells: Angular CLI 19 and ember-cli 7,
sv 0.9, create-umi 4, sphinx-quickstart, pelican-quickstart. The others (Quasar, Remix, Taro, Flutter, Blazor, Zola,
mdBook, docsify, Storybook …) are small hand-made ones of the layout that these tools are known for."""

from __future__ import annotations

import json
from typing import Any

from tests.site.framework_shapes import BUILD, package


def angular(builder: str, *, default: str | None = None, others: tuple[str, ...] = (), **options: Any) -> str:
    apps = {
        name: {
            "projectType": "application",
            "root": "",
            "sourceRoot": "src",
            "architect": {
                "build": {"builder": builder, "options": options},
                "serve": {"builder": "@angular/build:dev-server"},
            },
        }
        for name in ("shop", *others)
    }
    apps["kit"] = {"projectType": "library", "architect": {"build": {"builder": "x:ng-packagr"}}}
    return json.dumps({"version": 1, "projects": apps, **({"defaultProject": default} if default else {})})


NG = package("@angular/core", "@angular/cli", scripts={"build": "ng build"})
MODERN = "@angular-devkit/build-angular:application"
APP = {"hook": "npm run build", "spa": True, "error": "index.html"}
PELICANCONF = 'SITENAME = "x"\nSITEURL = ""\n\nPATH = "content"\n\nTIMEZONE = "Europe/Rome"\n'
SPHINX = "# Configuration file for the Sphinx documentation builder.\nproject = 'x'\nhtml_theme = 'alabaster'\n"
MAKEFILE = "SPHINXBUILD   ?= sphinx-build\nSOURCEDIR     = {}\nBUILDDIR      = {}\n"
CSPROJ = '<Project Sdk="Microsoft.NET.Sdk.BlazorWebAssembly">\n</Project>\n'

MORE_SHAPES: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    (
        "angular 19",
        {
            "package.json": NG,
            "angular.json": angular(MODERN, outputPath="dist/shop"),
            "src/index.html": "",
            "src/environments/environment.prod.ts": "",
        },
        {"id": "angular", "dist": "dist/shop/browser", "advice": (), **APP},
    ),
    (
        "angular 20, whose outputPath is left out",
        {"package.json": NG, "angular.json": angular("@angular/build:application")},
        {"dist": "dist/shop/browser"},
    ),
    (
        "angular with an output path in parts",
        {"package.json": NG, "angular.json": angular(MODERN, outputPath={"base": "out", "browser": ""})},
        {"dist": "out"},
    ),
    (
        "angular with another browser folder",
        {"package.json": NG, "angular.json": angular(MODERN, outputPath={"base": "out", "browser": "web"})},
        {"dist": "out/web"},
    ),
    (
        "angular before 17",
        {
            "package.json": NG,
            "angular.json": "// made by ng new\n"
            + angular("@angular-devkit/build-angular:browser", outputPath="dist/shop"),
        },
        {"dist": "dist/shop"},
    ),
    (
        "angular that is prerendered",
        {
            "package.json": NG,
            "angular.json": angular("@angular/build:application", outputMode="static", ssr={"entry": "src/server.ts"}),
        },
        {"error": "index.csr.html", "spa": True, "advice": ()},
    ),
    (
        "an angular workspace of two apps",
        {"package.json": NG, "pnpm-lock.yaml": "", "angular.json": angular(MODERN, default="admin", others=("admin",))},
        {"hook": "pnpm exec ng build admin", "dist": "dist/admin/browser"},
    ),
    (
        "umi",
        {
            "package.json": package("umi", scripts={"build": "umi build"}),
            ".umirc.ts": 'import { defineConfig } from "umi";\nexport default defineConfig({\n  routes: [],\n});\n',
        },
        {"id": "umi", "dist": "dist", **APP},
    ),
    (
        "umi max with an outputPath",
        {
            "package.json": package("@umijs/max"),
            "config/config.ts": "export default defineConfig({ outputPath: 'build', antd: {} });",
        },
        {"id": "umi", "hook": "npx max build", "dist": "build"},
    ),
    (
        "rspress",
        {
            "package.json": package("rspress", scripts={"build": "rspress build"}),
            "docs/index.md": "",
            "rspress.config.ts": "export default defineConfig({ root: path.join(__dirname, 'docs') });",
        },
        {"id": "rspress", "dist": "doc_build", "error": "404.html", "hook": "npm run build", "ignore_html_ext": False},
    ),
    (
        "rspress 2 with clean addresses",
        {
            "package.json": package("@rspress/core", "@rsbuild/core"),
            "rspress.config.ts": "export default defineConfig({ outDir: 'site', route: { cleanUrls: true } });",
        },
        {"id": "rspress", "dist": "site", "ignore_html_ext": True},
    ),
    (
        "rsbuild",
        {
            "package.json": package("@rsbuild/core", "react", scripts=BUILD),
            "public/favicon.png": "",
            "rsbuild.config.ts": "export default defineConfig({ plugins: [pluginReact()] });",
        },
        {"id": "rsbuild", "title": "Rsbuild (React)", "dist": "dist", **APP},
    ),
    (
        "rsbuild with distPath",
        {
            "package.json": package("@rsbuild/core"),
            "rsbuild.config.mjs": "export default { output: { distPath: { root: 'build', js: 'static' } } };",
        },
        {"dist": "build", "spa": False},
    ),
    (
        "parcel",
        {
            "package.json": package("parcel", source="src/index.html", scripts={"build": "parcel build"}),
            "src/index.html": "",
        },
        {"id": "parcel", "hook": "npm run build", "dist": "dist"},
    ),
    (
        "parcel with a folder in its script",
        {
            "package.json": package("parcel", "react", scripts={"build": "parcel build src/index.html --dist-dir=www"}),
            "src/index.html": "",
        },
        {"dist": "www", "spa": True},
    ),
    (
        "parcel with a target and no script",
        {"package.json": package("parcel", targets={"default": {"distDir": "./out"}}), "index.html": ""},
        {"dist": "out", "hook": "npx parcel build index.html"},
    ),
    (
        "ember",
        {
            "package.json": package(
                "ember-cli", "ember-source", scripts={"build": "ember build --environment=production"}
            ),
            "ember-cli-build.js": "",
            "app/index.html": "",
        },
        {"id": "ember", "dist": "dist", **APP},
    ),
    (
        "ember on vite",
        {
            "package.json": package(
                "ember-cli", "ember-source", "@embroider/vite", "vite", scripts={"build": "vite build"}
            ),
            "index.html": "",
            "vite.config.mjs": "export default defineConfig({ plugins: [ember()] });",
            ".ember-cli": '{\n  /** words */\n  "isTypeScriptProject": false\n}',
        },
        {"id": "ember", "dist": "dist", **APP},
    ),
    (
        "ember with an output path",
        {"package.json": package("ember-cli"), ".ember-cli": '{"output-path": "web"}'},
        {"dist": "web", "hook": "npx ember build --environment=production"},
    ),
    (
        "quasar",
        {
            "package.json": package("quasar", "@quasar/app-vite", "vue", scripts={"build": "quasar build"}),
            "quasar.config.ts": "export default defineConfig((ctx) => { return { build: { target: {} } } });",
            "index.html": "",
        },
        {"id": "quasar", "dist": "dist/spa", **APP},
    ),
    (
        "quasar as a progressive app",
        {
            "package.json": package("quasar", "@quasar/app-webpack", scripts={"build": "quasar build -m pwa"}),
            "quasar.conf.js": "module.exports = {}",
            "src/index.template.html": "",
        },
        {"dist": "dist/pwa"},
    ),
    (
        "quasar with distDir",
        {
            "package.json": package("quasar", "@quasar/app-vite"),
            "quasar.config.js": "module.exports = configure(() => ({ build: { distDir: 'www' } }))",
        },
        {"dist": "www", "hook": "npx quasar build"},
    ),
    (
        "taro",
        {
            "package.json": package(
                "@tarojs/taro", scripts={"build:weapp": "taro build --type weapp", "build:h5": "taro build --type h5"}
            ),
            "src/index.html": "",
            "config/index.ts": "export default { outputRoot: 'dist' }",
        },
        {"id": "taro", "hook": "npm run build:h5", "dist": "dist", "spa": True},
    ),
    (
        "react router without a server",
        {
            "package.json": package("@react-router/dev", "vite", "react", scripts={"build": "react-router build"}),
            "vite.config.ts": "export default defineConfig({ plugins: [reactRouter()] });",
            "react-router.config.ts": "export default {\n  ssr: false,\n} satisfies Config;\n",
        },
        {"id": "react-router", "dist": "build/client", "advice": (), **APP},
    ),
    (
        "react router with prerendered pages",
        {
            "package.json": package("@react-router/dev"),
            "react-router.config.ts": "export default { ssr: false, buildDirectory: 'out', prerender:['/', '/about'] }",
        },
        {"error": "__spa-fallback.html", "dist": "out/client"},
    ),
    (
        "react router with prerendered pages, the home page not among them",
        {
            "package.json": package("@react-router/dev"),
            "react-router.config.ts": "export default { ssr: false, prerender: ['/about'] }",
        },
        {"error": "index.html"},
    ),
    (
        "remix without a server",
        {
            "package.json": package("@remix-run/dev", "vite", scripts={"build": "remix vite:build"}),
            "vite.config.ts": "export default { plugins: [remix({ ssr: false, future: {} })] }",
        },
        {"id": "remix", "dist": "build/client", "advice": (), **APP},
    ),
    (
        "sveltekit, configured in vite.config",
        {
            "package.json": package("@sveltejs/kit", "@sveltejs/adapter-static", "svelte", "vite", scripts=BUILD),
            "vite.config.ts": "export default { plugins: [sveltekit({ adapter: "
            "adapter({ pages: 'out', fallback: '200.html' }) })] };",
        },
        {"id": "sveltekit", "dist": "out", "error": "200.html", "spa": True, "advice": ()},
    ),
    (
        "storybook of a library",
        {
            "package.json": package(
                "vite",
                "react",
                "storybook",
                "@storybook/react-vite",
                scripts={"build": "vite build", "build-storybook": "storybook build"},
            ),
            ".storybook/main.ts": "",
            "vite.config.ts": "export default { build: { lib: { entry: 'src/index.ts' } } }",
        },
        {"id": "storybook", "hook": "npm run build-storybook", "dist": "storybook-static"},
    ),
    (
        "storybook with a folder of its own",
        {
            "package.json": package("@storybook/html", scripts={"docs": "storybook build -o public/book"}),
            ".storybook/main.js": "",
        },
        {"dist": "public/book"},
    ),
    (
        "an app with a storybook beside it",
        {
            "package.json": package("vite", "vue", "storybook", scripts=BUILD),
            "index.html": "",
            ".storybook/main.ts": "",
        },
        {"id": "vite"},
    ),
    (
        "flutter",
        {
            "pubspec.yaml": "name: x\ndependencies:\n  flutter:\n    sdk: flutter\n",
            "web/index.html": "",
            "lib/main.dart": "",
        },
        {
            "id": "flutter",
            "hook": "flutter build web --release",
            "dist": "build/web",
            "spa": True,
            "error": "index.html",
        },
    ),
    (
        "blazor",
        {"Shop.csproj": CSPROJ, "wwwroot/index.html": "", "Program.cs": ""},
        {
            "id": "blazor",
            "hook": "dotnet publish Shop.csproj -c Release -o bin/site",
            "dist": "bin/site/wwwroot",
            "spa": True,
        },
    ),
    (
        "blazor below a solution",
        {"My App/My App.csproj": CSPROJ, "All.sln": ""},
        {
            "hook": 'dotnet publish "My App/My App.csproj" -c Release -o "My App/bin/site"',
            "dist": "My App/bin/site/wwwroot",
        },
    ),
    (
        "zola",
        {
            "config.toml": 'base_url = "https://example.com"\ncompile_sass = true\n[markdown]\n',
            "content/_index.md": "",
            "templates/index.html": "",
        },
        {"id": "zola", "hook": "zola build", "dist": "public", "error": "404.html"},
    ),
    ("zola with an output_dir", {"zola.toml": 'base_url = "/"\noutput_dir = "out"\n'}, {"id": "zola", "dist": "out"}),
    (
        "hugo with a config.toml",
        {"config.toml": 'baseURL = "https://example.com/"\n', "content/a.md": ""},
        {"id": "hugo"},
    ),
    (
        "mdbook",
        {"book.toml": '[book]\ntitle = "x"\nsrc = "src"\n', "src/SUMMARY.md": ""},
        {"id": "mdbook", "hook": "mdbook build", "dist": "book", "error": "404.html"},
    ),
    (
        "mdbook in docs with a build-dir and a second renderer",
        {"docs/book.toml": '[build]\nbuild-dir = "../out"\n[output.html]\n[output.linkcheck]\n'},
        {"hook": "mdbook build docs", "dist": "out/html"},
    ),
    (
        "sphinx",
        {"conf.py": SPHINX, "Makefile": MAKEFILE.format(".", "_build"), "index.rst": ""},
        {"id": "sphinx", "hook": "sphinx-build -b html . _build/html", "dist": "_build/html", "error": "index.html"},
    ),
    (
        "sphinx with separate folders",
        {"source/conf.py": SPHINX, "Makefile": MAKEFILE.format("source", "build")},
        {"hook": "sphinx-build -b html source build/html", "dist": "build/html"},
    ),
    (
        "sphinx in docs, with uv and a 404 page",
        {"docs/conf.py": SPHINX, "docs/404.rst": "", "uv.lock": "", "pyproject.toml": ""},
        {"hook": "uv run sphinx-build -b html docs docs/_build/html", "error": "404.html"},
    ),
    (
        "pelican",
        {
            "pelicanconf.py": PELICANCONF,
            "publishconf.py": 'from pelicanconf import *\nSITEURL = ""\n',
            "content/a.md": "",
        },
        {"id": "pelican", "hook": "pelican content -o output -s publishconf.py", "dist": "output"},
    ),
    (
        "pelican with an OUTPUT_PATH",
        {"pelicanconf.py": PELICANCONF + "OUTPUT_PATH = 'web/'\n", "content/pages/404.md": ""},
        {"dist": "web", "error": "404.html"},
    ),
    (
        "honkit",
        {"package.json": package("honkit", scripts={"build": "honkit build"}), "SUMMARY.md": ""},
        {"id": "honkit", "hook": "npm run build", "dist": "_book", "error": "index.html"},
    ),
    (
        "honkit with places",
        {"package.json": package("honkit", scripts={"book": "honkit build ./docs ./web"})},
        {"hook": "npm run book", "dist": "web"},
    ),
    (
        "docsify",
        {
            "docs/index.html": "<script>window.$docsify = {}</script><script src='//x/npm/docsify@4'></script>",
            "docs/README.md": "",
            "package.json": package("docsify-cli", scripts={"serve": "docsify serve docs"}),
        },
        {"id": "docsify", "src": "docs", "hook": None, "spa": False, "error": "index.html"},
    ),
    (
        "docsify with addresses of its own",
        {"index.html": "window.$docsify = { routerMode: 'history' }"},
        {"src": ".", "spa": True, "error": "index.html"},
    ),
    (
        "quartz",
        {
            "package.json": package("preact", name="@jackyzha0/quartz"),
            "quartz.config.ts": "",
            "quartz/build.ts": "",
            "content/index.md": "",
        },
        {"id": "quartz", "hook": "npx quartz build", "dist": "public", "ignore_html_ext": True, "error": "404.html"},
    ),
    (
        "a package of a workspace",
        {
            "../package.json": package(workspaces=["web"]),
            "../pnpm-lock.yaml": "",
            "../node_modules/vite/package.json": "{}",
            "package.json": package("vite", "react", scripts=BUILD),
            "index.html": "",
        },
        {"id": "vite", "hook": "pnpm run build", "install": None},
    ),
    # What nobody knows
    (
        "webpack with a page in src",
        {
            "package.json": package("webpack", scripts={"build": "webpack --mode production"}),
            "src/index.html": "",
            "src/index.js": "",
        },
        {"id": "build", "hook": "npm run build", "dist": "dist", "dist_is_a_guess": True, "src": "."},
    ),
    (
        "webpack that says where",
        {
            "package.json": package("webpack", scripts={"build": "webpack"}),
            "public/index.html": "",
            "webpack.config.js": "module.exports = { output: { path: path.resolve(__dirname, 'web') } }",
        },
        {"dist": "web", "dist_is_a_guess": False},
    ),
    (
        "a script of another name",
        {"package.json": package(scripts={"build:prod": "gulp", "build:dev": "gulp"}), "index.html": ""},
        {"id": "build", "hook": "npm run build:prod"},
    ),
    (
        "a script that names the folder",
        {"package.json": package(scripts={"build": "esbuild src/a.ts --outdir=www/js"}), "app/index.pug": ""},
        {"id": "build", "dist": "www/js"},
    ),
    (
        "a mini program with a page beside it",
        {"package.json": package(scripts={"build:weapp": "x"}), "src/index.html": ""},
        {"id": "build", "dist_is_a_guess": True},
    ),
    (
        "plain html with a package.json for a formatter",
        {"package.json": package("prettier", scripts={"format": "prettier ."}), "index.html": ""},
        {"id": "html"},
    ),
]
