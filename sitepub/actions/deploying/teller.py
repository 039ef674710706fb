"""How a deploy speaks with the user while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.hosts import HostsPrepared
    from sitepub.actions.releases.doubt import Doubt
    from sitepub.actions.releases.regress import Concerns
    from sitepub.config.project import Project
    from sitepub.domains.job import Listener
    from sitepub.domains.steps import HostStep
    from sitepub.errors import Problem, Refused
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.progress import Progress
    from sitepub.settings.steps import SettingStep


class Teller(Protocol):
    """Shows a deploy to the user while it runs, and asks."""

    def hook_line(self, line: str) -> None:
        """One line of the build hook's output."""

    @property
    def hook_columns(self) -> int | None:
        """Columns that such a line has on the terminal; ``None``: it goes elsewhere, or no colours are wanted."""

    def warn(self, problem: Problem) -> None: ...

    def note(self, text: str) -> None: ...

    def checked(self, report: Report, project: Project) -> None:
        """The checks of `checks:` were made."""

    def approve(self, prepared: Prepared) -> None:
        """Asked before objects of others get new content, or this project takes another's place.
        Raises :class:`~sitepub.errors.Refused`."""

    def choose(self, words: str, answers: Mapping[str, str], refusal: Refused) -> str:
        """One of the answers (word → what it means). Raises ``refusal`` where there is no terminal to ask on."""

    def ask(self, doubt: Doubt) -> None:
        """Asked before something is published that may not be meant. Raises Refused."""

    def transfer(self) -> AbstractContextManager[Progress]:
        """Shows the transfer while the context lasts."""

    def setting(self, step: SettingStep) -> None:
        """A bucket setting was written."""

    def approve_hosts(self, prepared: HostsPrepared) -> None:
        """Asked before a host is taken down or something of others is changed. Raises Refused."""

    def approve_changed_hosts(self, steps: Sequence[HostStep]) -> None:
        """Asked before steps are taken that were not in the plan, because something was changed elsewhere since. Raises
        Refused."""

    def listener(self) -> AbstractContextManager[Listener]:
        """Shows what happens to the hosts while the context lasts."""


def ask_about(concerns: Concerns, teller: Teller) -> None:
    for sentence in concerns.notes:
        teller.note(sentence)
    for doubt in concerns.doubts:
        teller.ask(doubt)
