"""Projects as their tools' own generators lay them out: files that tell, and what must be seen in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def package(*dependencies: str, scripts: Mapping[str, str] | None = None, **more: Any) -> str:
    versions: dict[str, str] = {}
    for dependency in dependencies:
        name, _, version = (
            dependency.rpartition("@") if dependency.rfind("@") > 0 else (dependency, "", "^1.0.0")
        )
        versions[name] = version
    return json.dumps({"name": "x", "dependencies": versions, "scripts": dict(scripts or {}), **more})


BUILD = {"build": "whatever build"}

SHAPES: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    (
        "hexo as `hexo init` makes it",
        {
            "package.json": package(
                "hexo", scripts={"build": "hexo generate", "server": "hexo server"}, hexo={"version": "8.1.2"}
            ),
            "_config.yml": "title: Hexo\nsource_dir: source\npublic_dir: public\n",
            "source/_posts/hello-world.md": "",
        },
        {
            "id": "hexo",
            "hook": "npx hexo generate",
            "dist": "public",
            "error": "index.html",
            "spa": False,
            "install": "npm install",
        },
    ),
    (
        "hexo with its folders renamed and a 404 page",
        {
            "package.json": package("hexo"),
            "_config.yml": "source_dir: content\npublic_dir: 'site/out' # here\n"
            "pretty_urls:\n  trailing_html: false\n",
            "content/404.md": "---\ntitle: gone\n---\n",
            "node_modules/hexo/package.json": "{}",
        },
        {"dist": "site/out", "error": "404.html", "install": None, "ignore_html_ext": True},
    ),
    (
        "hexo whose 404 page has a permalink",
        {
            "package.json": package("hexo"),
            "_config.yml": "title: x\n",
            "source/404/index.md": "---\npermalink: /404\n---\n",
        },
        {"error": "404.html"},
    ),
    (
        "hexo with a build script that does more, and pnpm",
        {
            "package.json": package("hexo", scripts={"build": "hexo clean && hexo generate && gulp"}),
            "_config.yml": "title: x\n",
            "pnpm-lock.yaml": "",
        },
        {"hook": "pnpm run build", "install": "pnpm install"},
    ),
    (
        "hexo whose build script deploys on its own",
        {
            "package.json": package("hexo", scripts={"build": "hexo g && hexo deploy"}),
            "_config.yml": "title: x\n",
            "yarn.lock": "",
        },
        {"hook": "yarn hexo generate"},
    ),
    (
        "hugo with hugo.toml",
        {
            "hugo.toml": "baseURL = 'https://example.com/'\ntitle = 'x'\n",
            "content/posts/a.md": "",
            "layouts/404.html": "",
        },
        {
            "id": "hugo",
            "hook": "hugo --minify --cleanDestinationDir",
            "dist": "public",
            "error": "404.html",
            "install": None,
        },
    ),
    (
        "hugo with an old config.yaml, another folder and a theme without 404",
        {"config.yaml": "publishDir: docs\n", "archetypes/default.md": "", "themes/t/layouts/index.html": ""},
        {"id": "hugo", "dist": "docs", "error": "index.html"},
    ),
    (
        "hugo with a config folder and a theme that is a module",
        {"config/_default/hugo.toml": "publishdir = \"out\"\n[module]\n[[module.imports]]\npath = 'x/y'\n"},
        {"id": "hugo", "dist": "out", "error": "404.html"},
    ),
    (
        "vite with react",
        {
            "package.json": package("react", "react-dom", "vite", scripts={"build": "vite build"}),
            "index.html": "",
            "vite.config.js": "import r from 'r'\nexport default defineConfig({ plugins: [r()] })",
        },
        {
            "id": "vite",
            "title": "Vite (React)",
            "hook": "npm run build",
            "dist": "dist",
            "error": "index.html",
            "spa": True,
        },
    ),
    (
        "vite with vue, typescript, an outDir of its own and yarn",
        {
            "package.json": package("vue", "vite", scripts={"build": "vue-tsc && vite build"}),
            "yarn.lock": "",
            "vite.config.ts": "export default defineConfig({\n  // outDir: 'no'\n"
            "  plugins: [vue(), dts({ outDir: 'types' })],"
            '\n  build: {\n    rollupOptions: { output: {} },\n    outDir: "web",\n  },\n})',
        },
        {"title": "Vite (Vue)", "hook": "yarn run build", "dist": "web", "spa": True, "advice": ()},
    ),
    (
        "vite with svelte and a root folder",
        {
            "package.json": package("svelte", "vite"),
            "bun.lock": "",
            "vite.config.mjs": "export default { root: 'app', build: { outDir: '../dist/app' } }",
        },
        {"title": "Vite (Svelte)", "hook": "bunx vite build", "dist": "dist/app"},
    ),
    (
        "vite without a view library is a site of pages",
        {
            "package.json": package("vite", scripts={"build": "vite build"}),
            "index.html": "",
            "public/404.html": "",
        },
        {"title": "Vite", "spa": False, "error": "404.html"},
    ),
    (
        "next with output export",
        {
            "package.json": package("next", "react", scripts={"build": "next build"}),
            "next.config.ts": "const config: NextConfig = {\n  output: 'export',\n};\nexport default config;",
        },
        {
            "id": "next",
            "hook": "npm run build",
            "dist": "out",
            "error": "404.html",
            "ignore_html_ext": True,
            "spa": False,
            "advice": (),
        },
    ),
    (
        "next with trailing slashes and a folder of its own",
        {
            "package.json": package("next"),
            "next.config.mjs": "export default { output: `export`, trailingSlash: true, distDir: 'build' }",
        },
        {"dist": "build", "ignore_html_ext": False, "hook": "npx next build"},
    ),
    (
        "nuxt",
        {
            "package.json": package(
                "nuxt@^4.0.0", "vue", scripts={"build": "nuxt build", "generate": "nuxt generate"}
            ),
            "nuxt.config.ts": "export default defineNuxtConfig({})",
        },
        {
            "id": "nuxt",
            "hook": "npm run generate",
            "dist": ".output/public",
            "error": "404.html",
            "spa": False,
        },
    ),
    (
        "nuxt as a single-page app, without scripts",
        {
            "package.json": package("nuxt@^3.0.0"),
            "nuxt.config.ts": "export default defineNuxtConfig({ ssr: false })",
        },
        {"hook": "npx nuxt generate", "error": "200.html", "spa": True, "advice": ()},
    ),
    (
        "nuxt 2",
        {"package.json": package("nuxt@^2.15.8"), "nuxt.config.js": "export default { target: 'static' }"},
        {"dist": "dist"},
    ),
    (
        "astro",
        {
            "package.json": package("astro", scripts={"build": "astro build"}),
            "astro.config.mjs": "export default defineConfig({ site: 'https://example.com' });",
            "src/pages/404.astro": "",
        },
        {
            "id": "astro",
            "hook": "npm run build",
            "dist": "dist",
            "error": "404.html",
            "ignore_html_ext": False,
        },
    ),
    (
        "astro with files instead of folders",
        {
            "package.json": package("astro"),
            "astro.config.ts": "export default defineConfig({ outDir: './www', build: { format: 'file' } });",
        },
        {"dist": "www", "ignore_html_ext": True, "error": "index.html"},
    ),
    (
        "vitepress in docs",
        {
            "package.json": package("vitepress", "vue", scripts={"docs:build": "vitepress build docs"}),
            "docs/.vitepress/config.mts": "export default defineConfig({ title: 'x', cleanUrls: true })",
            "docs/index.md": "",
        },
        {
            "id": "vitepress",
            "hook": "npm run docs:build",
            "dist": "docs/.vitepress/dist",
            "ignore_html_ext": True,
            "spa": False,
            "error": "404.html",
        },
    ),
    (
        "vitepress at the root, with outDir",
        {
            "package.json": package("vitepress"),
            ".vitepress/config.js": "export default { outDir: './built' }",
        },
        {"hook": "npx vitepress build", "dist": "built"},
    ),
    (
        "vuepress",
        {
            "package.json": package("vuepress", scripts={"docs:build": "vuepress build docs"}),
            "docs/.vuepress/config.js": "export default {}",
        },
        {"id": "vuepress", "dist": "docs/.vuepress/dist"},
    ),
    (
        "docusaurus with trailingSlash",
        {
            "package.json": package("@docusaurus/core", "react", scripts={"build": "docusaurus build"}),
            "docusaurus.config.ts": "const config: Config = { trailingSlash: true };",
        },
        {"id": "docusaurus", "hook": "npm run build", "dist": "build", "error": "404.html", "advice": ()},
    ),
    (
        "jekyll as `jekyll new` makes it",
        {
            "Gemfile": 'source "x"\ngem "jekyll", "~> 4.3"\n',
            "_config.yml": "title: x\n",
            "_posts/a.md": "",
            "404.html": "",
        },
        {
            "id": "jekyll",
            "hook": "bundle exec jekyll build",
            "dist": "_site",
            "error": "404.html",
            "install": "bundle install",
        },
    ),
    (
        "jekyll without a Gemfile",
        {"_config.yml": "destination: ./out\n", "_layouts/default.html": ""},
        {"id": "jekyll", "hook": "jekyll build", "dist": "out", "error": "index.html", "install": None},
    ),
    (
        "mkdocs",
        {
            "mkdocs.yml": "site_name: x\nsite_dir: built\nmarkdown_extensions:\n  - x: !!python/name:y.z\n",
            "docs/index.md": "",
        },
        {"id": "mkdocs", "hook": "mkdocs build", "dist": "built", "error": "404.html"},
    ),
    (
        "mkdocs with uv",
        {"mkdocs.yml": "site_name: x\n", "uv.lock": ""},
        {"hook": "uv run mkdocs build", "dist": "site"},
    ),
    (
        "eleventy",
        {
            "package.json": package("@11ty/eleventy"),
            "eleventy.config.js": "export default () => ({ dir: { input: 'src', output: 'www' } })",
            "src/404.md": "",
        },
        {"id": "eleventy", "hook": "npx @11ty/eleventy", "dist": "www", "error": "404.html"},
    ),
    (
        "eleventy whose script names the folder",
        {"package.json": package("@11ty/eleventy", scripts={"build": "eleventy --output=web"})},
        {"hook": "npm run build", "dist": "web", "error": "index.html"},
    ),
    (
        "gatsby",
        {
            "package.json": package("gatsby", "react", scripts={"build": "gatsby build"}),
            "gatsby-config.ts": "",
        },
        {"id": "gatsby", "hook": "npm run build", "dist": "public", "error": "404.html", "spa": False},
    ),
    (
        "sveltekit with a fallback",
        {
            "package.json": package(
                "@sveltejs/kit", "@sveltejs/adapter-static", "svelte", "vite", scripts=BUILD
            ),
            "svelte.config.js": "export default { kit: { adapter: adapter({ fallback: 'app.html' }) } }",
            "vite.config.js": "",
        },
        {"id": "sveltekit", "dist": "build", "error": "app.html", "spa": True},
    ),
    (
        "create react app",
        {"package.json": package("react-scripts", "react", scripts=BUILD), "public/index.html": ""},
        {"id": "create-react-app", "dist": "build", "spa": True},
    ),
    (
        "vue cli",
        {
            "package.json": package("@vue/cli-service", scripts=BUILD),
            "vue.config.js": "module.exports={outputDir:'o'}",
        },
        {"id": "vue-cli", "dist": "o", "spa": True},
    ),
    (
        "plain html at the root",
        {"index.html": "", "404.html": ""},
        {"id": "html", "hook": None, "dist": None, "src": ".", "error": "404.html"},
    ),
    (
        "plain html in public",
        {"public/index.html": "", "README.md": ""},
        {"id": "html", "src": "public", "error": "index.html"},
    ),
    (
        "plain html in src",
        {"src/index.html": "", "src/error.html": ""},
        {"src": "src", "error": "error.html"},
    ),
    (
        "something that a build script makes",
        {"package.json": package(scripts=BUILD), "dist/index.html": ""},
        {"id": "build", "hook": "npm run build", "dist": "dist"},
    ),
    (
        "a package.json that is broken, beside plain html",
        {"package.json": "{", "index.html": ""},
        {"id": "html"},
    ),
    (
        "the package manager that package.json names",
        {
            "package.json": package("gatsby", scripts=BUILD, packageManager="pnpm@9.1.0"),
            "package-lock.json": "{}",
        },
        {"hook": "pnpm run build"},
    ),
]
