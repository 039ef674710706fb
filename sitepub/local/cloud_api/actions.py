"""What an action of a service is: its parameters, as documented, and the function that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sitepub.local.base.identity import Identity, Signer
from sitepub.local.cloud_api.contract import contract
from sitepub.local.cloud_api.shapes import Parameter, Shape
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.store.storage import Storage
from sitepub.local.visits.packages import Addresses

__all__ = ["Action", "Call", "Handler", "Parameter", "Service"]


@dataclass(frozen=True)
class Call:
    """One accepted call: signed, of a known action, its parameters of the right types."""

    services: Services
    storage: Storage
    """Buckets, for what is said about them here too."""
    access_log: AccessLog
    addresses: Addresses
    """Of packed log files."""
    identity: Identity
    signer: Signer
    region: str
    parameters: Mapping[str, Any]
    time: float
    """When it came, Unix seconds."""
    request_id: str

    @property
    def owner(self) -> str:
        """App id of the account that asks."""
        return self.signer.app_id

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter; `default` when it was left out or null."""
        value = self.parameters.get(name)
        return default if value is None else value


Handler = Callable[[Call], Awaitable[dict[str, Any]]]
"""Answers with the Response object without its RequestId. Raises ApiError."""


@dataclass(frozen=True)
class Action:
    """What an action takes is in its product's contract; ``limits`` has what is narrower than that."""

    handler: Handler
    limits: Mapping[str, Parameter] = field(default_factory=dict)
    value_error: str = "InvalidParameterValue"
    """Code for a value of the right type that is not allowed."""
    unsigned: bool = False
    """May be called with `Authorization: SKIP`."""


@dataclass(frozen=True)
class Service:
    """A product's interface in one version: its actions by name.

    `regional`: calls must name a region in X-TC-Region.
    """

    name: str
    version: str
    actions: Mapping[str, Action]
    regional: bool = False

    def checked(self, action: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters, as the handler takes them.

        Raises ApiError UnknownParameter, MissingParameter, InvalidParameter, or the action's ``value_error``."""
        error = self.actions[action].value_error
        own = contract(self.name)
        own.check(action, given, value_error=error)
        given = own.numbers(action, given)
        Shape(self.actions[action].limits).check(given, value_error=error)
        return given
