"""A member of both teams, narrowed to one of them: by a token or by a header.

And answers that are kept for repetition: nobody but who got them, as who got them, does again.
"""

from collections.abc import AsyncIterator, Generator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.isolation.addresses import fill, handlers
from tests.isolation.neighbours import Neighbours
from tests.isolation.two_teams import MARK, SECRET, post

_NAMES_HERSELF = {"/identity", "/users/me"}
"""Who she is, in all her teams, is no secret to her."""


class Bearer(httpx.Auth):
    """A token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def both(street: Neighbours) -> AsyncIterator[httpx.AsyncClient]:
    """The second team's user, while it is a member of the first team too."""
    address = f"/teams/{street.first.ids['team_id']}/users/{street.second.ids['user_id']}"
    assert (await street.admin.post(address)).status_code == 201
    client = street.clients["user"]
    assert MARK in (await client.get("/jobs")).text
    yield client
    assert (await street.admin.delete(address)).status_code == 204


@pytest.fixture(params=["token", "header"])
async def narrowed(
    request: pytest.FixtureRequest, street: Neighbours, both: httpx.AsyncClient
) -> httpx.AsyncClient:
    """The same person, narrowed to the second team."""
    team = street.second.ids["team_id"]
    if request.param == "header":
        client = street.client(street.second.user)
        client.headers["X-Dci-Team-Id"] = team
        return client
    body = {"name": "n", "scopes": ["all"], "expires_at": _tomorrow(), "team_id": team}
    return street.client(Bearer((await post(both, "/tokens", body))["token"]))


async def test_narrowed_to_a_team_one_reads_nothing_of_the_other(
    street: Neighbours, narrowed: httpx.AsyncClient
) -> None:
    wrong, read = [], 0
    for handler in handlers():
        for path in sorted(handler.paths):
            if "GET" not in handler.http_methods or path.endswith("/stream"):
                continue
            if path in _NAMES_HERSELF:
                continue
            url = fill(path, street.first.ids) or path
            answer = await narrowed.get(url)
            read += answer.status_code == 200
            if MARK in answer.text or SECRET in answer.text or answer.status_code >= 500:
                wrong.append(f"{url}: {answer.status_code} {answer.text[:300]}")
    assert wrong == [], "\n".join(wrong)
    assert read >= 15


# answers that are kept ------------------------------------------------------------------


async def test_a_key_of_another_caller_is_a_key_of_ones_own(street: Neighbours) -> None:
    key = {"Idempotency-Key": "the very same key"}
    body = {"name": "keyed", "scopes": ["read"], "expires_at": _tomorrow()}
    first = street.client(street.first.user)
    theirs = await first.post("/tokens", json=body, headers=key)
    assert theirs.status_code == 201
    for who, client in street.clients.items():
        ours = await client.post("/tokens", json=body, headers=key)
        assert ours.status_code == 201, f"{who}: {ours.text}"
        assert "idempotent-replayed" not in ours.headers
        assert ours.json()["token"]["id"] != theirs.json()["token"]["id"]
    again = await first.post("/tokens", json=body, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (theirs.json(), "true")


async def test_a_kept_answer_is_not_told_to_a_lesser_token_of_the_same_person(
    street: Neighbours, both: httpx.AsyncClient
) -> None:
    """A machine's new secret stands in the answer to POST /remotecis, and nowhere else."""
    key = {"Idempotency-Key": "made by the whole person"}
    lab = {"name": f"{MARK} keyed lab", "team_id": street.first.ids["team_id"]}
    made = await both.post("/remotecis", json=lab, headers=key)
    assert made.status_code == 201, made.text
    secret = made.json()["remoteci"]["api_secret"]
    narrow = {"team_id": street.second.ids["team_id"]}
    for scopes, more in ((["read"], {}), (["all"], narrow), (["jobs:write"], {})):
        token = {"name": "lesser", "scopes": scopes, "expires_at": _tomorrow()} | more
        client = street.client(Bearer((await post(both, "/tokens", token))["token"]))
        answer = await client.post("/remotecis", json=lab, headers=key)
        assert secret not in answer.text, f"{scopes} {more}: {answer.text}"
        assert not answer.is_success, answer.text
    client = street.client(street.second.user)
    client.headers["X-Dci-Team-Id"] = street.second.ids["team_id"]
    answer = await client.post("/remotecis", json=lab, headers=key)
    assert secret not in answer.text and not answer.is_success
    again = await both.post("/remotecis", json=lab, headers=key)
    assert again.json() == made.json()
