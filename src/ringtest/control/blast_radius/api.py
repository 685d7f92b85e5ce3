"""Routes of the blast radius."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.blast_radius import service
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.kernel.settings import Settings
from ringtest.control.wire import answers, requests


@get(
    "/failure_groups/{group_id:str}/blast_radius",
    summary="Which topics, labs and hardware a failure hits, passed by and did not reach yet",
)
async def get_blast_radius(
    group_id: FromPath[str],
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Of the product's topics. Partners see their own labs and numbers of teams that are
    large enough; whoever sees everything has no use for these: `others` is null."""
    refuse_unknown(requests.parameters(request), ["fields"])
    radius = await service.get_radius(
        db,
        caller=caller,
        group_id=parse_id(group_id, "failure group"),
        minimum=settings.radius_minimum,
    )
    text = answers.encode(radius).decode()
    return answers.one("blast_radius", text, fields=requests.fields(request))


routes = [get_blast_radius]
