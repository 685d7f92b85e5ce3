"""What a job needs of a lab's machine, held against the labels that the machine has. Pure.

`{arch: x86_64, nic: "mlx5*", memory: ">=64GiB", os: [rhel, fedora]}`: a wish is a text that the
label is equal to, a pattern with `*`, `?` or `[…]`, a comparison of amounts, or a list of which
one must hold. A label with several values has them with commas; one of them is enough.
"""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(max_length=200)]
Wish = Text | int | float | Annotated[list[Text | int | float], Meta(min_length=1, max_length=20)]
Wishes = Mapping[str, Wish]
MOST = 50
"""Labels that one job may name."""

_COMPARISON = re.compile(r"(>=|<=|!=|>|<|=)\s*(.*)", re.S)
_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kKMGTP]?)(i?)(B?)")
_PATTERN = re.compile(r"[*?\[]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,99}")


class Unmet(Struct, frozen=True):
    """A wish that a machine does not fulfil, and what the machine has (None: no such label)."""

    label: str
    wanted: str
    has: str | None

    @property
    def text(self) -> str:
        """
        >>> Unmet("nic", "mlx5*", "e1000e").text, Unmet("memory", ">=64GiB", None).text
        ('nic=mlx5*: it has e1000e', 'memory>=64GiB: it has no such label')
        """
        return f"{wish_text(self.label, self.wanted)}: it has {self.has or 'no such label'}"


def wish_text(label: str, wanted: str) -> str:
    """
    >>> wish_text("nic", "mlx5*"), wish_text("memory", ">= 64GiB")
    ('nic=mlx5*', 'memory>= 64GiB')
    """
    return f"{label}{wanted}" if _COMPARISON.fullmatch(wanted) else f"{label}={wanted}"


def unmet(wishes: Wishes, has: Mapping[str, str]) -> list[Unmet]:
    """The wishes that labels do not fulfil, in their order.

    >>> has = {"arch": "x86_64", "nic": "ixgbe, mlx5_core", "memory": "64GiB", "cpus": "8"}
    >>> unmet({"arch": "x86_64", "nic": "mlx5*", "memory": ">=64GiB", "cpus": ">= 4"}, has)
    []
    >>> [one.text for one in unmet({"cpus": [16, 32], "memory": ">64GiB"}, has)]
    ['cpus=16 or 32: it has 8', 'memory>64GiB: it has 64GiB']
    """
    found = []
    for label, wish in wishes.items():
        there = has.get(label)
        if there is None or not any(_fits(there, one) for one in _each(wish)):
            found.append(Unmet(label, " or ".join(_each(wish)), there))
    return found


def faults(wishes: Wishes) -> list[str]:
    """What is wrong with wishes, each with its label in front.

    >>> faults({"memory": ">=much", "arch": "x86_64", "": "x"})
    ["memory: '>=much' compares with no amount", "'' is no name of a label"]
    """
    found = [f"at most {MOST} labels"] if len(wishes) > MOST else []
    for label, wish in list(wishes.items())[:MOST]:
        if not _NAME.fullmatch(label):
            found.append(f"{label[:100]!r} is no name of a label")
            continue
        for one in _each(wish):
            compared = _COMPARISON.fullmatch(one)
            if not one.strip() or (compared and not compared[2].strip()):
                found.append(f"{label}: a wish must not be empty")
            elif compared and compared[1] not in ("=", "!=") and _amount(compared[2]) is None:
                found.append(f"{label}: {one!r} compares with no amount")
    return found


def joined(wishes: Wishes, more: Wishes) -> dict[str, Wish]:
    """All of both; `more` counts where both have one.

    >>> joined({"arch": "x86_64", "rack": "7"}, {"rack": "8"})
    {'arch': 'x86_64', 'rack': '8'}
    """
    return {**wishes, **more}


def texts(wishes: Wishes) -> list[str]:
    """Each in words.

    >>> texts({"nic": "mlx5*", "memory": ">=64GiB", "cpus": 8})
    ['nic=mlx5*', 'memory>=64GiB', 'cpus=8']
    """
    return [wish_text(label, " or ".join(_each(wish))) for label, wish in wishes.items()]


def read(text: str) -> tuple[str, str]:
    """Label and wish of what stands on a command line; ValueError.

    >>> read("nic=mlx5*"), read("memory>=64GiB"), read("rack!=7"), read("rack==7")
    (('nic', 'mlx5*'), ('memory', '>=64GiB'), ('rack', '!=7'), ('rack', '=7'))
    """
    found = re.match(r"\s*([^=<>!\s]+)\s*(=|(?=[<>!]))(.*)", text, re.S)
    if not found or not found[3].strip():
        raise ValueError(f"{text!r} is none of label=value, label>=amount, label!=value")
    return found[1], found[3].strip()


def _each(wish: Wish) -> Sequence[str]:
    wanted = wish if isinstance(wish, list) else [wish]
    return [str(one) for one in wanted]


def _fits(there: str, wish: str) -> bool:
    """One wish and one label.

    >>> _fits("e1000, mlx5_core", "!=mlx5_core"), _fits("7", "=7.0"), _fits("1.5TiB", ">1024GiB")
    (False, True, True)
    """
    values = [there, *(value.strip() for value in there.split(","))]
    compared = _COMPARISON.fullmatch(wish)
    if not compared:
        return any(_is(value, wish) for value in values)
    sign, than = compared[1], compared[2].strip()
    if sign == "=":
        return any(_is(value, than) for value in values)
    if sign == "!=":
        return not any(_is(value, than) for value in values)
    limit = _amount(than)
    amounts = [amount for value in values if (amount := _amount(value)) is not None]
    if limit is None:
        return False
    return any(_compare(amount, sign, limit) for amount in amounts)


def _is(value: str, wanted: str) -> bool:
    """Equal, equal as a number, or of the pattern; letters count as they are written."""
    if value == wanted:
        return True
    if _PATTERN.search(wanted):
        return fnmatch.fnmatchcase(value, wanted)
    amount = _amount(wanted)
    return amount is not None and amount == _amount(value)


def _compare(amount: float, sign: str, limit: float) -> bool:
    match sign:
        case ">=":
            return amount >= limit
        case "<=":
            return amount <= limit
        case ">":
            return amount > limit
        case _:
            return amount < limit


def _amount(text: str) -> float | None:
    """A number, with a unit in bytes: `k`, `M`, `G`, `T`, `P` of a thousand, `Ki` … of 1024.

    >>> _amount("64GiB") == 64 * 2**30, _amount("1.5 GB"), _amount("8"), _amount("mlx5")
    (True, 1500000000.0, 8.0, None)
    """
    found = _AMOUNT.fullmatch(text.strip())
    if not found or (found[3] and not found[2]):
        return None
    power = " KMGTP".index(found[2].upper()) if found[2] else 0
    unit: float = (1024 if found[3] else 1000) ** power
    return float(found[1]) * unit
