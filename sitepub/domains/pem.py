"""PEM as users write it into serverless.yml: as text, or as the path of a file."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from sitepub.config.small_file import read_small

MAX_BYTES = 256 * 1024
"""A file larger than this is no certificate."""
_MOST_OPEN = 50
"""Labels whose end is missing; each is looked for to the end of the text."""
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,80})-----")


class Unreadable(Exception):
    """What stands there is neither PEM text nor a file that can be read. Its words never hold the value."""

    def __init__(self, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


def read_pem(value: str, root: Path) -> str:
    """PEM text: the value itself, or the content of the file that it names, seen from ``root``.

    Text that came through an environment variable often has its line breaks as ``\\n`` or as spaces: both
    are taken. Raises :class:`Unreadable`.
    """
    if "-----BEGIN" in value:
        return value.replace("\\r", "").replace("\\n", "\n")
    value = value.strip()
    if not value:
        raise Unreadable("is empty")
    # Key material without its BEGIN line must not be shown as if it were a path.
    shown = value if len(value) <= 255 and "\n" not in value and not _looks_like_base64(value) else None
    if shown is None:
        raise Unreadable("is neither PEM text nor the path of a file",
                         "PEM text begins with a line -----BEGIN …-----.")
    try:
        path = root / Path(shown).expanduser()
        if not path.exists() or path.is_dir():
            raise Unreadable(f"names a file that does not exist: {shown}", f"Paths start at {root}.")
        data = read_small(path, MAX_BYTES)
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            raise Unreadable(f"names a file that is too large for a certificate or key: {shown} ({why})") from None
        raise Unreadable(f"names a file that cannot be read: {shown} ({why})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"names a file that is not PEM: {shown}",
                         "Convert it: openssl x509 -inform DER -in cert.der, or openssl pkcs12 -in all.pfx"
                         " -nodes") from None


def blocks(pem: str) -> Iterator[tuple[str, str]]:
    """Label and text of each block, ``("CERTIFICATE", "-----BEGIN …")``, with line breaks as they should be.

    RFC 7468; lines of an encrypted key's header (``Proc-Type``) are kept.
    """
    position = 0
    never_ends: set[str] = set()
    while (found := _BEGIN.search(pem, position)) is not None:
        position = found.end()
        label = found[1]
        end = f"-----END {label}-----"
        at = -1 if label in never_ends else pem.find(end, position)
        if at < 0:
            never_ends.add(label)
            if len(never_ends) > _MOST_OPEN:
                return
            continue
        body, position = pem[position:at], at + len(end)
        lines = body.strip().splitlines()
        if len(lines) == 1 and ":" not in body:
            lines = body.split()
        inside = "\n".join(line.strip() for line in lines)
        yield label, f"-----BEGIN {label}-----\n{inside}\n-----END {label}-----\n"


def _looks_like_base64(value: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9+/=\s]{100,}", value) is not None
