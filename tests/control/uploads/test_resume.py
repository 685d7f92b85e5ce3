"""An upload may be cut anywhere: what is resumed is the same file, and it is there once."""

import asyncio
import hashlib
import os
import random
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects import service as kept
from ringtest.control.uploads import loop, service
from tests.control.uploads.conftest import LIMIT, Yard, metadata

SMALL = bytes(range(60))


async def cut(body: bytes) -> AsyncIterator[bytes]:
    """A sender who goes away."""
    if body:
        yield body
    raise ConnectionResetError


async def send_cut(yard: Yard, address: str, offset: int, body: bytes) -> None:
    answer = await yard.patch(address, offset, cut(body))
    assert (answer.status_code, "broke off" in answer.text) == (400, True)


async def test_what_is_sent_whole_is_a_file(yard: Yard) -> None:
    digest = hashlib.sha256(SMALL).hexdigest()
    address = await yard.address(len(SMALL), filetype="text/x-log", sha256=digest)
    answer = await yard.patch(address, 0, SMALL)
    assert answer.status_code == 204, answer.text
    assert answer.headers["upload-offset"] == str(len(SMALL))
    assert answer.headers["tus-resumable"] == "1.0.0"
    file_id = await yard.file_of(address)
    assert answer.headers["x-ringtest-file"] == file_id
    assert await yard.content(file_id) == SMALL
    file = (await yard.world.get("red user", f"/files/{file_id}"))["file"]
    assert (file["name"], file["mime"], file["job_id"]) == ("big.bin", "text/x-log", yard.job)


@pytest.mark.parametrize("first", range(len(SMALL) + 1))
async def test_cut_after_any_byte_it_goes_on_there(yard: Yard, first: int) -> None:
    address = await yard.address(len(SMALL))
    await send_cut(yard, address, 0, SMALL[:first])
    at = await yard.offset(address)
    assert at == first, "what arrived counts"
    if at < len(SMALL):
        assert (await yard.patch(address, at, SMALL[at:])).status_code == 204
    assert await yard.content(await yard.file_of(address)) == SMALL


async def test_a_large_upload_cut_again_and_again_is_the_same_file(yard: Yard) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    dice = random.Random(seed)
    body = dice.randbytes(2 * service.PART + 12_345)
    address = await yard.address(len(body), sha256=hashlib.sha256(body).hexdigest())
    at = 0
    while at < len(body):
        piece = body[at : at + dice.choice([1, 1000, 300_000, service.PART, service.PART + 1])]
        if dice.random() < 0.5:
            await send_cut(yard, address, at, piece[: dice.randrange(len(piece) + 1)])
        else:
            assert (await yard.patch(address, at, piece)).status_code == 204
        at = await yard.offset(address)
    assert await yard.content(await yard.file_of(address)) == body
    await kept.delete_forgotten(yard.world.db, yard.objects)
    assert len(yard.objects_there()) == 1, "its parts are gone"


async def test_a_server_that_dies_loses_no_more_than_a_part(yard: Yard) -> None:
    """Cancelled in the middle of a part: those before it are committed."""
    address = await yard.address(3 * service.PART)
    sent = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(service.PART)
        yield bytes(1000)
        sent.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(yard.patch(address, 0, slow()))
    await sent.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    at = await yard.offset(address)
    assert at == service.PART
    await yard.patch(address, at, bytes(2 * service.PART))
    assert await yard.content(await yard.file_of(address)) == bytes(3 * service.PART)


async def test_a_lab_sends_signed_pieces(yard: Yard) -> None:
    address = await yard.address(6, "red lab")
    for at in (0, 2, 4):
        answer = await yard.patch(address, at, b"abcdef"[at : at + 2], "red lab")
        assert answer.status_code == 204, answer.text
    assert await yard.content(await yard.file_of(address, "red lab")) == b"abcdef"


async def test_another_offset_is_409_and_says_the_right_one(yard: Yard) -> None:
    address = await yard.address(10)
    await yard.patch(address, 0, b"0123")
    for offset in (0, 3, 5, 10):
        answer = await yard.patch(address, offset, b"x")
        assert (answer.status_code, answer.json()["payload"]) == (409, {"offset": 4})
    assert await yard.offset(address) == 4


