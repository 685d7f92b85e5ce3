"""Addresses that name nothing, and methods that they do not have."""

from collections import defaultdict

import pytest

from tests.bad_input.ground import HEADERS, Ground, Route, all_routes

NO_IDS = [
    "x", "0", "-1", "null", "%00", "..%2f..%2fetc%2fpasswd", "%2e%2e", "%ff%fe", "{}", "%7B0%7D",
    "0" * 31, "0" * 33, "00000000-0000-0000-0000-00000000000g", "' or 1=1", "a" * 5000, "*", "%25",
    "%E2%80%AE", "%0d%0aX-Evil:1", "%D9%A1" * 32, "a%3Bb", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
FILES = "/components/{component_id:str}/files/{file_path:path}"
WITH_IDS = [route for route in all_routes() if route.parameters and route != Route("PUT", FILES)]
"""To which a file is put may be named anything."""


@pytest.mark.parametrize("bad", NO_IDS, ids=lambda text: text[:20])
async def test_what_is_no_id_names_nothing(ground: Ground, bad: str) -> None:
    wrong = []
    for number, route in enumerate(WITH_IDS):
        parameter = route.parameters[number % len(route.parameters)]
        url = ground.url(route, **{parameter: bad})
        body = b"{}" if route.method in ("POST", "PUT") else None
        for who in ("super admin", "lab"):
            answer = await ground[who].request(route.method, url, headers=HEADERS, content=body)
            wrong += ground.complaints(answer)
            if answer.status_code not in _expected(route, who):
                wrong.append(f"{who}: {route} {bad[:20]}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


def _expected(route: Route, who: str) -> set[int]:
    """404 wherever the id is looked at first; some look at who asks, or at the body, first."""
    codes = {404}
    if route.method in ("POST", "PUT", "PATCH", "DELETE"):
        codes |= {400, 409}
    if who == "lab":
        codes |= {401}
    if route.path == FILES:
        codes |= {400}  # not an id: then it should be a plain relative path
    if route == Route("DELETE", "/jobs/{job_id:str}/components/{component_id:str}"):
        codes |= {201}  # gone is gone
    if route.path == "/jobs_events/{number:str}":
        codes |= {200, 204}  # 0 is a number
    return codes


async def test_another_method_is_told_which_ones_there_are(ground: Ground) -> None:
    methods: dict[str, set[str]] = defaultdict(set)
    for route in all_routes():
        methods[route.path].add(route.method)
    wrong = []
    for path, known in methods.items():
        url = ground.url(Route("GET", path))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "X" * 300} - known:
            answer = await ground["super admin"].request(method, url)
            wrong += ground.complaints(answer)
            allowed = set(answer.headers.get("allow", "").split(", "))
            if answer.status_code != 405 or allowed != known:
                wrong.append(f"{method} {path}: {answer.status_code} {allowed} {known}")
            if not all(one in answer.json()["message"] for one in known):
                wrong.append(f"{method} {path}: {answer.json()['message']}")
    assert wrong == []


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v3/jobs", "/api/v1/jobs/x/y/z", "/api/"])
async def test_an_address_without_anything_is_404_for_every_method(
    ground: Ground, path: str
) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = await ground["nobody"].request(method, f"http://ringtest{path}")
        if path == "/api/" and method != "GET":
            continue
        assert (answer.status_code, ground.complaints(answer)) == (404, []), method


@pytest.mark.parametrize(
    "path", ["/%00", "/" + "%E2%82%AC" * 200, "/" + "a" * 5000, "/%ff", "/assets/%2e%2e/%2e%2e/x"]
)
async def test_strange_addresses_of_pages_show_a_page_or_nothing(ground: Ground, path: str) -> None:
    answer = await ground["nobody"].get(f"http://ringtest{path}")
    assert answer.status_code in (200, 404)
    assert ground.complaints(answer) == []
