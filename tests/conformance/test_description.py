"""The description of the API is whole, is true to itself, and its examples fit it."""

import re
from typing import Any

import jsonschema_rs
import pytest

from docs.reference_pages import routes
from ringtest.control.app import ROOMS
from tests.described import document

OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
]
_each = pytest.mark.parametrize(
    ("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS]
)


def test_every_route_is_described() -> None:
    described = {name for name, _ in OPERATIONS}
    there = {f"{method} /api/v1{path.replace(':uuid', '')}" for method, path, _ in routes()}
    assert there - described == set()


def test_it_is_of_openapi_3_1_with_an_operation_id_for_each() -> None:
    assert document()["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(ids) == len({*ids})


@_each
def test_an_operation_says_what_it_does_and_answers(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert any(status.startswith("2") for status in operation["responses"])
    if "/api/" in name:
        assert "4XX" in operation["responses"]


@_each
def test_what_is_sent_and_answered_is_shown(name: str, operation: dict[str, Any]) -> None:
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [
        answer.get("content", {})
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    shown = [
        any("example" in one for one in content.values())
        for content in contents
        if any(form == "application/json" or form.startswith("text/") for form in content)
    ]
    assert all(shown), f"{name}: an example is missing in wire/resources.json"


@_each
def test_examples_fit_their_schemas(name: str, operation: dict[str, Any]) -> None:
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for answer in operation["responses"].values()]
    for content in contents:
        shown = content.get("application/json", {})
        if "example" in shown:
            schema = {**shown["schema"], "components": document()["components"]}
            jsonschema_rs.validate(schema, shown["example"])


@pytest.mark.parametrize("room", ROOMS, ids=[room.__name__.split(".")[-2] for room in ROOMS])
def test_a_route_that_takes_a_body_shows_one(room: Any) -> None:
    silent = []
    for handler in room.routes:
        reads = "request" in handler.fn.__code__.co_varnames and (
            {"body", "stream"} & {*handler.fn.__code__.co_names}
        )
        for path in handler.paths if reads else ():
            shown = "/api/v1" + re.sub(r"\{(\w+)(:\w+)?\}", r"{\1}", path)
            for method in {*handler.http_methods} - {"GET", "HEAD"}:
                if "requestBody" not in document()["paths"][shown][str(method).lower()]:
                    silent.append(f"{method} {path}")
    assert silent == []


def test_examples_show_no_secret() -> None:
    def strings(value: Any, key: str = "") -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [pair for name, inner in value.items() for pair in strings(inner, name)]
        if isinstance(value, list):
            return [pair for inner in value for pair in strings(inner, key)]
        return [(key, value)] if isinstance(value, str) else []

    shown = [
        pair
        for _, operation in OPERATIONS
        for answer in operation["responses"].values()
        for pair in strings(answer.get("content", {}).get("application/json", {}).get("example"))
    ]
    assert {text for key, text in shown if re.search("secret|password", key)} <= {"kept-secret"}
