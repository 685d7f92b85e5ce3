"""Bodies of pipelines. Pure."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

State = Literal["active", "inactive", "archived"]
Name = Annotated[str, Meta(min_length=1, max_length=1000)]


class CreatePipeline(Struct):
    """Body of `POST /pipelines`."""

    name: Name
    team_id: UUID
    state: State = "active"


class UpdatePipeline(Struct):
    """Body of `PUT /pipelines/:id`."""

    name: Name | UnsetType = UNSET
    state: State | UnsetType = UNSET
