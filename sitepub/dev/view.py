"""What a run of dev reports, and what the user may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sitepub.errors import Problem, SitepubError
from sitepub.publish.outcome import Outcome, Unchanged

if TYPE_CHECKING:
    from sitepub.logs.visit import Visit
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.progress import Progress
    from sitepub.settings.steps import SettingStep


@dataclass(frozen=True, slots=True)
class Published:
    """What one publish did."""

    target: str
    url: str
    outcome: Outcome | Unchanged
    changed: Sequence[str]
    """The keys that were written or deleted."""
    files: int
    seconds: float
    """From the end of the burst (or of the build) until it was live."""
    built: bool = False
    """A build went before it."""


class Commands(Protocol):
    """What the user may ask of a run. Every method returns at once and may be called from any thread."""

    @property
    def url(self) -> str:
        """The address of the preview or, without one, of the site."""

    def publish_all(self) -> None:
        """Build and publish everything now."""

    def open_browser(self) -> None: ...

    def switch_visits(self) -> None:
        """Show visits, or stop showing them."""

    def call(self, what: Callable[[], None]) -> None:
        """Call ``what`` in the main thread. Safe in a signal handler."""

    def quit(self) -> None: ...


class PublishView(Protocol):
    """What a single publish shows and asks."""

    def note(self, text: str) -> None: ...

    def approve(self, prepared: Prepared) -> None:
        """Called before objects that sitepub did not upload get other content, and before another project is
        replaced. Raises :class:`~sitepub.errors.Refused`."""

    def transfer(self) -> AbstractContextManager[Progress]: ...

    def setting(self, step: SettingStep) -> None: ...


class View(PublishView, Protocol):
    """What a whole run shows. Called from several threads."""

    def at(self, url: str) -> None:
        """Where the site is, or will be."""

    def start(self, commands: Commands) -> None:
        """The clouds are connected; the first publish follows."""

    def ready(self, commands: Commands) -> None:
        """The first publish has ended, well or not: no more questions, keys are commands from now on."""

    def stop(self) -> None:
        """The run ends; keys belong to the shell again."""

    def hook_line(self, line: str) -> None:
        """A line that the build hook printed."""

    @property
    def hook_columns(self) -> int | None:
        """Width for the hook's output; ``None``: it does not go to a terminal."""

    def tool_line(self, line: str) -> None:
        """A line that ``dev.command`` printed."""

    def warn(self, problem: Problem) -> None: ...

    def error(self, error: SitepubError) -> None:
        """Something failed; the run goes on."""

    def waiting(self, why: str) -> None:
        """Something is tried again until it works, because of the network or another deploy."""

    def phase(self, text: str) -> None:
        """What is being done now; "" for nothing."""

    def published(self, what: Published) -> None: ...

    def visit(self, visit: Visit) -> None: ...
