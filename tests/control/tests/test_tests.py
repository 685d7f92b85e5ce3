"""Search, history and flaky tests: what is told, to whom, and in how many statements."""

from typing import Any

import pytest

from tests.control.people import count_statements
from tests.control.tests.track import Track, id_of

WHO = "red user"


async def history(track: Track, name: str, who: str = WHO, **params: Any) -> dict[str, Any]:
    answer = await track.ask(who, f"/tests/{id_of(name)}/history", **params)
    found: dict[str, Any] = answer["history"]
    return found


async def test_tests_are_found_by_part_of_their_full_name(track: Track) -> None:
    await track.run({"test_boot": "passed", "test_Reboot": "skipped", "test_disk": "failed"})
    found = await track.ask(WHO, "/tests", q="BOOT")
    assert [test["name"] for test in found["tests"]] == ["test_Reboot", "test_boot"]
    assert found["_meta"]["count"] == 2
    assert found["tests"][1] == {
        "id": id_of("test_boot"),
        "suite": "ring",
        "classname": "c",
        "name": "test_boot",
        "last_seen_at": track.rows[0].at.isoformat(),
    }
    page = await track.ask(WHO, "/tests", q="ring c", limit=1, offset=2)
    assert [test["name"] for test in page["tests"]] == ["test_disk"]
    assert page["_meta"]["count"] == 3
    assert (await track.ask(WHO, "/tests", q="100%"))["tests"] == []


async def test_search_is_of_the_days_asked_for(track: Track) -> None:
    await track.run({"old": "passed"})
    await track.run({"young": "passed"}, hours=40 * 24)
    names = [test["name"] for test in (await track.ask(WHO, "/tests"))["tests"]]
    assert names == ["young"]
    first = track.rows[0].at.date()
    found = await track.ask(WHO, "/tests", **{"from": first, "to": first})
    assert [test["name"] for test in found["tests"]] == ["old"]


async def test_a_failing_test_tells_since_when_and_what_changed(track: Track) -> None:
    await track.run({"a": "passed"}, build="build 1")
    good = await track.run({"a": "passed"}, build="build 2")
    bad = await track.run({"a": "failed"}, build="build 3")
    await track.run({"a": "skipped"}, build="build 4")
    newest = await track.run({"a": "errored"}, build="build 5", hours=30)
    found = await history(track, "a")
    assert found["test"]["name"] == "a"
    assert found["last_good"]["job_id"] == good
    assert found["first_bad"]["job_id"] == bad
    assert [(c["type"], c["before"]["version"], c["after"]["version"]) for c in
            found["difference"]] == [("build", "2", "3")]  # fmt: skip
    run = found["runs"][0]
    assert (run["job_id"], run["outcome"], run["state"]) == (newest, "errored", "added")
    assert (run["seconds"], run["position"], run["retried"]) == (0.25, 0, False)
    assert (run["remoteci"]["name"], run["team"]["name"]) == ("red lab", "red")
    assert [one["outcome"] for one in found["runs"]] == [
        "errored", "skipped", "failed", "passed", "passed",
    ]  # fmt: skip


async def test_a_test_that_passes_everywhere_is_last_good_in_its_newest_run(track: Track) -> None:
    await track.run({"a": "failed"}, build="build 1")
    newest = await track.run({"a": "passed"}, build="build 2")
    found = await history(track, "a")
    assert (found["last_good"]["job_id"], found["first_bad"]) == (newest, None)
    assert found["difference"] == []


async def test_the_lab_that_fails_longest_tells_since_when(track: Track) -> None:
    good = await track.run({"a": "passed"}, lab="blue lab", build="build 1")
    await track.run({"a": "passed"}, lab="red lab", build="build 1")
    bad = await track.run({"a": "failed"}, lab="blue lab", build="build 2")
    red = await track.run({"a": "failed"}, lab="red lab", build="build 3")
    await track.run({"a": "failed"}, lab="blue lab", build="build 3")
    found = await history(track, "a", "epm")
    assert (found["last_good"]["job_id"], found["first_bad"]["job_id"]) == (good, bad)
    assert (await history(track, "a", "red user"))["first_bad"]["job_id"] == red


async def test_a_test_that_never_passed_has_no_last_good(track: Track) -> None:
    bad = await track.run({"a": "failed"})
    await track.run({"a": "errored"})
    found = await history(track, "a")
    assert (found["last_good"], found["first_bad"]["job_id"]) == (None, bad)


