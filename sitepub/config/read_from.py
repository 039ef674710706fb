"""What a project was read from."""

from __future__ import annotations

from dataclasses import dataclass

FILE_NAMES = ("serverless.yml", "serverless.yaml", "serverless.json")
"""Names of the configuration file; the first that exists is read."""


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """What a project depends on beside the files that lie beside serverless.yml, and the command line."""

    variables: tuple[str, ...] = ()
    """Names of the environment variables that were looked up, whether they were set or not; sorted."""
    at: int = 0
    """When reading began (Unix ns)."""
    more: bool = False
    """Something else: git, the CI system, files of the folders above."""
