"""Options that a component reads, held against those that it was given."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ringtest.jjb.components import registry
from ringtest.jjb.components.parts import describe
from ringtest.jjb.loading.values import Map
from ringtest.language.places import Place

Tree = dict[str, "Tree"]
ANY = "*"
ENTRY = "[]"
HOLDERS = ("builders[]",)
"""Lists of components for one version of a plugin, and of options for another."""


@lru_cache(maxsize=2048)
def known(kind: str, name: str) -> Tree | None:
    """Option → those inside of it; None when anything may stand there, or nothing is known.

    An entry `[]` holds the options of each item where the component takes a list.
    """
    render = registry.find(kind, name)
    if render is None:
        return None
    tree: Tree = {}
    for option in describe(render):
        if ANY in option.name or "%" in option.name:
            return None
        within = tree
        for part in option.name.split("."):
            plain = part.removesuffix(ENTRY)
            if plain:
                within = within.setdefault(plain, {})
            if part in HOLDERS:
                break
            if part.endswith(ENTRY):
                within = within.setdefault(ENTRY, {})
    return tree


def unknown(tree: Tree, data: Any, place: Place | None) -> Iterator[tuple[Any, Place | None, Tree]]:
    """Keys that nobody reads, their places, and the options that there are."""
    if isinstance(data, list):
        for item in data if ENTRY in tree else ():
            yield from unknown(tree[ENTRY], item, place)
        return
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        inner = tree.get(key) if isinstance(key, str) else None
        if inner is None:
            yield key, data.place_of_key(key) or place if isinstance(data, Map) else place, tree
        elif inner:
            yield from unknown(inner, value, place)
