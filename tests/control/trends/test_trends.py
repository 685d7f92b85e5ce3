"""Trends are answered to who may know, in few statements, and refuse what makes no sense."""

from typing import Any

import pytest

from tests.control.people import count_statements
from tests.control.trends.lane import Lane

OF_TOPIC = ("trend", "durations", "coverage")
OF_JOBS = ("/job_statistics?rows=status&columns=day", "/keys_values_series?key=speed")


async def _paths(lane: Lane) -> list[str]:
    return [*(f"/topics/{lane.shelf.topic_id}/{what}" for what in OF_TOPIC), *OF_JOBS]


async def test_who_does_not_reach_the_topic_gets_no_answer_about_it(lane: Lane) -> None:
    await lane.run({"a": ("passed", 1)}, number=1.0)
    await lane.shelf.world.sql("DELETE FROM products_teams RETURNING 1")
    for path in (await _paths(lane))[:3]:
        assert (await lane.shelf.world["blue user"].get(path)).status_code == 401, path
        assert (await lane.shelf.world["nobody"].get(path)).status_code == 401, path
        unknown = path.replace(str(lane.shelf.topic_id), "0" * 32)
        assert (await lane.shelf.world["epm"].get(unknown)).status_code == 404, path


async def test_a_team_or_lab_of_others_is_refused(lane: Lane) -> None:
    await lane.run({"a": ("passed", 1)}, number=1.0)
    world = lane.shelf.world
    for path in await _paths(lane):
        join = "&" if "?" in path else "?"
        for who, status in (("red user", 200), ("blue user", 401), ("epm", 200)):
            for name in (f"team_id={world.teams['red']}",
                         f"remoteci_id={world.machines['red lab']}"):  # fmt: skip
                answer = await world[who].get(f"{path}{join}{name}")
                assert answer.status_code == status, f"{who} {path} {name} {answer.text}"


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("trend", {"by": "year"}, "by: day, week or month"),
        ("trend", {"from": "2026-01-02", "to": "2026-01-01"}, "is after to"),
        ("trend", {"from": "2020-01-01"}, "at most 400 days"),
        ("durations", {"sort": "fastest"}, "sort: not by"),
        ("durations", {"baseline_from": "x"}, "baseline_from: expected a date"),
        ("durations", {"baseline_from": "2026-01-02", "baseline_to": "2026-01-01"}, "is after to"),
        ("coverage", {"kind": "x"}, "unknown parameter kind"),
        ("/job_statistics", {"rows": "status"}, "columns: which key?"),
        ("/job_statistics", {"rows": "status", "columns": "data"}, "'data' is no key"),
        ("/job_statistics", {"rows": "component_type", "columns": "day"}, "is no key"),
        ("/job_statistics", {"rows": "day", "columns": "day", "query": "a:("}, "value is missing"),
        ("/job_statistics", {"rows": "day", "columns": "day", "query": "statsu:x"}, "did you mean"),
        ("/keys_values_series", {}, "Request malformed"),
        ("/keys_values_series", {"key": "a", "query": "b name:/(/"}, "at character 3: a pattern"),
        ("/keys_values_series", {"key": "a", "query": "name:/a**/"}, "is no regular expression"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    lane: Lane, path: str, params: dict[str, str], said: str
) -> None:
    if not path.startswith("/"):
        path = f"/topics/{lane.shelf.topic_id}/{path}"
    answer = await lane.shelf.world["red user"].get(path, params=params)
    assert answer.status_code == 400, answer.text
    assert said in answer.text


async def test_few_statements_answer_however_much_ran(lane: Lane) -> None:
    for number in range(3):
        await lane.run({f"t{n}": ("passed", n) for n in range(5)}, number=float(number))
    counts: dict[str, Any] = {}
    for path in await _paths(lane):
        await lane.shelf.world["red user"].get(path)
        counter = count_statements()
        assert (await lane.shelf.world["red user"].get(path)).status_code == 200
        counts[path.partition("?")[0].rpartition("/")[2]] = counter[0]
    assert all(number <= 8 for number in counts.values()), counts


async def test_rows_of_statistics_are_those_of_most_jobs_and_days_in_their_order(
    lane: Lane,
) -> None:
    for number, name in enumerate(["x", "y", "y", "z", "z", "z"]):
        await lane.run({}, hours=24 if number else 1, tags=[name])
    found = await lane.shelf.world.get(
        "red user", "/job_statistics", rows="tag", columns="day", limit="2"
    )
    statistics = found["statistics"]
    assert [row["key"] for row in statistics["rows"]] == ["z", "y"]
    days = [column["key"] for column in statistics["columns"]]
    assert days == sorted(days) and len(days) == 6
    assert found["_meta"] == {"rows": 3, "columns": 6}
    assert {cell["row"] for cell in statistics["cells"]} == {"z", "y"}
