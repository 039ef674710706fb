"""wrangler.toml, wrangler.jsonc and wrangler.json of Cloudflare Pages, and of Workers that only serve files
(developers.cloudflare.com/pages/functions/wrangler-configuration, …/workers/static-assets)."""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.site.moving.moved import NAMED, Moved

_STORE = "COS serves files; there are no stores, queues and functions"
_CLOUDFLARE = "it is a setting of Cloudflare's own service"
_NOT_COPIED = ("not copied, since they may be secrets: set such values in the environment, or in a .env file"
               " that git ignores; the build sees both")
_TOP = {
    **dict.fromkeys(("kv_namespaces", "d1_databases", "r2_buckets", "durable_objects", "queues", "services",
                     "hyperdrive", "vectorize", "ai", "browser", "analytics_engine_datasets", "migrations", "triggers",
                     "workflows", "send_email", "mtls_certificates"), _STORE),
    **dict.fromkeys(("compatibility_date", "compatibility_flags", "account_id", "workers_dev", "placement", "limits",
                     "observability", "logpush", "send_metrics", "usage_model", "minify", "node_compat",
                     "upload_source_maps", "preview_urls", "tail_consumers"), _CLOUDFLARE),
    "main": "it is a Worker's program, and COS serves files", "vars": _NOT_COPIED,
    "routes": "domains stand below `hosts` in serverless.yml, and deploy sets them up",
    "route": "domains stand below `hosts` in serverless.yml, and deploy sets them up",
    "env": "a stage has its settings below `stages` in serverless.yml",
    "dev": "`sitepub dev` has settings of its own, `dev` in serverless.yml",
    "name": NAMED, "zone_id": _CLOUDFLARE,
    "rules": "they belong to a Worker's program", "define": "they belong to a Worker's program",
}


def publishes_files(root: Node) -> bool:
    """Whether the file is of a site, not of a program."""
    return any(root.get(*path) is not None
               for path in (("pages_build_output_dir",), ("assets", "directory"), ("site", "bucket")))


def wrangler(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    build = dict(getattr(entries.pop("build", None), "entries", {}))
    moved.base = moved.place(build.pop("cwd", None), "build.cwd") or "."
    moved.hook = moved.words(build.pop("command", None), "build.command")
    moved.rest(build, {"watch_dir": "`sitepub dev` watches the sources by itself"}, before="build.")
    moved.folder = moved.place(entries.pop("pages_build_output_dir", None), "pages_build_output_dir")
    if (assets := entries.pop("assets", None)) is not None:
        _assets(moved, assets)
    if (site := entries.pop("site", None)) is not None:
        known = dict(site.entries)
        moved.folder = moved.folder or moved.place(known.pop("bucket", None), "site.bucket")
        moved.rest(known, before="site.")
    moved.rest(entries, _TOP)


def _assets(moved: Moved, assets: Node) -> None:
    known = dict(assets.entries)
    moved.folder = moved.folder or moved.place(known.pop("directory", None), "assets.directory")
    missing = known.pop("not_found_handling", None)
    if missing is not None and missing.value == "single-page-application":
        moved.error, moved.spa = "index.html", True
    elif missing is not None and missing.value == "404-page":
        moved.error = "404.html"
    handling = known.pop("html_handling", None)
    if handling is None or handling.value in ("auto-trailing-slash", "drop-trailing-slash"):
        moved.without_html = True
    moved.rest(known, {"binding": "it belongs to a Worker's program", "run_worker_first": "there is no Worker"},
               before="assets.")
