"""Contract §4.6: jobstates and JUnit. Files themselves are asked about where they are kept."""

from collections.abc import Awaitable
from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Check, Row
from tests.conformance.contract.scene import Scene

OWN = "sa epm user lab"
OPEN = "sa epm ro user lab"
NOTHING = "00000000-0000-4000-8000-000000000000"
STATUSES = ["new", "pre-run", "running", "post-run", "success", "failure", "killed", "error"]


def said(word: str, **more: Any) -> dict[str, Any]:
    """A jobstate of `job`."""
    return {"job_id": ":job", "status": word, **more}


def say(*words: str) -> tuple[Call, ...]:
    """The lab said these before."""
    return tuple(Call("POST /jobstates", said(word), by="lab") for word in words)


def job_is(word: str, *, told: tuple[str, ...]) -> Check:
    """The job's own status, and its verdicts as the list of ends has them."""

    async def check(_: httpx.Response, scene: Scene) -> None:
        job = (await scene.ask("sa", "GET /jobs/:job")).json()["job"]
        assert job["status"] == word
        assert isinstance(job["duration"], int)
        ends = await scene.ask("sa", "GET /jobs_events/!0?where=job_id::job")
        assert [one["status"] for one in ends.json()["jobs_events"]] == list(told)

    return check


async def jobstate_is_gone(_: httpx.Response, scene: Scene) -> None:
    assert (await scene.ask("sa", "GET /jobstates/:jobstate")).status_code == 404
    assert (await scene.ask("sa", "GET /jobs/:job")).json()["job"]["status"] == "new"


JOBSTATES = [
    Row(
        "POST /jobstates",
        {201: OWN, 401: REST},
        said("running", comment="go"),
        gives="jobstate no etag",
        has={"status": "running", "comment": "go", "job_id": ":job"},
        keys="id created_at status comment job_id",
        check=job_is("running", told=()),
    ),
    *(
        Row(
            "POST /jobstates",
            {201: "lab"},
            said(word),
            given=say("running", "success"),
            has={"status": word},
            check=job_is(word, told=("success",)),
            note=f"any transition: {word}, and only the first verdict is an event",
        )
        for word in STATUSES
    ),
    *(
        Row(
            "POST /jobstates",
            {201: "lab"},
            said(word),
            given=before,
            has={"status": "error"},
            check=job_is(word, told=("error",)),
            note=f"{word} of a job that is {stands}: recorded as error, kept as posted",
        )
        for word in ("failure", "error")
        for before, stands in ((say(), "new"), (say("pre-run"), "pre-run"))
    ),
    Row(
        "POST /jobstates",
        {201: "lab"},
        said("failure"),
        given=say("pre-run", "running"),
        has={"status": "failure"},
        check=job_is("failure", told=("failure",)),
        note="the tests failed",
    ),
    Row(
        "POST /jobstates",
        {201: "lab"},
        said("killed"),
        given=say("running"),
        check=job_is("killed", told=()),
        note="killed is no verdict",
    ),
    Row("POST /jobstates", {400: "lab"}, said("fine"), note="unknown status"),
    Row("POST /jobstates", {400: "lab"}, said("running", more=1), note="unknown key"),
    Row("POST /jobstates", {400: "lab"}, {"status": "running"}, note="no job"),
    Row("POST /jobstates", {404: "lab"}, {"job_id": NOTHING, "status": "new"}, note="no such job"),
    Row(
        "GET /jobstates/:jobstate",
        {200: OPEN, 401: REST},
        gives="jobstate no etag",
        keys="id created_at status comment job_id files",
        has={"job_id": ":job", "status": "running"},
    ),
    Row(f"GET /jobstates/!{NOTHING}", {404: "user"}, note="no such jobstate"),
    Row(
        "DELETE /jobstates/:jobstate",
        {204: OWN, 401: REST},
        gives="nothing",
        check=jobstate_is_gone,
        note="for good, no If-match",
    ),
]

XML = (
    '<testsuites><testsuite name="s" tests="9" time="x"><properties><property name="p" value="v"/>'
    '</properties>{cases}</testsuite><testsuite name="empty"/></testsuites>'
)
CASE = '<testcase classname="c" name="{name}" time="{time}">{inner}</testcase>'
INNER = {
    "success": "",
    "failure": '<failure type="E" message="broke">at it</failure><system-out>o</system-out>',
    "error": '<error type="E" message="no">x</error>',
    "skipped": '<skipped type="S" message="not here">why</skipped>',
}
NAMES = "abcdefghij"
_BEFORE = "success failure success failure success skipped skipped success error"
_NOW = "failure success success error skipped success skipped error success"
BEFORE, NOW = _BEFORE.split(), _NOW.split()
WORDS: list[str | None] = [
    "REGRESSED",
    "RECOVERED",
    "UNCHANGED",
    None,
    None,
    "ADDED",
    "UNCHANGED",
    None,
    None,
]
"""Of BEFORE and NOW, in DCI's words: of other changes than success and failure there are none."""


