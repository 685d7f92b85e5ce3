"""Two jobs, component versions, labs and times: categories, filters, and who sees what."""

from typing import Any

import pytest

from tests.control.people import count_statements
from tests.control.tests.track import Track, id_of

WHO = "red user"


async def compare(track: Track, who: str, left: str, right: str, **params: Any) -> dict[str, Any]:
    answer = await track.ask(who, "/comparisons", left=left, right=right, **params)
    assert answer["_meta"]["count"] >= len(answer["comparison"]["cases"])
    found: dict[str, Any] = answer["comparison"]
    return found


def categories(found: dict[str, Any]) -> dict[str, str]:
    """Category by name of the test."""
    return {case["test"]["name"]: case["category"] for case in found["cases"]}


LEFT = {
    "breaks": "passed", "mends": "failed", "stays bad": "failed", "stays good": "passed",
    "goes": "passed", "is skipped now": "passed", "runs now": "skipped", "skipped": "skipped",
    "skipped and goes": "skipped",
}  # fmt: skip
RIGHT = {
    "breaks": "errored", "mends": "passed", "stays bad": "errored", "stays good": "passed",
    "comes bad": "failed", "comes good": "passed", "comes skipped": "skipped",
    "is skipped now": "skipped", "runs now": "failed", "skipped": "skipped",
}  # fmt: skip
TOLD = {
    "breaks": "regression", "mends": "fixed", "stays bad": "still_failing",
    "comes bad": "new_failure", "comes good": "new_pass", "comes skipped": "appeared",
    "goes": "disappeared", "is skipped now": "disappeared", "runs now": "new_failure",
    "skipped and goes": "disappeared",
}  # fmt: skip


async def test_two_jobs_are_compared_test_by_test(track: Track) -> None:
    left, right = await track.run(LEFT), await track.run(RIGHT)
    found = await compare(track, WHO, f"job:{left}", f"job:{right}")
    assert categories(found) == TOLD
    assert found["counts"] == {
        "regression": 1, "new_failure": 2, "still_failing": 1, "fixed": 1, "new_pass": 1,
        "appeared": 1, "disappeared": 3, "unchanged": 2,
    }  # fmt: skip
    first = found["cases"][0]
    assert first["test"] == {
        "id": id_of("breaks"), "suite": "ring", "classname": "c", "name": "breaks"
    }  # fmt: skip
    assert first["left"] == {"outcome": "passed", "runs": 1, "failed": 0}
    assert first["right"] == {"outcome": "errored", "runs": 1, "failed": 1}
    assert found["left"]["jobs"] == found["right"]["jobs"] == 1
    assert (found["left"]["runs"], found["right"]["runs"]) == (6, 7)
    assert found["left"]["label"].startswith("nightly of 2026-01-01")


async def test_every_kind_of_side_says_the_same_of_the_same_runs(track: Track) -> None:
    await track.run(LEFT, lab="red lab", build="build 1")
    await track.run(RIGHT, lab="blue lab", build="build 2", hours=24)
    days = [row.at.date() for row in (track.rows[0], track.rows[-1])]
    machines = track.shelf.world.machines
    for left, right in (
        [f"component:{track.components[name]}" for name in ("build 1", "build 2")],
        [f"lab:{machines[name]}" for name in ("red lab", "blue lab")],
        [f"dates:{day}..{day}" for day in days],
    ):
        found = await compare(track, "epm", left, right)
        assert categories(found) == TOLD, left
        assert found["counts"]["unchanged"] == 2
        assert (found["left"]["runs"], found["right"]["runs"]) == (6, 7)


async def test_names_choose_before_and_categories_after(track: Track) -> None:
    left, right = await track.run(LEFT), await track.run(RIGHT)
    sides = f"job:{left}", f"job:{right}"
    found = await compare(track, WHO, *sides, q="COMES", category="new_failure,appeared")
    assert sum(found["counts"].values()) == 3
    assert categories(found) == {"comes bad": "new_failure", "comes skipped": "appeared"}
    assert (await compare(track, WHO, *sides, suite="other"))["counts"]["regression"] == 0
    same = await compare(track, WHO, *sides, suite="ring", category="unchanged")
    assert categories(same) == {"stays good": "unchanged", "skipped": "unchanged"}
    page = await compare(track, WHO, *sides, limit=2, offset=1)
    assert list(categories(page).values()) == ["new_failure", "new_failure"]


