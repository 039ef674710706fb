"""Logging in and out, and who one is, against the embedded cloud."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from sitepub.actions.login import login
from sitepub.errors import CredentialsError, SitepubError, UsageError
from sitepub.tencent.account.profiles import profiles_file, read_profiles
from sitepub.tencent.cloud import Embedded
from tests.conftest import LocalCloud
from tests.terminal.screen import Screen, sitepub


@pytest.fixture
def environ(home: Path, local_cloud: LocalCloud) -> Mapping[str, str]:
    del home
    return {**os.environ, "SITEPUB_LOCAL_DATA": str(local_cloud.data)}


def at(cloud: LocalCloud) -> Embedded:
    return cloud.address


def test_a_key_is_checked_and_then_kept_for_its_owner_alone(
        local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    stored = login(local_cloud.secret_id, local_cloud.secret_key, profile="work", environ=environ,
                   embedded=at(local_cloud))
    assert stored.arn.startswith("qcs::cam:")
    assert stored.file == profiles_file(environ)
    if os.name != "nt":
        assert stat.S_IMODE(stored.file.stat().st_mode) == 0o600
    found = read_profiles(environ).by_name["work"]
    assert found is not None
    assert (found.secret_id, found.secret_key) == (local_cloud.secret_id, local_cloud.secret_key)


@pytest.mark.parametrize(("secret_id", "secret_key", "error"), [
    ("AKIDnobodyhasthiskey1234567890123456", "x" * 32, CredentialsError),
    ("", "key", CredentialsError),
    ("AKIDx", "", CredentialsError),
    ("AKID with a space", "key", CredentialsError),
])
def test_a_key_that_does_not_work_is_not_kept(secret_id: str, secret_key: str, error: type[SitepubError],
                                              local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    with pytest.raises(error):
        login(secret_id, secret_key, profile="default", environ=environ, embedded=at(local_cloud))
    assert list(read_profiles(environ).by_name) == []


def test_a_wrong_secret_key_is_an_error_of_credentials(
        local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    with pytest.raises(CredentialsError):
        login(local_cloud.secret_id, "w" * 32, profile="default", environ=environ, embedded=at(local_cloud))
    assert list(read_profiles(environ).by_name) == []


def test_a_profile_needs_a_name_that_can_be_one(local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    with pytest.raises(UsageError):
        login(local_cloud.secret_id, local_cloud.secret_key, profile="../x", environ=environ,
              embedded=at(local_cloud))


def test_logging_out_deletes_the_profile(local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    for name in ("default", "work"):
        login(local_cloud.secret_id, local_cloud.secret_key, profile=name, environ=environ,
              embedded=at(local_cloud))
    code, screen = sitepub("logout", "--profile", "work", environ=environ)
    assert (code, list(read_profiles(environ).by_name)) == (0, ["default"])
    code, screen = sitepub("logout", "--json", environ=environ)
    assert screen.object == {"version": 1, "action": "logout", "status": "ok", "profile": "default", "deleted": True,
                             "next": [["sitepub", "login"]]}
    code, screen = sitepub("logout", environ=environ)
    assert (code, screen.printed) == (0, "There is no profile default.\n")


def test_the_embedded_cloud_needs_no_login(environ: Mapping[str, str]) -> None:
    code, screen = sitepub("login", "--local", environ=environ, tty=True, hidden=["a", "b"])
    assert code == 2
    assert "needs no login" in screen.noted


def test_a_login_from_a_script_gives_the_key_on_standard_input(environ: Mapping[str, str]) -> None:
    code, screen = sitepub("login", "--secret-id", "AKIDscriptscript", "--secret-key-stdin", environ=environ,
                           typed="key with spaces\n")
    assert code == 3
    assert "SecretKey has a space" in screen.noted
    assert "key with spaces" not in screen.noted


def test_whoami_tells_the_account_and_hides_the_key(
        local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    code, screen = sitepub("whoami", "--local", "--json", environ=environ)
    assert code == 0
    told = screen.object
    assert told["app_id"] == local_cloud.app_id
    assert told["arn"].startswith("qcs::cam:")
    assert told["embedded"] == local_cloud.endpoint
    assert told["secret_id"] == f"AKID…{local_cloud.secret_id[-4:]}"
    code, screen = sitepub("whoami", "--local", environ=environ)
    assert local_cloud.app_id in screen.printed
    assert local_cloud.secret_id not in screen.printed and local_cloud.secret_key not in screen.printed


def test_debug_logs_of_real_calls_hold_no_secret(local_cloud: LocalCloud, environ: Mapping[str, str]) -> None:
    code, screen = sitepub("whoami", "--local", "--debug", environ=environ)
    assert code == 0
    assert screen.noted, "there is something to see"
    for secret in (local_cloud.secret_id, local_cloud.secret_key):
        assert secret not in screen.noted
    assert "Signature=" not in screen.noted.replace("Signature=***", "")


def test_whoami_warns_of_keys_that_others_could_read(environ: Mapping[str, str], tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("file modes are POSIX")
    file = profiles_file(environ)
    file.parent.mkdir(parents=True)
    file.write_text("[default]\nsecret_id = AKIDqqqqqqqqqqqqqqqq\nsecret_key = half a key\n")
    file.chmod(0o644)
    code, screen = sitepub("whoami", environ=environ, screen=Screen(environ=environ))
    assert code == 3, "the key has spaces, so no cloud is asked"
    assert "warning: " in screen.noted and "now only by you" in screen.noted
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    del tmp_path
