"""Which objects are of our own making, and when one without a row is left over. Pure."""

import re

GRACE_SECONDS = 24 * 3600
"""An object is stored before its row is; no upload takes so long between the two."""

_FILES, _BESIDE = "components/", ".chunks"
_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OURS = re.compile(
    rf"{_ID}/{_ID}/{_ID}|components/{_ID}/{_ID}/{_ID}(\.chunks)?|uploads/{_ID}/[^/]+"
    rf"|logs/{_ID}/{_ID}/\d+/[^/]+|archive/{_ID}/\d{{4}}-\d\d/{_ID}/{_ID}\.[a-z]+"
)


def is_left_over(key: str, age: float, *, grace: float = GRACE_SECONDS) -> bool:
    """May the object go if no row names it? Others may have put theirs into our bucket.

    >>> key = "/".join(["0c1d0c1d-0c1d-4c1d-8c1d-0c1d0c1d0c1d"] * 3)
    >>> is_left_over(key, 100_000), is_left_over(key, 60), is_left_over("images/a.img", 100_000)
    (True, False, False)
    """
    return age >= grace and _OURS.fullmatch(key) is not None


def owner_of(key: str) -> str:
    """The object that a row names when this one is needed: a list of chunks is beside its file.

    >>> owner_of("components/a/b/c.chunks"), owner_of("logs/a.chunks")
    ('components/a/b/c', 'logs/a.chunks')
    """
    return key.removesuffix(_BESIDE) if key.startswith(_FILES) else key


def beside(key: str) -> tuple[str, ...]:
    """What goes with an object.

    >>> beside("components/a/b/c"), beside("logs/a")
    (('components/a/b/c.chunks',), ())
    """
    return (key + _BESIDE,) if key.startswith(_FILES) and not key.endswith(_BESIDE) else ()
