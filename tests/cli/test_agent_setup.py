"""A lab's first minutes: settings are written once, by who may, after the server knows the key."""

import configparser
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ringtest.agent.settings import read_settings
from ringtest.agent.unit import unit
from ringtest.cli.main import app
from tests.agent.doctor.answers import LAB_ID, server
from tests.architecture.sources import ROOT

KEY = "a-key-of-the-lab"
Done = tuple[int, str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def agent(*words: str, **env: str) -> Done:
    done = CliRunner().invoke(app, ["agent", *words], env=env)
    return done.exit_code, done.output


def test_settings_of_dci_become_a_file_of_its_owners(folder: Path) -> None:
    with server() as address:
        (folder / "dcirc.sh").write_text(
            f"export DCI_CLIENT_ID='{LAB_ID}'\nexport DCI_API_SECRET=\"{KEY}\"\n"
            f"export DCI_CS_URL={address}\n"
        )
        words = ("--from", "dcirc.sh", "--label", 'rack "7"', "--accept", "all")
        code, text = agent("init", *words)
    assert code == 0, text
    assert KEY not in text
    file = folder / "agent.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(file.read_text()) == {
        "server": address, "client_id": LAB_ID, "api_secret": KEY, "label": 'rack "7"'
    }  # fmt: skip
    assert read_settings({}, {}, file).api_secret == KEY


def test_labels_are_written_and_what_is_not_taken_over_is_told(folder: Path) -> None:
    (folder / "old.toml").write_text(
        f'server = "http://ci"\nclient_id = "{LAB_ID}"\napi_secret = "{KEY}"\n'
        'max_jobs = 3\ntopics = ["rhel-9"]\n[labels]\nrack = "6"\nnic = "mlx5"\n'
    )
    (folder / "old.toml").chmod(0o600)
    words = ("init", "--from", "old.toml", "--offline", "--labels", "rack=7")
    code, text = agent(*words, "--labels", "größe=„klein“")
    assert code == 0, text
    assert "not taken over from old.toml: max_jobs, topics" in text
    assert dict(read_settings({}, {}, folder / "agent.toml").labels) == {
        "rack": "7", "größe": "„klein“"
    }  # fmt: skip
    code, text = agent("init", "--to", "other.toml", "--labels", "rack")
    assert code == 2 and "--labels is name=value" in text


def test_a_key_that_the_server_refuses_is_not_written(folder: Path) -> None:
    (folder / "key").write_text(f"{KEY}\n")
    with server(identity=(401, b'{"message": "unknown"}')) as address:
        words = ("init", "--server", address, "--id", LAB_ID, "--key-file", "key")
        code, text = agent(*words)
        assert code == 1
        assert "bad  key" in text and "nothing was written" in text
        assert not (folder / "agent.toml").exists()
        code, text = agent(*words, "--offline", "--proxy", "http://proxy:3128")
    assert code == 0, text
    assert tomllib.loads((folder / "agent.toml").read_text())["proxy"] == "http://proxy:3128"


def test_a_file_that_is_there_is_never_replaced_and_only_ones_own_undone(folder: Path) -> None:
    file = folder / "agent.toml"
    file.write_text("label = 'mine'\n")
    env = {"DCI_CLIENT_ID": LAB_ID, "DCI_API_SECRET": KEY, "DCI_CS_URL": "http://ci"}
    assert agent("init", "--offline", **env)[0] == 2
    code, text = agent("init", "--undo")
    assert (code, file.exists()) == (2, True) and "it stays" in text
    file.unlink()
    assert agent("init", "--offline", **env)[0] == 0
    assert agent("init", "--undo")[0] == 0
    assert not file.exists()
    assert agent("init", "--undo")[0] == 2


def test_what_is_missing_is_named(folder: Path) -> None:
    env = dict.fromkeys(("DCI_CLIENT_ID", "DCI_API_SECRET", "RINGTEST_API_SECRET"), "")
    code, text = agent("init", "--server", "http://ci", "--id", LAB_ID, **env)
    assert code == 2 and "api_secret is missing" in text
    code, text = agent("init", "--from", "none.sh", **env)
    assert code == 2 and "none.sh cannot be read" in text


