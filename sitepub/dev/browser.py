"""Opens the site in the user's browser while the run goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from sitepub.config.programs import on_absolute_path
from sitepub.leaks.cloud_secrets import secret_values, without_secrets
from sitepub.terminal import browser


def open_in_background(url: str, environ: Mapping[str, str], note: Callable[[str], None]) -> None:
    """Returns at once. ``note`` is called, from another thread, when no browser could be opened."""
    def work() -> None:
        why = browser.open_browser(url, on_absolute_path(without_secrets(environ, secret_values(environ))))
        if why is not None:
            note(f"no browser could be opened: {why}. The address: {url}")

    threading.Thread(target=work, name="browser", daemon=True).start()
