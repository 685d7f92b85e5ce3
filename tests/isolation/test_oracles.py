"""Nothing of what others do can be inferred: not from counts, ETags, filters, orders, cursors."""

import base64
import json
import re

import httpx
import pytest

from tests.isolation.addresses import fill, handlers
from tests.isolation.neighbours import Neighbours
from tests.isolation.rivals import RIVAL, be_busy, move_in
from tests.isolation.two_teams import MARK

SECRETS = ("api_secret", "password", "data", "secret", "token_hash", "secret_hash", "cert_fp")
_PAGE = {"limit": "200", "offset": "0"}


def _lists(ids: dict[str, str]) -> list[str]:
    """Every address that is read, of one's own things."""
    return sorted(
        fill(path, ids) or path
        for handler in handlers()
        for path in handler.paths
        if "GET" in handler.http_methods and not path.endswith("/stream")
    )


ASKED = {
    "/analytics/jobs": {"query": "((status=failure))"},
    "/analytics/jobs/autocomplete": {"field": "components.display_name", "size": "50"},
    "/analytics/tasks_duration_cumulated": {"topic_id": "topic_id", "remoteci_id": "remoteci_id"},
    "/analytics/tasks_components_coverage": {"topic_id": "topic_id", "team_id": "team_id"},
}
"""What addresses want to be asked with; values that are names of ids stand for these."""


async def _read(client: httpx.AsyncClient, url: str, ids: dict[str, str]) -> httpx.Response:
    wanted = {name: ids.get(value, value) for name, value in ASKED.get(url, {}).items()}
    answer = await client.get(url, params=wanted)
    if answer.status_code == 200 and "_meta" in answer.text and not wanted:
        paged = await client.get(url, params=_PAGE)
        return paged if paged.status_code == 200 else answer
    return answer


_MOVES = re.compile(
    r'"(?:last_sync_date|last_seen_at|last_used_at|next_at)":"[^"]*"'
    r'|"attempts":\d+|"answer":(?:null|"[^"]*")'
)
"""Times of the caller's own request, and tries to reach its webhook, which time brings."""


@pytest.mark.parametrize("who", ["user", "lab"])
async def test_what_a_competitor_does_changes_no_answer(street: Neighbours, who: str) -> None:
    rival = await move_in(street, f"of the {who}")
    client, ids = street.clients[who], street.second.ids
    before = {url: await _read(client, url, ids) for url in _lists(ids)}
    assert sum(answer.status_code == 200 for answer in before.values()) > 45
    await be_busy(street, rival)
    wrong = []
    for url, old in before.items():
        new = await _read(client, url, ids)
        for text in (old, new):
            if RIVAL in text.text:
                wrong.append(f"{url} shows the competitor: {text.text[:300]}")
        if _MOVES.sub("", new.text) != _MOVES.sub("", old.text):
            wrong.append(f"{url} changed:\n  {old.text[:1500]}\n  {new.text[:1500]}")
        if old.text == new.text and old.headers.get("etag") != new.headers.get("etag"):
            wrong.append(f"{url} has another ETag: {new.text[:300]}")
    assert wrong == [], "\n".join(wrong)


async def test_a_list_stays_not_modified_whatever_others_do(street: Neighbours) -> None:
    client = street.clients["user"]
    tags = {url: (await client.get(url)).headers.get("etag") for url in _lists(street.second.ids)}
    rival = await move_in(street, "unnoticed")
    await be_busy(street, rival)
    asked = 0
    for url, tag in tags.items():
        if tag and tag.startswith("W/") and not url.endswith("/deliveries"):  # tried meanwhile
            answer = await client.get(url, headers={"If-None-Match": tag})
            assert (answer.status_code, answer.headers["etag"]) == (304, tag), url
            asked += 1
    assert asked > 15


async def _keys(client: httpx.AsyncClient, url: str, parameter: str) -> list[str]:
    """What a list's `where` or `sort` may name, as it tells whoever names another thing."""
    wrong = {"where": "nonsense:1", "sort": "nonsense"}[parameter]
    answer = await client.get(url, params=_PAGE | {parameter: wrong})
    if answer.status_code != 400:
        return []
    names: list[str] = answer.json()["payload"].get(f"valid_{parameter}_keys", [])
    return names


_BESIDE = {"/deliveries": {"target_id", "team_id", "updated_at"}}
"""By the end of an address: what is not shown, or under another name, and no secret."""


async def test_lists_are_filtered_and_sorted_by_what_they_show_alone(street: Neighbours) -> None:
    """A column that is not shown must not answer questions either."""
    wrong, asked = [], 0
    for url in _lists(street.second.ids):
        answer = await street.admin.get(url, params=_PAGE)
        if answer.status_code != 200 or "_meta" not in answer.text:
            continue
        rows = next(value for key, value in answer.json().items() if key != "_meta")
        shown = set().union(*(row for row in rows)) if isinstance(rows, list) else set()
        for parameter in ("where", "sort"):
            names = await _keys(street.admin, url, parameter)
            asked += bool(names)
            if rows and (hidden := set(names) - shown - _BESIDE.get(url[url.rindex("/") :], set())):
                wrong.append(f"{url} {parameter}: {sorted(hidden)}")
            wrong += [f"{url} {parameter}: {one}" for one in SECRETS if one in names]
    assert wrong == [], "\n".join(wrong)
    assert asked > 40


