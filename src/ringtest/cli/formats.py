"""How answers may be written. Apart from `output`, so that help needs no library for it."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How to write answers."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    YAML = "yaml"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write the answer.")]
