"""Every section of the contract and every row in them: `section_*.py`, `things*.py`."""

from importlib import import_module
from pathlib import Path

from tests.conformance.contract.rows import Row

_HERE = Path(__file__).parent


def _load(pattern: str) -> list[object]:
    names = sorted(path.stem for path in _HERE.glob(pattern))
    return [import_module(f"tests.conformance.contract.{name}") for name in names]


_load("things*.py")
ALL: list[Row] = [row for section in _load("section_*.py") for row in vars(section)["ROWS"]]
