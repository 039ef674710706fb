"""A site for a bucket that is there already."""

from __future__ import annotations

from pathlib import Path


def site(folder: Path, bucket: str, *more: str) -> Path:
    """Write it; its folder. ``more``: lines below ``inputs``."""
    (folder / "serverless.yml").write_text("\n".join([
        "component: website", f"name: n{bucket.split('-')[1]}", "inputs:", "  src: {src: ./src}",
        f"  bucketName: {bucket}", *(f"  {line}" for line in more), ""]), encoding="utf-8")
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "index.html").write_text("<h1>hello</h1>", encoding="utf-8")
    return folder