async def test_of_two_senders_at_one_offset_one_counts(yard: Yard) -> None:
    address = await yard.address(8)
    answers = await asyncio.gather(*(yard.patch(address, 0, body) for body in (b"aaaa", b"bbbb")))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    won = b"aaaa" if answers[0].status_code == 204 else b"bbbb"
    await yard.patch(address, 4, b"cccc")
    assert await yard.content(await yard.file_of(address)) == won + b"cccc"


async def test_more_than_was_said_is_400_and_nothing_beyond_counts(yard: Yard) -> None:
    address = await yard.address(4)
    assert (await yard.patch(address, 0, b"012345")).status_code == 400
    assert await yard.offset(address) == 4
    assert await yard.content(await yard.file_of(address)) == b"0123"


async def test_an_empty_upload_is_an_empty_file(yard: Yard) -> None:
    address = await yard.address(0)
    assert await yard.content(await yard.file_of(address)) == b""


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
async def test_bytes_with_a_wrong_checksum_do_not_count(yard: Yard, algorithm: str) -> None:
    address = await yard.address(10)
    right = b64encode(hashlib.new(algorithm, b"01234").digest()).decode()
    answer = await yard.patch(address, 0, b"0123x", Upload_Checksum=f"{algorithm} {right}")
    assert answer.status_code == 460, answer.text
    assert await yard.offset(address) == 0
    assert yard.objects_there() == []
    answer = await yard.patch(address, 0, b"01234", Upload_Checksum=f"{algorithm} {right}")
    assert answer.status_code == 204
    assert await yard.offset(address) == 5


async def test_with_a_checksum_a_cut_body_does_not_count(yard: Yard) -> None:
    address = await yard.address(10)
    digest = b64encode(hashlib.sha256(b"0123456789").digest()).decode()
    await yard.patch(address, 0, cut(b"01234"), Upload_Checksum=f"sha256 {digest}")
    assert await yard.offset(address) == 0
    assert yard.objects_there() == []


async def test_the_digest_of_the_whole_is_checked(yard: Yard) -> None:
    address = await yard.address(4, sha256="0" * 64)
    answer = await yard.patch(address, 0, b"0123")
    assert answer.status_code == 400
    assert "DCI-SHA256" in answer.json()["message"]
    assert (await yard.world["red user"].head(address)).status_code == 400
    assert (await yard.world.get("red user", address))["upload"]["failure"]
    await kept.delete_forgotten(yard.world.db, yard.objects)
    assert yard.objects_there() == []


async def test_files_of_components_too(yard: Yard) -> None:
    address = await yard.address(
        6, "feeder", component_id=yard.component, filename="images/boot.iso"
    )
    await yard.patch(address, 0, b"abc", "feeder")
    await yard.patch(address, 3, b"def", "feeder")
    got = await yard.world["red user"].get(f"/components/{yard.component}/files/images/boot.iso")
    assert got.content == b"abcdef"


async def test_unfinished_ones_are_listed_to_their_owner(yard: Yard) -> None:
    address = await yard.address(6)
    done = await yard.address(1)
    await yard.patch(done, 0, b"x")
    listed = await yard.world.get("red user", "/uploads")
    assert [f"/uploads/{one['id']}" for one in listed["uploads"]] == [address]
    assert listed["uploads"][0]["metadata"]["job_id"] == yard.job
    for who in ("red lab", "blue user", "epm"):
        assert (await yard.world.get(who, "/uploads"))["uploads"] == []


@pytest.mark.parametrize("who", ["red lab", "blue user", "blue lab", "feeder", "read-only", "epm"])
async def test_nobody_else_goes_on_with_an_upload(yard: Yard, who: str) -> None:
    address = await yard.address(6)
    assert (await yard.world[who].get(address)).status_code == 404
    assert (await yard.world[who].head(address)).status_code == 404
    assert (await yard.patch(address, 0, b"x", who)).status_code == 404
    assert (await yard.world[who].delete(address)).status_code == 404
    assert await yard.offset(address) == 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("blue user", 401), ("blue lab", 401), ("read-only", 401), ("nobody", 401), ("epm", 201)],
)
async def test_who_may_not_add_a_file_may_not_begin(yard: Yard, who: str, status: int) -> None:
    assert (await yard.begin(6, who)).status_code == status


