"""Verbs of certifications. A password passes through: it is in no row, log, note or answer."""

from dataclasses import dataclass, field
from uuid import UUID

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.audits import Note
from ringtest.control.db.pool import Database
from ringtest.control.files import service as files
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.ports.certification_desk import CertificationDesk, TestLog
from ringtest.control.ports.object_store import ObjectStore

MOST = 64 * 1024 * 1024
"""Bytes of a file that is handed in: the tool's protocol wants it whole, as text."""
_DESCRIPTION = "a file of job {job}, handed in by Ringtest"


@dataclass(frozen=True, slots=True)
class Application:
    """Which certification a file is for, and the login at the tool it is handed in with."""

    username: str
    password: str = field(repr=False)
    certification_id: str


async def hand_in(
    db: Database,
    objects: ObjectStore,
    desk: CertificationDesk | None,
    *,
    caller: Caller,
    file_id: UUID,
    application: Application,
) -> None:
    """Hand in a file of the caller's team. Nothing is open in the database while the tool works;
    who did it is noted when it has taken the file."""
    async with db.transaction(caller.tenant) as tx:
        file = await files.require_file(tx, caller=caller, file_id=file_id)
        permit(caller.is_member(file["team_id"]) and caller.may_write)
        content = await files.get_content(tx, file_id=file_id) if file["is_here"] else None
    if desk is None:
        raise BadRequest("this server knows no certification tool: set RINGTEST_CERTIFICATION_URL")
    if file["size"] > MOST:
        raise BadRequest(f"a file that is handed in may have at most {MOST} bytes", limit=MOST)
    if content is None:
        content = b"".join([chunk async for chunk in objects.get(file["object_key"])])
    await desk.hand_in(
        TestLog(
            username=application.username,
            password=application.password,
            certification_id=application.certification_id,
            filename=file["name"],
            content=content,
            description=_DESCRIPTION.format(job=file["job_id"]),
        )
    )
    async with db.transaction(caller.tenant) as tx:
        tx.note(Note(caller.kind, caller.id, "upload_certification", file_id, file["team_id"]))
