"""What is known about the tool that makes a site: how it builds, where the result lies, what errors show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Framework:
    """One recognised project. All folders are relative to it, with ``/`` as separator and no ``./``."""

    id: str
    """Stable name for programs: ``hexo``, ``vite``, ``html`` …"""
    title: str
    """Name for people: ``Vite (React)``."""
    why: str
    """The file, or the entry in one, by which it was recognised."""
    hook: str | None = None
    """Shell command that builds the site; ``None``: there is nothing to build."""
    dist: str | None = None
    """Folder that the hook writes; ``None`` without a hook."""
    dist_is_a_guess: bool = False
    """Nothing says which folder the hook writes."""
    src: str = "."
    """Folder to publish when there is no hook; otherwise the hook's working folder."""
    index: str = "index.html"
    error: str = "404.html"
    """Error document, relative to the web root."""
    spa: bool = False
    """The app answers every address itself: the error document is the app, with status 200."""
    ignore_html_ext: bool = False
    """Links leave out ``.html``: ``/about`` must answer with ``about.html``."""
    install: str | None = None
    """Command that fetches what the hook needs, when that is missing in the folder."""
    bucket: str | None = None
    """Where the site has been published so far."""
    region: str | None = None
    advice: tuple[str, ...] = ()
    """What the user has to change or to check, a sentence each."""
