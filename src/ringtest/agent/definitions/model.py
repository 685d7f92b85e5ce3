"""The shape of a definition: stages of steps, isolation, parameters, limits. Pure.

The same keys whether a server sends it as JSON or a file has it as YAML; `SCHEMA` is made of
these types for editors.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ringtest.agent.definitions.isolated import Hold, Isolation, Kind
from ringtest.language.labels import Wish
from ringtest.language.secret_reference import Secret
from ringtest.language.state_guard import StateGuard

StageName = Literal["provision", "prepare", "test", "collect", "teardown"]
STAGES: tuple[StageName, ...] = ("provision", "prepare", "test", "collect", "teardown")

Seconds = Annotated[float, Meta(gt=0, le=7 * 24 * 3600)]
Count = Annotated[int, Meta(ge=0, le=100)]


class Step(Struct, frozen=True, omit_defaults=True):
    """One thing to do: a shell command (`run`), or a runner and what it is to do (`with`)."""

    run: str = ""
    """For `/bin/sh -e -c`, in the work folder."""
    name: str = ""
    runner: str = ""
    """Name of a runner: `ringtest run --runners` lists them."""
    options: dict[str, Any] = msgspec.field(name="with", default_factory=dict)
    timeout_seconds: Seconds | None = None
    """Longest time of one try; then its whole tree of processes is killed."""
    retry: Count = 0
    """How often it is tried again after a failure."""
    when: str = ""
    """An expression over the parameters; the step is left out where it is false."""
    always: bool = False
    """Done even after an earlier step failed."""

    @property
    def title(self) -> str:
        """Its name, else the first line of its command.

        >>> Step(run="make check\\nmake install").title, Step(runner="pytest").title
        ('make check', 'pytest')
        """
        return self.name or self.run.strip().partition("\n")[0][:120] or self.runner


class Stages(Struct, frozen=True, omit_defaults=True):
    """The steps of each stage, in the order of their names here."""

    provision: list[Step] = []
    """Gets what the run needs: a machine, a lease."""
    prepare: list[Step] = []
    test: list[Step] = []
    collect: list[Step] = []
    """Begun whatever came of the tests."""
    teardown: list[Step] = []
    """Gives back what `provision` got, whatever came of the rest."""

    def of(self, stage: StageName) -> Sequence[Step]:
        """The steps of one stage."""
        return {
            "provision": self.provision,
            "prepare": self.prepare,
            "test": self.test,
            "collect": self.collect,
            "teardown": self.teardown,
        }[stage]


class Artifact(Struct, frozen=True, omit_defaults=True):
    """Files to keep: a pattern below the work folder, and their MIME type."""

    path: str
    mime: str | None = None


class Definition(Struct, frozen=True, omit_defaults=True):
    """What a run does. A server may send more than is known here: that is ignored."""

    stages: Stages = Stages()
    name: str = ""
    artifacts: list[Artifact] = []
    isolation: Kind | Isolation = "venv"
    """How its commands are kept apart from the machine: a kind, or a table with limits."""
    hold: Hold | None = None
    """Whether what it leaves is kept for people to look at."""
    environment: dict[str, Any] = {}
    """What the machine must have before `prepare`: brought about where it changed. Keys are those
    of `agent.preparation`, and `expire_seconds`: how long each of them lasts."""
    secrets: dict[str, Secret] = {}
    """Where in the lab their values are, by the variables in which steps have them."""
    guard: StateGuard | None = None
    """What of the machine tests must leave as they found it."""
    labels: dict[str, Wish] = {}
    """What a lab's machine must have for the job; a run without a server is on this one anyway."""
    parameters: dict[str, Any] = {}
    """Values of this definition: the lowest scope there is."""
    timeout_seconds: Seconds = 21600
    """Longest time of the whole run, but for `collect` and `teardown`."""
    progress: Literal["pytest"] | None = None

    @property
    def isolated(self) -> Isolation:
        """Its isolation, always as a table."""
        return (
            self.isolation if isinstance(self.isolation, Isolation) else Isolation(self.isolation)
        )


def schema(runners: Mapping[str, type[Any]] | None = None) -> dict[str, Any]:
    """JSON Schema of a definition file, for editors. `runners`: the types of their options."""
    kinds = runners or {}
    (own, *options), parts = msgspec.json.schema_components(
        [Definition, *kinds.values()], ref_template="#/$defs/{name}"
    )
    parts["Step"]["allOf"] = [
        {
            "if": {"properties": {"runner": {"const": name}}, "required": ["runner"]},
            "then": {"properties": {"with": option}},
        }
        for name, option in zip(kinds, options, strict=True)
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Ringtest definition",
        **own,
        "$defs": parts,
    }
