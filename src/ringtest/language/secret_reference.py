"""Where a secret of a definition is to be found in the lab: its value is no part of it. Pure."""

import re

from msgspec import Struct

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = re.compile(r"(RINGTEST|DCI)_.*")


class Secret(Struct, frozen=True, omit_defaults=True):
    """Exactly one of these says where the value is; steps have it as a variable."""

    env: str = ""
    """A variable of the agent."""
    file: str = ""
    """A file: its content without the line's end at its end."""
    command: str = ""
    """For `/bin/sh -c`, run by the agent: what it prints, without the line's end at its end."""
    lab: str = ""
    """A secret of the agent's settings, by its name there."""

    @property
    def source(self) -> str:
        """Kind and place, for messages and for patterns of what a lab allows.

        >>> Secret(env="LAB_TOKEN").source
        'env:LAB_TOKEN'
        """
        return next(
            (f"{kind}:{text}" for kind in self.__struct_fields__ if (text := getattr(self, kind))),
            "",
        )


def fault(name: str, secret: Secret) -> str:
    """What is wrong with a secret of that name, empty when nothing is.

    >>> fault("TOKEN", Secret(env="A", file="b"))
    'TOKEN: a secret has exactly one of env, file, command, lab'
    >>> fault("no-name", Secret(env="A"))
    'no-name: the name of a secret is that of a variable'
    """
    if not _NAME.fullmatch(name):
        return f"{name}: the name of a secret is that of a variable"
    if _OURS.fullmatch(name):
        return f"{name}: variables that begin with RINGTEST_ or DCI_ are the agent's"
    if sum(bool(getattr(secret, kind)) for kind in secret.__struct_fields__) != 1:
        return f"{name}: a secret has exactly one of {', '.join(secret.__struct_fields__)}"
    return ""
