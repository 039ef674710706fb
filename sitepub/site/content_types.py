"""Content types by file name: a table of our own, because the machine's differs from machine to machine.

Everything that is text says ``charset=utf-8``: text/*, JavaScript (RFC 9239), XML and SVG, and JSON types too
(no charset is defined for them, RFC 8259, but none is harmed by it and old tools guess Latin-1 without).
"""

from __future__ import annotations

import re
from pathlib import Path

UNKNOWN = "application/octet-stream"
"""For what is not in the table, also for names without an extension: a browser saves it and never runs it."""
PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json; charset=utf-8"
_XML = "application/xml; charset=utf-8"

_TEXT = {
    "text/html": "html htm",
    "application/xhtml+xml": "xhtml xht",
    "text/css": "css",
    "text/javascript": "js mjs cjs",
    "text/plain": "txt text log conf ini cfg toml diff patch properties asc pem lrc ass ssa sub rst adoc org tex bib "
                  "po pot proto graphql gql glsl vert frag c h cc cpp hpp cs go java kt rs py rb pl lua swift scala "
                  "dart r jl vb ps1 bat cmd jsx tsx vue svelte coffee scss sass less styl",
    "text/markdown": "md markdown",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/yaml": "yaml yml",
    "text/calendar": "ics ifb",
    "text/vcard": "vcf vcard",
    "text/vtt": "vtt",
    "text/cache-manifest": "appcache",
    "text/x-component": "htc",
    "application/json": "json map json5 topojson har",
    "application/manifest+json": "webmanifest",
    "application/ld+json": "jsonld",
    "application/geo+json": "geojson",
    "application/feed+json": "jsonfeed",
    "application/x-ndjson": "ndjson jsonl",
    "application/xml": "xml xsd rng",
    "application/xslt+xml": "xsl xslt",
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/opensearchdescription+xml": "osdx",
    "application/vnd.google-earth.kml+xml": "kml",
    "application/gpx+xml": "gpx",
    "application/x-subrip": "srt",
    "application/ttml+xml": "ttml dfxp",
    "application/rdf+xml": "rdf owl",
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/xliff+xml": "xlf xliff",
    "application/xml-dtd": "dtd",
    "application/xspf+xml": "xspf",
    "application/mathml+xml": "mathml mml",
    "application/x-ipynb+json": "ipynb",
    "application/sql": "sql",
    "application/x-plist": "plist",
    "application/x-ns-proxy-autoconfig": "pac",
    "model/vnd.collada+xml": "dae",
    "model/mtl": "mtl",
    "text/wgsl": "wgsl",
    "application/x-sh": "sh",
    "image/svg+xml": "svg",
    "model/gltf+json": "gltf",
}
_BINARY = {
    "image/png": "png",
    "image/apng": "apng",
    "image/jpeg": "jpg jpeg jpe jfif pjpeg pjp",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/jxl": "jxl",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "image/x-icon": "ico cur",
    "image/vnd.adobe.photoshop": "psd",
    "image/vnd.djvu": "djvu",
    "image/jp2": "jp2",
    "image/ktx": "ktx",
    "image/ktx2": "ktx2",
    "image/vnd.radiance": "hdr",
    "image/x-exr": "exr",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "font/collection": "ttc",
    "application/vnd.ms-fontobject": "eot",
    "audio/mpeg": "mp3 mp2 mpga",
    "audio/mp4": "m4a m4b",
    "audio/x-aiff": "aif aiff aifc",
    "audio/amr": "amr",
    "audio/x-ms-wma": "wma",
    "audio/x-matroska": "mka",
    "audio/x-mpegurl": "m3u",
    "audio/aac": "aac",
    "audio/ogg": "oga ogg opus",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "audio/midi": "mid midi",
    "video/mp4": "mp4 m4v f4v",
    "video/mpeg": "mpg mpeg mpe",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "video/x-flv": "flv",
    "video/x-ms-wmv": "wmv",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/mp2t": "ts mts m2ts",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/dash+xml": "mpd",
    "model/gltf-binary": "glb",
    "model/obj": "obj",
    "model/3mf": "3mf",
    "model/stl": "stl",
    "model/vnd.usdz+zip": "usdz",
    "application/wasm": "wasm",
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow": "ppsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": "xlsm",
    "application/vnd.ms-powerpoint": "ppt pps",
    "application/postscript": "ps eps ai",
    "application/ofd": "ofd",
    "application/x-mobipocket-ebook": "mobi",
    "application/vnd.amazon.mobi8-ebook": "azw3",
    "application/vnd.comicbook+zip": "cbz",
    "application/vnd.google-earth.kmz": "kmz",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.file": "arrow",
    "application/cbor": "cbor",
    "application/x-protobuf": "pbf",
    "application/x-apple-aspen-config": "mobileconfig",
    "application/x-xpinstall": "xpi",
    "application/x-chrome-extension": "crx",
    "application/vnd.debian.binary-package": "deb",
    "application/x-rpm": "rpm",
    "application/vnd.microsoft.portable-executable": "exe dll",
    "application/x-msi": "msi",
    "application/pgp-signature": "sig",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/zip": "zip",
    "application/gzip": "gz tgz",
    "application/x-brotli": "br",
    "application/zstd": "zst",
    "application/x-bzip2": "bz2",
    "application/x-xz": "xz",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/java-archive": "jar war",
    "application/vnd.android.package-archive": "apk",
    "application/x-apple-diskimage": "dmg",
    "application/vnd.sqlite3": "sqlite sqlite3",
    "application/pkix-cert": "cer",
    "application/x-x509-ca-cert": "crt der",
    "application/x-bittorrent": "torrent",
    "application/x-shockwave-flash": "swf",
}
# `.ts` is TypeScript in a source tree and MPEG transport stream on a website. Packed files: see `precompressed`.
_BY_EXTENSION = {
    **{extension: f"{kind}; charset=utf-8" for kind, names in _TEXT.items() for extension in names.split()},
    **{extension: kind for kind, names in _BINARY.items() for extension in names.split()},
}
ANNOUNCED = frozenset(extension for extension, kind in _BY_EXTENSION.items() if kind.endswith("charset=utf-8"))
"""Extensions of text: their type says which charset they have."""

