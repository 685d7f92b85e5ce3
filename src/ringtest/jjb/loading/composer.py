"""From the parser's events to values with places, in one pass.

libyaml reads; a text that it refuses is read by PyYAML's own parser, which takes a little
more and is what the original uses. Aliases give the very value of their anchor, merges are
resolved as PyYAML resolves them, and what aliases amount to is counted, not built.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ringtest.jjb.loading import values
from ringtest.jjb.loading.scalars import CORE, MERGE, PYTHON, VALUE, is_known, plain, tagged
from ringtest.jjb.loading.values import Anchor, Map, Scope, Seq, Strange, Tagged, place_of
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

try:
    _libyaml: Any = importlib.import_module("yaml._yaml").CParser
except ImportError:  # PyYAML without libyaml: the same result, slower
    _libyaml = None

MAX_DEPTH = 150
MAX_WEIGHT = 2_000_000
Warn = Callable[[str, str, Place | None], None]

_SEQUENCES = {f"{CORE}seq", f"{PYTHON}list", f"{PYTHON}tuple"}
_MAPPINGS = {f"{CORE}map", f"{PYTHON}dict"}
_ODD = {f"{CORE}set", f"{CORE}omap", f"{CORE}pairs"}


def compose(text: str, scope: Scope, warn: Warn) -> Any:
    """The only document of a text, None when it is empty.

    Anchors go into `scope.anchors`. Raises Failure with the place.
    """
    text = text.removeprefix("\ufeff")
    known = dict(scope.anchors)
    if _libyaml is not None:
        try:
            return _Composer(iter(_libyaml(text).get_event, None), scope, warn).document()
        except (yaml.YAMLError, UnicodeEncodeError):
            scope.anchors.clear()
            scope.anchors.update(known)
    try:
        return _Composer(yaml.parse(text, Loader=yaml.SafeLoader), scope, warn).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ": ".join(filter(None, (error.context, error.problem)))
        raise Failure("yaml", said, place_of(scope.name, mark)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        what = f"the character U+{ord(error.character):04X} may not stand in YAML"
        raise Failure("yaml", what, Place(scope.name, line, column)) from None


class _Composer:
    def __init__(self, events: Iterator[Any], scope: Scope, warn: Warn) -> None:
        self._next = events.__next__
        self._scope = scope
        self._source = scope.name
        self._anchors = scope.anchors
        self._warn = warn
        self._depth = 0
        self._weight = 0

    def document(self) -> Any:
        """Reads the stream to its end."""
        self._next()
        event = self._next()
        if type(event) is StreamEndEvent:
            return None
        value = self._value(self._next())
        while type(event) is not DocumentEndEvent:
            event = self._next()
        event = self._next()
        if type(event) is DocumentStartEvent:
            raise _wrong("a file holds one document, but here another begins", event.start_mark)
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is MappingStartEvent:
            return self._collection(event, self._mapping)
        if kind is SequenceStartEvent:
            return self._collection(event, self._sequence)
        return self._alias(event)

    def _alias(self, event: Any) -> Any:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            raise _wrong(f"found undefined alias {event.anchor!r}", event.start_mark)
        self._weight += anchor.weight
        if self._weight > MAX_WEIGHT:
            raise Failure(
                "too-large",
                f"with what its aliases stand for, this is more than {MAX_WEIGHT:,} values",
                place_of(self._source, event.start_mark),
            )
        if anchor.scope is self._scope:
            return anchor.value
        return values.rebound(anchor.value, self._scope)

    def _name(self, event: Any, value: Any, weight: int) -> None:
        if event.anchor in self._anchors:
            raise _wrong(f"found duplicate anchor {event.anchor!r}", event.start_mark)
        self._anchors[event.anchor] = Anchor(value, self._scope, weight)

    def _scalar(self, event: Any) -> Any:
        self._weight += 1
        tag = event.tag
        if tag is None or tag == "!":
            value = plain(event.value) if event.implicit[0] or tag else event.value
            if value is MERGE or value is VALUE:
                raise _wrong(f"a plain {event.value} is no value", event.start_mark)
        else:
            value = self._tagged_scalar(event)
        if event.anchor is not None:
            self._name(event, value, 1)
        return value

    def _tagged_scalar(self, event: Any) -> Any:
        tag = self._current(event)
        if tag in values.FILE_TAGS or tag in values.TEXT_TAGS:
            return Tagged(tag, [event.value], self._scope, event.start_mark)
        if is_known(tag):
            return tagged(tag, event.value)
        raise self._unknown(tag, event)

    def _current(self, event: Any) -> str:
        tag: str = event.tag
        current = values.OLD_TAGS.get(tag)
        if current is None:
            return tag
        place = place_of(self._source, event.start_mark)
        self._warn("old-tag", f"the tag {tag} is old: write {current}", place)
        return current

    def _unknown(self, tag: str, event: Any) -> ConstructorError:
        if tag.startswith(PYTHON):
            said = f"the tag {tag!r} would run code, and is refused"
        else:
            said = f"could not determine a constructor for the tag {tag!r}"
        return _wrong(said, event.start_mark)

    def _collection(self, event: Any, build: Callable[[Any], Any]) -> Any:
        if self._depth >= MAX_DEPTH:
            raise Failure(
                "too-deep",
                f"nested more than {MAX_DEPTH} levels deep",
                place_of(self._source, event.start_mark),
            )
        self._depth += 1
        value = build(event)
        self._depth -= 1
        return value

    def _sequence(self, event: Any) -> Any:
        before = self._weight
        self._weight += 1
        seq = values.new_seq(self._source, event.start_mark)
        if event.anchor is not None:
            self._name(event, seq, 1)
        marks, get = seq.marks, self._next
        item = get()
        while type(item) is not SequenceEndEvent:
            marks.append(item.start_mark)
            seq.append(self._value(item))
            item = get()
        value = seq if event.tag in (None, "!") else self._tagged_sequence(event, seq)
        if event.anchor is not None:
            self._anchors[event.anchor] = Anchor(value, self._scope, self._weight - before)
        return value

    def _tagged_sequence(self, event: SequenceStartEvent, seq: Seq) -> Any:
        tag = self._current(event)
        if tag in values.FILE_TAGS:
            for index, path in enumerate(seq):
                if not isinstance(path, str):
                    mark = seq.marks[index]
                    raise _wrong(f"{path!r} is no file name", mark)
            return Tagged(tag, list(seq), self._scope, event.start_mark)
        if tag == values.JOIN:
            return _joined(seq, event)
        if tag in _SEQUENCES:
            return tuple(seq) if tag.endswith("tuple") else seq
        if tag in _ODD:
            return Strange(tag.removeprefix(CORE), seq)
        raise self._unknown(tag, event)

    def _mapping(self, event: Any) -> Any:
        before = self._weight
        self._weight += 1
        made = values.new_map(self._source, event.start_mark)
        if event.anchor is not None:
            self._name(event, made, 1)
        merges: list[Map] = []
        marks, get, value_of = made.marks, self._next, self._value
        key_event = get()
        while type(key_event) is not MappingEndEvent:
            key = self._key(key_event)
            event_of_value = get()
            value = value_of(event_of_value)
            if key is MERGE:
                merges += self._merged(value, event_of_value.start_mark)
            else:
                if key in made:
                    self._twice(key, key_event)
                made[key] = value
                marks[key] = (key_event.start_mark, event_of_value.start_mark)
            key_event = get()
        if merges:
            _merge(made, merges)
        value = made if event.tag in (None, "!") else self._tagged_mapping(event, made)
        if event.anchor is not None:
            self._anchors[event.anchor] = Anchor(value, self._scope, self._weight - before)
        return value

    def _twice(self, key: Any, event: Any) -> None:
        place = place_of(self._source, event.start_mark)
        self._warn("duplicate-key", f"the key {key!r} stands here twice; the last counts", place)

    def _tagged_mapping(self, event: MappingStartEvent, made: Map) -> Any:
        tag = self._current(event)
        if tag in _MAPPINGS:
            return made
        if tag in _ODD:
            return Strange(tag.removeprefix(CORE), made)
        if tag in values.FILE_TAGS or tag in values.TEXT_TAGS or tag == values.JOIN:
            wanted = "text" if tag in values.TEXT_TAGS else "text or a list"
            said = f"{tag} takes {wanted}, not a mapping"
            raise _wrong(said, event.start_mark)
        raise self._unknown(tag, event)

    def _key(self, event: Any) -> Any:
        if type(event) is ScalarEvent and event.tag is None and event.anchor is None:
            self._weight += 1
            if not event.implicit[0]:
                return event.value
            key = plain(event.value)
            return "=" if key is VALUE else key
        key = self._value(event)
        try:
            hash(key)
        except TypeError:
            raise _wrong("a list or mapping cannot be a key", event.start_mark) from None
        return key

    def _merged(self, value: Any, mark: Any) -> list[Map]:
        """What `<<` brings in, in the order in which it is laid over each other."""
        found = list(reversed(value)) if isinstance(value, Seq) else [value]
        for item in found:
            if not isinstance(item, Map):
                what = "a scalar" if not isinstance(item, Seq) else "a list"
                said = f"expected a mapping or list of mappings for merging, but found {what}"
                raise _wrong(said, mark)
        return found


def _merge(made: Map, merges: list[Map]) -> None:
    """Puts merged keys first; own ones win, and keep the place that they have been given."""
    own, own_marks = dict(made), dict(made.marks)
    made.clear()
    for base in merges:
        if base is made:
            continue
        made.update(base)
        for key, (at_key, at_value) in base.marks.items():
            made.marks[key] = (
                place_of(base.source, at_key),
                place_of(base.source, at_value),
            )
    made.update(own)
    made.marks.update(own_marks)


def _joined(seq: Seq, event: Any) -> str:
    if len(seq) != 2 or not isinstance(seq[0], str) or not isinstance(seq[1], Seq):
        said = f"!join: takes two elements, a delimiter and a list of strings, not {seq!r}"
        raise _wrong(said, event.start_mark)
    for index, part in enumerate(seq[1]):
        if not isinstance(part, str):
            said = f"!join: joins strings, but this is {part!r}"
            raise _wrong(said, seq[1].marks[index])
    return seq[0].join(seq[1])


def _wrong(said: str, mark: Any) -> ConstructorError:
    return ConstructorError(None, None, said, mark)


__all__ = ["MAX_DEPTH", "MAX_WEIGHT", "Strange", "compose"]
