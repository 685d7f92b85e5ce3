"""The examples in docstrings are true."""

import doctest
import importlib
import sys

import pytest

from tests.architecture.sources import ROOT, name_of, python_files

MODULES = [
    name_of(path)
    .removeprefix("src/")
    .removesuffix(".py")
    .removesuffix("/__init__")
    .replace("/", ".")
    for path in python_files("src", "docs", "examples")
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    assert doctest.testmod(importlib.import_module(name)).failed == 0
