"""Conditions over named values: `arch == "x86_64" and version in ["9.4", "9.5"]`.

Python's own grammar read by Python's own parser, of which only comparisons, `and`, `or`, `not`,
`in`, `if else`, constants, lists, `name.key`, `name["key"]`, `+` and four methods of texts mean
anything here. Nothing is compiled or executed.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

MOST_CHARACTERS = 2000
"""Longer ones are refused: conditions are read by people."""
_MOST_DEPTH = 50

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
}
_LINE_ENDS = re.compile(r"[\r\n\f\v]")
_METHODS = frozenset({"startswith", "endswith", "lower", "upper"})


class ExpressionError(ValueError):
    """What is wrong, and where: `column` counts characters from 1."""

    def __init__(self, message: str, text: str, column: int) -> None:
        super().__init__(f"{message}, at character {column} of: {text}")
        self.message = message
        self.text = text
        self.column = column


class Expression:
    """A condition that was read once and can be asked often.

    >>> ready = Expression('arch == "x86_64" and not version.startswith("8")')
    >>> ready({"arch": "x86_64", "version": "9.4"})
    True
    >>> sorted(ready.names)
    ['arch', 'version']
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: frozenset[str] = frozenset()
        """Variables that it reads."""
        if len(text) > MOST_CHARACTERS:
            raise ExpressionError(
                f"an expression has at most {MOST_CHARACTERS} characters", text[:60], 1
            )
        line = _LINE_ENDS.sub(" ", text).rstrip()  # a condition may go over several lines
        self._line = line.lstrip()
        self._indent = len(line) - len(self._line)
        try:
            tree = ast.parse(self._line, mode="eval")
        except SyntaxError as error:
            column = self._indent + min(error.offset or 10**9, len(self._line) + 1)
            raise ExpressionError("this is no expression", text, column) from None
        except (RecursionError, MemoryError):
            raise ExpressionError("this is nested too deep", text[:60], 1) from None
        except ValueError as error:
            raise ExpressionError(str(error), text, 1) from None
        self._tree = tree.body
        self.names = frozenset(self._check(self._tree, 0))

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        """Its value; ExpressionError for a name that is not there or types that do not fit."""
        return self._value(self._tree, variables)

    def _check(self, node: ast.expr, depth: int) -> list[str]:
        """Names in it; ExpressionError for whatever means nothing here."""
        if depth > _MOST_DEPTH:
            raise self._error("this is nested too deep", node)
        if isinstance(node, ast.Name):
            return [node.id]
        inner = self._parts(node)
        return [name for part in inner for name in self._check(part, depth + 1)]

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        match node:
            case ast.Constant(value=str() | int() | float() | bool() | None):
                return []
            case ast.BoolOp(values=values):
                return values
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                return [operand]
            case ast.Compare(left=left, comparators=others):
                return [left, *others]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [left, right]
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return parts
            case ast.IfExp(test=test, body=body, orelse=other):
                return [test, body, other]
            case ast.Attribute(value=value, attr=name) if not name.startswith("_"):
                return [value]
            case ast.Subscript(value=value, slice=key):
                return [value, key]
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=args, keywords=[]):
                if name in _METHODS:
                    return [value, *args]
                raise self._error(
                    f"{name}() is not known here; there are {', '.join(sorted(_METHODS))}", node
                )
        raise self._error("this means nothing in an expression", node)

    def _value(self, node: ast.expr, variables: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                if name not in variables:
                    raise self._error(f"nothing is called {name}{_known(variables)}", node)
                return variables[name]
            case ast.BoolOp(op=op, values=values):
                return self._logic(isinstance(op, ast.And), values, variables)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._value(operand, variables)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._value(body if self._value(test, variables) else other, variables)
            case ast.List() | ast.Tuple() | ast.Set():
                return [self._value(part, variables) for part in node.elts]
            case ast.Compare():
                return self._compare(node, variables)
        try:
            return self._taken(node, [self._value(part, variables) for part in self._parts(node)])
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise self._error(_in_words(error), node) from None

    def _logic(self, is_and: bool, values: list[ast.expr], variables: Mapping[str, Any]) -> Any:
        result: Any = is_and
        for one in values:
            result = self._value(one, variables)
            if bool(result) is not is_and:
                return result
        return result

    def _compare(self, node: ast.Compare, variables: Mapping[str, Any]) -> bool:
        left = self._value(node.left, variables)
        for op, place in zip(node.ops, node.comparators, strict=True):
            right = self._value(place, variables)
            try:
                holds = _COMPARE[type(op)](left, right)
            except TypeError as error:
                raise self._error(_in_words(error), place) from None
            if not holds:
                return False
            left = right
        return True

    def _taken(self, node: ast.expr, parts: list[Any]) -> Any:
        """The value of a step that can fail at what it is given."""
        match node:
            case ast.UnaryOp():
                return -parts[0]
            case ast.BinOp():
                return parts[0] + parts[1]
            case ast.Attribute(attr=name):
                return parts[0][name]
            case ast.Call(func=ast.Attribute(attr=name)):
                if not isinstance(parts[0], str):
                    raise TypeError(f"{name}() is for texts")
                return getattr(parts[0], name)(*parts[1:])
        return parts[0][parts[1]]

    def _error(self, message: str, node: ast.expr) -> ExpressionError:
        before = self._line.encode()[: node.col_offset].decode()  # the parser counts bytes
        return ExpressionError(message, self.text, self._indent + len(before) + 1)


def _known(variables: Mapping[str, Any]) -> str:
    names = sorted(variables)[:12]
    return f"; there are {', '.join(names)}" if names else ""


def _in_words(error: Exception) -> str:
    if isinstance(error, KeyError | IndexError):
        return f"there is no {error.args[0]}"
    return str(error)
