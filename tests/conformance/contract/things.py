"""The things that rows name: who owns what in the small world of a test.

The team of `user` and `lab` owns everything; that of `other` and `other_lab` nothing of it.
"""

from collections.abc import AsyncIterator
from uuid import uuid4

from ringtest.control.db.pool import Transaction
from tests.conformance.contract.scene import Scene, Thing, add_machine, add_user, thing


@thing("nothing")
async def _nothing(scene: Scene, tx: Transaction) -> Thing:
    """An id that nothing has."""
    return Thing(uuid4(), "teams")


@thing("team")
async def _team(scene: Scene, tx: Transaction) -> Thing:
    return await scene.insert(tx, "teams", name=scene.new("team"))


@thing("other_team")
async def _other_team(scene: Scene, tx: Transaction) -> Thing:
    return await scene.insert(tx, "teams", name=scene.new("other team"))


@thing("third_team")
async def _third_team(scene: Scene, tx: Transaction) -> Thing:
    return await scene.insert(tx, "teams", name=scene.new("third team"))


@thing("user")
async def _user(scene: Scene, tx: Transaction) -> Thing:
    return await add_user(scene, tx, "user", await scene.id("team", tx))


@thing("other")
async def _other(scene: Scene, tx: Transaction) -> Thing:
    return await add_user(scene, tx, "other", await scene.id("other_team", tx))


@thing("loner")
async def _loner(scene: Scene, tx: Transaction) -> Thing:
    return await add_user(scene, tx, "loner")


@thing("stranger")
async def _stranger(scene: Scene, tx: Transaction) -> Thing:
    """A user of no team who asks nothing: to be made a member."""
    return await add_user(scene, tx, "stranger")


@thing("lab")
async def _lab(scene: Scene, tx: Transaction) -> Thing:
    return await add_machine(scene, tx, "remotecis", "lab", await scene.id("team", tx))


@thing("other_lab")
async def _other_lab(scene: Scene, tx: Transaction) -> Thing:
    return await add_machine(scene, tx, "remotecis", "lab", await scene.id("other_team", tx))


@thing("own_feeder")
async def _own_feeder(scene: Scene, tx: Transaction) -> Thing:
    """A feeder of the owning team; the role `feeder` is of a team of its own."""
    return await add_machine(scene, tx, "feeders", "feeder", await scene.id("team", tx))


@thing("product")
async def _product(scene: Scene, tx: Transaction) -> Thing:
    """Linked to the owning team."""
    name = scene.new("product")
    made = await scene.insert(tx, "products", name=name, label=name.upper())
    team = await scene.id("team", tx)
    await tx.execute("INSERT INTO products_teams VALUES ($1, $2)", made.id, team)
    return made


@thing("unlinked_product")
async def _unlinked_product(scene: Scene, tx: Transaction) -> Thing:
    """Of no team."""
    name = scene.new("unlinked product")
    return await scene.insert(tx, "products", name=name, label=name.upper())


async def add_topic(
    scene: Scene, tx: Transaction, word: str, product: str, **more: object
) -> Thing:
    """A topic that is export controlled, so that its product's teams reach it."""
    values = {"export_control": True, "component_types": ["build"], **more}
    product_id = await scene.id(product, tx)
    return await scene.insert(tx, "topics", name=scene.new(word), product_id=product_id, **values)


@thing("topic")
async def _topic(scene: Scene, tx: Transaction) -> Thing:
    return await add_topic(scene, tx, "topic", "product", data={"registry": "secret"})


@thing("next_topic")
async def _next_topic(scene: Scene, tx: Transaction) -> Thing:
    return await add_topic(scene, tx, "next topic", "product")


@thing("pre_release_topic")
async def _pre_release_topic(scene: Scene, tx: Transaction) -> Thing:
    """Not export controlled: for teams with pre-release access alone."""
    return await add_topic(scene, tx, "early topic", "product", export_control=False)


async def add_component(
    scene: Scene, tx: Transaction, topic: str, team: str | None, **more: object
) -> Thing:
    """An active component of a topic; team None: of everyone who reaches the topic."""
    name = scene.new("build")
    values = {"name": name, "display_name": name, "version": "1", "type": "build", **more}
    return await scene.insert(
        tx,
        "components",
        topic_id=await scene.id(topic, tx),
        team_id=await scene.id(team, tx) if team else None,
        released_at=tx.now,
        **values,
    )


