"""`dcictl` on people, teams, products, topics, labs, feeders and pipelines."""

import pytest

from tests.conformance.dciclient.conftest import Ground
from tests.conformance.dciclient.people import Server, key_of


def ids(listed: dict[str, list[dict[str, str]]], noun: str) -> set[str]:
    return {one["id"] for one in listed[noun]}


def test_users(server: Server, ground: Ground) -> None:
    name = f"pat-{ground.tag}"
    made = server.dcictl(
        "user-create", "--name", name, "--password", "word", "--email", f"{name}@ring.test"
    )["user"]
    assert server.one(f"/users/{made['id']}")["fullname"] == name
    assert server.dcictl("user-show", made["id"])["user"]["email"] == f"{name}@ring.test"
    listed = server.dcictl("user-list", "--where", f"name:{name}")
    assert ids(listed, "users") == {made["id"]}
    assert ids(server.dcictl("user-list", "--query", f"like(name,pat-{ground.tag}%)"), "users")
    changed = server.dcictl(
        "user-update", made["id"], "--etag", made["etag"], "--fullname", "Pat P", "--no-active"
    )["user"]
    assert server.one(f"/users/{made['id']}")["state"] == "inactive"
    stale = server.dcictl("user-update", made["id"], "--etag", made["etag"], "--name", "other")
    assert stale["status_code"] == 409
    server.dcictl("user-delete", made["id"], "--etag", changed["etag"])
    assert server.get(f"/users/{made['id']}").status_code == 404


def test_teams(server: Server, ground: Ground) -> None:
    name = f"Team {ground.tag}x"
    made = server.dcictl("team-create", "--name", name, "--country", "FR")["team"]
    assert not made["has_pre_release_access"]
    assert server.dcictl("team-show", made["id"])["team"]["country"] == "FR"
    assert ids(server.dcictl("team-list", "--where", f"name:{name}"), "teams") == {made["id"]}
    changed = server.dcictl(
        "team-update", made["id"], "--etag", made["etag"], "--name", f"{name}y",
        "--pre-release-access", "--no-external",
    )["team"]  # fmt: skip
    team = server.one(f"/teams/{made['id']}")
    assert (team["has_pre_release_access"], team["external"]) == (True, False)
    assert team["etag"] == changed["etag"] != made["etag"]
    server.dcictl("team-delete", made["id"], "--etag", changed["etag"])
    assert server.get(f"/teams/{made['id']}").status_code == 404


def test_products(server: Server, ground: Ground) -> None:
    name = f"Owl-{ground.tag}"
    made = server.dcictl("product-create", "--name", name, "--description", "d")["product"]
    assert ids(server.dcictl("product-list", "--where", f"name:{name}"), "products") == {made["id"]}
    changed = server.dcictl(
        "product-update", made["id"], "--etag", made["etag"], "--label", f"L{ground.tag}".upper()
    )["product"]
    assert server.dcictl("product-show", made["id"])["product"]["label"] == f"L{ground.tag}".upper()
    server.dcictl("product-attach-team", made["id"], "--team-id", ground.team["id"])
    teams = server.dcictl("product-list-teams", made["id"])
    assert ids(teams, "teams") == {ground.team["id"]}
    server.dcictl("product-detach-team", made["id"], "--team-id", ground.team["id"])
    assert server.get(f"/products/{made['id']}/teams").json()["teams"] == []
    server.dcictl("product-delete", made["id"], "--etag", changed["etag"])
    assert server.get(f"/products/{made['id']}").status_code == 404


def test_topics(server: Server, ground: Ground) -> None:
    name = f"Owl-{ground.tag}.1"
    made = server.dcictl(
        "topic-create", "--name", name, "--product-id", ground.product["id"],
        "--component_types", "Compose,extra", "--export-control", "--data", '{"a": 1}',
    )["topic"]  # fmt: skip
    topic = server.dcictl("topic-show", made["id"])["topic"]
    assert topic["component_types"] == ["compose", "extra"]
    assert topic["data"] == {"a": 1}
    assert ids(server.dcictl("topic-list", "--where", f"name:{name}"), "topics") == {made["id"]}
    changed = server.dcictl(
        "topic-update", made["id"], "--etag", made["etag"], "--active",
        "--next-topic-id", ground.topic["id"],
    )["topic"]  # fmt: skip
    assert server.one(f"/topics/{made['id']}")["next_topic"]["id"] == ground.topic["id"]
    # the client's trap: an update that does not say --active deactivates
    changed = server.dcictl(
        "topic-update", made["id"], "--etag", changed["etag"], "--name", f"{name}.0"
    )["topic"]
    assert server.one(f"/topics/{made['id']}")["state"] == "inactive"
    server.dcictl("topic-delete", made["id"], "--etag", changed["etag"])
    assert server.get(f"/topics/{made['id']}").status_code == 404


