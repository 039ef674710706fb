"""A plan of very many files shows folders, and each file when asked."""

from __future__ import annotations

from sitepub.cli.plan_view import folded_lines
from sitepub.publish.plan import Action, Phase, Reason, Step
from tests.e2e.conftest import MakeSite, Sitepub, make_site, sitepub
from tests.terminal.screen import Screen

__all__ = ["make_site", "sitepub"]


def upload(key: str) -> Step:
    return Step(Action.UPLOAD, key, Phase.ASSETS, Reason.NEW)


def delete(key: str) -> Step:
    return Step(Action.DELETE, key, Phase.DELETIONS, Reason.REMOVED)


def shown(*steps: Step) -> list[str]:
    return list(folded_lines(Screen(), steps))


def test_steps_of_a_folder_that_are_alike_have_one_line() -> None:
    keys = [f"posts/{year}/{number}/index.html" for year in (2024, 2025) for number in range(60)]
    assert shown(*map(upload, keys), upload("index.html"), delete("old/a.html"), delete("old/b.html"),
                 delete("posts/2024/gone.html")) == [
        "  + upload  posts/2024/  (new: 60 files)",
        "  + upload  posts/2025/  (new: 60 files)",
        "  + upload  index.html  (new)",
        "  - delete  old/  (not in the site any more: 2 files)",
        "  - delete  posts/2024/gone.html  (not in the site any more)",
        "  each file: --full"]


def test_folders_are_as_deep_as_the_lines_allow() -> None:
    assert len(shown(*(upload(f"a/{folder}/{name}") for folder in range(30) for name in "xy"))) == 31
    assert shown(*(upload(f"a/{folder}/{name}") for folder in range(50) for name in "xy")) == [
        "  + upload  a/  (new: 100 files)", "  each file: --full"]
    assert shown(*(upload(f"{number}.html") for number in range(300))) == [
        "  + upload  (the root)  (new: 300 files)", "  each file: --full"]
    assert "\x1b" not in shown(*(upload(f"a\x1b[2J/{number}") for number in range(101)))[0]


def test_a_deploy_of_many_files_is_planned_by_folders(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("many", {"index.html": "1", "404.html": "2", **{f"p/{number}.html": "x" for number in range(150)}})
    folded = sitepub("plan", "--local", cwd=site.folder).out
    assert "p/  (new: 150 files, 150 B)" in folded and "p/7.html" not in folded
    assert "152 to upload" in folded
    assert "p/7.html" in sitepub("plan", "--local", "--full", cwd=site.folder).out
    assert "p/7.html" in sitepub("deploy", "--local", "--dry-run", "--full", cwd=site.folder).out
    assert len(sitepub("plan", "--local", "--json", cwd=site.folder).json["steps"]) == 152
