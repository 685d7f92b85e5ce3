"""The lab that is prepared, and what it is prepared with."""

from pathlib import Path

import pytest

from tests.agent.preparation.machines import Lab
from tests.agent.preparation.origin import Origin


@pytest.fixture
def machine(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin.make(tmp_path / "origin.git")