_BY_NAME = {
    **dict.fromkeys(("license", "licence", "copying", "notice", "authors", "contributors", "readme", "news",
                     "changelog", "todo", "version", "cname", "makefile", "dockerfile", "codeowners",
                     "_redirects", "_headers"), PLAIN),
    **dict.fromkeys(("apple-app-site-association", "openid-configuration", "oauth-authorization-server",
                     "nodeinfo", "assetlinks"), _JSON),
    "webfinger": "application/jrd+json; charset=utf-8",
    "host-meta": "application/xrd+xml; charset=utf-8",
}
"""Names without an extension that have a meaning of their own, in lower case."""

_FEED_NAMES = frozenset({"feed.xml", "atom.xml", "rss.xml", "rss2.xml", "index.xml"})
_ROOT_ELEMENT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_FEED_ROOTS = {b"feed": "application/atom+xml; charset=utf-8", b"rss": "application/rss+xml; charset=utf-8",
               b"RDF": "application/rss+xml; charset=utf-8"}
_FEED_HEAD = 512


def extension_of(name: str) -> str:
    """The extension in lower case without its dot; "" for none (``.well-known`` has none)."""
    dot = name.rfind(".")
    return name[dot + 1:].lower() if dot > 0 else ""


def content_type(name: str, full_path: str | None = None) -> str:
    """The type of a file called ``name`` (without folders).

    A file called ``feed.xml``, ``atom.xml`` or the like is read when ``full_path`` is given, to distinguish
    Atom from RSS by the root element in its first 512 bytes; else it is plain XML. Raises OSError when it
    cannot be read.
    """
    extension = extension_of(name)
    if extension == "xml" and full_path is not None and name.lower() in _FEED_NAMES:
        with Path(full_path).open("rb") as stream:
            return _feed_type(stream.read(_FEED_HEAD))
    if extension:
        return _BY_EXTENSION.get(extension, UNKNOWN)
    return _BY_NAME.get(name.lower(), UNKNOWN)


def _feed_type(head: bytes) -> str:
    root = _ROOT_ELEMENT.search(_COMMENT.sub(b"", head))
    return _FEED_ROOTS.get(root[1], _XML) if root else _XML
