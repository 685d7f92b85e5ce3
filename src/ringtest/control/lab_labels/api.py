"""Routes of lab labels: which labs could run what a definition says."""

from litestar import Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.lab_labels import service
from ringtest.control.wire import answers


@get("/job_definitions/{definition_id:str}/labs", summary="Which labs could run a definition")
async def match_definition(
    definition_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Every lab that the caller sees, with its machines and which of the definition's `labels`
    they lack; the fitting ones first."""
    async with db.reading(caller.tenant) as tx:
        found = await service.match_definition(
            tx, caller=caller, definition_id=parse_id(definition_id, "job_definition")
        )
    return answers.raw(answers.encode({"matching": found}))


routes = [match_definition]
