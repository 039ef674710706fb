"""A deploy for a share of the visitors."""

from __future__ import annotations

import time
from dataclasses import replace

from sitepub.actions.deploying.begin import Begun
from sitepub.actions.deploying.ending import address_of, raise_if_incomplete
from sitepub.actions.deploying.teller import Teller
from sitepub.actions.deploying.values import Deployed, Warnings
from sitepub.actions.interrupt import stopping
from sitepub.actions.slots.sharing import share_turn
from sitepub.config.project import Project
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import Prepared
from sitepub.publish.publish import publish
from sitepub.publish.release.origin import origin_here
from sitepub.publish.states.remote import Remote
from sitepub.site.snapshot import Snapshot


def for_a_share(begun: Begun, project: Project, remote: Remote, snapshot: Snapshot, prepared: Prepared, part: float,
                options: PublishOptions, teller: Teller, warnings: Warnings) -> Deployed:
    """The bucket's root, the hosts, the records of releases and what this computer remembers stay as they are."""
    cloud = begun.cloud
    turn = share_turn(project, cloud, part, origin_here(project.root, remote.environ, options.message))
    with stopping() as stop, teller.transfer() as progress:
        outcome = publish(remote, snapshot, prepared, replace(options, progress=progress, stop=stop, first=turn))
    shared = turn.done is not None
    done = Deployed(project, cloud, remote.bucket, address_of(cloud, remote), outcome, time.monotonic() - begun.started,
                    None, tuple(warnings.kept), snapshot.left_out,
                    share=outcome.state.shares[0] if shared and outcome.state.shares else None)
    raise_if_incomplete(outcome, done)
    if not shared:
        teller.note("No share was begun: what is in the folder is what is live for all visitors.")
    elif prepared.new_rules:
        teller.note("What `_headers` and `_redirects` say follows when the release is live for all.")
    return done
