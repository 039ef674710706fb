"""What the state of a preview says beside that of a site."""

from __future__ import annotations

import msgspec

from sitepub.errors import Refused
from sitepub.publish.previews.robots import own_file
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import PreviewInfo, State
from sitepub.site.snapshot import Snapshot


def with_preview(base: State, remote: Remote, snapshot: Snapshot) -> State:
    """The state that a deploy of a preview starts from: it lives from now on as long as was asked for. Raises Refused
    when a preview of this name shows another branch."""
    preview = remote.project.preview
    if preview is None:
        return base
    before = base.preview
    if before is not None and preview.by_branch and before.by_branch and before.branch != preview.branch:
        raise Refused(f"there is a preview {preview.name} already, and it shows the branch {before.branch}, not"
                      f" {preview.branch}", code="PreviewOfAnotherBranch",
                      hint="give this one a name: sitepub deploy --preview NAME")
    info = PreviewInfo(name=preview.name, expires=int(remote.states.cloud_time) + preview.expires,
                       branch=preview.branch, by_branch=preview.by_branch, shared=preview.shared,
                       robots=own_file(snapshot), host=remote.project.hosts[0].host if remote.folder else "")
    return msgspec.structs.replace(base, preview=info)
