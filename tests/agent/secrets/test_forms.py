"""A value is found in whatever shape it is printed."""

import base64
import json
import subprocess
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.agent.secrets.forms import all_forms

TOKEN = "p&ss<w0rd> '100%'\"/ü"


def is_found(value: str, text: bytes) -> bool:
    return any(form in text for form in all_forms([("TOKEN", value)]))


@pytest.mark.parametrize(
    "shown",
    [
        TOKEN, quote(TOKEN), quote_plus(TOKEN), quote(TOKEN, safe=""), json.dumps(TOKEN),
        json.dumps(TOKEN, ensure_ascii=False), escape(TOKEN), escape(TOKEN, quote=False),
        repr(TOKEN), TOKEN.encode().hex(), TOKEN.replace("'", "'\\''"),
    ],
)  # fmt: skip
def test_escaped_and_encoded_values_are_found(shown: str) -> None:
    assert is_found(TOKEN, f"before {shown} after".encode())


@settings(max_examples=200, deadline=None)
@given(
    st.text("abcXYZ019+/=&ü", min_size=8, max_size=60).map(lambda text: text + "e"),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
def test_base64_is_found_whatever_is_around_the_value(
    value: str, before: bytes, after: bytes
) -> None:
    data = before + value.encode() + after
    assert is_found(value, base64.b64encode(data))
    assert is_found(value, base64.urlsafe_b64encode(data))


@pytest.mark.parametrize("command", [["base64"], ["base64", "-w64"]])
def test_every_line_of_wrapped_base64_is_found(command: list[str]) -> None:
    value = "".join(chr(33 + n * 7 % 90) for n in range(200))
    done = subprocess.run(command, input=value.encode(), capture_output=True, check=True)
    assert len(done.stdout.splitlines()) > 2
    assert all(is_found(value, line) for line in done.stdout.splitlines() if len(line) > 16)


def test_each_line_of_a_value_of_many_lines_is_found() -> None:
    value = "first line of it\nsecond line of it\n\nend\n"
    assert is_found(value, b"x first line of it") and is_found(value, b"second line of it y")
    assert not is_found(value, b"the end is near")


def test_a_value_in_utf16_is_found() -> None:
    assert is_found("hunter-22", "a hunter-22 b".encode("utf-16"))
