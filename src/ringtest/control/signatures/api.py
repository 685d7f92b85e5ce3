"""Routes of signatures: what a product adds to the rules by which failures are the same."""

from typing import Any

from litestar import Request, Response, get, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.masks.model import SetPolicy
from ringtest.control.signatures import service
from ringtest.control.wire import answers, bodies, requests


@get(
    "/products/{product_id:str}/signature_policy", summary="How a product's failures are told apart"
)
async def get_policy(
    product_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`keep`: patterns of text that is never masked; `own_code`: globs of source files whose
    frames count. Empty lists and an etag of zeros where nobody set any."""
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_policy(
            tx, caller=caller, product_id=parse_id(product_id, "product")
        )
    return answers.one("signature_policy", text, etag=etag)


@put("/products/{product_id:str}/signature_policy", summary="Change how failures are told apart")
async def set_policy(
    product_id: FromPath[str],
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[bytes]:
    """Patterns are RE2's: no look-around, no references back. Failures that are there are
    grouped anew in the background; groups keep their ids."""
    etag = requests.if_match(request)
    body = bodies.open_(SetPolicy, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.set_policy(
            tx,
            caller=caller,
            product_id=parse_id(product_id, "product"),
            etag=etag,
            body=body,
        )
    return answers.one("signature_policy", text, etag=etag)


routes = [get_policy, set_policy]
