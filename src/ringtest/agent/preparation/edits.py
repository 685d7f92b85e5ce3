"""Changes of a text that somebody else wrote: keys, lines, replaced texts. Pure."""

import re

from msgspec import Struct

from ringtest.agent.control import StageFailed


class Edits(Struct, frozen=True, omit_defaults=True):
    """What of a text is changed, in this order."""

    replace: dict[str, str] = {}
    """Regular expressions, by line, and what comes in place of what they find. One that finds
    nothing is an error."""
    set: dict[str, dict[str, str | int | float | bool]] = {}
    """`{section: {key: value}}` of an INI file; the section `""` is before the first one."""
    append: list[str] = []
    """Lines that must be there: added at the end where they are not."""


def edited(text: str, edits: Edits, name: str) -> str:
    """A text with its changes; StageFailed names the file `name`.

    >>> edited("a = 1\\n", Edits(set={"": {"a": 2, "b": 3}}, append=["c = 4"]), "x")
    'a = 2\\nb = 3\\nc = 4\\n'
    """
    for old, new in edits.replace.items():
        try:
            text, count = re.subn(old, new, text, flags=re.MULTILINE)
        except re.error as error:
            raise StageFailed(f"files: {name}: {old!r}: {error}") from None
        if not count:
            raise StageFailed(f"files: nothing in {name} is {old!r}")
    for section, keys in edits.set.items():
        for key, value in keys.items():
            text = set_key(text, section, key, _word(value))
    lines = text.splitlines()
    lines += [line for line in edits.append if line not in lines]
    return "\n".join(lines) + "\n" if lines else ""


def _word(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def set_key(text: str, section: str, key: str, value: str) -> str:
    """One key of an INI file; comments and the order of all others stay.

    >>> set_key("[a]\\nx=1\\n# y = 1\\n[b]\\nx=1\\n", "a", "y", "2")
    '[a]\\nx=1\\n# y = 1\\ny=2\\n[b]\\nx=1\\n'
    """
    lines = text.splitlines()
    begin, end = _bounds(lines, section)
    if begin is None:
        space = [""] if lines and section else []
        return "\n".join([*lines, *space, f"[{section}]", f"{key} = {value}"]) + "\n"
    own = [line for line in lines[begin:end] if "=" in line and line.lstrip()[:1] not in "#;"]
    spaced = not own or any(" = " in line for line in own)
    line = f"{key}{' = ' if spaced else '='}{value}"
    for number in range(begin, end):
        if re.match(rf"\s*{re.escape(key)}\s*=", lines[number]):
            lines[number] = line
            return "\n".join(lines) + "\n"
    while end > begin and not lines[end - 1].strip():
        end -= 1
    return "\n".join([*lines[:end], line, *lines[end:]]) + "\n"


def _bounds(lines: list[str], section: str) -> tuple[int | None, int]:
    """The lines of a section, its head left out; None when there is no such section."""
    begin: int | None = None if section else 0
    for number, line in enumerate(lines):
        if head := re.match(r"\s*\[(.+?)\]\s*$", line):
            if begin is not None:
                return begin, number
            if head[1] == section:
                begin = number + 1
    return begin, len(lines)
