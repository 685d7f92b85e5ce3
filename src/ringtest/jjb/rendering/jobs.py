"""One job or view: its tree, and the bytes of it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.problems import Failure
from ringtest.jjb.rendering import projects, views
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.general import general
from ringtest.jjb.rendering.sections import SECTIONS
from ringtest.jjb.rendering.writer import document
from ringtest.jjb.rendering.zuul import with_parameters

T = TypeVar("T")
_WRONG = (AttributeError, KeyError, TypeError, IndexError, ValueError)


def xml_of(made: Expanded, components: Components) -> bytes:
    """The file of a job or view. Raises Failure with place, job and chain."""
    return _with_places(made, lambda: document(_tree(made, components)))


def tree_of(made: Expanded, components: Components) -> Element:
    """The tree of a job or view. Raises Failure with place, job and chain."""
    return _with_places(made, lambda: _tree(made, components))


def _tree(made: Expanded, components: Components) -> Element:
    data: Mapping[str, Any] = made.data
    components.begin(made.name, data)
    if made.item.kind == "view":
        return views.root_of(data, components)
    data = with_parameters(made.data)
    root = projects.root_of(data, components)
    general(root, data)
    for section in SECTIONS:
        section(root, data, components)
    return root


def _with_places(made: Expanded, make: Callable[[], T]) -> T:
    try:
        return make()
    except Failure as raised:
        failure = raised.at(made.item.place)
    except RecursionError:
        failure = Failure("too-deep", "this never ends", made.item.place)
    except _WRONG as error:
        said = f"{type(error).__name__}: {error}"
        failure = Failure("wrong-type", said, made.item.place)
    for step in reversed(made.chain):
        failure.within(step.what, step.place)
    failure.job = made.name
    raise failure
