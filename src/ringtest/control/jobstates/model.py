"""Bodies of jobstates. Pure."""

from uuid import UUID

from msgspec import Struct


class CreateJobstate(Struct):
    """Body of `POST /jobstates`."""

    job_id: UUID
    status: str
    comment: str | None = None
