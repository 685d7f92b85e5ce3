"""Names of tests without what differs from run to run."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.kernel.steady import steady_names


def steady(name: str) -> str:
    (found,) = steady_names([name])
    return found


@pytest.mark.parametrize(
    ("name", "is_called"),
    [
        ("boots[6FA459EA-EE8A-3CA4-894E-DB77E160355E-x86]", "boots[<uuid>-x86]"),
        ("boots[6fa459eaee8a3ca4894edb77e160355e]", "boots[<uuid>]"),
        ("repr[<function f at 0x7f3c2a1b>]", "repr[<function f at <address>>]"),
        ("read[0x7ffd12345678]", "read[<address>]"),
        ("copy[/tmp/pytest-of-root/pytest-12/test_a0/x.txt]", "copy[/tmp/<temp>/test_a0/x.txt]"),
        ("copy[/tmp/tmpab12cd_x]", "copy[/tmp/<temp>]"),
        ("copy[/var/tmp/junit5823412345/a]", "copy[/var/tmp/<temp>/a]"),
        ("TestGo/tmp/TestGo3821231231/001", "TestGo/tmp/<temp>/001"),
        (r"copy[C:\Users\a\Temp\tmp3kd9\x]", r"copy[C:\Users\a\Temp\<temp>\x]"),
        ("copy[/private/var/folders/ab/c0d/T/tmp.Xy/f]", "copy[/private/var/folders/<temp>/f]"),
        ("job-2026-01-15T09.30-1b2c3d4", "job-<time>"),
        ("run 2026-01-15 09:30:12.613+02:00 ends", "run <time> ends"),
        ("run_20260115T093012Z", "run_<time>"),
        ("run_20260115093012", "run_<time>"),
        ("a 2026-01-15T09:30:12Z b 2026-01-15T09:30:13Z", "a <time> b <time>"),
    ],
)
def test_noise_is_taken_out(name: str, is_called: str) -> None:
    assert steady(name) == is_called


@pytest.mark.parametrize(
    "name",
    [
        "module7", "test_it[4-True]", "read[0x10]", "read[0xdeadbeef]", "mask[0xffffffffffffffff]",
        "parse[2026-01-15]", "parse[99999999999999]", "copy[/tmp/data]", "copy[/tmp/fixture1]",
        "zeros[00000000000000000000000000000000]", "grid[1234-5678-9012]", "size[1610612736]",
        "test_volume[id-2a8ba340-dff2-4511-9db7-646f07156b15,image]", "rfc[1.2.3.4-10.0.0.1]",
        "v20.11.1", "", "caf\u00e9 \u2713",
    ],
)  # fmt: skip
def test_what_says_which_test_it_is_stays(name: str) -> None:
    assert steady(name) == name


@given(
    names=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    at=st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_a_name_does_not_depend_on_its_neighbours(names: list[str], at: int) -> None:
    names.insert(min(at, len(names)), f"boots {uuid.UUID(int=at)} and rests")
    found = steady_names(names)
    assert found == [steady(name) for name in names]
    assert steady_names(found) == found, "what is steady stays as it is"


@given(st.text(alphabet="0x-aT:/\\tmp\0 _<", max_size=200))
@settings(max_examples=100, deadline=None)
def test_what_only_looks_like_noise_breaks_nothing(text: str) -> None:
    names = text.split("\0")
    assert len(steady_names(names)) == len(names)


def test_many_cases_of_few_names_are_looked_at_once_each() -> None:
    names = ["a", f"b {uuid.UUID(int=1)}"] * 50
    assert steady_names(names) == ["a", "b <uuid>"] * 50