async def test_given_up_its_parts_go(yard: Yard) -> None:
    address = await yard.address(6)
    await yard.patch(address, 0, b"012")
    assert (await yard.world["red user"].delete(address)).status_code == 204
    assert (await yard.patch(address, 3, b"345")).status_code == 404
    await kept.delete_forgotten(yard.world.db, yard.objects)
    assert yard.objects_there() == []


async def test_forgotten_after_a_week_unless_somebody_goes_on(yard: Yard) -> None:
    address, other = await yard.address(6), await yard.address(6)
    for one in (address, other):
        await yard.patch(one, 0, b"012")
    yard.clock.advance(6 * 24 * 3600)
    await yard.patch(address, 3, b"3")
    yard.clock.advance(2 * 24 * 3600)
    assert await yard.offset(address) == 4
    assert (await yard.world["red user"].head(other)).status_code == 404
    assert await loop.expire(yard.world.db) == 1
    assert await loop.expire(yard.world.db) == 0
    await kept.delete_forgotten(yard.world.db, yard.objects)
    assert len(yard.objects_there()) == 2
    await yard.patch(address, 4, b"45")
    assert await yard.content(await yard.file_of(address)) == b"012345"


@pytest.mark.parametrize(
    "headers",
    [{"Upload-Length": ""}, {"Upload-Length": "-1"}, {"Upload-Length": "9" * 20},
     {"Upload-Length": "1e3"}, {"Upload-Metadata": ""}, {"Upload-Metadata": "filename"},
     {"Upload-Metadata": "filename %%%"}, {"Upload-Metadata": "filename /w=="},
     {"Upload-Metadata": metadata(filename="x")},
     {"Upload-Metadata": metadata(filename="x", job_id="nonsense")},
     {"Upload-Metadata": metadata(filename="x", component_id="nonsense")},
     {"Upload-Metadata": metadata(filename="../x", component_id="0" * 32)},
     {"Upload-Metadata": metadata(job_id="0" * 32)},
     {"Upload-Metadata": metadata(filename="x", job_id="0" * 32, sha256="abc")},
     {"Upload-Metadata": metadata(filename="x", job_id="0" * 32, attempt="two")},
     {"Upload-Metadata": "filename " + "A" * 9000}],
)  # fmt: skip
async def test_headers_that_make_no_sense_are_400(yard: Yard, headers: dict[str, str]) -> None:
    good = {"Upload-Length": "6", "Upload-Metadata": metadata(filename="x", job_id=yard.job)}
    answer = await yard.world["red user"].post("/uploads", headers=good | headers)
    assert answer.status_code == 400, answer.text


async def test_limits_and_versions_are_told(yard: Yard) -> None:
    answer = await yard.begin(LIMIT + 1)
    assert (answer.status_code, answer.json()["payload"]) == (413, {"limit": LIMIT})
    address = await yard.address(6)
    answer = await yard.patch(address, 0, b"x", Tus_Resumable="0.2.2")
    assert (answer.status_code, answer.json()["payload"]) == (412, {"version": "1.0.0"})
    for headers in (
        {"Content_Type": "text/plain"}, {"Upload_Offset": ""}, {"Upload_Offset": "x"},
        {"Upload_Checksum": "crc32 AAAA"}, {"Upload_Checksum": "sha256 %%"},
    ):  # fmt: skip
        assert (await yard.patch(address, 0, b"x", **headers)).status_code == 400, headers


async def test_a_file_that_holds_no_results_is_a_file_all_the_same(yard: Yard) -> None:
    address = await yard.address(7, filetype="application/junit", filename="junit.xml")
    assert (await yard.patch(address, 0, b"not xml")).status_code == 204
    assert await yard.content(await yard.file_of(address)) == b"not xml"
    async with yard.world.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM files") == 1
