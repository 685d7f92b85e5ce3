"""Things of jobs: states, files, results, pipelines."""

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from tests.conformance.contract.scene import Scene, Thing, thing
from tests.conformance.contract.things import add_component, add_job, add_topic


@thing("jobstate")
async def _jobstate(scene: Scene, tx: Transaction) -> Thing:
    """What the owning team's lab posted of `job`."""
    made = new_id()
    await tx.execute(
        "INSERT INTO jobstates (id, created_at, status, job_id, team_id)"
        " VALUES ($1, $2, 'running', $3, $4)",
        made,
        tx.now,
        await scene.id("job", tx),
        await scene.id("team", tx),
    )
    return Thing(made, "jobstates")


@thing("state_file")
async def _state_file(scene: Scene, tx: Transaction) -> Thing:
    """A file tied to the jobstate."""
    return await scene.insert(
        tx,
        "files",
        name="task.txt",
        mime="text/plain",
        sha256="0" * 64,
        size=1,
        object_key="nowhere",
        job_id=await scene.id("job", tx),
        jobstate_id=await scene.id("jobstate", tx),
        team_id=await scene.id("team", tx),
    )


@thing("pipeline")
async def _pipeline(scene: Scene, tx: Transaction) -> Thing:
    team = await scene.id("team", tx)
    return await scene.insert(tx, "pipelines", name=scene.new("pipeline"), team_id=team)


@thing("other_pipeline")
async def _other_pipeline(scene: Scene, tx: Transaction) -> Thing:
    team = await scene.id("other_team", tx)
    return await scene.insert(tx, "pipelines", name=scene.new("pipeline"), team_id=team)


@thing("piped_job")
async def _piped_job(scene: Scene, tx: Transaction) -> Thing:
    pipeline = await scene.id("pipeline", tx)
    return await add_job(scene, tx, "lab", "team", "component", pipeline_id=pipeline)


@thing("chained_topic")
async def _chained_topic(scene: Scene, tx: Transaction) -> Thing:
    """A topic that `next_topic` follows, which has a component of its type."""
    following = await scene.id("next_topic", tx)
    await add_component(scene, tx, "next_topic", None)
    return await add_topic(scene, tx, "chained", "product", next_topic_id=following)


@thing("chained_job")
async def _chained_job(scene: Scene, tx: Transaction) -> Thing:
    """A job of a topic that another one follows."""
    topic = await scene.id("chained_topic", tx)
    made = await add_job(scene, tx, "lab", "team", "component")
    await tx.execute("UPDATE jobs SET topic_id = $2 WHERE id = $1", made.id, topic)
    return made


@thing("sleeping_topic")
async def _sleeping_topic(scene: Scene, tx: Transaction) -> Thing:
    return await add_topic(scene, tx, "sleeping", "product", state="inactive")


@thing("empty_topic")
async def _empty_topic(scene: Scene, tx: Transaction) -> Thing:
    """Its one component type has no component."""
    return await add_topic(scene, tx, "empty", "product")


@thing("twice_topic")
async def _twice_topic(scene: Scene, tx: Transaction) -> Thing:
    """It names its component type twice."""
    return await add_topic(scene, tx, "twice", "product", component_types=["build", "build"])


@thing("twice_component")
async def _twice_component(scene: Scene, tx: Transaction) -> Thing:
    return await add_component(scene, tx, "twice_topic", None)


@thing("second_component")
async def _second_component(scene: Scene, tx: Transaction) -> Thing:
    """Of the same topic and type as `component`."""
    return await add_component(scene, tx, "topic", None)


@thing("foreign_component")
async def _foreign_component(scene: Scene, tx: Transaction) -> Thing:
    """Of another topic than `component`, one that the owning team reaches too."""
    return await add_component(scene, tx, "next_topic", None)


@thing("inactive_component")
async def _inactive_component(scene: Scene, tx: Transaction) -> Thing:
    return await add_component(scene, tx, "topic", None, state="inactive")


@thing("event")
async def _event(scene: Scene, tx: Transaction) -> Thing:
    """The end of `job`, as the list of ends has it."""
    number = await tx.fetchval(
        "INSERT INTO jobs_events (created_at, job_id, topic_id, team_id, status)"
        " VALUES ($1, $2, $3, $4, 'success') RETURNING id",
        tx.now,
        await scene.id("job", tx),
        await scene.id("topic", tx),
        await scene.id("team", tx),
    )
    return Thing(number, "jobs_events")


@thing("first_job")
async def _first_job(scene: Scene, tx: Transaction) -> Thing:
    """The job that `second_job` is compared with: same topic, lab and name, an hour earlier."""
    second = await scene.id("second_job", tx)
    made = await add_job(scene, tx, "lab", "team", "component")
    await tx.execute(
        "UPDATE jobs SET created_at = created_at - interval '1 hour',"
        " name = (SELECT name FROM jobs WHERE id = $2) WHERE id = $1",
        made.id,
        second,
    )
    return made


@thing("second_job")
async def _second_job(scene: Scene, tx: Transaction) -> Thing:
    return await add_job(scene, tx, "lab", "team", "component")


@thing("result_file")
async def _result_file(scene: Scene, tx: Transaction) -> Thing:
    """What was uploaded last for `second_job`."""
    job = await scene.id("second_job", tx)
    found = await tx.fetchval(
        "SELECT id FROM files WHERE job_id = $1 ORDER BY created_at DESC, id LIMIT 1", job
    )
    return Thing(found, "files")


@thing("counter")
async def _counter(_: Scene, __: Transaction) -> Thing:
    """How far the reader of ends is; there is one for all."""
    return Thing("jobs_events", "(SELECT name AS id, etag FROM counters) AS counters")