def junit(actions: list[str], *more: str) -> bytes:
    """Cases a, b, c … in reverse order, and more that succeed."""
    cases = [*zip(NAMES, actions, strict=False), *((name, "success") for name in more)]
    text = "".join(
        CASE.format(name=name, time="bad" if name == "a" else 0.5, inner=INNER[action])
        for name, action in reversed(cases)
    )
    return XML.format(cases=text).encode()


def upload(job: str, body: bytes, name: str = "r.xml") -> Call:
    """A result file of a job of the owning team."""
    headers = {"DCI-NAME": name, "DCI-MIME": "application/junit", "DCI-JOB-ID": job}
    return Call("POST /files", body, by="lab", headers=headers)


async def compared(answer: httpx.Response, scene: Scene) -> None:
    """Counts of the cases themselves, DCI's states, what is gone at its place by name."""
    content = answer.json()
    assert {"id", "name", "job", "previous_job", "testsuites"} <= set(content)
    assert content["name"] == "r.xml"
    assert content["job"] == await _brief(scene, "second_job")
    assert content["previous_job"] == await _brief(scene, "first_job")
    suite, empty = content["testsuites"]
    cases = suite.pop("testcases")
    assert suite == {
        "id": 0, "name": "s", "tests": 10, "failures": 1, "errors": 2, "skipped": 2, "success": 5,
        "time": 4.5, "properties": [{"name": "p", "value": "v"}], "successfixes": 1,
        "regressions": 1, "additions": 2, "deletions": 1, "unchanged": 2,
    }  # fmt: skip
    assert (empty["id"], empty["name"], empty["tests"], empty["testcases"]) == (1, "empty", 0, [])
    assert [case["name"] for case in cases] == [*NAMES[:7], "gone", *NAMES[7:9], "new"]
    assert [case["state"] for case in cases] == [*WORDS[:7], "REMOVED", *WORDS[7:], "ADDED"]
    assert [case["action"] for case in cases] == [*NOW[:7], "success", *NOW[7:], "success"]
    assert [case["successfix"] for case in cases].count(True) == 1
    assert [case["regression"] for case in cases].count(True) == 1
    assert cases[0] == {
        "name": "a", "classname": "c", "time": 0, "action": "failure", "message": "broke",
        "type": "E", "value": "at it", "stdout": "o", "stderr": None, "properties": [],
        "state": "REGRESSED", "successfix": False, "regression": True,
    }  # fmt: skip
    assert (cases[4]["message"], cases[4]["type"], cases[4]["value"]) == ("not here", "S", "why")


async def _brief(scene: Scene, name: str) -> dict[str, str]:
    return {"id": str(await scene.id(name)), "name": await scene.column(name, "name")}


def results_are(**totals: int) -> Check:
    """Totals of the one result of `second_job`."""

    def check(answer: httpx.Response, _: Scene) -> Awaitable[None] | None:
        (result,) = answer.json()["results"]
        assert {name: result[name] for name in totals} == totals
        assert result["filename"] == result["name"] == "r.xml"
        return None

    return check


COMPARED = (
    upload(":first_job", junit(BEFORE, "gone")),
    upload(":second_job", junit(NOW, "new")),
)
JUNIT = [
    Row(
        "GET /files/:result_file/junit",
        {200: OPEN, 401: REST},
        given=COMPARED,
        check=compared,
        note="compared with the previous job",
    ),
    Row(
        "GET /jobs/:second_job/results",
        {200: "user"},
        given=COMPARED,
        gives="results[]",
        keys="filename name total success failures errors skips regressions successfixes time"
        " file_id",
        check=results_are(
            total=10, success=5, failures=1, errors=2, skips=2, regressions=1, successfixes=1
        ),
        note="totals of the result",
    ),
    Row(
        "GET /files/:result_file/junit",
        {200: "user"},
        given=(
            upload(":first_job", junit(BEFORE)),
            upload(":first_job", junit(BEFORE)),
            upload(":second_job", junit(NOW)),
        ),
        note="the previous job holds two results of the name",
    ),
    Row("GET /files/:file/junit", {400: "user"}, note="no result file"),
    Row(f"GET /files/!{NOTHING}/junit", {404: "user"}, note="no such file"),
]
ROWS = [*JOBSTATES, *JUNIT]
