"""Wishes of jobs against labels of machines: equality, patterns, amounts, several values."""

import pytest

from ringtest.language.labels import Wish, Wishes, faults, read, texts, unmet

MACHINE = {
    "arch": "x86_64", "cpus": "8", "memory": "64GiB", "disk": "1.8TB",
    "nic": "ixgbe, mlx5_core", "rack": "7", "os_version": "9.4", "note": "a=b",
}  # fmt: skip


@pytest.mark.parametrize(
    ("label", "wish", "holds"),
    [
        ("arch", "x86_64", True),
        ("arch", "X86_64", False),
        ("arch", "x86*", True),
        ("arch", "[xa]*", True),
        ("arch", "?86_64", True),
        ("arch", "x86", False),
        ("arch", "!=aarch64", True),
        ("arch", "!=x86*", False),
        ("arch", ["aarch64", "x86_64"], True),
        ("arch", ["aarch64", "s390x"], False),
        ("nic", "mlx5*", True),
        ("nic", "ixgbe", True),
        ("nic", "e1000*", False),
        ("nic", "!=mlx5_core", False),
        ("memory", ">=64GiB", True),
        ("memory", ">= 64 GiB", True),
        ("memory", ">64GiB", False),
        ("memory", "<=64GiB", True),
        ("memory", ">=65536MiB", True),
        ("memory", ">68GB", True),
        ("memory", ">69GB", False),
        ("memory", ">=0.0625TiB", True),
        ("memory", "=64GiB", True),
        ("disk", ">=1TB", True),
        ("disk", "<1TiB", False),
        ("cpus", 8, True),
        ("cpus", 8.0, True),
        ("cpus", ">=8", True),
        ("cpus", ">8", False),
        ("cpus", "<9", True),
        ("cpus", ">=1k", False),
        ("os_version", 9.4, True),
        ("os_version", ">=9", True),
        ("arch", ">=1", False),
        ("gpu", "a100", False),
        ("gpu", "!=a100", False),
        ("gpu", "*", False),
        ("rack", "*", True),
        ("note", "=a=b", True),
    ],
)
def test_wish_holds_or_not(label: str, wish: Wish, holds: bool) -> None:
    assert (not unmet({label: wish}, MACHINE)) is holds


def test_every_label_must_hold_and_those_that_do_not_are_named_with_what_there_is() -> None:
    wishes: Wishes = {"arch": "aarch64", "cpus": 8, "memory": ">=1TiB", "gpu": ["a100", "h100"]}
    assert [one.text for one in unmet(wishes, MACHINE)] == [
        "arch=aarch64: it has x86_64",
        "memory>=1TiB: it has 64GiB",
        "gpu=a100 or h100: it has no such label",
    ]


def test_no_wishes_are_fulfilled_by_a_machine_that_has_told_nothing() -> None:
    assert unmet({}, {}) == []
    assert unmet({"arch": "x86_64"}, {}) != []


@pytest.mark.parametrize(
    ("wishes", "fault"),
    [
        ({"memory": ">=lots"}, "memory: '>=lots' compares with no amount"),
        ({"memory": ">="}, "memory: a wish must not be empty"),
        ({"arch": " "}, "arch: a wish must not be empty"),
        ({"arch": ["x86_64", ""]}, "arch: a wish must not be empty"),
        ({"two words": "x"}, "'two words' is no name of a label"),
        ({f"l{n}": "x" for n in range(51)}, "at most 50 labels"),
        ({"memory": "<1iB"}, "compares with no amount"),
    ],
)
def test_wish_that_could_never_be_meant_is_a_fault(wishes: Wishes, fault: str) -> None:
    assert any(fault in found for found in faults(wishes))


def test_good_wishes_have_no_fault() -> None:
    assert (
        faults({"arch": "x86_64", "memory": ">=64GiB", "cpus": 8, "os": ["rhel", "fedora"]}) == []
    )


@pytest.mark.parametrize("text", ["nic", "nic=", "=x", ">=3", ""])
def test_what_is_no_wish_on_a_command_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="label=value"):
        read(text)


def test_wish_of_a_command_line_reads_as_it_is_told() -> None:
    for text in ("nic=mlx5*", "memory>=64GiB", "rack!=7", "cpus<4"):
        label, wish = read(text)
        assert texts({label: wish}) == [text]
