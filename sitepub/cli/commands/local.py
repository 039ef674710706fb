"""``sitepub local``: the embedded cloud on this computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from sitepub.cli.options import F, Run, command, group, yes_option
from sitepub.embedded import cloud as local_cloud
from sitepub.embedded import process as local_process
from sitepub.embedded.cloud import CloudOptions, EmbeddedCloud
from sitepub.embedded.data_folder import check_deletable, data_folder, size
from sitepub.embedded.dev_cloud import keep_running
from sitepub.errors import ExitCode, UsageError
from sitepub.terminal.sizes import human_bytes
from sitepub.terminal.tables import pairs


def _data_option() -> Callable[[F], F]:
    return click.option("--data", metavar="DIR",
                        help="Its data folder (default: SITEPUB_LOCAL_DATA, else one for each user).")


def _folder(run: Run, data: str | None) -> Path:
    return data_folder(run.environ, run.folder / Path(data).expanduser() if data else None)


@command()
@_data_option()
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT",
              help="Listen on this port, 0 for any free one (default: as last time, else 7070 or the next).")
@click.option("--foreground", is_flag=True, help="Run it here until Ctrl-C instead of in the background.")
@click.option("--latency", type=click.IntRange(min=0), metavar="MS", help="Delay every answer.")
@click.option("--faults", metavar="SPEC",
              help="Answer with faults, as kind=rate,...; kinds are 429, 500, 503, reset, timeout, truncate, "
                   "redirect, portal and etag, with a method before them if you like: PUT:503=0.2.")
@click.option("--force-download", is_flag=True,
              help="Make browsers download pages, as the default domains of new buckets do.")
def start(run: Run, data: str | None, port: int | None, foreground: bool, latency: int | None,
          faults: str | None, force_download: bool) -> None:
    """Start the embedded cloud.

    It goes on in the background until `sitepub local stop`, and keeps its data. Starting it again while it
    runs keeps it running when a dev ends that started it, and changes nothing else. Every command with --local
    starts it by itself.
    """
    folder = _folder(run, data)
    options = CloudOptions(port, latency, faults, force_download)
    if foreground:
        local_cloud.run_in_foreground(folder, options, environ=run.environ, json=run.terminal.wants_json)
    cloud, started = local_cloud.start(folder, options, environ=run.environ, note=run.terminal.note)
    keep_running(folder)
    if run.terminal.wants_json:
        # Its key pair opens nothing but itself, and the reader asked for it in order to use it.
        run.terminal.json({"version": 1, "action": "local start", "status": "ok" if started else "unchanged",
                           **cloud.as_object()}, reveal=True)
        return
    said = "The embedded cloud listens on" if started else "The embedded cloud is already running on"
    run.terminal.result(f"{said} {cloud.address.endpoint}")
    if started:
        run.terminal.note(f"Its data: {cloud.data}\nEnd it with: sitepub local stop")


@command()
@_data_option()
def stop(run: Run, data: str | None) -> None:
    """End the embedded cloud; its data stays."""
    stopped = local_cloud.stop(_folder(run, data), environ=run.environ)
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "local stop", "status": "ok" if stopped else "unchanged",
                           "running": False, "stopped": stopped})
    run.terminal.result("The embedded cloud was stopped." if stopped else "The embedded cloud was not running.")


@command()
@_data_option()
def status(run: Run, data: str | None) -> int:
    """Show whether the embedded cloud runs: exit code 0 when it does, 1 when not."""
    folder = _folder(run, data)
    cloud = local_cloud.find(folder)
    if run.terminal.wants_json:
        run.terminal.json(_status_object(folder, cloud))
    elif cloud is None:
        held = local_process.holder(folder) is not None
        run.terminal.result("The embedded cloud that runs is of another version, or its cloud.json was damaged: the"
                            " next command with --local starts it again." if held
                            else "The embedded cloud is not running.")
    else:
        run.terminal.result(pairs(run.terminal, [
            ("running", cloud.address.endpoint), ("process", str(cloud.pid)), ("app id", cloud.app_id),
            ("data", f"{cloud.data} ({human_bytes(size(cloud.data))})"),
        ]))
    return ExitCode.FAILED if cloud is None else ExitCode.OK


def _status_object(folder: Path, cloud: EmbeddedCloud | None) -> dict[str, object]:
    result: dict[str, object] = {"version": 1, "action": "local status", "status": "ok",
                                 "running": cloud is not None, "endpoint": None, "port": None, "pid": None,
                                 "app_id": None}
    if cloud is not None:
        result |= {"endpoint": cloud.address.endpoint, "port": cloud.address.port, "pid": cloud.pid,
                 "app_id": cloud.app_id}
    return result | {"data": str(folder), "bytes": size(folder)}


@command()
@_data_option()
@yes_option()
def reset(run: Run, data: str | None, yes: bool) -> None:
    """End the embedded cloud and delete everything in it.

    It is not started again; the next command with --local does that.
    """
    folder = _folder(run, data)
    check_deletable(folder)
    held = size(folder)
    if held:
        question = f"Delete the embedded cloud in {folder} ({human_bytes(held)})?"
        run.terminal.confirm_or_refuse(question, yes=yes)
    deleted = local_cloud.reset(folder, environ=run.environ)
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "local reset", "status": "ok" if deleted else "unchanged",
                           "running": False, "deleted": deleted, "data": str(folder)})
    run.terminal.result(f"Deleted {folder}." if deleted else "There was nothing to delete.")


@command()
@_data_option()
@click.argument("domain", metavar="[DOMAIN]", required=False)
@click.option("--remove", is_flag=True, help="Take the zone and its records away.")
def zone(run: Run, data: str | None, domain: str | None, remove: bool) -> None:
    """Put a domain into the embedded account's DNSPod, or list those there.

    Hosts below it are then set up whole by `sitepub deploy --local`: DNS records and certificates (https: auto) need
    the zone, as on the real cloud. You need not own the domain: it is known on this computer only.
    """
    from sitepub.domains.host_names import ascii_name
    from sitepub.embedded.zones import AccountZones

    if remove and not domain:
        raise UsageError("--remove needs a domain.", hint="sitepub local zone --remove example.com")
    cloud, _started = local_cloud.start(_folder(run, data), CloudOptions(), environ=run.environ, note=run.terminal.note)
    zones, name, changed = AccountZones(cloud), "", False
    if domain:
        name = ascii_name(domain.strip().lower().rstrip("."))
        changed = zones.remove(name) if remove else zones.add(name)
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "local zone", "status": "ok" if changed or not name else "unchanged",
                           "zone": name or None, "zones": zones.names()})
    elif not name:
        run.terminal.result("\n".join(zones.names()) or "The embedded account has no zones.")
    elif remove:
        run.terminal.result(f"Removed {name} and its records." if changed else f"{name} was not there.")
    else:
        run.terminal.result(f"{name} is in the DNSPod of the embedded account now." if changed
                            else f"{name} is in the DNSPod of the embedded account already.")


local = group("local", "The embedded cloud: a COS of your own on this computer, without an account.",
              [start, stop, status, reset, zone])
