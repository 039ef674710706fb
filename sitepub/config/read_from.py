"""What a project was read from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """What a project depends on beside the files that lie beside serverless.yml, and the command line."""

    variables: tuple[str, ...] = ()
    """Names of the environment variables that were looked up, whether they were set or not; sorted."""
    more: bool = False
    """Something else: git, the CI system, files of the folders above."""
