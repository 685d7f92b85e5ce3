"""Things of the routes that DCI has not: definitions, rules, groups, targets, keys, tokens."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from ringtest.control.db.pool import Transaction
from tests.conformance.contract.scene import Scene, Thing, thing

SPEC: dict[str, Any] = {
    "timeout_seconds": 60,
    "isolation": "none",
    "stages": {"prepare": [], "test": [{"name": "run", "run": "true"}], "collect": []},
    "artifacts": [],
}


@thing("definition")
async def _definition(scene: Scene, tx: Transaction) -> Thing:
    topic = await scene.id("topic", tx)
    return await scene.insert(
        tx, "job_definitions", name=scene.new("definition"), topic_id=topic, spec=SPEC
    )


@thing("rule")
async def _rule(scene: Scene, tx: Transaction) -> Thing:
    return await scene.insert(
        tx,
        "trigger_rules",
        name=scene.new("rule"),
        topic_id=await scene.id("topic", tx),
        definition_id=await scene.id("definition", tx),
    )


@thing("group")
async def _group(scene: Scene, tx: Transaction) -> Thing:
    """A failure that the owning team's job had."""
    topic, job = await scene.id("topic", tx), await scene.id("job", tx)
    made = uuid4()
    await tx.execute(
        "INSERT INTO failure_groups (id, created_at, updated_at, topic_id, signature, algorithm,"
        " kind, template, first_seen_at, last_seen_at)"
        " VALUES ($1, $2, $2, $3, 'signature', 1, 'stage', 'it broke', $2, $2)",
        made,
        tx.now,
        topic,
    )
    await tx.execute(
        "INSERT INTO failure_occurrences (group_id, job_id, team_id, remoteci_id, topic_id,"
        " set_key, created_at, stage) VALUES ($1, $2, $3, $4, $5, 'key', $6, 'test')",
        made,
        job,
        await scene.id("team", tx),
        await scene.id("lab", tx),
        topic,
        tx.now,
    )
    return Thing(made, "failure_groups")


async def _group_beside(scene: Scene, tx: Transaction, **values: Any) -> Thing:
    """Another failure of the owning team's job."""
    topic, made = await scene.id("topic", tx), uuid4()
    await tx.execute(
        "INSERT INTO failure_groups (id, created_at, updated_at, topic_id, signature, algorithm,"
        " kind, template, first_seen_at, last_seen_at, merged_into, shown_id, stands_for)"
        " VALUES ($1, $2, $2, $3, $4, 1, 'stage', 'it broke too', $2, $2, $5, $5, $5)",
        made,
        tx.now,
        topic,
        scene.new("signature"),
        values.get("into"),
    )
    return Thing(made, "failure_groups")


@thing("archived_file")
async def _archived_file(scene: Scene, tx: Transaction) -> Thing:
    """A month of the owning team, long ago."""
    made = uuid4()
    topic, team = await scene.id("topic", tx), await scene.id("team", tx)
    key = f"archive/{topic}/2020-01/{team}/{made}.parquet"
    await scene.stage.parts.objects.put(key, _bytes(b"PAR1"), limit=10)
    await tx.execute(
        "INSERT INTO archived_months (id, topic_id, month, team_id, version, object_key, bytes,"
        " digest) VALUES ($1, $2, '2020-01-01', $3, 1, $4, 4, 'digest')",
        made,
        topic,
        team,
        key,
    )
    return Thing(made, "archived_months")


async def _bytes(content: bytes) -> AsyncIterator[bytes]:
    yield content


@thing("second_group")
async def _second_group(scene: Scene, tx: Transaction) -> Thing:
    return await _group_beside(scene, tx)


@thing("merged_group")
async def _merged_group(scene: Scene, tx: Transaction) -> Thing:
    return await _group_beside(scene, tx, into=await scene.id("group", tx))


