"""Dev: publish once, then after every change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sitepub.actions.connect import connect
from sitepub.actions.deploying.known_project import Given, is_known
from sitepub.actions.interrupt import stopping
from sitepub.config.project import Project
from sitepub.dev.options import DevOptions
from sitepub.dev.view import View
from sitepub.embedded.dev_cloud import OwnCloud
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.deploying.quick_dev import Started
    from sitepub.dev.beginning.first_look import FirstLook
    from sitepub.dev.loop import Loop
    from sitepub.dev.purging import Purge
    from sitepub.domains.hosts.site_hosts import HostsPlan
    from sitepub.domains.job import Listener
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.states.remote import Remote

_AGAIN = "what was published is live; the next dev or deploy goes on from there"
Listening = Callable[[], AbstractContextManager["Listener"]]


def dev(given: Given, options: DevOptions, read: Callable[[], tuple[Project, DevOptions]], view: View,
        environ: Mapping[str, str], listener: Listening) -> bool:
    """Until ``q`` or a signal. ``read``: reads serverless.yml, with the options for what is in it. ``listener``: what
    is shown of purges. ``False``: a signal has ended it.

    Raises what ``read``, :func:`~sitepub.actions.connect.connect` and :func:`~sitepub.embedded.cloud.start` raise."""
    started: Started | None = None
    own: OwnCloud | None = None
    try:
        if is_known(given, environ):
            from sitepub.actions.deploying.quick_dev import Started, start_at_once

            started = Started()
            start_at_once(given, options, view, environ, started)
        own = started.own if started is not None else None
        project, options = read()
        from sitepub.actions.releases.share import refuse_share

        refuse_share(project, dev=True)
        if own is None and (options.local or options.serve):
            own = OwnCloud(environ, view.note)
        loop = open_loop(project, options, view, environ, look=started.look if started is not None else None,
                         purge=_purge(options, environ, listener) if options.purge else None)
        with stopping(loop.quit, again=_AGAIN, break_in=False) as asked:
            loop.run(asked)
            ended_by_user = not asked.is_set()
    finally:
        own = own or (started.own if started is not None else None)
        cloud_ended = own is not None and own.end()
    view.note(_goodbye(loop, cloud_ended=cloud_ended))
    return ended_by_user


def open_loop(project: Project, options: DevOptions, view: View, environ: Mapping[str, str], *,
              purge: Purge | None = None, look: FirstLook | None = None) -> Loop:
    """A run that is connected and not begun."""
    from sitepub.dev.loop import Loop

    return Loop(project, options, view, environ, connect=connect, plan_hosts=_plan_hosts, purge=purge, look=look)


def _plan_hosts(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared) -> HostsPlan | None:
    from sitepub.actions.hosts import prepare_hosts

    hosts = prepare_hosts(project, cloud, remote, prepared, verify=False)
    return hosts.plan if hosts is not None else None


def _purge(options: DevOptions, environ: Mapping[str, str], listener: Listening) -> Purge:
    from sitepub.actions.purge import PurgeOptions, purge

    # Without paths it is what publishes have changed and what is not purged yet: the state knows.
    def purge_changes(project: Project, _changed: Sequence[str]) -> object:
        return purge(project, (), PurgeOptions(options.local, options.profile, wait=False), environ, listener)

    return purge_changes


def _goodbye(loop: Loop, *, cloud_ended: bool) -> str:
    """``cloud_ended``: the embedded cloud that dev had started ended with it."""
    real = next((target for target in loop.targets if target.cloud.embedded is None), None)
    if real is not None:
        return f"dev has ended. The site stays at {real.url}"
    if cloud_ended:
        return ("dev has ended, and with it the embedded cloud that it had started; the site is kept:"
                " sitepub deploy --local shows it again")
    return f"dev has ended. The embedded cloud still runs, with the site at {loop.url}"
