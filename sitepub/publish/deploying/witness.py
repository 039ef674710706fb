"""One object that is checked before a deploy that trusts the manifest writes anything."""

from __future__ import annotations

from itertools import islice

from sitepub.errors import AccessDenied
from sitepub.publish.made_anew import is_as_left
from sitepub.publish.plan import Action
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cos.store import Listed, ObjectStore
from sitepub.tencent.cos.times import of_header

_FEW = 50
"""Steps among which one is looked for that replaces something."""


class Witness:
    """If it is not as sitepub left it, the bucket is listed: it may have been deleted and made again. One that the
    deploy replaces, where there is one, because its entry has been read already; else the index page. (Deletions, and
    new headers, have checks of their own.)"""

    def __init__(self, store: ObjectStore, key: str, entry: Entry | None) -> None:
        self._store, self._key, self._entry = store, key, entry
        self.has_changed = False

    @classmethod
    def of(cls, remote: Remote, prepared: Prepared) -> Witness:
        plan, owned = prepared.plan, prepared.base.owned
        # The acceleration endpoint would answer before it is switched on, and count as one that does not serve.
        if plan.listed or prepared.direct or any(step.kind == "accelerate" for step in prepared.settings):
            return cls(remote.store, "", None)
        index = remote.project.key_prefix + remote.project.website.index
        touched = next((step.key for step in islice(plan.steps, _FEW) if step.action is Action.UPLOAD and not step.new
                        and step.key in owned), index)
        return cls(remote.store, touched, owned.get(touched))

    def look(self) -> None:
        """One request. A key that may not be read says nothing. Raises what else the cloud answers."""
        if self._entry is None:
            return
        try:
            head = self._store.head(self._key)
        except AccessDenied:
            return
        if head is None:
            self.has_changed = True
            return
        modified = of_header(head.headers.get("last-modified", ""))
        self.has_changed = not is_as_left(self._entry, Listed(self._key, head.size, head.etag, modified))