@thing("issue")
async def _issue(scene: Scene, tx: Transaction) -> Thing:
    """A rule of the owning team."""
    return await scene.insert(
        tx,
        "known_issues",
        name=scene.new("issue"),
        kind="text",
        pattern="it broke",
        owner="somebody",
        team_id=await scene.id("team", tx),
    )


@thing("target")
async def _target(scene: Scene, tx: Transaction) -> Thing:
    return await scene.insert(
        tx,
        "report_targets",
        name=scene.new("target"),
        channel="webhook",
        address="https://8.8.8.8/",
        topic_id=await scene.id("topic", tx),
        team_id=await scene.id("team", tx),
        by_member=True,
    )


@thing("delivery")
async def _delivery(scene: Scene, tx: Transaction) -> Thing:
    """A report that was given up."""
    made = uuid4()
    await tx.execute(
        "INSERT INTO deliveries (id, created_at, updated_at, target_id, group_id, team_id,"
        " topic_id, status, subject, body, next_at)"
        " VALUES ($1, $2, $2, $3, $4, $5, $6, 'failed', 's', '{}', $2)",
        made,
        tx.now,
        await scene.id("target", tx),
        await scene.id("group", tx),
        await scene.id("team", tx),
        await scene.id("topic", tx),
    )
    return Thing(made, "deliveries")


@thing("key")
async def _key(scene: Scene, tx: Transaction) -> Thing:
    """The key of the owning team's lab."""
    return await _key_of(await scene.get("lab", tx), tx)


@thing("feeder_key")
async def _feeder_key(scene: Scene, tx: Transaction) -> Thing:
    return await _key_of(await scene.get("own_feeder", tx), tx)


async def _key_of(machine: Thing, tx: Transaction) -> Thing:
    found = await tx.fetchval("SELECT id FROM credentials WHERE holder_id = $1", machine.id)
    return Thing(found, "credentials")


@thing("token")
async def _token(scene: Scene, tx: Transaction) -> Thing:
    """A token of the owning team's user."""
    return await scene.insert(
        tx,
        "api_tokens",
        name=scene.new("token"),
        holder_kind="user",
        holder_id=await scene.id("user", tx),
        scopes=["read"],
        token_hash=scene.new("hash").encode(),
        hint="abcd",
        expires_at=tx.now.replace(year=tx.now.year + 1),
    )


@thing("finished_job")
async def _finished_job(scene: Scene, tx: Transaction) -> Thing:
    """The job, ended."""
    job = await scene.get("job", tx)
    await tx.execute(
        "UPDATE jobs SET status = 'finished', result = 'failed', finished_at = $2,"
        " definition_id = $3 WHERE id = $1",
        job.id,
        tx.now,
        await scene.id("definition", tx),
    )
    return job


@thing("held_job")
async def _held_job(scene: Scene, tx: Transaction) -> Thing:
    """The job, ended; its lab keeps what it left."""
    job = await scene.get("finished_job", tx)
    await tx.execute(
        "INSERT INTO job_holds (job_id, team_id, attempt, host, shell, created_at, until)"
        " VALUES ($1, $2, 1, 'rack-7', 'cd /srv/work', $3, $4)",
        job.id,
        await scene.id("team", tx),
        tx.now,
        tx.now + timedelta(hours=4),
    )
    return job


@thing("told_job")
async def _told_job(scene: Scene, tx: Transaction) -> Thing:
    """The job, of an agent that told what its machine is made of."""
    job = await scene.get("job", tx)
    team, lab = await scene.id("team", tx), await scene.id("lab", tx)
    await tx.execute(
        "INSERT INTO lab_inventories (id, created_at, remoteci_id, team_id, agent, digest, labels,"
        " inventory) VALUES (gen_random_uuid(), $1, $2, $3, 'rack-7/1', 'd', '{}',"
        """ '{"cpu": {"threads": 8}}')""",
        tx.now,
        lab,
        team,
    )
    await tx.execute(
        "INSERT INTO job_attempts (job_id, team_id, number, agent, lease_token, claimed_at,"
        " lease_expires_at) VALUES ($1, $2, 1, 'rack-7/1', 'token', $3, $3)",
        job.id,
        team,
        tx.now,
    )
    await tx.execute("UPDATE jobs SET attempt = 1 WHERE id = $1", job.id)
    return job