def test_pull_secret_of_a_topic_is_written_to_a_file(server: Server, ground: Ground) -> None:
    target = server.folder / f"pull-{ground.tag}"
    done = server.run(
        "dcictl", "download-pull-secret", "--topic", ground.topic["name"],
        "--destination", str(target), who=ground.as_lab,
    )  # fmt: skip
    assert done.code == 0
    assert target.read_text() == '{"auths": {"registry": "x"}}'


@pytest.mark.parametrize("kind", ["remoteci", "feeder"])
def test_labs_and_feeders(server: Server, ground: Ground, kind: str) -> None:
    name = f"{kind}-{ground.tag}x"
    made = server.dcictl(
        f"{kind}-create", "--name", name, "--team-id", ground.team["id"],
        "--data", '{"rack": 1, "room": 2}',
    )[kind]  # fmt: skip
    assert len(made["api_secret"]) == 64
    who = key_of(kind, made)
    assert "api_secret" not in server.dcictl(f"{kind}-show", made["id"])[kind]
    assert ids(server.dcictl(f"{kind}-list", "--where", f"name:{name}"), f"{kind}s")
    assert server.dcictl("topic-list", who=who)["topics"]  # the key works
    changed = server.dcictl(
        f"{kind}-update", made["id"], "--etag", made["etag"], "--name", f"{name}y", "--active"
    )[kind]
    assert server.one(f"/{kind}s/{made['id']}")["name"] == f"{name}y"
    reset = server.dcictl(f"{kind}-reset-api-secret", made["id"], "--etag", changed["etag"])[kind]
    assert reset["api_secret"] != made["api_secret"]
    assert server.dcictl("topic-list", who=key_of(kind, reset))["topics"]
    fresh = server.one(f"/{kind}s/{made['id']}")
    server.dcictl(f"{kind}-delete", made["id"], "--etag", fresh["etag"])
    assert server.get(f"/{kind}s/{made['id']}").status_code == 404
    assert server.dcictl("topic-list", who=key_of(kind, reset))["status_code"] == 401


_COMMANDS_OF_BOTH = (
    "remoteci-create", "remoteci-show", "remoteci-list", "remoteci-update",
    "remoteci-reset-api-secret", "remoteci-delete", "feeder-create", "feeder-show", "feeder-list",
    "feeder-update", "feeder-reset-api-secret", "feeder-delete",
)  # fmt: skip
"""What `test_labs_and_feeders` runs."""


def test_data_and_subscribers_of_a_lab(server: Server, ground: Ground) -> None:
    lab = ground.lab
    fresh = server.one(f"/remotecis/{lab['id']}")
    server.dcictl(
        "remoteci-update", lab["id"], "--etag", fresh["etag"], "--data", '{"rack": 1, "room": 2}',
        "--active",
    )  # fmt: skip
    assert server.dcictl("remoteci-get-data", lab["id"]) == {"rack": 1, "room": 2}
    assert server.dcictl("remoteci-get-data", lab["id"], "--keys", "rack,x") == {"rack": 1}
    me = server.get("/identity").json()["identity"]["id"]
    server.dcictl("remoteci-attach-user", lab["id"], "--user-id", me)
    assert ids(server.dcictl("remoteci-list-user", lab["id"]), "users") == {me}
    server.dcictl("remoteci-unattach-user", lab["id"], "--user-id", me)
    assert server.get(f"/remotecis/{lab['id']}/users").json()["users"] == []


def test_pipelines(server: Server, ground: Ground) -> None:
    made = server.dcictl(
        "pipeline-create", "--name", f"pipe-{ground.tag}", "--team-id", ground.team["id"],
        who=ground.as_lab,
    )["pipeline"]  # fmt: skip
    listed = server.dcictl("pipeline-list", "--where", f"name:pipe-{ground.tag}")
    assert ids(listed, "pipelines") == {made["id"]}
    assert server.dcictl("pipeline-show", made["id"])["pipeline"]["team_id"] == ground.team["id"]
    changed = server.dcictl(
        "pipeline-update", made["id"], "--etag", made["etag"], "--name", f"other-{ground.tag}"
    )["pipeline"]
    assert server.one(f"/pipelines/{made['id']}")["name"] == f"other-{ground.tag}"
    assert server.dcictl("pipeline-show-jobs", made["id"])["jobs"] == []
    server.dcictl("pipeline-delete", made["id"], "--etag", changed["etag"])
    assert server.get(f"/pipelines/{made['id']}").status_code == 404
