"""EdgeOne's packed log files: DownloadL7Logs (1552/80635)."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import parse_time, utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.zones import normal
from sitepub.local.visits import edgeone_files


async def download_l7_logs(call: Call) -> dict[str, Any]:
    """The files of the hosts of some sites; of all their hosts when none is named."""
    services = call.services
    zones = call.get("ZoneIds", [])
    if not zones:
        raise ApiError("MissingParameter", "The request is missing a required parameter `ZoneIds`.")
    for id in zones:
        zone = services.teo_zones.get(id)
        if zone is None or zone.owner != call.owner:
            raise ApiError("ResourceUnavailable.ZoneNotFound", "The site does not exist, or is not the account's.")
    begin, end = parse_time(call.parameters["StartTime"]), parse_time(call.parameters["EndTime"])
    if begin is None or end is None or end < begin:
        raise ApiError("InvalidParameter", "StartTime and EndTime must be times such as 2026-11-20T00:00:00Z.")
    wanted = {normal(host) for host in call.get("Domains", [])}
    hosts = [domain.host for domain in services.teo_domains.where(owner=call.owner)
             if domain.zone in zones and (not wanted or domain.host in wanted)]
    files = [file for host in hosts for file in edgeone_files.files(call.access_log, host, begin, end)]
    offset, limit = call.get("Offset", 0), call.get("Limit", 20)
    return {
        "TotalCount": len(files),
        "Data": [
            {
                "Domain": file.host, "Area": "mainland", "LogPacketName": file.name,
                "Url": edgeone_files.address(call.addresses, file), "LogTime": file.start,
                "LogStartTime": utc_time(file.start), "LogEndTime": utc_time(file.start + 3599), "Size": file.size,
            }
            for file in files[offset : offset + limit]
        ],
    }
