"""Names that are paths, pages or terminal commands: data, whatever they look like."""

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.bad_input.ground import Ground

PATHS = [
    "../../../etc/passwd", "/etc/passwd", "a/../../b", "..", ".", "C:\\windows\\x.dll",
    "\\\\server\\share", "a//b", "%2e%2e%2fetc", "con", "-rf", "~/.ssh/id", "$(id)", "`id`",
]  # fmt: skip
NOT_NAMES = ["a\0b", "a\nb", "a\r\nSet-Cookie: x=1", "\x1b]0;title\x07", "", " ", "n" * 4096]
PAGE = "<script>alert(1)</script>"
MIMES = [
    "text/html", "image/svg+xml", "text/html; charset=utf-7", "application/x-msdownload",
    "nonsense", "x" * 5000, "text/html, text/plain",
]  # fmt: skip


async def _upload(
    ground: Ground, name: str, content: bytes = b"x", mime: str = ""
) -> httpx.Response:
    headers = {"DCI-NAME": quote(name), "DCI-JOB-ID": ground.estate.ids["job_id"]}
    if mime:
        headers["DCI-MIME"] = mime
    return await ground["lab"].post("/files", content=content, headers=headers)


def _is_safe(answer: httpx.Response) -> bool:
    """Browsers save it and run nothing of it."""
    headers = answer.headers
    return (
        headers["content-disposition"].startswith('attachment; filename="')
        and headers["content-security-policy"] == "sandbox"
        and headers["x-content-type-options"] == "nosniff"
        and headers["content-type"].count("charset=") <= 1
        and "x-evil" not in headers
    )


@pytest.mark.parametrize("name", PATHS)
async def test_a_file_name_that_is_a_path_stays_a_name(
    ground: Ground, name: str, tmp_path: Path
) -> None:
    answer = await _upload(ground, name)
    assert (answer.status_code, ground.complaints(answer)) == (201, [])
    content = await ground["user"].get(f"/files/{answer.json()['file']['id']}/content")
    assert (content.content, _is_safe(content)) == (b"x", True)
    shown = content.headers["content-disposition"].partition('filename="')[2]
    assert not set('/\\"') & set(shown.partition('"')[0])
    assert "%2F" not in shown
    assert "%5C" not in shown


@pytest.mark.parametrize("name", NOT_NAMES, ids=lambda text: repr(text)[:30])
async def test_what_cannot_be_a_name_is_refused(ground: Ground, name: str) -> None:
    answer = await _upload(ground, name)
    assert (answer.status_code, ground.complaints(answer)) == (400, [])
    assert "DCI-NAME" in answer.json()["message"]


@pytest.mark.parametrize("mime", MIMES, ids=lambda text: text[:30])
async def test_a_page_among_the_files_is_saved_and_not_shown(ground: Ground, mime: str) -> None:
    answer = await _upload(ground, f"{PAGE}.html", PAGE.encode(), mime)
    assert (answer.status_code, ground.complaints(answer)) == (201, [])
    content = await ground["user"].get(f"/files/{answer.json()['file']['id']}/content")
    assert (content.text, _is_safe(content)) == (PAGE, True)
    assert len(content.headers["content-type"]) < 200


async def test_headers_of_an_upload_that_make_no_sense_are_named(ground: Ground) -> None:
    ids = ground.estate.ids
    good = {"DCI-NAME": "x", "DCI-JOB-ID": ids["job_id"]}
    for wrong, name in (
        ({"DCI-JOB-ID": "x"}, "dci-job-id"),
        ({"DCI-JOB-ID": "", "DCI-JOBSTATE-ID": "' or 1=1"}, "dci-jobstate-id"),
        ({"DCI-JOB-ID": ""}, "DCI-JOB-ID"),
        ({"DCI-SHA256": "x"}, "DCI-SHA256"),
        ({"DCI-SHA256": "0" * 64}, "DCI-SHA256"),
        ({"X-Ringtest-Attempt": "-1"}, "X-Ringtest-Attempt"),
        ({"X-Ringtest-Attempt": "999999"}, "attempts"),
        ({"X-Ringtest-Attempt": "9" * 50}, "X-Ringtest-Attempt"),
        ({"Idempotency-Key": "k" * 5000}, "Idempotency-Key"),
    ):
        answer = await ground["lab"].post("/files", content=b"x", headers=good | wrong)
        assert (answer.status_code, ground.complaints(answer)) == (400, []), wrong
        assert name in answer.json()["message"], wrong


@pytest.mark.parametrize(
    "name", [*PATHS[:8], *NOT_NAMES[:4], "n" * 4096], ids=lambda t: repr(t)[:30]
)
async def test_a_component_has_no_file_outside_of_it(ground: Ground, name: str) -> None:
    url = f"/components/{ground.estate.ids['component_id']}/files"
    admin = ground["super admin"]
    sent = await admin.post(url, content=b"x", headers={b"DCI-NAME": name.encode()})
    assert (sent.status_code, ground.complaints(sent)) == (400, [])
    for method in ("GET", "HEAD", "DELETE"):
        headers = {"If-Match": "0" * 32}
        shown = quote(name, safe="").replace(".", "%2E")  # dots alone never leave a client
        read = await admin.request(method, f"{url}/{shown}", headers=headers)
        assert read.status_code in (400, 404)
        assert ground.complaints(read) == []


async def test_pages_and_terminal_commands_in_texts_come_back_as_they_are(ground: Ground) -> None:
    text = f"{PAGE}\x1b[2J\x1b]0;title\x07\u202e'\"&%s"
    job = f"/jobs/{ground.estate.ids['job_id']}"
    etag = (await ground["lab"].get(job)).headers["etag"]
    texts = dict.fromkeys(("comment", "name", "configuration", "url", "status_reason"), text)
    changed = await ground["lab"].put(job, json=texts, headers={"If-Match": etag})
    assert changed.status_code == 200
    for path in (job, "/jobs", "/jobs?where=name:nonsense", "/events?limit=200&after=0"):
        answer = await ground["user"].get(path)
        assert (answer.status_code, ground.complaints(answer)) == (200, [])
        assert answer.headers["content-type"] == "application/json"
        assert b"\x1b" not in answer.content  # JSON escapes it: a terminal shows it harmlessly
    read = (await ground["user"].get(job)).json()["job"]
    assert {key: read[key] for key in texts} == texts
