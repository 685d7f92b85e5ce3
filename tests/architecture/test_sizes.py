"""Nothing grows too big to be read at once, and nothing hides in a drawer."""

import ast
from statistics import median

from tests.architecture.sources import (
    Function,
    expect_none,
    functions,
    name_of,
    python_files,
    tracked,
    tree_of,
)

FILE_LINES = 500
MEDIAN_LINES = 120
FUNCTION_LINES = 60
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "shared"}
PROGRAMS = (".py", ".sql", ".ts", ".tsx", ".css", ".mjs", ".sh")


def test_no_file_is_longer_than_500_lines() -> None:
    sizes = {
        name_of(path): path.read_text().count("\n") for path in tracked() if path.suffix in PROGRAMS
    }
    expect_none(f"{name}: {lines}" for name, lines in sizes.items() if lines > FILE_LINES)


def test_the_median_file_has_at_most_120_lines() -> None:
    lines = median(path.read_text().count("\n") for path in python_files("src"))
    assert lines <= MEDIAN_LINES


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name_of(path)}:{function.name}": length
        for path in python_files()
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    expect_none(f"{name}: {length}" for name, length in long.items())


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    expect_none(name_of(path) for path in tracked() if path.stem in DRAWERS)


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path in python_files() if not ast.get_docstring(tree_of(path))]
    expect_none(silent)


def test_every_public_function_and_class_says_what_it_does() -> None:
    silent = [
        f"{name_of(path)}:{node.name}"
        for path in python_files("src", "docs")
        if path.name != "store.py"  # its own service reads it; the names say the statement
        for node in tree_of(path).body
        if isinstance(node, Function | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not _has_summary(node)
    ]
    expect_none(silent)


def test_every_function_says_what_it_returns() -> None:
    open_ended = [
        f"{name_of(path)}:{function.name}"
        for path in python_files()
        for function in functions(path)
        if function.returns is None and function.name != "__init__"
    ]
    expect_none(open_ended)


def _has_summary(node: Function | ast.ClassDef) -> bool:
    """A route says it where the API's document takes it from."""
    return any(
        keyword.arg == "summary"
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )
