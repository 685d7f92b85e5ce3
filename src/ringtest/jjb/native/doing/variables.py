"""Variables in text, and text that sets variables. Pure."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(
    r"""\$(?:(\$)|([A-Za-z_][\w.]*)|\{([A-Za-z_][\w.]*)\}|\{ENV,\s*var\s*=\s*"([^"]+)"\s*\})"""
)
# The inject plugin keeps lone backslashes, but for those in front of these.
_LONE = re.compile(r'(?<!\\)\\(?![n:*?"<>\\/])(?!\\)(?!\n)')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_KEY = re.compile(r"((?:\\.|[^\\=:\s])*)\s*[=:\s]?\s*(.*)", re.DOTALL)


class UnknownVariable(ValueError):
    """Text asks for a variable that is not set."""


def expand(text: str, variables: Mapping[str, str], *, strict: bool = False) -> str:
    """Text with its `$NAME`, `${NAME}` and `${ENV,var="NAME"}`; unknown ones stay.

    strict: UnknownVariable for an unknown one, as token macros have it.

    >>> expand('$A/${B}/$C $$A ${ENV,var="A"}', {"A": "1", "B": "2"})
    '1/2/$C $A 1'
    """

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3] or found[4]
        if name in variables:
            return variables[name]
        if strict:
            raise UnknownVariable(f"{name} is not set in {text!r}")
        return found[0]

    return _REFERENCE.sub(value, text)


def properties(text: str) -> dict[str, str]:
    r"""Java's properties, as the inject plugin reads them.

    >>> properties("# no\nA=b c\nPATH = C:\\x\nLONG=1\\\n  2\nE:\n")
    {'A': 'b c', 'PATH': 'C:\\x', 'LONG': '12', 'E': ''}
    """
    found = {}
    for line in _logical(_LONE.sub(r"\\\\", text.replace("\r\n", "\n"))):
        read = _KEY.fullmatch(line)
        if read and read[1]:
            found[_unescaped(read[1])] = _unescaped(read[2])
    return found


def _logical(text: str) -> list[str]:
    lines: list[str] = []
    going_on = False
    for line in text.split("\n"):
        line = line.lstrip()
        if not going_on and (not line or line[0] in "#!"):
            continue
        if going_on:
            lines[-1] += line
        else:
            lines.append(line)
        slashes = len(line) - len(line.rstrip("\\"))
        going_on = slashes % 2 == 1
        if going_on:
            lines[-1] = lines[-1][:-1]
    return lines


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(character, text)
