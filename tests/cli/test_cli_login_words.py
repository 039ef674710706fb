"""`login` says where keys are made, to those who are asked for one."""

from __future__ import annotations

import pytest

from tests.terminal.screen import Screen, sitepub

CN, INTL = "https://console.cloud.tencent.com/cam/capi", "https://console.tencentcloud.com/cam/capi"


@pytest.mark.parametrize(("options", "shown"), [((), {CN, INTL}), (("--site", "cn"), {CN}),
                                                (("--site", "intl"), {INTL})])
def test_the_address_comes_before_the_question(options: tuple[str, ...], shown: set[str]) -> None:
    screen = Screen(tty=True, hidden=["", ""], environ={"COLUMNS": "100", "TERM": "xterm"})
    code, _ = sitepub("login", *options, screen=screen)
    assert code == 3
    before = screen.noted.partition("SecretId")[0]
    assert {address for address in (CN, INTL) if address in before} == shown
    assert "docs/permissions.md" in before
    assert "\u2580" in screen.noted or "\u2584" in screen.noted, "a QR code of it"


def test_nothing_is_said_to_a_program() -> None:
    screen = Screen(typed="\n")
    sitepub("login", "--secret-id", "x", "--secret-key-stdin", screen=screen)
    assert "cam/capi" not in screen.noted


@pytest.mark.parametrize("typed", ["", "  "])
def test_without_a_secret_id_the_secret_key_is_not_asked_for(typed: str) -> None:
    code, screen = sitepub("login", screen=Screen(tty=True, hidden=[typed]))
    assert (code, screen.printed) == (3, "")
    assert "No SecretId was entered" in screen.noted


@pytest.mark.parametrize("name", ["a b", "-x", "\u4ea7\u54c1", "a/b"])
def test_a_name_that_no_profile_has_is_refused_before_anything_is_asked(name: str) -> None:
    code, screen = sitepub("login", f"--profile={name}", screen=Screen(tty=True))
    assert (code, screen.printed) == (2, "")
    assert "SecretId" not in screen.noted