async def test_flips_need_the_same_components_and_retries_do_not(track: Track) -> None:
    await track.run({"flips": "passed", "breaks": "passed", "again": "passed", "both": "failed"})
    await track.run({"flips": "failed", "breaks": "passed", "again": "flaky", "both": "flaky"})
    await track.run(
        {"flips": "failed", "breaks": "failed", "again": "passed", "both": "passed"},
        build="build 2",
    )
    answer = await track.shelf.world.get(WHO, f"/topics/{track.shelf.topic_id}/flaky_tests")
    by_name = {one["test"]["name"]: one for one in answer["flaky_tests"]}
    assert by_name.keys() == {"flips", "again", "both"}
    assert answer["_meta"]["count"] == 3 and answer["_meta"]["complete"]
    both = by_name["both"]
    assert (both["flips"], both["retried"], both["unsteady"], both["runs"]) == (1, 1, 1, 3)
    assert (both["score"], both["failed"], both["labs"]) == (0.3333, 1, 1)
    assert both["low"] < both["score"] < both["high"]
    assert (by_name["flips"]["flips"], by_name["flips"]["failed"]) == (1, 2)
    assert (by_name["again"]["flips"], by_name["again"]["retried"]) == (0, 1)
    assert by_name["again"]["last_seen_at"] == track.rows[4].at.isoformat()
    assert (await history(track, "both"))["flake"] == both


async def test_much_evidence_stands_above_little(track: Track) -> None:
    for number in range(8):
        await track.run({"often": "flaky" if number % 3 else "passed"})
    await track.run({"often": "passed", "once": "flaky"})
    answer = await track.shelf.world.get(WHO, f"/topics/{track.shelf.topic_id}/flaky_tests")
    names = [one["test"]["name"] for one in answer["flaky_tests"]]
    assert names == ["often", "once"]  # 5 of 9 stand above 1 of 1


async def test_archived_files_do_not_count(track: Track) -> None:
    job = await track.run({"a": "failed"})
    await track.run({"a": "passed"})
    files = await track.shelf.world.get(WHO, f"/jobs/{job}/files")
    await track.shelf.world[WHO].delete(f"/files/{files['files'][0]['id']}")
    found = await history(track, "a")
    assert [one["outcome"] for one in found["runs"]] == ["passed"]
    assert found["flake"]["runs"] == 1 and found["flake"]["failed"] == 0


async def test_colliding_names_of_two_teams_stay_apart(track: Track) -> None:
    await track.run({"a": "passed"}, lab="red lab")
    await track.run({"a": "failed", "secret": "failed"}, lab="blue lab")
    await track.run({"a": "flaky"}, lab="blue lab")
    found = await history(track, "a", "red user")
    assert [one["team"]["name"] for one in found["runs"]] == ["red"]
    assert found["flake"]["runs"] == 1 and found["flake"]["unsteady"] == 0
    assert found["first_bad"] is None
    names = [test["name"] for test in (await track.ask("red user", "/tests"))["tests"]]
    assert names == ["a"]
    flaky = await track.shelf.world.get("red user", f"/topics/{track.shelf.topic_id}/flaky_tests")
    assert flaky["flaky_tests"] == []
    asked = f"/tests/{id_of('secret')}/history?topic_id={track.shelf.topic_id}"
    assert (await track.shelf.world["red user"].get(asked)).status_code == 404
    everyone = await history(track, "a", "epm")
    assert everyone["flake"]["runs"] == 3


@pytest.mark.parametrize(
    "path",
    [
        "/tests?topic_id={topic}&team_id={blue}",
        "/topics/{topic}/flaky_tests?team_id={blue}",
        "/topics/{topic}/flaky_tests?remoteci_id={lab}",
    ],
)
async def test_another_teams_numbers_cannot_be_asked_for(track: Track, path: str) -> None:
    world = track.shelf.world
    ids = {"topic": track.shelf.topic_id, "blue": world.teams["blue"]}
    url = path.format(**ids, lab=world.machines["blue lab"])
    assert (await world["red user"].get(url)).status_code == 401
    assert (await world["epm"].get(url)).status_code == 200


@pytest.mark.parametrize(
    "params",
    [
        "from=yesterday", "from=2026-02-30", "from=2026-02-02&to=2026-02-01", "to=9999-12-31",
        "from=2020-01-01", "limit=0", "limit=x", "offset=-1", "nonsense=1", "team_id=x",
    ],
)  # fmt: skip
async def test_bad_windows_are_refused(track: Track, params: str) -> None:
    path = f"/topics/{track.shelf.topic_id}/flaky_tests?{params}"
    assert (await track.shelf.world["epm"].get(path)).status_code in (400, 404)


@pytest.mark.parametrize("name", ["a" * 16, "A" * 16, "xyz", "0" * 17, "%00"])
async def test_unknown_tests_are_404(track: Track, name: str) -> None:
    path = f"/tests/{name}/history?topic_id={track.shelf.topic_id}"
    assert (await track.shelf.world["epm"].get(path)).status_code == 404


async def test_questions_take_a_fixed_number_of_statements(track: Track) -> None:
    for number in range(6):
        word = "failed" if number % 2 else "flaky"
        lab = "red lab" if number % 3 else "blue lab"
        await track.run({f"t{n}": word for n in range(5)}, lab=lab, build=f"build {number % 2}")
    await history(track, "t1", "epm")
    for path, most in (
        (f"/tests/{id_of('t1')}/history", 13),
        ("/tests", 6),
    ):
        counter = count_statements()
        await track.ask("epm", path)
        assert counter[0] <= most, path
    counter = count_statements()
    await track.shelf.world.get("epm", f"/topics/{track.shelf.topic_id}/flaky_tests")
    assert counter[0] <= 12
