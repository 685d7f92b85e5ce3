"""Bodies of jobstates. Pure."""

from uuid import UUID

from msgspec import Struct

from ringtest.control.kernel.texts import Line, Note


class CreateJobstate(Struct):
    """Body of `POST /jobstates`."""

    job_id: UUID
    status: Line
    comment: Note | None = None
