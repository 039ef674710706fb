"""The hosts of serverless.yml as models, each with the https that all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.config.document import Node, data_of
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
