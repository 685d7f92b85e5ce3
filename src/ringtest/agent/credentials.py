"""Credential files of DCI, read as they are: `dcirc.sh` and `dci_credentials.yml`.

The first is a shell script that exports variables. It is read, never run: a value is what stands
in quotes, and one that a shell would have to work out is refused.
"""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import yaml

NAMES = ("DCI_CLIENT_ID", "DCI_API_SECRET", "DCI_CS_URL")

_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_AROUND = frozenset({"export", "declare", "-x", "set", "-a", ";"})
_LINE = re.compile(r"\s*(?:export\s+|declare\s+-x\s+)?(DCI_[A-Z_]+)=(.*?)\s*")
_PLAIN = re.compile(r"""([^\s'"$`\\;&|<>()]*)(?:\s*;)?(?:\s+#.*)?""")
_SINGLE = re.compile(r"'([^']*)'(?:\s*;)?(?:\s+#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\$`]|\\.)*)"(?:\s*;)?(?:\s+#.*)?')


class CredentialsError(ValueError):
    """A file cannot be read, or not without running it; the message says where."""


def is_credentials(path: Path) -> bool:
    """By its name: a shell script or YAML, and no settings file of ours.

    >>> is_credentials(Path("dcirc.sh")), is_credentials(Path("agent.toml"))
    (True, False)
    """
    return path.suffix in (".sh", ".yml", ".yaml")


def read_credentials(path: Path) -> dict[str, str]:
    """The variables of DCI in a file, by their names. CredentialsError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CredentialsError(f"{path} cannot be read: {why}") from None
    if path.suffix == ".sh":
        return _from_shell(path, text)
    return _from_yaml(path, text)


def _from_shell(path: Path, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if several := _several(line):
            found |= several
            continue
        if not match:
            continue
        name, value = match.groups()
        if as_it_is := _PLAIN.fullmatch(value) or _SINGLE.fullmatch(value):
            found[name] = as_it_is[1]
        elif double := _DOUBLE.fullmatch(value):
            found[name] = re.sub(r"\\([\\\"$`])", r"\1", double[1])
        elif name in NAMES:
            raise CredentialsError(
                f"{path}:{number}: the value of {name} would have to be worked out by a shell; "
                "write it in quotes, as it is"
            )
    return found


def _several(line: str) -> dict[str, str]:
    """All variables of a line that sets some, such as `export A=1 B=2; C=3`; none where a shell
    would have to work something out.

    >>> _several('set -a; export DCI_CLIENT_ID=a DCI_API_SECRET="b c"; DCI_CS_URL=d # e')
    {'DCI_CLIENT_ID': 'a', 'DCI_API_SECRET': 'b c', 'DCI_CS_URL': 'd'}
    >>> _several("export DCI_CLIENT_ID=a DCI_API_SECRET=$B")
    {}
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = [] if set("$`") & set(line) else list(lexer)
    except ValueError:  # a quote that is not closed
        return {}
    words = words[: next((at for at, word in enumerate(words) if word[:1] == "#"), None)]
    given = [word for word in words if word not in _AROUND]
    if not all(_ASSIGNED.match(word) for word in given):
        return {}
    pairs = [word.partition("=") for word in given]
    return {name: value for name, _, value in pairs if name.startswith("DCI_")}


def _from_yaml(path: Path, text: str) -> dict[str, str]:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f":{place.line + 1}" if place else ""
        raise CredentialsError(f"{path}{line}: no YAML of names and values") from None
    if not isinstance(values, Mapping):
        raise CredentialsError(f"{path}: no YAML of names and values")
    return {str(name): str(value) for name, value in values.items() if value is not None}
