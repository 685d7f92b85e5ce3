"""What the agent opens itself for a definition stays inside, whatever paths and links say."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.inside import LeadsOut, append_inside, create_inside, open_inside, read_inside
from ringtest.agent.isolation.floor import Limits
from ringtest.agent.progress import ProgressReader
from ringtest.agent.settings import AgentSettings
from tests.agent.conftest import FakeServer
from tests.agent.isolation.conftest import needed
from tests.agent.isolation.test_floor import done, running

SECRET = "root:$6$salt$hash:19000:0:99999:7:::"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the lab's that no job may see, and that no job may change."""
    path = tmp_path / "lab" / "shadow"
    path.parent.mkdir()
    path.write_text(f"{SECRET}\n")
    return path


def each(**options: Any) -> dict[str, Any]:
    """A definition with one test, and options of its runner."""
    given = {"listing": "echo one", "each": "true", **options}
    return {"name": "suite", "runner": "command", "with": given}


def playbook(**options: Any) -> dict[str, Any]:
    return {"name": "site", "runner": "ansible", "with": options}


HOSTILE: list[tuple[str, Callable[[Path], list[dict[str, Any]]]]] = [
    ("list", lambda secret: [each(list=str(secret))]),
    ("climb", lambda secret: [each(list=os.path.relpath("/", "/a/b/c/d/e/f/g") + str(secret))]),
    ("link", lambda secret: [{"run": f"ln -s {secret} names"}, each(list="names")]),
    ("folder", lambda secret: [{"run": f"ln -s {secret.parent} in"}, each(list="in/shadow")]),
    ("blacklist", lambda secret: [each(blacklist=str(secret))]),
    ("blacklink", lambda secret: [{"run": f"ln -s {secret} black"}, each(blacklist="black")]),
    ("rerun", lambda secret: [each(rerun=str(secret))]),
    ("rerun folder", lambda secret: [each(rerun=str(secret.parent))]),
    (
        "junit",
        lambda secret: [
            {"run": f"ln -s {secret} junit.tap"},
            each(listing="", each="", run="true", results=["*.tap"], format="tap"),
        ],
    ),
    (
        "printed",
        lambda secret: [each(each=f'ln -sf {secret} "$PWD"/../steps/*/printed.txt; false')],
    ),
    (
        "hook",
        lambda secret: [
            {"run": f"mkdir h && ln -s {secret} h/pre-run.yml"},
            playbook(hook="pre-run", hooks=["h"]),
        ],
    ),
]


@pytest.mark.parametrize("steps", [made for _, made in HOSTILE], ids=[name for name, _ in HOSTILE])
async def test_what_a_definition_leads_the_agent_to_is_in_no_message_log_or_file(
    server: FakeServer,
    settings: AgentSettings,
    spec: Callable[..., Any],
    secret: Path,
    steps: Callable[[Path], list[dict[str, Any]]],
) -> None:
    async with running(settings):
        job = server.add_job(spec(stages={"test": steps(secret)}))
        text = await done(server, job)
    assert job.end()["result"] == "failed", text
    told = repr([job.records, job.files]) + text
    for part in (SECRET, "$6$salt"):
        assert part not in told
    assert secret.read_text() == f"{SECRET}\n"


async def test_refused_file_is_told_with_the_setting_that_would_allow_it(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], secret: Path
) -> None:
    async with running(settings):
        job = server.add_job(spec(stages={"test": [each(list=str(secret))]}))
        text = await done(server, job)
    assert f"list: {secret} cannot be read" in text
    assert "into no folder of limits.readable of this lab" in text


async def test_lab_allows_files_of_a_folder_of_its_own(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], tmp_path: Path
) -> None:
    names = tmp_path / "names" / "smoke"
    names.parent.mkdir()
    names.write_text("one\n")
    allowed = replace(settings, limits=Limits(readable=[str(names.parent)]))
    async with running(allowed):
        job = server.add_job(spec(stages={"test": [each(list=str(names))]}))
        text = await done(server, job)
    assert job.end()["result"] == "passed", text


async def test_output_that_a_sandboxed_job_leads_elsewhere_is_written_nowhere(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], secret: Path
) -> None:
    needed("bwrap")
    link = f'mkdir -p "$PWD/../steps/test-2-suite"; ln -sf {secret} "$PWD"/../steps/test-2-suite/'
    steps = [{"run": f"{link}listed.txt"}, each(listing="echo overwritten")]
    async with running(settings):
        job = server.add_job(spec(stages={"test": steps}, isolation="bubblewrap"))
        text = await done(server, job)
    assert job.end()["result"] == "failed", text
    assert "leads out of the job's folders" in job.end()["reason"] + text
    assert secret.read_text() == f"{SECRET}\n"


async def test_results_that_a_sandboxed_job_leads_elsewhere_are_written_nowhere(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], secret: Path
) -> None:
    needed("bwrap")
    steps = [{"run": f"rm -rf ringtest-results; ln -s {secret.parent} ringtest-results"}, each()]
    async with running(settings):
        job = server.add_job(spec(stages={"test": steps}, isolation="bubblewrap"))
        await done(server, job)
    assert job.end()["result"] == "failed"
    assert [path.name for path in secret.parent.iterdir()] == ["shadow"]


def test_pipe_in_the_place_of_a_file_does_not_hold_up_the_agent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list")
    with pytest.raises(OSError, match="no regular file"):
        read_inside(tmp_path / "list", [tmp_path])


def test_pipe_in_the_place_of_the_counts_does_not_hold_up_the_agent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "progress")
    assert ProgressReader(tmp_path / "progress").read() is None


def test_link_within_the_folders_is_followed(tmp_path: Path) -> None:
    (tmp_path / "names").write_text("one")
    (tmp_path / "list").symlink_to("names")
    assert read_inside(tmp_path / "list", [tmp_path]) == "one"


def test_folder_beside_one_with_the_same_beginning_is_outside(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "workshop").write_text("x")
    for opened in (open_inside, create_inside, append_inside):
        with pytest.raises(LeadsOut):
            opened(tmp_path / "work" / ".." / "workshop", [tmp_path / "work"])
    assert (tmp_path / "workshop").read_text() == "x"


def test_what_was_opened_counts_and_not_what_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, secret = tmp_path / "work", tmp_path / "secret"
    work.mkdir()
    secret.write_text("of the lab")
    (work / "list").write_text("one")
    looked = os.path.realpath
    swapped: list[bool] = []

    def swap(path: Any) -> str:
        found: str = looked(path)
        if not swapped:  # between the look and the opening
            swapped.append(True)
            (work / "list").unlink()
            (work / "list").symlink_to(secret)
        return found

    monkeypatch.setattr(os.path, "realpath", swap)
    for opened in (open_inside, create_inside):
        swapped.clear()
        (work / "list").unlink(missing_ok=True)
        (work / "list").write_text("one")
        with pytest.raises(LeadsOut):
            opened(work / "list", [work])
    assert secret.read_text() == "of the lab"
