"""Labels on the command line: what is no wish is refused before a server is asked."""

import pytest
import typer

from ringtest.cli.matching import read_needs


def test_needs_are_labels_and_what_they_must_be() -> None:
    assert read_needs(["nic=mlx5*", "memory>=64GiB", "rack!=7"]) == {
        "nic": "mlx5*",
        "memory": ">=64GiB",
        "rack": "!=7",
    }
    assert read_needs(None) == {}


@pytest.mark.parametrize("need", ["nic", "nic=", "memory>=lots", "two words=x", "=x"])
def test_what_is_no_wish_is_refused(need: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_needs([need])
