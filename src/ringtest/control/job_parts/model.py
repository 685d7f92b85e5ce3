"""Bodies of a job's components and numbers. Pure."""

from uuid import UUID

from msgspec import Struct

from ringtest.control.kernel.texts import Line


class ComponentOf(Struct):
    """Body of `POST /jobs/:id/components`."""

    id: UUID


class KeyValue(Struct):
    """Body of `POST /jobs/:id/kv`."""

    key: Line
    value: float


class Key(Struct):
    """Body of `DELETE /jobs/:id/kv`."""

    key: Line
