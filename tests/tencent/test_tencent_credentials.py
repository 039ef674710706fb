"""Finding credentials, and keeping them."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.errors import CredentialsError, ExitCode, Problem, UsageError
from sitepub.tencent.account.credentials import find_credentials
from sitepub.tencent.account.profiles import (
    delete_profile,
    profiles_file,
    read_profiles,
    save_profile,
)
from sitepub.tencent.cloud import Credentials

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "USERPROFILE": str(home), "SITEPUB_HOME": str(home / "sitepub")}


def find(environ: dict[str, str], *, profile: str | None = None, dotenv: dict[str, str] | None = None
         ) -> Credentials:
    return find_credentials(profile=profile, environ=environ, dotenv=dotenv or {})


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_each_place_is_read_and_an_earlier_one_wins(environ: dict[str, str], home: Path) -> None:
    dotenv: dict[str, str] = {}
    write(home / ".tccli" / "default.credential", json.dumps({"secretId": "id-tccli", "secretKey": "k"}))
    assert find(environ).secret_id == "id-tccli"
    write(home / ".tencentcloud" / "credentials", "[default]\nsecret_id = id-ini\nsecret_key = k%y\n")
    assert find(environ).secret_id == "id-ini"
    assert find(environ).secret_key == "k%y"
    save_profile("default", Credentials("id-profile", "k"), environ)
    assert find(environ).secret_id == "id-profile"
    dotenv |= {"TENCENT_SECRET_ID": "id-dotenv", "TENCENT_SECRET_KEY": "k"}
    assert find(environ, dotenv=dotenv).secret_id == "id-dotenv"
    environ |= {"TENCENT_SECRET_ID": "id-env-short", "TENCENT_SECRET_KEY": "k", "TENCENT_TOKEN": "t"}
    assert find(environ, dotenv=dotenv).token == "t"
    environ |= {"TENCENTCLOUD_SECRET_ID": "id-env", "TENCENTCLOUD_SECRET_KEY": "k"}
    found = find(environ, dotenv=dotenv)
    assert (found.secret_id, found.token, found.source) == (
        "id-env", None, "environment TENCENTCLOUD_SECRET_ID")
    save_profile("work", Credentials("id-work", "k"), environ)
    assert find(environ, profile="work", dotenv=dotenv).secret_id == "id-work"
    write(home / ".tccli" / "ci.credential", json.dumps({"secretId": "id-ci", "secretKey": "k"}))
    assert find(environ, profile="ci", dotenv=dotenv).secret_id == "id-ci"


def test_without_any_the_message_says_where_it_looked_and_what_to_do(environ: dict[str, str]) -> None:
    with pytest.raises(CredentialsError) as caught:
        find(environ)
    assert caught.value.exit_code is ExitCode.CREDENTIALS
    for place in ("TENCENTCLOUD_SECRET_ID", ".env", "profiles.ini", ".tencentcloud", ".tccli"):
        assert place in caught.value.message
    for way in ("sitepub login", "TENCENTCLOUD_SECRET_ID", "--local"):
        assert way in (caught.value.hint or "")


@pytest.mark.parametrize(("there", "missing"), [
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"),
    ("TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECRET_ID"),
    ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"), ("TENCENT_SECRET_KEY", "TENCENT_SECRET_ID")])
def test_half_a_pair_is_an_error_that_names_the_other_half(environ: dict[str, str], there: str,
                                                           missing: str) -> None:
    with pytest.raises(CredentialsError, match=missing):
        find(environ | {there: "v4lue", missing: "  "})
    with pytest.raises(CredentialsError, match=missing):
        find(environ, dotenv={there: "v4lue"})


def test_half_a_pair_in_a_file_is_an_error_too(environ: dict[str, str], home: Path) -> None:
    write(home / ".tencentcloud" / "credentials", "[default]\nsecret_id = id\n")
    with pytest.raises(CredentialsError, match="secret_key"):
        find(environ)


def test_spaces_and_line_breaks_around_a_value_are_dropped(environ: dict[str, str]) -> None:
    found = find(environ | {"TENCENTCLOUD_SECRET_ID": " AKIDexample\r\n", "TENCENTCLOUD_SECRET_KEY": "key\t"})
    assert (found.secret_id, found.secret_key) == ("AKIDexample", "key")


@pytest.mark.parametrize("value", ["pass word", "clé", "ke\ny", "秘密", "k\u200bey"])
def test_a_value_that_cannot_be_a_key_is_named_but_never_shown(environ: dict[str, str], value: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        find(environ | {"TENCENTCLOUD_SECRET_ID": "AKIDexample", "TENCENTCLOUD_SECRET_KEY": value})
    assert "SecretKey" in caught.value.message
    assert value not in caught.value.message


def test_expired_credentials_of_the_cli_are_told(environ: dict[str, str], home: Path) -> None:
    write(home / ".tccli" / "default.credential",
          json.dumps({"secretId": "i", "secretKey": "k", "token": "t", "expiresAt": 1_600_000_000}))
    with pytest.raises(CredentialsError, match="expired"):
        find(environ)
    write(home / ".tccli" / "default.credential",
          json.dumps({"secretId": "i", "secretKey": "k", "token": "t", "expiresAt": 32_000_000_000}))
    assert find(environ).token == "t"


@pytest.mark.parametrize(("name", "text"), [
    (".tccli/default.credential", "{not json"), (".tencentcloud/credentials", "s3cret without a section")])
def test_a_damaged_file_is_named_and_not_quoted(environ: dict[str, str], home: Path, name: str,
                                                text: str) -> None:
    write(home / name, text)
    with pytest.raises(CredentialsError) as caught:
        find(environ)
    assert Path(name).name in caught.value.message
    assert text not in f"{caught.value.message} {caught.value.hint}"


def test_an_unknown_profile_is_an_error_that_names_the_known_ones(environ: dict[str, str]) -> None:
    save_profile("work", Credentials("i", "k"), environ)
    with pytest.raises(CredentialsError, match="work") as caught:
        find(environ | {"TENCENTCLOUD_SECRET_ID": "i", "TENCENTCLOUD_SECRET_KEY": "k"}, profile="wrok")
    assert "--profile wrok" in (caught.value.hint or "")


def test_no_network_is_asked_unless_the_environment_offers_a_role(environ: dict[str, str]) -> None:
    token = Path(environ["HOME"]) / "no-such-token"
    with pytest.raises(CredentialsError, match="no-such-token"):
        find(environ | {"TKE_WEB_IDENTITY_TOKEN_FILE": str(token), "TKE_ROLE_ARN": "r",
                        "TKE_PROVIDER_ID": "p"})


def test_a_repr_shows_no_secret() -> None:
    found = Credentials("AKIDexampleexample", "s3cret", "t0ken")
    assert not any(secret in repr(found) for secret in ("AKIDexampleexample", "s3cret", "t0ken"))
    assert found.masked_id == "AKID…mple"


# Profiles

def test_profiles_are_kept_listed_and_forgotten(environ: dict[str, str]) -> None:
    assert list(read_profiles(environ).by_name) == []
    save_profile("default", Credentials("id-1", "key%1"), environ)
    save_profile("DEFAULT", Credentials("id-2", "key 2", "tok=en"), environ)
    save_profile("default", Credentials("id-3", "key3"), environ)
    assert list(read_profiles(environ).by_name) == ["default", "DEFAULT"]
    second = read_profiles(environ).by_name["DEFAULT"]
    assert second is not None and (second.secret_key, second.token) == ("key 2", "tok=en")
    assert delete_profile("default", environ)
    assert not delete_profile("default", environ)
    assert list(read_profiles(environ).by_name) == ["DEFAULT"]
    assert delete_profile("DEFAULT", environ)
    assert not profiles_file(environ).exists()


@given(st.text("!#$%&=;[]:abcXYZ019+/", min_size=1, max_size=40))
def test_every_key_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    environ = {"SITEPUB_HOME": str(tmp_path_factory.mktemp("profiles"))}
    save_profile("p", Credentials("id", key), environ)
    found = read_profiles(environ).by_name["p"]
    assert found is not None and found.secret_key == key


@posix
def test_the_file_is_for_its_owner_only(environ: dict[str, str]) -> None:
    before = os.umask(0)
    try:
        path = save_profile("default", Credentials("i", "k"), environ)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@posix
def test_a_file_that_others_may_read_is_closed_to_them_with_a_warning(environ: dict[str, str]) -> None:
    path = save_profile("default", Credentials("id", "k"), environ)
    path.chmod(0o644)
    warnings: list[Problem] = []
    found = find_credentials(profile=None, environ=environ, dotenv={}, warn=warnings.append)
    assert found.secret_id == "id"
    assert len(warnings) == 1 and "0644" in warnings[0].message
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_profiles(environ).warnings == ()


@posix
def test_only_a_file_is_closed_to_others_never_a_folder(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    path = profiles_file(environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(folder)
    with pytest.raises(CredentialsError):
        read_profiles(environ)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_place_that_cannot_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CredentialsError, match="The keys cannot be stored") as caught:
        save_profile("default", Credentials("i", "s3cret"), {"SITEPUB_HOME": str(tmp_path / "file/below")})
    assert str(tmp_path / "file/below") in str(caught.value)
    assert "SITEPUB_HOME" in (caught.value.hint or "") and "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "../x", "a]b", "-x", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(environ: dict[str, str], name: str) -> None:
    with pytest.raises(UsageError):
        save_profile(name, Credentials("i", "k"), environ)


def test_a_damaged_profiles_file_is_not_quoted(environ: dict[str, str]) -> None:
    write(profiles_file(environ), "secret_key = s3cret\n")
    with pytest.raises(CredentialsError) as caught:
        read_profiles(environ)
    assert "s3cret" not in f"{caught.value.message}{caught.value.__cause__}"
