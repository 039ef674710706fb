"""Showing an address in the user's browser."""

from __future__ import annotations

from sitepub.cli.options import Run


def browse(run: Run, url: str) -> None:
    """Open it, or say why not. The browser gets no keys of the cloud."""
    from sitepub.config.programs import on_absolute_path
    from sitepub.leaks.cloud_secrets import secret_values, without_secrets
    from sitepub.terminal.browser import open_browser

    why = open_browser(url, on_absolute_path(without_secrets(run.environ, secret_values(run.environ))))
    if why is not None:
        run.terminal.note(f"No browser could be opened: {why}.")
