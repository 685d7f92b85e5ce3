"""Failure groups, known issues and how a product's failures are told apart, as commands."""

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]

ID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
OTHER = "3f2504e0-4f89-11d3-9a0c-0305e82c3302"
SEEN = {"job_id": OTHER, "at": "2026-01-15T09:30:00", "set_key": "k", "components": []}
GROUP = {
    "id": OTHER,
    "title": "ValueError: the ring is open",
    "verdict": {"text": "everyone", "labs_hit": [], "labs_run": []},
    "first_seen": SEEN,
    "last_seen": SEEN,
    "known_issues": [
        {"id": ID, "name": "open ring", "link": "https://x/7", "owner": "jo", "expired": True}
    ],
    "merged": [{"id": ID, "title": "ValueError: the ring was opened"}],
}


def test_groups_are_listed_by_what_is_known_of_them(api: Any, run: Run) -> None:
    api.on("GET", "/failure_groups", {"failure_groups": [GROUP], "_meta": {"count": 1}})
    api.on("GET", "/known_issues", {"known_issues": [{"id": ID}], "_meta": {"count": 1}})
    assert run("group", "list", "--known", "no").exit_code == 0
    assert api.parameters()["known_issue"] == "no"
    assert run("group", "list", "--known", "open ring").exit_code == 0
    assert api.parameters()["known_issue"] == ID


def test_a_group_says_what_it_is_known_as_and_what_is_merged_into_it(api: Any, run: Run) -> None:
    api.on("GET", f"/failure_groups/{OTHER}", {"failure_group": GROUP})
    text = run("group", "show", OTHER).stdout
    assert "open ring (expired), jo https://x/7" in text
    assert f"{ID} ValueError: the ring was opened" in text


def test_groups_that_look_alike_are_merged_and_taken_apart(api: Any, run: Run) -> None:
    found = [{"id": OTHER, "score": 0.91, "title": "t", "occurrences": 2, "last_seen_at": "x"}]
    api.on("GET", f"/failure_groups/{ID}/similar", {"similar": found, "_meta": {"count": 1}})
    assert "0.91" in run("group", "similar", ID).stdout
    api.on("POST", f"/failure_groups/{ID}/merge", {"failure_group": GROUP})
    merged = run("group", "merge", ID, "--into", OTHER, "-f", "json")
    assert json.loads(merged.stdout) == GROUP
    assert api.sent() == ("POST", f"/failure_groups/{ID}/merge", {"into": OTHER})
    api.on("DELETE", f"/failure_groups/{ID}/merge", b"", status=204)
    assert run("group", "unmerge", ID).exit_code == 0
    assert api.sent() == ("DELETE", f"/failure_groups/{ID}/merge", None)


def test_a_known_issue_is_added_edited_and_deleted(api: Any, run: Run) -> None:
    issue = {"id": ID, "etag": "e", "name": "open ring"}
    api.on("POST", "/known_issues", {"known_issue": issue}, status=201)
    given = ("--kind", "text", "--pattern", "is open", "--owner", "jo", "--topic", OTHER)
    added = run("issue", "add", "open ring", *given, "--expires", "2026-12-31")
    assert added.exit_code == 0, added.output
    body = {"name": "open ring", "kind": "text", "pattern": "is open", "owner": "jo",
            "topic_id": OTHER, "expires_at": "2026-12-31"}  # fmt: skip
    assert api.sent() == ("POST", "/known_issues", body)
    api.on("GET", f"/known_issues/{ID}", {"known_issue": issue})
    api.on("PUT", f"/known_issues/{ID}", {"known_issue": issue})
    assert run("issue", "edit", ID, "--note", "wait").exit_code == 0
    assert api.sent() == ("PUT", f"/known_issues/{ID}", {"note": "wait"})
    api.on("DELETE", f"/known_issues/{ID}", b"", status=204)
    assert run("issue", "delete", ID).exit_code == 0


def test_what_a_product_keeps_is_shown_and_changed(api: Any, run: Run) -> None:
    policy = {"product_id": ID, "keep": ["a"], "own_code": [], "etag": "e"}
    api.on("GET", f"/products/{ID}/signature_policy", {"signature_policy": policy})
    api.on("PUT", f"/products/{ID}/signature_policy", {"signature_policy": policy})
    assert json.loads(run("product", "signatures", ID, "-f", "json").stdout) == policy
    assert len(api.requests) == 1
    assert run("product", "signatures", ID, "--keep", "port [0-9]+").exit_code == 0
    assert api.sent()[2] == {"keep": ["port [0-9]+"]}
    assert run("product", "signatures", ID, "--keep", "").exit_code == 0
    assert api.sent()[2] == {"keep": []}
