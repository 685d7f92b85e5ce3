"""Values come from where the lab says, and from nowhere else."""

from pathlib import Path

import pytest

from ringtest.agent.secrets import resolving
from ringtest.agent.secrets.resolving import Resolver, SecretError
from ringtest.language.secret_reference import Secret

LAB = {"REGISTRY": Secret(env="LAB_REGISTRY")}
ENVIRONMENT = {"LAB_REGISTRY": "registry-password", "OTHER": "other-value", "PATH": "/usr/bin:/bin"}


def resolver(folder: Path, *allowed: str) -> Resolver:
    return Resolver(LAB, allowed, folder=folder, environment=ENVIRONMENT)


async def test_a_value_comes_from_a_variable_a_file_or_a_command(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    wanted = {
        "A": Secret(env="OTHER"),
        "B": Secret(file="key"),
        "C": Secret(command="printf 'from %s' a\\ command; echo noise >&2"),
        "D": Secret(lab="REGISTRY"),
    }
    assert await resolver(tmp_path, "*").resolve(wanted) == {
        "A": "other-value", "B": "from a file", "C": "from a command", "D": "registry-password"
    }  # fmt: skip


async def test_a_servers_job_has_only_what_the_lab_names(tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "key").write_text("allowed")
    (tmp_path / "key").write_text("not allowed")
    (tmp_path / "allowed" / "link").symlink_to(tmp_path / "key")
    some = resolver(tmp_path, "env:OTHER", f"file:{tmp_path}/allowed/*")
    assert await some.resolve({"D": Secret(lab="REGISTRY")}) == {"D": "registry-password"}
    assert await some.resolve({"A": Secret(env="OTHER")}) == {"A": "other-value"}
    assert await some.resolve({"B": Secret(file="allowed/key")}) == {"B": "allowed"}
    for secret in (
        Secret(env="PATH"), Secret(command="id"), Secret(file="allowed/../key"),
        Secret(file="allowed/link"), Secret(file=f"{tmp_path}/allowed/../key"),
    ):  # fmt: skip
        with pytest.raises(SecretError, match="job_secrets"):
            await some.resolve({"X": secret})


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (Secret(env="NONE"), "no such variable"),
        (Secret(file="none"), "No such file"),
        (Secret(file="bytes"), "not UTF-8"),
        (Secret(file="long"), "more than"),
        (Secret(file="short"), "fewer than"),
        (Secret(command="printf h%sf al; exit 3"), "exit code 3"),
        (Secret(command="sleep 60 & sleep 60"), "not done after"),
        (Secret(lab="NONE"), "has no secret NONE"),
        (Secret(env="OTHER", file="x"), "exactly one"),
    ],
)
async def test_what_cannot_be_had_is_named_without_its_value(
    secret: Secret, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "COMMAND_SECONDS", 0.2)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long").write_text("x" * 70_000)
    (tmp_path / "short").write_text("abc\n")
    with pytest.raises(SecretError, match=why) as error:
        await resolver(tmp_path, "*").resolve({"X": secret})
    assert "half" not in str(error.value) and "abc" not in str(error.value)


@pytest.mark.parametrize("name", ["no-name", "RINGTEST_X", "DCI_API_SECRET", "1A"])
async def test_names_are_those_of_variables_and_not_the_agents(name: str, tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        await resolver(tmp_path, "*").resolve({name: Secret(env="OTHER")})