async def test_a_share_tells_regressions_from_noise(track: Track) -> None:
    for word in ("passed", "passed", "passed", "failed"):
        await track.run({"noisy": word, "broken": "passed"}, build="build 1")
    for word in ("passed", "passed", "failed", "failed"):
        await track.run({"noisy": word, "broken": "failed"}, build="build 2")
    sides = [f"component:{track.components[name]}" for name in ("build 1", "build 2")]
    found = await compare(track, WHO, sides[0], sides[1])
    assert categories(found) == {"noisy": "still_failing", "broken": "regression"}
    found = await compare(track, WHO, sides[0], sides[1], share=0.75, category="regression")
    assert categories(found) == {"broken": "regression"}
    assert found["cases"][0]["right"] == {"outcome": "failed", "runs": 4, "failed": 4}


async def test_a_partner_compares_its_own_runs(track: Track) -> None:
    await track.run({"a": "passed"}, lab="red lab", build="build 1")
    await track.run({"a": "failed", "theirs": "failed"}, lab="blue lab", build="build 1")
    theirs = await track.run({"a": "failed", "theirs": "failed"}, lab="blue lab", build="build 2")
    await track.run({"a": "passed"}, lab="red lab", build="build 2")
    one, two = (f"component:{track.components[name]}" for name in ("build 1", "build 2"))
    found = await compare(track, "red user", one, two, category="unchanged,still_failing")
    assert categories(found) == {"a": "unchanged"}
    assert found["cases"][0]["left"] == {"outcome": "passed", "runs": 1, "failed": 0}
    found = await compare(track, "epm", one, two)
    assert categories(found) == {"a": "still_failing", "theirs": "still_failing"}
    blue = str(track.shelf.world.teams["blue"])
    found = await compare(track, "epm", one, two, team_id=blue)
    assert found["cases"][0]["left"]["runs"] == 1
    world = track.shelf.world
    topic = track.shelf.topic_id
    lab = world.machines["blue lab"]
    for hidden in (f"job:{theirs}", f"lab:{lab}"):
        asked = f"/comparisons?left={hidden}&right={one}&topic_id={topic}"
        assert (await world["red user"].get(asked)).status_code == 401, hidden


@pytest.mark.parametrize(
    "asked",
    [
        "right=dates:2026-01-01..2026-01-01", "left=job:x&right=job:y", "left=dates:2026-01-01",
        "left=dates:2026-01-02..2026-01-01&right=dates:2026-01-01..2026-01-02",
        "left=dates:2026-01-01..2026-01-02&right=dates:2026-01-01..2026-01-02",
        "left=thing:1&right=thing:2", "left={side}&right={side}&category=worse",
        "left={side}&right={side}&share=2", "left={side}&right={side}&share=nan",
        "left={side}&right={side}&nonsense=1",
    ],
)  # fmt: skip
async def test_sides_that_make_no_sense_are_refused(track: Track, asked: str) -> None:
    job = await track.run({"a": "passed"})
    path = f"/comparisons?{asked.format(side=f'job:{job}')}"
    assert (await track.shelf.world["epm"].get(path)).status_code == 400


async def test_a_job_of_another_topic_is_not_compared_in_this_one(track: Track) -> None:
    job = await track.run({"a": "passed"})
    other = await track.shelf.job("red lab")
    await track.shelf.world.sql(
        "WITH t AS (INSERT INTO topics (id, created_at, updated_at, etag, name, product_id)"
        " SELECT gen_random_uuid(), created_at, updated_at, etag, 'other', product_id FROM topics"
        " LIMIT 1 RETURNING id) UPDATE jobs SET topic_id = t.id FROM t WHERE jobs.id = $1::uuid",
        other,
    )
    sides = {"left": f"job:{job}", "right": f"job:{other}"}
    world = track.shelf.world
    here = sides | {"topic_id": str(track.shelf.topic_id)}
    assert (await world["epm"].get("/comparisons", params=here)).status_code == 400
    found = (await world.get("epm", "/comparisons", **sides))["comparison"]
    assert categories(found) == {"a": "disappeared"}


async def test_a_comparison_takes_a_fixed_number_of_statements(track: Track) -> None:
    for number in range(6):
        words = {f"t{n}": "failed" if n == number else "passed" for n in range(6)}
        await track.run(words, build=f"build {number % 2}", lab=("red lab", "blue lab")[number % 2])
    one, two = (f"component:{track.components[name]}" for name in ("build 0", "build 1"))
    await compare(track, "epm", one, two)
    counter = count_statements()
    await compare(track, "epm", one, two, q="t")
    assert counter[0] <= 14
