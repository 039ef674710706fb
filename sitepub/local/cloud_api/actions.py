"""What an action of a service is: its parameters, as documented, and the function that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.identity import Signer

if TYPE_CHECKING:
    from sitepub.local.cloud import LocalCloud


@dataclass(frozen=True)
class Call:
    """One accepted call: signed, of a known action, its parameters of the right types."""

    cloud: LocalCloud
    signer: Signer
    region: str
    parameters: Mapping[str, Any]
    time: float
    """When it came, Unix seconds."""
    request_id: str


Handler = Callable[[Call], Awaitable[dict[str, Any]]]
"""Answers with the Response object without its RequestId. Raises ApiError."""


@dataclass(frozen=True)
class Parameter:
    """`kind`: str, int, float, bool, list or dict."""

    kind: type
    required: bool = False


@dataclass(frozen=True)
class Action:
    handler: Handler
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def check(self, given: Mapping[str, Any]) -> None:
        """Raises ApiError UnknownParameter, MissingParameter, InvalidParameter."""
        for name, value in given.items():
            parameter = self.parameters.get(name)
            if parameter is None:
                raise ApiError("UnknownParameter", f"The parameter `{name}` is not recognized.")
            if value is not None and not _is(value, parameter.kind):
                raise ApiError("InvalidParameter", f"The value type of parameter `{name}` is not valid.")
        for name, parameter in self.parameters.items():
            if parameter.required and given.get(name) is None:
                raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")


def _is(value: Any, kind: type) -> bool:
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


@dataclass(frozen=True)
class Service:
    """A product's interface in one version: its actions by name.

    `regional`: calls must name a region in X-TC-Region.
    """

    name: str
    version: str
    actions: Mapping[str, Action]
    regional: bool = False
