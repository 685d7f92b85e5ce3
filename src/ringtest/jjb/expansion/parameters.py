"""Parameters that refer to each other, filled in for one point of a template."""

from collections.abc import Iterable, Mapping
from typing import Any

from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.formats import Undefined
from ringtest.jjb.expansion.nodes import Constant, Node
from ringtest.jjb.loading.values import Map
from ringtest.jjb.problems import Failure

_AS_IT_STANDS = "template-name"


class Parameters:
    """The parameters of one template as one project gives them, before its points."""

    def __init__(self, raw: Map, compiler: Compiler) -> None:
        self._raw = raw
        self._compiler = compiler
        self._nodes: dict[str, Node] = {}
        for name, value in raw.items():
            if name == _AS_IT_STANDS:
                self._nodes[name] = Constant(value)
            else:
                self._nodes[name] = compiler.node(value)
        self._constants = {
            name: node.value for name, node in self._nodes.items() if type(node) is Constant
        }
        self._ordered = any(_depends_on_order(node) for node in self._nodes.values())
        self._required: dict[int, tuple[Node, tuple[str, ...] | Failure]] = {}

    def at(self, point: Mapping[Any, Any]) -> dict[str, Any]:
        """All parameters at that point, filled in. Raises Failure for any that cannot be.

        Parameters that nobody uses count as well, as they do in the original.
        """
        nodes = self._nodes
        ordered = self._ordered
        if point:
            own = {name: self._compiler.node(value) for name, value in point.items()}
            nodes = {**nodes, **own}
            ordered = ordered or any(_depends_on_order(node) for node in own.values())
        return _Point(self, nodes).filled(ordered, self._constants, point)

    def required(self, node: Node) -> tuple[str, ...]:
        """What a node waits for, looked up once."""
        found = self._required.get(id(node))
        if found is None:
            try:
                found = (node, tuple(dict.fromkeys(node.required())))
            except Failure as failure:
                found = (node, failure)
            if len(self._required) > 10_000:
                self._required.clear()
            self._required[id(node)] = found
        if isinstance(found[1], Failure):
            raise Failure(found[1].rule, found[1].message, found[1].place)
        return found[1]

    def told(self, failure: Failure, name: str, users: Iterable[str]) -> Failure:
        """A failure with the parameter and those that use it."""
        failure.at(self._raw.place_of_value(name))
        failure.within(f"parameter {name!r}", self._raw.place_of_key(name))
        for user in reversed(list(users)):
            failure.within(f"used by parameter {user!r}", self._raw.place_of_key(user))
        return failure


def _depends_on_order(node: Node) -> bool:
    """Whether it may look at parameters that it does not wait for: files with variables."""
    if type(node) is Constant:
        return False
    if node.needs is None:
        return True
    try:
        return not set(node.needs) <= set(node.required())
    except Failure:
        return False


class _Point:
    def __init__(self, parameters: Parameters, nodes: dict[str, Node]) -> None:
        self._parameters = parameters
        self._nodes = nodes
        self._values: dict[str, Any] = {}
        self._active: list[str] = []

    def filled(
        self, ordered: bool, constants: dict[str, Any], point: Mapping[Any, Any]
    ) -> dict[str, Any]:
        values, nodes = self._values, self._nodes
        if not ordered:
            values.update(constants)
            for name in point:
                values.pop(name, None)
        self._value("name")
        for name in nodes:
            if name not in values:
                self._value(name)
        return values

    def _value(self, name: str) -> Any:
        values = self._values
        if name in values:
            return values[name]
        node = self._nodes.get(name)
        if node is None:
            return Undefined(name)
        if type(node) is Constant:
            values[name] = node.value
            return node.value
        active = self._active
        if name in active:
            said = f"Recursive parameters usage: {' <- '.join(active)}"
            raise self._parameters.told(Failure("recursive-parameter", said), name, active)
        active.append(name)
        try:
            visible: dict[str, Any] = values
            missing = {}
            for other in self._parameters.required(node):
                value = self._value(other)
                if type(value) is Undefined:
                    missing[other] = value
            if missing:
                visible = {**values, **missing}
            value = node.expand(visible)
        except RecursionError:
            raise Failure("too-deep", f"the parameter {name!r} never ends") from None
        except Failure as failure:
            if failure.rule == "recursive-parameter" or len(active) > 1:
                raise
            raise self._parameters.told(failure, name, ()) from None
        finally:
            active.pop()
        values[name] = value
        return value