def programs(folder: Path, **scripts: str) -> str:
    """A PATH with these programs alone."""
    there = folder / "programs"
    there.mkdir()
    for name, script in scripts.items():
        (there / name).write_text(f"#!/bin/sh\n{script}\n")
        (there / name).chmod(0o755)
    return str(there)


ENV = {"DCI_CLIENT_ID": LAB_ID, "DCI_API_SECRET": KEY, "DCI_CS_URL": "http://ci"}


def accepted(file: Path) -> tuple[str, ...]:
    return read_settings({}, {}, file).accepts


def test_jobs_are_kept_apart_by_bubblewrap_where_that_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", programs(folder, bwrap="exit 0"))
    code, text = agent("init", "--offline", **ENV)
    assert code == 0 and "a server's jobs run in: bubblewrap" in text
    assert "on this machine itself" not in text
    assert accepted(folder / "agent.toml") == ("bubblewrap",)


@pytest.mark.parametrize("scripts", [{}, {"bwrap": "echo no namespaces >&2; exit 1"}])
def test_what_is_not_kept_apart_is_said_plainly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, scripts: dict[str, str]
) -> None:
    monkeypatch.setenv("PATH", programs(folder, **scripts))
    code, text = agent("init", "--offline", **ENV)
    assert code == 0 and "a server's jobs run on this machine itself" in text
    why = "no namespaces" if scripts else "there is no program bwrap"
    assert f"bubblewrap does not work here: {why}" in text
    assert accepted(folder / "agent.toml") == ()


def test_lab_says_itself_what_it_accepts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", programs(folder, bwrap="exit 0"))
    assert agent("init", "--offline", "--accept", "all", **ENV)[0] == 0
    assert accepted(folder / "agent.toml") == ()
    words = ("--accept", "podman", "--accept", "ssh", "--to", "b.toml")
    assert agent("init", "--offline", *words, **ENV)[0] == 0
    assert accepted(folder / "b.toml") == ("podman", "ssh")
    code, text = agent("init", "--offline", "--accept", "vm", "--to", "c.toml", **ENV)
    assert code == 2 and "--accept vm: there are none, venv, bubblewrap" in text


def test_floor_of_a_settings_file_goes_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", programs(folder, bwrap="exit 0"))
    old = folder / "old.toml"
    floor = 'accepts = ["ssh"]\n[limits]\nmemory = "2GiB"\nnetwork = false\nhosts = ["board-*"]\n'
    old.write_text(f'server = "http://ci"\nclient_id = "{LAB_ID}"\napi_secret = "{KEY}"\n{floor}')
    old.chmod(0o600)
    clear = dict.fromkeys(ENV, "")
    assert agent("init", "--offline", "--from", "old.toml", **clear)[0] == 0
    new = folder / "agent.toml"
    assert read_settings({}, {}, new).floor == read_settings({}, {}, old).floor
    words = ("--from", "old.toml", "--to", "b.toml", "--accept", "all")
    code, text = agent("init", "--offline", *words, **clear)
    assert code == 2 and "limits.network = false needs accepts" in text
    assert not (folder / "b.toml").exists()


def test_the_unit_is_the_one_that_is_shipped() -> None:
    assert (ROOT / "deploy" / "systemd" / "ringtest-agent.service").read_text() == unit()


def test_a_unit_is_written_for_what_is_said(folder: Path) -> None:
    words = ("systemd", "--config", "/etc/lab/a.toml", "--user", "tester", "--install", ".")
    code, text = agent(*words)
    assert code == 0 and "systemctl enable --now ringtest-agent" in text
    read = configparser.ConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(folder / "ringtest-agent.service")
    service = read["Service"]
    assert service["User"] == "tester" and service["NoNewPrivileges"] == "yes"
    assert "agent --config /etc/lab/a.toml" in service["ExecStart"]
    assert service["Restart"] == "always" and service["KillMode"] == "mixed"
    code, text = agent("systemd", "--user", "tester; rm")
    assert code == 2 and "cannot stand in a unit" in text
