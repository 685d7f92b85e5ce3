"""What the server says to an agent, as types. Unknown fields are ignored: servers may grow."""

from typing import Any, Literal

import msgspec

from ringtest.agent.definitions.model import Definition
from ringtest.agent.parameters import SCOPES, merge, origins

Result = Literal["passed", "failed", "errored", "cancelled"]


class ComponentFile(msgspec.Struct, frozen=True):
    """A file of a component, to be verified by size and digest."""

    id: str
    name: str
    size: int
    sha256: str | None = None


class Component(msgspec.Struct, frozen=True):
    """Something under test."""

    id: str
    type: str
    version: str | None = None
    display_name: str | None = None
    files: list[ComponentFile] = []


class Permit(msgspec.Struct, frozen=True):
    """Shows for an hour that a lab may read a file; who has the same key may, too."""

    window: str
    key: str


class Claim(msgspec.Struct, frozen=True):
    """A job that is ours for as long as the lease is kept up."""

    job: dict[str, Any]
    attempt: int
    lease_token: str
    lease_seconds: float = 60
    heartbeat_seconds: float = 15
    timeout_seconds: float = 21600
    definition: Definition | None = None
    components: list[Component] = []
    parameters: dict[str, dict[str, Any]] = {}
    """Those of the topic, the lab and the job, by scope; the definition then has what counts."""
    origins: tuple[str, ...] = ()
    """For people: of each parameter that is not the definition's alone, where it is from."""
    log_text: bool = False
    """Records of the log may hold text; else the server takes them in base64 only."""

    def __post_init__(self) -> None:
        if self.definition is None or not self.parameters:
            return
        given = [(scope, self.parameters[scope]) for scope in SCOPES if scope in self.parameters]
        merged = merge([("definition", self.definition.parameters), *given])
        values = {name: one.value for name, one in merged.items()}
        counting = msgspec.structs.replace(self.definition, parameters=values)
        msgspec.structs.force_setattr(self, "definition", counting)
        msgspec.structs.force_setattr(self, "origins", origins(merged))

    @property
    def job_id(self) -> str:
        """The job's id."""
        return str(self.job["id"])


class Applied(msgspec.Struct, frozen=True):
    """The answer to records: how far the server has them, and what it wants."""

    applied_seq: int
    cancel: bool = False
    fenced: bool = False


class Progress(msgspec.Struct, frozen=True):
    """How far the tests are."""

    total: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0

    def __add__(self, other: "Progress") -> "Progress":
        ours, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Progress(*(a + b for a, b in zip(ours, theirs, strict=True)))