@thing("component")
async def _component(scene: Scene, tx: Transaction) -> Thing:
    """A component of nobody's: everyone who reaches its topic has it."""
    return await add_component(scene, tx, "topic", None)


@thing("team_component")
async def _team_component(scene: Scene, tx: Transaction) -> Thing:
    return await add_component(scene, tx, "topic", "team")


@thing("hidden_component")
async def _hidden_component(scene: Scene, tx: Transaction) -> Thing:
    """Of a topic that is not export controlled."""
    return await add_component(scene, tx, "pre_release_topic", None)


@thing("other_component")
async def _other_component(scene: Scene, tx: Transaction) -> Thing:
    """The other team's own, in a topic that the owning team reaches."""
    return await add_component(scene, tx, "topic", "other_team")


async def add_job(
    scene: Scene, tx: Transaction, lab: str, team: str, component: str, **more: object
) -> Thing:
    """A job of a lab with one component."""
    values = {"status": "queued", "product_id": await scene.id("product", tx), **more}
    team_id = await scene.id(team, tx)
    made = await scene.insert(
        tx,
        "jobs",
        topic_id=await scene.id("topic", tx),
        remoteci_id=await scene.id(lab, tx),
        team_id=team_id,
        name=scene.new("job"),
        **values,
    )
    await tx.execute(
        "INSERT INTO jobs_components (job_id, component_id, team_id) VALUES ($1, $2, $3)",
        made.id,
        await scene.id(component, tx),
        team_id,
    )
    return made


@thing("job")
async def _job(scene: Scene, tx: Transaction) -> Thing:
    """The owning team's lab tests `component`."""
    return await add_job(scene, tx, "lab", "team", "component")


@thing("other_job")
async def _other_job(scene: Scene, tx: Transaction) -> Thing:
    """The other team's lab tests the same component."""
    return await add_job(scene, tx, "other_lab", "other_team", "component")


@thing("file")
async def _file(scene: Scene, tx: Transaction) -> Thing:
    """A file of the job; its content is nowhere."""
    return await scene.insert(
        tx,
        "files",
        name="a.txt",
        mime="text/plain",
        sha256="0" * 64,
        size=1,
        object_key="nowhere",
        job_id=await scene.id("job", tx),
        team_id=await scene.id("team", tx),
    )


@thing("twin")
async def _twin(scene: Scene, tx: Transaction) -> Thing:
    """An inactive component."""
    return await add_component(scene, tx, "topic", None, state="inactive")


@thing("other_twin")
async def _other_twin(scene: Scene, tx: Transaction) -> Thing:
    """An inactive component which is otherwise the same as `component`."""
    original = await scene.id("component", tx)
    name = await tx.fetchval("SELECT display_name FROM components WHERE id = $1", original)
    return await add_component(scene, tx, "topic", None, state="inactive", display_name=name)


@thing("component_file")
async def _component_file(scene: Scene, tx: Transaction) -> Thing:
    """A file of `component` with content."""
    content = b"content of a file"

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    component = await scene.id("component", tx)
    key = f"components/contract/{component}"
    stored = await scene.stage.parts.objects.put(key, chunks(), limit=1000)
    return await scene.insert(
        tx,
        "component_files",
        name="dir/a.txt",
        mime="text/plain",
        sha256=stored.sha256,
        size=len(content),
        object_key=key,
        component_id=component,
    )


@thing("stored_file")
async def _stored_file(scene: Scene, tx: Transaction) -> Thing:
    """A file of the job with content."""
    content = b"what a step said"

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    key = f"files/contract/{scene.number}"
    stored = await scene.stage.parts.objects.put(key, chunks(), limit=1000)
    return await scene.insert(
        tx,
        "files",
        name="a log.txt",
        mime="text/plain",
        sha256=stored.sha256,
        size=len(content),
        object_key=key,
        job_id=await scene.id("job", tx),
        team_id=await scene.id("team", tx),
    )
