"""Bodies of pipelines. Pure."""

from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from ringtest.control.kernel.texts import Name

State = Literal["active", "inactive", "archived"]


class CreatePipeline(Struct):
    """Body of `POST /pipelines`."""

    name: Name
    team_id: UUID
    state: State = "active"


class UpdatePipeline(Struct):
    """Body of `PUT /pipelines/:id`."""

    name: Name | UnsetType = UNSET
    state: State | UnsetType = UNSET
