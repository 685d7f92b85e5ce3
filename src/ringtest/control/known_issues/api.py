"""Routes of known issues: rules that name failures."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.known_issues import service
from ringtest.control.known_issues.model import CreateIssue, UpdateIssue
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "known_issue"
_WORDS = "known issue"


@post("/known_issues", summary="Name a failure that is known")
async def create_issue(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Body: name, kind (regex, text, signature), pattern, owner, topic_id or product_id?,
    team_id? (a rule of that team for its own jobs), expires_at?, link?, note?, state?. A
    signature's pattern is the id of a failure group. What is there already is labelled soon."""
    body = bodies.closed(CreateIssue, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_issue(tx, caller=caller, body=body)
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/known_issues", summary="Rules that name failures")
async def list_issues(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "known_issues",
        lambda tx, query: service.list_issues(tx, caller=caller, query=query),
    )


@get("/known_issues/{issue_id:str}", summary="One rule that names failures")
async def get_issue(
    issue_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_issue(tx, caller=caller, issue_id=parse_id(issue_id, _WORDS))
    return answers.one(_NOUN, text, etag=etag, fields=requests.fields(request))


@put("/known_issues/{issue_id:str}", summary="Change a rule, or let it rest")
async def update_issue(
    issue_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """When another pattern, kind or scope makes it name other failures, they are looked at
    again."""
    etag = requests.if_match(request)
    values = bodies.given(bodies.open_(UpdateIssue, await request.body()))
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_issue(
            tx, caller=caller, issue_id=parse_id(issue_id, _WORDS), etag=etag, values=values
        )
    return answers.one(_NOUN, text, etag=fresh)


@delete("/known_issues/{issue_id:str}", status_code=204, summary="Remove a rule and its labels")
async def delete_issue(
    issue_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_issue(
            tx, caller=caller, issue_id=parse_id(issue_id, _WORDS), etag=etag
        )
    return answers.nothing()


routes = [create_issue, list_issues, get_issue, update_issue, delete_issue]
