"""Every command's help ends with an example, and every example runs against a server.

Examples build on each other as people would write them: what is created first is shown,
changed and deleted later. A job that failed stands among them, told as an agent tells it.
"""

import asyncio
import json
import re
import shlex
import tomllib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ringtest.cli import fields
from ringtest.cli.main import COMMANDS, app, load_command
from tests.scenario.programs import Program, until

PASSWORD = "first-password"
SERVES = {
    "up",
    "agent",
    "agent init",
    "agent left",
    "agent run",
    "agent inventory",
    "agent verify",
    "agent export",
    "agent import",
    "import dci",
    "login",
    "archive push",
    "pipeline run",
    "pipeline send",
    "report",
    "rerun",
}
"""Commands that keep running, need another server or ask on a terminal."""
FIRST = (
    "team create", "user create", "team add-user", "product create", "product grant",
    "topic create", "definition create", "rule create", "lab create", "lab settings",
    "lab subscribe", "feeder create", "component create", "component upload", "issue add",
    "target create", "webhook create", "webhook ping", "token create", "controller create",
)  # fmt: skip
LAST = (
    "group merge", "group unmerge", "job retry", "job cancel", "job create", "job run",
    "topic unfollow", "lab unfollow", "lab unsubscribe", "team remove-user", "product revoke",
    "job delete",
    "token delete", "webhook delete", "target delete", "issue delete", "rule delete",
    "definition delete", "component delete", "controller delete", "feeder delete", "lab delete",
    "topic delete", "product delete", "user delete", "team delete", "logout",
)  # fmt: skip
CODES = {
    "job watch": {10}, "compare": {0, 1}, "agent doctor": {0, 1},
    "lab consent": {0, 1}, "lab allow": {1, 3}, "lab refuse": {1, 3},
}  # fmt: skip
"""Exit codes that tell something; an administrator may not answer for a lab's own people."""
SPEC = """\
isolation: none
hold: {after: failure, hours: 4}
stages:
  test:
    - name: Boot
      run: |
        cat > junit.xml <<XML
        <testsuite name="ring"><testcase classname="c" name="test_boot">
        <failure message="ring is open">a</failure></testcase><testcase classname="c" name="test_b">
        <failure message="no such host">b</failure></testcase></testsuite>
        XML
        echo "E1001 timeout: Connection refused" | tee boot.log
        exit 1
artifacts:
  - path: junit.xml
    mime: application/junit
  - path: "*.log"
    mime: text/plain
"""


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command by its full name."""
    for name in COMMANDS:
        command = load_command(name)
        for part, inner in getattr(command, "commands", {"": command}).items():
            yield f"{name} {part}".strip(), inner
        if getattr(command, "invoke_without_command", False):
            yield name, command  # last: the names of its parts begin with its own


def examples(text: str | None) -> list[str]:
    """What stands in a help text to be typed."""
    return re.findall(r"`ringtest ([^`]+)`", " ".join((text or "").split()))


HELP = {name: command.help for name, command in leaves()}
SERVES |= {name for name in HELP if name.startswith("jenkins ")}  # run in test_jenkins.py


def name_of(example: str) -> str:
    """Which command an example is of."""
    return next(name for name in HELP if f"{example} ".startswith(f"{name} "))


def in_order() -> list[str]:
    """All examples there are, each once."""
    texts = [load_command(name).help for name in COMMANDS] + [*HELP.values()]
    found = {example: name_of(example) for text in texts for example in examples(text)}

    def turn(example: str) -> tuple[int, int]:
        name = found[example]
        if name in FIRST:
            return 0, FIRST.index(name)
        return (2, LAST.index(name)) if name in LAST else (1, 0)

    # a noun that is inactive is hidden from the commands that come after
    updates = [one for one in found if re.search(r" (update|edit) ", one)]
    rest = sorted((one for one in found if one not in updates), key=turn)
    at = next(index for index, one in enumerate(rest) if turn(one)[0] == 2)
    return [one for one in [*rest[:at], *updates, *rest[at:]] if found[one] not in SERVES]


@pytest.mark.parametrize("name", HELP)
def test_every_help_has_an_example_of_its_command(name: str) -> None:
    found = examples(HELP[name])
    assert name in {name_of(example) for example in found}


@pytest.mark.parametrize("name", sorted(SERVES))
def test_examples_that_are_not_run_are_read_without_complaint(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "west.toml").touch()
    command = dict(leaves())[name]
    for example in examples(command.help):
        if name_of(example) == name:
            words = shlex.split(example)[len(name.split()) :]
            command.make_context(name, words)


@pytest.fixture
async def server(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]], tmp_path: Path
) -> AsyncIterator[str]:
    async with fresh_database() as url:
        program = Program(
            ("up", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"),
            {"RINGTEST_DATABASE_URL": url, "RINGTEST_ADMIN_PASSWORD": PASSWORD},
            tmp_path / "server.log",
            ready="ready",
        )
        await program.start()
        yield program.address
        await program.stop()


@pytest.fixture
def type_in(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Type a command without its `ringtest`: what it printed. Its exit code must be right."""
    files = {
        "smoke.yaml": SPEC, "compose.repo": "[compose]", "console.log": "booting",
        "token": "a token of the controller\n",
        "pipeline.yml": "- {name: install, stage: ocp, topic: rhel-9, components: [ocp],"
        " ansible_playbook: a.yml}\n",
        "a.yml": "- {hosts: localhost}\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fields, "ask_password", lambda question: "a long password")
    as_admin = {
        "RINGTEST_SERVER": server, "RINGTEST_USER": "admin", "RINGTEST_PASSWORD": PASSWORD,
        "RINGTEST_CONFIG": str(tmp_path / "config.toml"),
    }  # fmt: skip

    def invoke(line: str) -> str:
        env: dict[str, str | None] = {**as_admin}
        if line.startswith(("job create", "job run")):
            key = tomllib.loads((tmp_path / "west.toml").read_text())
            env |= {"RINGTEST_USER": None, "RINGTEST_PASSWORD": None}
            env |= {"DCI_CLIENT_ID": key["client_id"], "DCI_API_SECRET": key["api_secret"]}
        done = CliRunner().invoke(app, shlex.split(line), env=env)
        assert done.exit_code in CODES.get(name_of(line), {0}), f"{line}\n{done.output}"
        return done.stdout

    return invoke


async def test_every_example_runs(
    server: str, type_in: Callable[[str], str], tmp_path: Path
) -> None:
    left = deque(in_order())
    while name_of(left[0]) in FIRST:
        type_in(left.popleft())
    type_in("component create compose-9.4 --type compose --topic rhel-9 --state inactive")
    agent = Program(
        ("agent", "--config", "west.toml", "--data", str(tmp_path / "agent")),
        {"RINGTEST_SERVER": server},
        tmp_path / "agent.log",
    )
    await agent.start()

    async def has_groups() -> bool:
        return len(json.loads(type_in("group list -f json"))) == 2

    async def is_held() -> bool:
        try:
            return "to get in" in type_in("job hold latest")
        except AssertionError:
            return False

    try:
        await until(has_groups, "the failures of a job")
        await until(is_held, "the hold of a job")
    finally:
        await agent.stop()
    one, other = (group["id"] for group in json.loads(type_in("group list -f json")))
    [job] = json.loads(type_in("job list -f json"))
    files = json.loads(type_in("job files latest -f json"))
    file = next(one for one in files if one["name"] == "junit.xml")
    things = {
        ("group", "ID"): one, ("group", "OTHER"): other, ("file", "ID"): file["id"],
        ("compare", "JOB"): job["id"],
    }  # fmt: skip
    for example in left:
        noun = example.split()[0]
        words = [things.get((noun, word), word) for word in shlex.split(example)]
        await asyncio.to_thread(type_in, shlex.join(words))  # some have a loop of their own
