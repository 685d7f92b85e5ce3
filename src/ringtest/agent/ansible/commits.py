"""Commits that `git` tasks check out are components of their job, and the job gets them again."""

from collections.abc import Iterable, Mapping
from typing import Any

from ringtest.agent.ansible.files import Commit, plain_address
from ringtest.client import ApiError, AsyncClient

PINS = "RINGTEST_GIT_PINS"
"""Variable that the action `git` reads: JSON, addresses of repositories and their commits."""


def pins_of(components: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Commits that a job has, by the address of their repository.

    >>> pins_of([{"uid": "a" * 40, "url": "https://h/t/app/commit/aaaa"}, {"uid": "1.0"}])
    {'https://h/t/app': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}
    """
    pins = {}
    for component in components:
        uid = str(component.get("uid") or "")
        repo = (component.get("data") or {}).get("repo") or _page(component.get("url"))
        if len(uid) == 40 and repo:
            pins[plain_address(str(repo))] = uid
    return pins


def _page(url: object) -> str:
    head, found, _ = str(url or "").partition("/commit/")
    return head if found else ""


async def attach(
    client: AsyncClient, job: Mapping[str, Any], commit: Commit, *, pinned: str, key: str
) -> None:
    """Make a commit one of the job's components; the component is made where there is none.

    `job` has its id, topic_id and team_id, `pinned` is the address of the repository. Doing it
    again with the same key changes nothing. ApiError and Unreachable.
    """
    found = await _component(client, job, commit)
    component_id = found or await _new_component(client, job, commit, pinned, key)
    try:
        await client.post(f"/jobs/{job['id']}/components", {"id": component_id}, key=f"{key}+")
    except ApiError as error:
        if error.status != 409:
            raise


async def _component(client: AsyncClient, job: Mapping[str, Any], commit: Commit) -> str | None:
    where = f"type:{commit.type},uid:{commit.uid}"
    path = f"/topics/{job['topic_id']}/components"
    answer = await client.get(path, {"where": where, "limit": "1", "offset": "0"})
    return next((str(one["id"]) for one in answer["components"]), None)


async def _new_component(
    client: AsyncClient, job: Mapping[str, Any], commit: Commit, pinned: str, key: str
) -> str:
    body = {
        "type": commit.type,
        "display_name": commit.display_name,
        "version": commit.version,
        "uid": commit.uid,
        "url": commit.url or None,
        "topic_id": job["topic_id"],
        "team_id": job["team_id"],
        "data": {"repo": pinned} if pinned else {},
    }
    answer = await client.post("/components", body, key=key)
    return str(answer["component"]["id"])
