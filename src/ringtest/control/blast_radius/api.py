"""Routes of the blast radius."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.blast_radius import service
from ringtest.control.blast_radius.model import MOST_LABS, SHOWN_LABS
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
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
    """Of the product's topics, `limit` (≤ 200) labs each. Partners see their own labs and
    numbers of teams that are large enough; whoever sees everything has no use for these:
    `others` is null."""
    asked = requests.parameters(request)
    refuse_unknown(asked, ["fields", "limit"])
    radius = await service.get_radius(
        db,
        caller=caller,
        group_id=parse_id(group_id, "failure group"),
        minimum=settings.radius_minimum,
        labs=_limit(asked.get("limit")),
    )
    text = answers.encode(radius).decode()
    return answers.one("blast_radius", text, fields=requests.fields(request))


def _limit(text: str | None) -> int:
    if text is None:
        return SHOWN_LABS
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise BadRequest("limit must be a whole number of at least 1")
    return min(int(text), MOST_LABS)


routes = [get_blast_radius]
