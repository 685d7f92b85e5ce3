"""Rules of a server's own, as its setting has them."""

import pytest

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.redaction.model import read_rules


@pytest.mark.parametrize("text", ["no colon", "kind: (", ": x", "kind: (?=look)"])
def test_a_pattern_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_rules(text)
