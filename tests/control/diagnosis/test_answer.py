"""The first answer on a failed job: what failed, what is new in its log, what changed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.diagnosis.story import GOOD, Story, junit, open_story
from tests.parts import first_start, make_parts

BAD = GOOD.replace("test_close PASSED", "test_close FAILED").replace(
    "2 passed", "E       RingError: the ring does not close\n1 failed, 1 passed"
)


@pytest.fixture
async def story(db: Database, tmp_path: Path) -> AsyncIterator[Story]:
    parts = make_parts(db, tmp_path, notifiers={})
    await first_start(parts)
    made = await open_story(parts)
    yield made
    for client in made.people.values():
        await client.aclose()


def step(answer: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in answer["steps"] if one["name"] == name)
    return found


async def break_it(story: Story, **how: Any) -> tuple[str, str]:
    """A good job, and one that fails in its tests; their ids."""
    good = await story.ran(results=junit(opens="passed", closes="passed"))
    values = {"test": BAD, "failed": "test", "results": junit(opens="passed", closes="boom")} | how
    return good, await story.ran(**values)


async def test_the_answer_names_stage_step_and_the_lines_that_good_jobs_never_had(
    story: Story,
) -> None:
    good, job = await break_it(story, collect="packing 7 files\n")
    answer = await story.answer(job)
    assert (answer["job_id"], answer["result"]) == (job, "failed")
    stage = answer["stage"]
    assert (stage["name"], stage["status"], stage["step"], stage["line"]) == (
        "test", "failed", "check", 3,
    )  # fmt: skip
    assert (stage["exit_code"], stage["message"]) == (1, "check: exit 1")
    best = answer["lines"][0]
    assert (best["line"], best["text"]) == (6, "E       RingError: the ring does not close")
    assert best["why"][0] == "in none of 1 job compared" and "says 'RingError'" in best["why"]
    shown = {one["line"]: one["text"] for one in answer["lines"]}
    log = await story.people["user"].get(f"/jobs/{job}/log")
    lines = log.json()["log"]["lines"]
    assert all(lines[number] == text for number, text in shown.items())
    assert set(shown) == {5, 6, 7, 8}, "other times and numbers are nothing new"
    assert [one["job_id"] for one in answer["compared_with"]] == [good]


async def test_the_answer_names_changed_components_new_failures_and_groups(story: Story) -> None:
    _, job = await break_it(story)
    answer = await story.answer(job)
    (change,) = answer["components_changed"]
    assert (change["type"], change["before"]["version"], change["after"]["version"]) == (
        "build", "1", "2",
    )  # fmt: skip
    assert answer["new_failures"]["count"] == 1
    (test,) = answer["new_failures"]["tests"]
    assert (test["classname"], test["name"], test["since_job_id"]) == ("ring", "closes", job)
    assert len(test["id"]) == 16
    (group,) = answer["groups"]
    assert (group["title"], group["cases"]) == ("ValueError: boom", 1)
    assert group["verdict"]["text"] == "only one lab has run it"
    assert group["elsewhere"]["jobs"] == 0
    names = [one["name"] for one in answer["steps"]]
    assert names == ["stage", "baselines", "log", "components", "new_failures", "flaky", "groups",
                     "known_issues"]  # fmt: skip


async def test_known_issues_are_named_to_those_who_may_see_them(story: Story) -> None:
    _, job = await break_it(story)
    rules = [("of all", None), ("one's own", story.ids["one"]), ("a rival's", story.ids["two"])]
    async with story.parts.db.transaction(SYSTEM) as tx:
        for name, team in rules:
            values = {"name": name, "kind": "text", "pattern": "boom", "owner": "ring people",
                      "link": "https://issues.example/7", "team_id": team}  # fmt: skip
            issue = await rows.insert(tx, "known_issues", values)
            await tx.execute(
                "INSERT INTO known_issue_labels SELECT $1, group_id, team_id, $3"
                " FROM failure_occurrences WHERE job_id = $2",
                issue,
                UUID(job),
                tx.now,
            )
    found = (await story.answer(job))["known_issues"]
    assert [one["name"] for one in found] == ["of all", "one's own"]
    assert found[0]["link"] == "https://issues.example/7" and not found[0]["expired"]


async def test_the_same_rows_give_the_same_bytes_made_or_kept(story: Story) -> None:
    _, job = await break_it(story)
    address = f"/jobs/{job}/answer"
    kept = (await story.people["user"].get(address)).content
    assert (await story.people["user"].get(address)).content == kept
    async with story.parts.db.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM job_answers")
        await tx.execute("UPDATE log_templates SET version = 0")
        await tx.execute("INSERT INTO answers_wanted SELECT id, team_id, $1 FROM jobs", tx.now)
    await story.settle()
    assert (await story.people["user"].get(address)).content == kept


async def test_an_answer_that_is_not_kept_is_made_at_once_and_kept_later(story: Story) -> None:
    _, job = await break_it(story)
    before = await story.answer(job)
    async with story.parts.db.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM job_answers")
        await tx.execute("DELETE FROM log_templates")
    made = await story.answer(job)
    assert "1 log still to be read" in step(made, "log")["left_out"]
    assert made["lines"][0]["text"].startswith("E ") and made["stage"] == before["stage"]
    await story.settle()
    assert await story.answer(job) == before


async def test_a_file_that_comes_later_makes_the_answer_stale(story: Story) -> None:
    _, job = await break_it(story, results=None)
    assert (await story.answer(job))["new_failures"]["count"] == 0
    headers = {"DCI-NAME": "r.xml", "DCI-JOB-ID": job, "DCI-MIME": "application/junit"}
    await story.people["lab"].post(
        "/files", content=junit(opens="passed", closes="boom").encode(), headers=headers
    )
    assert (await story.answer(job))["new_failures"]["count"] == 1


async def test_a_pass_with_the_same_components_makes_a_test_suspicious(story: Story) -> None:
    _, job = await break_it(story)
    assert (await story.answer(job))["flaky"] == []
    await story.people["user"].post(f"/jobs/{job}/retry")
    tests = junit(opens="bang", closes="passed")
    await story.run("lab", job, test=BAD, failed="test", results=tests)
    await story.settle()
    answer = await story.answer(job)
    (flaky,) = answer["flaky"]
    assert flaky["name"] == "opens"
    assert flaky["evidence"]["passed_with_same_components"] == [job]


async def test_without_a_passed_job_of_the_lab_another_lab_of_the_team_is_asked(
    story: Story,
) -> None:
    await story.publish()
    good = await story.run("other lab", await story.queued("other lab"))
    rival = await story.run("rival lab", await story.queued("rival lab"))
    job = await story.ran(test=BAD, failed="test")
    answer = await story.answer(job)
    assert [one["job_id"] for one in answer["compared_with"]] == [good]
    assert answer["compared_with"][0]["why"] == "passed in another lab of the team"
    assert rival not in str(answer)
    assert answer["lines"][0]["text"].startswith("E ")


async def test_a_lab_that_never_passes_is_compared_with_what_it_did_before(story: Story) -> None:
    first = await story.ran(test=BAD, failed="test", results=junit(opens="passed", closes="boom"))
    worse = BAD.replace("1 failed", "E       OSError: no ring at all\n2 failed")
    job = await story.ran(test=worse, failed="test", results=junit(opens="bang", closes="boom"))
    answer = await story.answer(job)
    assert [(one["job_id"], one["result"]) for one in answer["compared_with"]] == [
        (first, "failed")
    ]
    assert [one["text"] for one in answer["lines"]] == ["E       OSError: no ring at all"]
    assert [one["name"] for one in answer["new_failures"]["tests"]] == ["opens"]


async def test_a_first_job_tells_what_looks_like_trouble(story: Story) -> None:
    job = await story.ran(prepare="fetching\nE: Unable to locate package ring\n", failed="prepare")
    answer = await story.answer(job)
    assert (answer["result"], answer["stage"]["name"]) == ("errored", "prepare")
    assert [one["text"] for one in answer["lines"]] == ["E: Unable to locate package ring"]
    assert answer["compared_with"] == [] and answer["components_changed"] == []
    assert step(answer, "baselines")["found"].startswith("no comparable job")


async def test_a_job_that_did_not_fail_needs_no_answer(story: Story) -> None:
    job = await story.ran()
    answer = await story.answer(job)
    assert answer["steps"] == [
        {"name": "result", "found": "the job passed: nothing to explain", "left_out": None}
    ]
    await story.publish()
    waiting = await story.answer(await story.queued("lab"))
    assert (waiting["at"], waiting["steps"][0]["found"]) == (None, "the job is not finished yet")


async def test_a_job_of_a_dci_client_is_told_by_its_words(story: Story) -> None:
    lab = story.people["lab"]
    job = (await lab.post("/jobs", json={"components": [], "topic_id": story.ids["topic"]})).json()
    job_id = job["job"]["id"]
    for word in ("pre-run", "running", "failure"):
        body = {"job_id": job_id, "status": word, "comment": f"it is {word}"}
        assert (await lab.post("/jobstates", json=body)).status_code == 201
    await story.settle()
    answer = await story.answer(job_id)
    assert (answer["stage"]["name"], answer["stage"]["step"]) == ("test", "it is running")
    assert step(answer, "log")["found"] == "the job has no log"


async def test_what_others_do_moves_nobodys_answer(story: Story) -> None:
    _, job = await break_it(story)
    before = await story.answer(job)
    tests = junit(opens="passed", closes="boom")
    theirs = await story.run("rival lab", await story.queued("rival lab"), test=BAD, failed="test",
                             results=tests)  # fmt: skip
    await story.settle()
    assert await story.answer(job) == before
    seen = await story.answer(job, "admin")
    assert seen["groups"][0]["elsewhere"]["last_seen"]["job_id"] == theirs
    assert seen["groups"][0]["verdict"]["text"] == "everyone"
    assert {name: seen[name] for name in before if name not in ("groups", "steps")} == {
        name: before[name] for name in before if name not in ("groups", "steps")
    }
    refused = await story.people["rival"].get(f"/jobs/{job}/answer")
    assert refused.status_code == 401


async def test_a_kept_answer_costs_a_handful_of_statements(story: Story) -> None:
    _, job = await break_it(story)
    address = f"/jobs/{job}/answer"
    await story.people["user"].get(address)
    answer = await story.people["user"].get(address)
    count = int(answer.headers["server-timing"].rpartition("desc=")[2].strip('"'))
    assert count <= 6
