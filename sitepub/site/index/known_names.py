"""Which names of a site carry a hash, as it was found when the whole folder was read, and whether that still holds."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from sitepub.site.hash_tokens import Alphabet, token_of
from sitepub.site.hashed_names import HashedNames, NamesIn, is_readable, named_in, nearest
from sitepub.site.index.file import KnownNames


def known_of(names: HashedNames) -> KnownNames:
    return KnownNames(tuple((place, str(form[0]), form[1], form[2], count)
                            for (place, form), count in sorted(names.conventions.items())),
                      tuple(sorted(names.named)), tuple(sorted(names.asked)), names.pages, tuple(sorted(names.answers)))


def names_of(known: KnownNames) -> HashedNames:
    return HashedNames({(place, (Alphabet(alphabet), length, separator)): count
                        for place, alphabet, length, separator, count in known.conventions},
                       set(known.named), frozenset(known.asked), known.pages, frozenset(known.answers))


def names_after(known: KnownNames, touched: Collection[str], there: Collection[str], names_in: NamesIn
                ) -> KnownNames | None:
    """With other files at the paths ``touched``, of which those ``there`` are there. ``None``: all paths have to be
    considered once more."""
    readable = []
    for path in touched:
        name = path.rpartition("/")[2]
        if is_readable(name):
            readable.append(path)
        elif token_of(name) is not None or path in known.asked:
            return None
    if not known.asked or not readable:
        return known
    here = set(there)
    if any(page in readable and page not in here for page in known.pages):
        return None  # it is gone, and it is not known which one takes its place
    read = nearest({*known.pages, *(path for path in readable if path in here)})
    if read == known.pages and not set(readable) & set(read):
        return known
    answers = named_in(known.asked, read, names_in)
    return msgspec.structs.replace(known, pages=read) if answers == set(known.answers) else None