@thing("controller")
async def _controller(scene: Scene, tx: Transaction) -> Thing:
    """What the lab stands for."""
    return await scene.insert(
        tx,
        "ci_controllers",
        name=scene.new("controller"),
        kind="jenkins",
        url="https://ci.example/",
        secret=b"sealed",
        remoteci_id=await scene.id("lab", tx),
        team_id=await scene.id("team", tx),
    )


@thing("built_job")
async def _built_job(scene: Scene, tx: Transaction) -> Thing:
    """The job, with a build on the lab's controller."""
    job = await scene.get("job", tx)
    await tx.execute(
        "INSERT INTO ci_builds (id, created_at, job_id, team_id, controller_id, attempt, lease,"
        " name, parameters, offered, artifacts, due_at, ended_at)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, 1, '', 'smoke', '{}', '{}', '[]', $1, $1)",
        tx.now,
        job.id,
        await scene.id("team", tx),
        await scene.id("controller", tx),
    )
    return job


@thing("asked_run")
async def _asked_run(scene: Scene, tx: Transaction) -> Thing:
    """A question of the vendor to the lab."""
    run_id: UUID = await tx.fetchval(
        "INSERT INTO lab_runs (id, created_at, updated_at, remoteci_id, team_id, topic_id,"
        " product_id, asker_team_id, asker_name, name, spec, status, expires_at, components_ids)"
        " SELECT gen_random_uuid(), $1, $1, $2, $3, t.id, t.product_id, e.id, 'jo', 'check',"
        " $5::jsonb, 'asked', $6, '{}' FROM topics t, teams e"
        " WHERE t.id = $4 AND e.name = 'EPM' RETURNING id",
        tx.now,
        await scene.id("lab", tx),
        await scene.id("team", tx),
        await scene.id("topic", tx),
        SPEC,
        tx.now + timedelta(days=1),
    )
    return Thing(run_id, "lab_runs")


@thing("defined_job")
async def _defined_job(scene: Scene, tx: Transaction) -> Thing:
    """The job, waiting for its lab's agent."""
    job = await scene.get("job", tx)
    definition = await scene.id("definition", tx)
    await tx.execute("UPDATE jobs SET definition_id = $2 WHERE id = $1", job.id, definition)
    return job


@thing("test_id")
async def _test_id(scene: Scene, tx: Transaction) -> Thing:
    """Of a test that nobody ran."""
    return Thing("0123456789abcdef", "")


@thing("tomorrow")
async def _tomorrow(scene: Scene, tx: Transaction) -> Thing:
    """A time."""
    return Thing((tx.now + timedelta(days=1)).isoformat(), "")


@thing("upload_metadata")
async def _upload_metadata(scene: Scene, tx: Transaction) -> Thing:
    """What the header says of a file for the owning team's job."""
    job = base64.b64encode(str(await scene.id("job", tx)).encode()).decode()
    return Thing(f"filename YS50eHQ=,job_id {job}", "")


@thing("upload")
async def _upload(scene: Scene, tx: Transaction) -> Thing:
    """The owning team's user has begun it."""
    made = uuid4()
    await tx.execute(
        "INSERT INTO uploads (id, created_at, updated_at, expires_at, owner_id, team_id, size,"
        " metadata) VALUES ($1, $2, $2, $3, $4, $5, 3, $6)",
        made,
        tx.now,
        tx.now + timedelta(days=1),
        await scene.id("user", tx),
        await scene.id("team", tx),
        {"name": "a.txt", "job_id": str(await scene.id("job", tx))},
    )
    return Thing(made, "uploads")
