"""Routes of certifications."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath, SkipValidation

from ringtest.control.accounts.model import Caller
from ringtest.control.certifications import service
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.texts import Name
from ringtest.control.ports.certification_desk import CertificationDesk
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, bodies

Http = Request[Any, Any, Any]


class UploadCertification(msgspec.Struct):
    """Body of POST /files/:id/certifications: a login at the certification tool, and for what."""

    username: Name
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    certification_id: Name


@post(
    "/files/{file_id:str}/certifications",
    status_code=204,
    summary="Hand in a file at the vendor's certification tool",
    keyed="itself",  # nothing of a body with a password is kept, and no transaction waits
)
async def upload_certification(
    file_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: SkipValidation[Injected[ObjectStore]],
    certifications: SkipValidation[Injected[CertificationDesk | None]],
) -> Response[None]:
    """The password goes to the tool and is kept nowhere; so is no Idempotency-Key: a repetition
    hands in again. 400 with the tool's words when it refuses, 503 when it does not answer."""
    body = bodies.closed(UploadCertification, await request.body())
    await service.hand_in(
        db,
        objects,
        certifications,
        caller=caller,
        file_id=parse_id(file_id, "file"),
        application=service.Application(
            username=body.username,
            password=body.password,
            certification_id=body.certification_id,
        ),
    )
    return answers.nothing()


routes = [upload_certification]
