"""Which component sets a published component makes, and for which rules. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from ringtest.control.kernel.texts import Name, Names

State = Literal["active", "inactive"]


class CreateRule(Struct, kw_only=True):
    """Body of `POST /trigger_rules`. No component types means any type of the topic."""

    name: Name
    topic_id: UUID
    definition_id: UUID
    component_types: Names = []
    state: State = "active"


class UpdateRule(Struct, kw_only=True):
    """Body of `PUT /trigger_rules/:id`."""

    name: Name | UnsetType = UNSET
    definition_id: UUID | UnsetType = UNSET
    component_types: Names | UnsetType = UNSET
    state: State | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Rule:
    """When a component of one of `component_types` appears, run the definition."""

    id: UUID
    definition_id: UUID
    component_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Types:
    """The component types of a topic."""

    mandatory: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def __contains__(self, kind: object) -> bool:
        return kind in self.mandatory or kind in self.optional


def component_sets(
    rules: Iterable[Rule],
    types: Types,
    newest: Mapping[str, UUID],
    *,
    published: UUID,
    kind: str,
) -> list[tuple[Rule, list[UUID]]]:
    """What to test now: the published component with the newest of every other mandatory type.

    `newest` holds the newest active team-less component by type. As long as a mandatory
    type has none the set is incomplete, and nothing is tested.

    >>> build, lib = UUID(int=1), UUID(int=2)
    >>> any_type = Rule(UUID(int=9), UUID(int=8))
    >>> types = Types(("build", "lib"))
    >>> wishes = component_sets([any_type], types, {"lib": lib}, published=build, kind="build")
    >>> [components == [build, lib] for _, components in wishes]
    [True]
    >>> component_sets([any_type], types, {}, published=build, kind="build")
    []
    """
    if kind not in types:
        return []
    others = [newest.get(other) for other in types.mandatory if other != kind]
    components = [published, *(other for other in others if other is not None)]
    if len(components) <= len(others):
        return []
    return [
        (rule, components)
        for rule in rules
        if not rule.component_types or kind in rule.component_types
    ]