@pytest.mark.parametrize("name", SECRETS)
async def test_no_list_answers_a_question_about_a_secret(street: Neighbours, name: str) -> None:
    wrong, asking = [], street.clients | {"admin": street.admin}
    questions = [
        {"where": f"{name}:x"}, {"where": f"{name}:x*"}, {"where": f"{name}:"}, {"sort": name},
        {"sort": f"-{name}"}, {"query": f"eq({name},x)"}, {"query": f"like({name},x%)"},
        {"query": f"not(null({name}))"}, {"query": f"(({name}=x))"},
    ]  # fmt: skip
    for url in _lists(street.second.ids):
        if "_meta" not in (await street.admin.get(url, params=_PAGE)).text:
            continue
        plain = {who: (await client.get(url, params=_PAGE)).text for who, client in asking.items()}
        for number, question in enumerate(questions):
            # who sees all asks everything; the others, whose lists are the same, in turn
            turn = list(street.clients)[(number + SECRETS.index(name)) % len(street.clients)]
            for who in (turn, "admin"):
                answer = await asking[who].get(url, params=_PAGE | question)
                if answer.status_code not in (400, 401) and answer.text != plain[who]:
                    wrong.append(f"{url} {question}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


async def test_nested_questions_of_analytics_reach_no_secret(street: Neighbours) -> None:
    fields = [f"{owner}.{name}" for owner in ("remoteci", "team", "topic", "components", "files")
              for name in (*SECRETS, "email", "content", "object_key")]  # fmt: skip
    for client in (street.admin, street.clients["user"]):
        for field in fields:
            for params in ({"query": f"(({field}=x))"}, {"query": f"(({field}=~x.*))"}):
                answer = await client.get("/analytics/jobs", params=params)
                assert answer.status_code == 400, f"{params}: {answer.text[:200]}"
            answer = await client.get("/analytics/jobs/autocomplete", params={"field": field})
            assert answer.status_code == 400, f"{field}: {answer.text[:200]}"


# questions about rows of others --------------------------------------------------------


async def test_naming_what_is_hidden_finds_what_naming_nothing_finds(street: Neighbours) -> None:
    """Filters by ids, names and times of the first team: empty, and in as many statements."""
    ids, client = street.second.ids, street.clients["user"]
    nobody = {name: "6ba7b810-9dad-41d1-80b4-00c04fd430c8" for name in street.first.ids}
    wrong, asked = [], 0
    for url in _lists(ids):
        for name in await _keys(client, url, "where"):
            pairs = [(street.first.ids[name], nobody[name])] if name in street.first.ids else []
            if name == "id":
                pairs = [(value, nobody[key]) for key, value in street.first.uuids.items()]
            if name in ("name", "display_name", "comment", "email", "fullname"):
                pairs = [(f"{MARK}*", "NOT-THERE*"), (MARK, "NOT-THERE")]
            for hidden, absent in pairs:
                for wheres in ("where={}:{}", "query=eq({},{})"):
                    told = [
                        await _found(client, f"{url}?{wheres.format(name, value)}", value)
                        for value in (hidden, absent)
                    ]
                    asked += 1
                    if told[0] != told[1]:
                        wrong.append(f"{url}?{wheres.format(name, hidden)}: {told}")
    assert wrong == []
    assert asked > 100


async def _found(client: httpx.AsyncClient, url: str, value: str) -> tuple[int, str, str]:
    """Status, body without the value, and the fewest statements of two tries: some of them
    renew what a process remembers of the caller."""
    answers = [await client.get(f"{url}&limit=50&offset=0") for _ in range(2)]
    body = answers[1].text.replace(value, "*").replace(value.strip("*"), "*")
    return answers[1].status_code, body, min(one.headers["server-timing"] for one in answers)


async def test_a_cursor_of_somebody_else_shows_ones_own_rows_alone(street: Neighbours) -> None:
    asked = 0
    for url in _lists(street.second.ids):
        page = await street.admin.get(url, params={"limit": "1", "offset": "0"})
        if (cursor := _next(page)) is None:
            continue
        for who, client in street.clients.items():
            answer = await client.get(url, params={"limit": "50", "after": cursor})
            asked += 1
            assert answer.status_code in (200, 401, 404), f"{who} {url}: {answer.text[:200]}"
            assert MARK not in answer.text and "count" not in answer.json().get("_meta", {})
    assert asked > 10


async def test_a_cursor_holds_nothing_but_what_the_page_showed(street: Neighbours) -> None:
    client, asked = street.clients["user"], 0
    for url in _lists(street.second.ids):
        page = await client.get(url, params={"limit": "1", "offset": "0"})
        if (cursor := _next(page)) is None:
            continue
        asked += 1
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        for word in json.loads(raw[4:]):  # after its checksum
            # times are shown without zeros at their end
            assert str(word).rstrip("0") in page.text, f"{url}: {word}"
    assert asked > 10


def _next(page: httpx.Response) -> str | None:
    """The cursor of the next page, of lists that have any."""
    if page.status_code != 200 or "_meta" not in page.text:
        return None
    cursor = page.json()["_meta"].get("next")
    return cursor if isinstance(cursor, str) else None
