"""Result files that attack their reader: refused, or read as far as they go with a warning."""

import resource
from typing import Any

import httpx
import pytest

from tests.bad_input.ground import Ground

CASE = b'<testsuite><testcase name="t"><failure>%s</failure></testcase></testsuite>'
LAUGHS = "".join(
    f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12)
).encode()
WITH_A_TYPE = {
    "a billion laughs": b'<!DOCTYPE x [<!ENTITY a0 "ha">' + LAUGHS + b"]>" + CASE % b"&a11;",
    "one entity many times": b'<!DOCTYPE x [<!ENTITY a "%s">]>' % (b"a" * 100_000)
    + CASE % (b"&a;" * 20_000),
    "a file of the server": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + CASE % b"&e;",
    "an address": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + CASE % b"",
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>'
    + CASE % b"",
}
NO_XML = {
    "nothing": b"",
    "text": b"all tests passed",
    "a page": b"<html><body><br></body></html>",
    "gzip": b"\x1f\x8b\x08" + b"\0" * 100,
    "an attribute of 5 MB": b'<testsuite><testcase name="' + b"x" * 5_000_000 + b'"/></testsuite>',
    "an attribute twice": b'<testsuite name="a" name="b"/>',
}
DIRTY = {
    "100,000 levels": b"<testsuite>" * 100_000 + b"</testsuite>" * 100_000,
    "100,000 levels, cut": b"<testsuite>" * 100_000,
    "100,000 attributes": b"<testsuite " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b"/>",
    "truncated": b'<testsuite><testcase name="a"/><testcase name="b"><failure>x',
    "a NUL": CASE % b"\0",
    "a NUL by number": CASE % b"&#0;",
    "half a character": CASE % b"&#xD800;",
    "terminal commands": CASE % b"\x1b[2J\x07",
    "bytes of another encoding": b'<?xml version="1.0" encoding="utf-8"?>' + CASE % b"\xff\xfe",
    "an unknown encoding": b'<?xml version="1.0" encoding="x-nonsense"?>' + CASE % b"",
    "a wrong encoding": b'<?xml version="1.0" encoding="utf-16"?>' + CASE % b"",
    "an entity of its own": CASE % b"&e;",
}
FINE = {
    "an include": b'<testsuite xmlns:xi="http://www.w3.org/2001/XInclude">'
    b'<xi:include href="file:///etc/passwd" parse="text"/><testcase name="t"/></testsuite>',
    "a stylesheet": b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + CASE % b"",
    "times beyond time": b'<testsuite time="1e999"><testcase name="t" time="nan"/>'
    b'<testcase name="u" time="-1e308"/><testcase name="v" time="9e99"/></testsuite>',
    "20 MB of output": CASE % (b"x" * 20_000_000),
    "names of 5000 bytes": b"<testsuite>"
    + b"".join(b"<testcase name='%d%s'/>" % (n, b"n" * 5000) for n in range(200))
    + b"</testsuite>",
}


async def _upload(ground: Ground, xml: bytes) -> httpx.Response:
    headers = {
        "DCI-NAME": "result.xml",
        "DCI-JOB-ID": ground.estate.ids["job_id"],
        "DCI-MIME": "application/junit",
    }
    return await ground["lab"].post("/files", content=xml, headers=headers)


async def _read(ground: Ground, answer: httpx.Response) -> dict[str, Any]:
    """What was read of an upload, which then goes again."""
    url = f"/files/{answer.json()['file']['id']}"
    read = await ground["user"].get(f"{url}/junit")
    assert (read.status_code, ground.complaints(read)) == (200, [])
    assert "root:" not in read.text
    assert (await ground["lab"].delete(url)).status_code == 204
    content: dict[str, Any] = read.json()
    return content


@pytest.mark.parametrize("xml", WITH_A_TYPE.values(), ids=WITH_A_TYPE)
async def test_a_file_that_declares_a_type_is_refused(ground: Ground, xml: bytes) -> None:
    answer = await _upload(ground, xml)
    assert (answer.status_code, ground.complaints(answer)) == (400, [])
    assert answer.json()["message"] == "Invalid XML: document type declarations are refused"


@pytest.mark.parametrize("xml", NO_XML.values(), ids=NO_XML)
async def test_what_nothing_can_be_read_of_is_refused(ground: Ground, xml: bytes) -> None:
    answer = await _upload(ground, xml)
    assert (answer.status_code, ground.complaints(answer)) == (400, [])
    assert answer.json()["message"].startswith("Invalid XML: ")


@pytest.mark.parametrize("xml", DIRTY.values(), ids=DIRTY)
async def test_what_can_be_read_of_a_dirty_file_counts(ground: Ground, xml: bytes) -> None:
    answer = await _upload(ground, xml)
    assert (answer.status_code, ground.complaints(answer)) == (201, [])
    assert (await _read(ground, answer))["warnings"]


@pytest.mark.parametrize("xml", FINE.values(), ids=FINE)
async def test_what_is_only_strange_is_read_as_text(ground: Ground, xml: bytes) -> None:
    answer = await _upload(ground, xml)
    assert (answer.status_code, ground.complaints(answer)) == (201, [])
    assert (await _read(ground, answer))["testsuites"]


async def test_memory_does_not_grow_with_the_file(ground: Ground) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def chunks() -> Any:
        yield b"<testsuite>"
        for _ in range(40):
            yield (
                b'<testcase name="t"><system-out>' + b"x" * 1_000_000 + b"</system-out></testcase>"
            )
        yield b"</testsuite>"

    headers = {
        "DCI-NAME": "big.xml",
        "DCI-JOB-ID": ground.estate.ids["job_id"],
        "DCI-MIME": "application/junit",
    }
    answer = await ground["user"].post("/files", content=chunks(), headers=headers)
    assert (answer.status_code, ground.complaints(answer)) == (201, [])
    await _read(ground, answer)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40_000  # KiB: the file is larger


async def test_a_file_over_the_limit_is_413_and_names_the_limit(ground: Ground) -> None:
    async def endless() -> Any:
        while True:
            yield b"<testsuite>" * 50_000

    for mime in ("application/junit", "text/plain"):
        headers = {"DCI-NAME": "x", "DCI-JOB-ID": ground.estate.ids["job_id"], "DCI-MIME": mime}
        answer = await ground["user"].post("/files", content=endless(), headers=headers)
        assert (answer.status_code, ground.complaints(answer)) == (413, [])
        assert answer.json()["payload"] == {"limit": 50_000_000}
