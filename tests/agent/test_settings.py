"""Settings: where they come from, and what is wrong with them, in one line."""

from pathlib import Path

import pytest

from ringtest.agent.settings import SettingsError, read_settings

KEY = {"DCI_API_SECRET": "secret"}
NAMED = {"DCI_CS_URL": "http://ci", "DCI_CLIENT_ID": "remoteci/1", **KEY}


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_names_of_existing_credential_files_work() -> None:
    settings = read_settings({}, NAMED, None)
    assert (settings.server, settings.client_id) == ("http://ci", "remoteci/1")
    assert settings.api_secret == "secret"


def test_options_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "agent.toml", 'server = "http://file"\nlabel = "file"\nmax_jobs = 3\n')
    settings = read_settings({"label": "option", "server": None}, NAMED, file)
    assert (settings.server, settings.label, settings.max_jobs) == ("http://ci", "option", 3)


def test_variables_for_a_stage_come_from_tables(tmp_path: Path) -> None:
    file = write(tmp_path / "agent.toml", '[stage_environment.test]\nPYTHONWARNINGS = "error"\n')
    settings = read_settings({}, NAMED, file)
    assert settings.stage_environment == {"test": {"PYTHONWARNINGS": "error"}}


def test_the_key_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    key = write(tmp_path / "key", "from file\n")
    file = write(
        tmp_path / "agent.toml",
        f'server = "http://ci"\nclient_id = "remoteci/1"\napi_secret_file = "{key}"\n',
    )
    assert read_settings({}, {}, file).api_secret == "from file"


def test_a_settings_file_with_a_key_must_be_its_owners_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "agent.toml", 'api_secret = "s"\n', mode=0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_settings({}, NAMED, file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labl = 'x'", "unknown setting labl"),
        ("label = ", "Invalid value"),
        ("max_jobs = 0", "at least 1"),
        ("max_jobs = 'many'", "wrong type"),
        ("[stage_environment.tests]\na = 'b'", "prepare, test, collect"),
        ("client_id = 'feeder/1'", "remoteci/<uuid>"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path / "agent.toml", text)
    given = {"RINGTEST_SERVER": "http://ci", **KEY}
    with pytest.raises(SettingsError, match=message):
        read_settings({} if "client" in text else {"client_id": "remoteci/1"}, given, file)


@pytest.mark.parametrize("missing", ["DCI_CS_URL", "DCI_CLIENT_ID", "DCI_API_SECRET"])
def test_what_is_missing_is_named_and_how_to_give_it(missing: str) -> None:
    environment = {name: value for name, value in NAMED.items() if name != missing}
    with pytest.raises(SettingsError, match=missing):
        read_settings({}, environment, None)


def test_the_key_never_shows() -> None:
    assert "secret'" not in repr(read_settings({}, NAMED, None))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('cache_announce = "auto"', "cache_announce needs cache_listen"),
        ('cache_listen = ":1"\ncache_announce = "rack-7"', "cache_announce: rack-7 does not begin"),
        ('cache_find = "yes"', "cache_find must be true or false"),
    ],
)
def test_announcement_that_would_tell_nothing_is_no_setting(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_settings({}, NAMED, file)


def test_cache_is_announced_and_others_are_found_only_when_the_lab_says_so(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('cache_listen = "0.0.0.0:8970"\n')
    plain = read_settings({}, NAMED, file)
    assert (plain.cache_announce, plain.cache_find) == ("", False)
    file.write_text('cache_listen = ":8970"\ncache_announce = "auto"\ncache_find = true\n')
    told = read_settings({}, NAMED, file)
    assert (told.cache_announce, told.cache_find) == ("auto", True)
