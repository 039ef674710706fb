"""The hosts of serverless.yml: checked as models, each with the https that all of them share, and as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.config.checks.spellings import AUTO
from sitepub.config.document import Node, data_of
from sitepub.config.project import Host, NewZone
from sitepub.errors import Problem

if TYPE_CHECKING:
    from sitepub.config.models.host import HostShape


def read_hosts(root: Node, problems: list[Problem], warnings: list[Problem]) -> list[HostShape]:
    """Check ``inputs.https`` and the hosts; give the hosts without https that of the inputs."""
    inputs = root.get("inputs")
    shared = inputs.get("https") if inputs is not None else None
    hosts = inputs.get("hosts") if inputs is not None else None
    previews = inputs.get("preview", "https") if inputs is not None else None
    maps = [(i, node) for i, node in enumerate(hosts.items if hosts is not None else ())
            if isinstance(node.value, dict)]
    if not maps and shared is not None:
        warnings.append(Problem("`inputs.https` has no effect without hosts", shared.key_here))
    if not maps and shared is None and previews is None:
        return []
    from pydantic import ValidationError

    from sitepub.config.checks.mistakes import mistakes
    from sitepub.config.models.host import HostShape
    from sitepub.config.models.https import CertInfoShape, HttpsShape

    for path, https in (("inputs.https", shared), ("inputs.preview.https", previews)):
        if https is None or not isinstance(https.value, dict):
            continue
        try:
            HttpsShape.model_validate(data_of(https))
        except ValidationError as error:
            problems += mistakes(error, HttpsShape, https, path=path,
                                 elsewhere=[("certInfo", CertInfoShape)])
            shared = None if https is shared else shared
    shapes = []
    for index, node in maps:
        try:
            shape = HostShape.model_validate(data_of(node))
        except ValidationError as error:
            problems += mistakes(error, HostShape, node, path=f"inputs.hosts[{index}]",
                                 elsewhere=[("https.certInfo", CertInfoShape)])
            continue
        if shared is not None and shape.https is None and isinstance(shared.value, dict):
            shape = shape.model_copy(update={"https": HttpsShape.model_validate(data_of(shared))})
        shapes.append(shape)
    return shapes


def host_of(host: HostShape, node: Node, inputs: Node) -> Host:
    from sitepub.config.models.host import OWN_FIELDS

    written = host.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    https = written.get("https")
    place = node.get("https") or inputs.get("https")
    if place is not None:
        place = place.get("certInfo") or place
    auto = https is not None and https.get("certInfo", {}).get("certId") == AUTO
    if https is not None and auto:
        del https["certInfo"]
    return Host(
        host=host.host,
        edge=host.edge,
        area=host.area,
        area_written="area" in host.model_fields_set,
        dns=host.dns,
        auto_certificate=auto,
        https_position=place.key_here if place is not None else None,
        wait=not host.asynchronous,
        auto_refresh=host.auto_refresh,
        only_refresh=host.only_refresh,
        https=None if https is None or host.https is None else {"switch": host.https.switch, **https},
        force_redirect=None if host.force_redirect is None else host.force_redirect.model_dump(
            by_alias=True, exclude_none=True),
        settings={key: value for key, value in written.items() if key not in OWN_FIELDS},
        position=(node.get("host") or node).here,
        new_zone=_new_zone(host, node),
    )


def _new_zone(host: HostShape, node: Node) -> NewZone:
    said, place = host.edgeone, node.get("edgeone", "plan")
    area = (said.area if said is not None else None) or (host.area if "area" in host.model_fields_set else "")
    return NewZone(plan=(said.plan if said is not None else None) or "", area=area,
                   position=place.here if place is not None else None)
