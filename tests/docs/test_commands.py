"""Every command that a page shows as runnable can be run, in the order of the page."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.jinja2.free_port import free_ports
from tests.architecture.sources import ROOT, name_of, tracked
from tests.conftest import reachable_folder
from tests.docs.console import Block, blocks, run, script, sessions
from tests.docs.forks import Forks

PAGES = sessions(
    {
        name_of(page): page.read_text()
        for page in tracked()
        if page.suffix == ".md" and script(page.read_text()) and page.parent.name != "given"
    }
)
SERVER, DATABASE, STORAGE = "127.0.0.1:8080", "127.0.0.1:5432", "127.0.0.1:9000"
WAREHOUSE = "127.0.0.1:8123"
"""The addresses that all pages use; the tests put free ones in their place."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Path]:
    """A folder for PATH, whose `ringtest` starts quickly."""
    with reachable_folder() as folder, Forks(folder):
        yield folder


def brings_its_own_database(name: str) -> bool:
    """Whether the server of a page is to make its database, as whoever begins has it.

    Elsewhere it takes an empty one of the tests' PostgreSQL, by the setting for that: to make
    one takes longer than most of the pages.
    """
    commands = script(PAGES[name])
    about = re.search("postgres|DATABASE_URL|psql", commands)
    return bool(
        about or commands.count("ringtest up") > 1 or name == "docs/tutorial/first-product.md"
    )


@pytest.mark.parametrize("name", sorted(PAGES))
def test_commands_of_a_page_run_in_their_order(name: str, forks: Path, database_url: str) -> None:
    page, path = PAGES[name], os.environ["PATH"]
    if WAREHOUSE in page:
        pytest.importorskip("chdb", reason="ClickHouse's engine takes 500 MB: pip install chdb")
    for shown, port in zip((SERVER, DATABASE, STORAGE, WAREHOUSE), free_ports(4), strict=True):
        page = page.replace(shown, f"127.0.0.1:{port}")
    with reachable_folder() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if "RINGTEST" not in name},
            "PATH": os.pathsep.join([str(forks), str(Path(sys.executable).parent), path]),
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # of the tests that the pages show
            "HOME": str(folder),
            "CHECKOUT": str(ROOT),
            "COLUMNS": "160",
        }
        if not brings_its_own_database(name):
            environment["RINGTEST_DATABASE_URL"] = database_url
        done = run(page, folder, environment)
        logs = {log.name: log.read_text()[-2000:] for log in folder.glob("background-*.log")}
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{logs}"


def test_servers_of_pages_make_their_database_where_that_matters() -> None:
    own = {name for name in PAGES if brings_its_own_database(name)}
    assert {f"docs/{page}.md" for page in (
        "tutorial/first-product", "how-to/run-the-server", "how-to/use-an-existing-postgresql",
        "how-to/move-from-dci",
    )} <= own  # fmt: skip


def test_commands_that_keep_running_are_waited_for_by_their_words() -> None:
    page = "```console runnable background\n$ A=1 bash -c 'echo ready; sleep 60'\n```\n"
    page += "```console runnable\n$ true\nnot a command\n```\n"
    with reachable_folder() as folder:
        assert run(page, folder, dict(os.environ)).returncode == 0


def test_programs_end_where_the_page_ends_them() -> None:
    ends = "bash -c 'trap \"touch ended; exit\" TERM; echo ready; while :; do sleep 0.1; done'"
    page = f"```console runnable background\n$ {ends}\n```\n"
    page += "```console runnable\n^C\n$ test -e ended\n```\n"
    with reachable_folder() as folder:
        assert run(page, folder, dict(os.environ)).returncode == 0


def test_what_happens_a_moment_later_is_asked_for_again() -> None:
    page = "```console runnable\n$ (sleep 0.5; touch there) &\n```\n"
    page += "```console runnable eventually\n$ test -e there\n```\n"
    with reachable_folder() as folder:
        assert run(page, folder, dict(os.environ)).returncode == 0


def test_failing_command_fails_the_page() -> None:
    with reachable_folder() as folder:
        page = "```console runnable\n$ echo one\n$ false\n$ echo never\n```\n"
        done = run(page, folder, dict(os.environ))
    assert done.returncode == 1
    assert "never" not in done.stdout


def test_files_and_continued_commands_are_read() -> None:
    page = "```yaml file=a.yaml\nb: 1\n```\n```console runnable\n$ cat \\\n> a.yaml\nb: 1\n```\n"
    assert blocks(page) == [
        Block(("yaml", "file=a.yaml"), "b: 1\n"),
        Block(("console", "runnable"), "$ cat \\\n> a.yaml\nb: 1\n"),
    ]
    with reachable_folder() as folder:
        assert run(page, folder, dict(os.environ)).stdout.endswith("b: 1\n")
