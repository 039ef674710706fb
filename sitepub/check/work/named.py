"""The second pass: what pages name and what names files in its turn, read from one to the next: modules, manifests,
feeds in JSON. A script that no page loads is passed over: it may be meant for another program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sitepub.check.findings import Kind
from sitepub.check.reading import json_texts, scripts
from sitepub.check.reading.reference import Reference
from sitepub.check.site import Site, Source
from sitepub.check.work.document import Document
from sitepub.check.work.judge import Batch, Judge
from sitepub.check.work.judged import Judged


def judged_named(site: Site, files: Mapping[str, Source], loaded: Mapping[str, str],
                 renamed: Iterable[str]) -> Judged | None:
    """``files``: of the site, by their keys; ``loaded``: which of them are named, and as what. ``None``: none is."""
    batch = Batch(Judge(site))
    passed = tuple(path for path in renamed if path)
    waiting, seen = list(loaded.items()), set(loaded)
    while waiting:
        key, role = waiting.pop()
        source = files.get(key)
        data = source.data(scripts.LARGEST if role in ("module", "script") else json_texts.LARGEST) if source else None
        if source is None or data is None:
            continue
        batch.read += 1
        text = source.text(data)
        document = Document(batch, source, None)
        if role in ("module", "script"):
            _script(document, text, passed, module=role == "module")
        else:
            for reference in json_texts.manifest(text) if role == "manifest" else json_texts.feed(text):
                batch.references += 1
                document.take(reference)
        fresh = {one: what for one, what in batch.loaded.items() if one not in seen}
        seen.update(fresh)
        waiting += fresh.items()
    return batch.judged() if batch.read else None


def _script(document: Document, text: str, passed: tuple[str, ...], *, module: bool) -> None:
    """Those that are not there are reported when they stand in code."""
    missing = []
    for one in scripts.candidates(text):
        if not (module or one.dynamic) or (passed and document.path_of(one.written).startswith(passed)):
            continue
        document.batch.references += 1
        if document.leads_somewhere(reference := Reference(Kind.SCRIPT, one.written, loaded=True, role="module")):
            document.take(reference)
        else:
            missing.append(one)
    code = scripts.in_code(text, [one.at for one in missing]) if missing else ()
    for reference in _placed(text, [one for one in missing if one.at in code]):
        document.take(reference)


def _placed(text: str, found: list[scripts.Import]) -> Iterator[Reference]:
    for one in found:
        line, column = text.count("\n", 0, one.address_at) + 1, one.address_at - text.rfind("\n", 0, one.address_at)
        yield Reference(Kind.SCRIPT, one.written, loaded=True, role="module", line=line, column=column)
