"""Every noun is listed, shown, created, changed and deleted in the same way."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from ringtest.agent.settings import read_settings
from ringtest.cli.main import COMMANDS

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"
OTHER = "66666666-2222-3333-4444-555555555555"
TOPIC = {
    "id": ID,
    "etag": "e1",
    "name": "rhel-9",
    "product": {"id": OTHER, "name": "RHEL"},
    "component_types": ["compose", "kernel"],
    "export_control": False,
    "state": "active",
}


@pytest.fixture
def topics(api: Any) -> Any:
    """An API with one topic."""
    api.on("GET", "/topics", {"topics": [TOPIC], "_meta": {"count": 1}})
    api.on("GET", f"/topics/{ID}", {"topic": TOPIC})
    return api


def test_a_table_has_the_columns_that_matter(topics: Any, run: Run) -> None:
    head, row = run("topic", "list").stdout.splitlines()
    assert head.startswith("ID ")
    assert head.split()[-4:] == ["TYPES", "EXPORT", "CONTROL", "STATE"]
    assert row.split() == [ID, "rhel-9", "RHEL", "compose,", "kernel", "no", "active"]


def test_json_is_the_servers_objects(topics: Any, run: Run) -> None:
    assert json.loads(run("topic", "list", "--format", "json").stdout) == [TOPIC]
    assert json.loads(run("topic", "show", ID, "-f", "json").stdout) == TOPIC


def test_yaml_is_the_servers_objects(topics: Any, run: Run) -> None:
    assert yaml.safe_load(run("topic", "list", "-f", "yaml").stdout) == [TOPIC]


def test_csv_has_a_head_and_dotted_columns(topics: Any, run: Run) -> None:
    [row] = csv.DictReader(io.StringIO(run("topic", "list", "-f", "csv").stdout))
    assert row["product.name"] == "RHEL"
    assert row["component_types"] == "compose, kernel"


def test_list_options_become_parameters(topics: Any, run: Run) -> None:
    run("topic", "list", "-w", "name:a,b", "-w", "state:active", "--sort", "-name", "-n", "7")
    assert topics.parameters() == {
        "where": '"name:a,b",state:active',
        "sort": "-name",
        "limit": "7",
        "offset": "0",
    }


def test_a_query_is_passed_on_as_it_is_and_does_not_mix_with_where(topics: Any, run: Run) -> None:
    run("topic", "list", "--query", "name:rhel* has:product_id")
    assert topics.parameters()["query"] == "name:rhel* has:product_id"
    both = run("topic", "list", "-q", "a:b", "-w", "name:a")
    assert both.exit_code == 2 and "--where or --query" in both.stderr


def test_all_reads_every_page(api: Any, run: Run) -> None:
    pages = [
        {"topics": [{**TOPIC, "name": f"t{n}"} for n in range(200)], "_meta": {"count": 201}},
        {"topics": [{**TOPIC, "name": "t200"}], "_meta": {"count": 201}},
    ]
    api.on("GET", "/topics", pages)
    names = [
        topic["name"] for topic in json.loads(run("topic", "list", "--all", "-f", "json").stdout)
    ]
    assert names == [f"t{n}" for n in range(201)]


def test_a_thing_may_be_called_by_its_name(topics: Any, run: Run) -> None:
    assert run("topic", "show", "rhel-9").exit_code == 0
    assert topics.parameters(0)["where"] == "name:rhel-9"


def test_create_sends_what_was_given_and_finds_references_by_name(api: Any, run: Run) -> None:
    api.on("GET", "/products", {"products": [{"id": OTHER}], "_meta": {"count": 1}})
    api.on("POST", "/topics", {"topic": TOPIC}, status=201)
    result = run(
        *(
            "topic",
            "create",
            "rhel-9",
            "--product",
            "RHEL",
            "--type",
            "compose",
            "--type",
            "kernel",
        ),
        *("--export-control", "--data", '{"a": 1}'),
    )
    assert result.exit_code == 0
    assert api.sent() == (
        "POST",
        "/topics",
        {
            "name": "rhel-9",
            "product_id": OTHER,
            "component_types": ["compose", "kernel"],
            "export_control": True,
            "data": {"a": 1},
        },
    )


def test_update_sends_the_etag_and_only_what_was_given(topics: Any, run: Run) -> None:
    topics.on("PUT", f"/topics/{ID}", {"topic": TOPIC})
    assert run("topic", "update", "rhel-9", "--name", "new", "--no-export-control").exit_code == 0
    assert topics.sent() == ("PUT", f"/topics/{ID}", {"name": "new", "export_control": False})
    assert topics.requests[-1].headers["if-match"] == "e1"


def test_delete_sends_the_etag(topics: Any, run: Run) -> None:
    topics.on("DELETE", f"/topics/{ID}", b"", status=204)
    assert run("topic", "delete", ID).exit_code == 0
    assert topics.requests[-1].headers["if-match"] == "e1"


def test_data_may_come_from_a_yaml_file(api: Any, run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("timeout_seconds: 60\nstages:\n  test:\n  - run: pytest\n")
    api.on("POST", "/job_definitions", {"job_definition": {"id": ID}}, status=201)
    run("definition", "create", "smoke", "--topic", ID, "--spec", f"@{spec}")
    assert api.sent()[2]["spec"] == {
        "timeout_seconds": 60,
        "stages": {"test": [{"run": "pytest"}]},
    }


def test_keys_of_a_yaml_file_are_texts_and_faults_have_places(
    api: Any, run: Run, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("hold: {on: failure}\n")
    api.on("POST", "/job_definitions", {"job_definition": {"id": ID}}, status=201)
    words = ("definition", "create", "smoke", "--topic", ID, "--spec", f"@{spec}")
    assert run(*words).exit_code == 0
    assert api.sent()[2]["spec"] == {"hold": {"on": "failure"}}
    spec.write_text("a: 1\na: 2\n")
    done = run(*words)
    assert done.exit_code == 2
    assert f"{spec}:2:1: a is there already, in line 1" in done.output
    spec.unlink()
    assert "cannot be read" in run(*words).output


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (
            ("lab", "subscribe", ID, "--topic", OTHER),
            ("POST", f"/remotecis/{ID}/topics", {"topic_id": OTHER}),
        ),
        (
            ("lab", "unsubscribe", ID, "--topic", OTHER),
            ("DELETE", f"/remotecis/{ID}/topics/{OTHER}", None),
        ),
        (
            ("product", "grant", ID, "--team", OTHER),
            ("POST", f"/products/{ID}/teams", {"team_id": OTHER}),
        ),
        (
            ("product", "revoke", ID, "--team", OTHER),
            ("DELETE", f"/products/{ID}/teams/{OTHER}", None),
        ),
        (("team", "add-user", ID, OTHER), ("POST", f"/teams/{ID}/users/{OTHER}", None)),
        (("team", "remove-user", ID, OTHER), ("DELETE", f"/teams/{ID}/users/{OTHER}", None)),
        (("delivery", "retry", ID), ("POST", f"/deliveries/{ID}/retry", None)),
        (("job", "cancel", ID), ("POST", f"/jobs/{ID}/cancel", None)),
        (("job", "retry", ID), ("POST", f"/jobs/{ID}/retry", None)),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_links_and_verbs_are_one_request(
    api: Any, run: Run, command: tuple[str, ...], request_: tuple[str, str, Any]
) -> None:
    api.on(request_[0], request_[1], {})
    result = run(*command)
    assert result.exit_code == 0, result.output
    assert api.sent() == request_


def test_a_new_key_is_shown(api: Any, run: Run) -> None:
    lab = {"id": ID, "name": "west", "etag": "e"}
    api.on("GET", f"/remotecis/{ID}", {"remoteci": lab})
    api.on("PUT", f"/remotecis/{ID}/api_secret", {"remoteci": {**lab, "api_secret": "k"}})
    result = run("lab", "new-key", ID, "-f", "json")
    assert json.loads(result.stdout) == {"id": ID, "name": "west", "api_secret": "k"}


def test_settings_of_an_agent_are_for_its_owner_alone(api: Any, run: Run, tmp_path: Path) -> None:
    lab = {"id": ID, "name": "west", "etag": "e"}
    api.on("GET", f"/remotecis/{ID}", {"remoteci": lab})
    api.on("PUT", f"/remotecis/{ID}/api_secret", {"remoteci": {**lab, "api_secret": "k"}})
    file = tmp_path / "west.toml"
    result = run("lab", "settings", ID, "--to", str(file))
    assert result.exit_code == 0, result.output
    assert '"k"' not in result.output
    assert file.stat().st_mode & 0o777 == 0o600
    settings = read_settings({}, {}, file)
    assert (settings.server, settings.client_id) == ("http://ci.example", f"remoteci/{ID}")
    assert settings.api_secret == "k"


def test_settings_that_are_there_already_keep_their_key(api: Any, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "west.toml"
    file.write_text("mine")
    result = run("lab", "settings", ID, "--to", str(file))
    assert (result.exit_code, api.requests) == (2, [])
    assert file.read_text() == "mine"


def test_latest_names_the_newest_of_what_has_no_name(api: Any, run: Run) -> None:
    api.on("GET", "/jobs", {"jobs": [{"id": ID}], "_meta": {"count": 2}})
    api.on("GET", f"/jobs/{ID}", {"job": {"id": ID}})
    assert json.loads(run("job", "show", "latest", "-f", "json").stdout) == {"id": ID}
    api.on("GET", "/failure_groups", {"failure_groups": [], "_meta": {"count": 0}})
    assert run("group", "show", "latest").exit_code == 3


def test_files_of_a_component_are_uploaded_and_then_it_is_published(
    api: Any, run: Run, tmp_path: Path
) -> None:
    wheel = tmp_path / "ü.whl"
    wheel.write_bytes(b"wheel")
    stored = {"id": OTHER, "name": "ü.whl", "size": 5, "sha256": "…", "mime": None}
    api.on("POST", f"/components/{ID}/files", {"component_file": stored}, status=201)
    api.on("GET", f"/components/{ID}", {"component": {"id": ID, "etag": "e"}})
    api.on("PUT", f"/components/{ID}", {"component": {"id": ID}})
    result = run("component", "upload", ID, str(wheel), "--activate")
    assert result.exit_code == 0, result.output
    upload = api.requests[0]
    assert upload.content == b"wheel"
    assert (b"DCI-NAME", "ü.whl".encode()) in upload.headers.raw
    assert api.sent() == ("PUT", f"/components/{ID}", {"state": "active"})


def test_a_group_is_told_in_words(api: Any, run: Run) -> None:
    component = {"id": OTHER, "type": "kernel", "version": "6.2"}
    seen = {"job_id": OTHER, "at": "2026-01-15T09:30:00", "set_key": "k", "components": []}
    group = {
        "id": ID,
        "title": "AssertionError in test_boot",
        "verdict": {
            "text": "some labs",
            "labs_hit": [{"id": "1", "name": "west"}],
            "labs_run": [{"id": "1", "name": "west"}, {"id": "2", "name": "east"}],
        },
        "first_seen": seen,
        "last_seen": seen,
        "difference": [{"type": "kernel", "before": None, "after": component}],
        "tests": [{"suite": "", "classname": "boot", "name": "test_boot"}],
        "cases": 3,
        "sample": {"job_id": OTHER, "text": "assert 0"},
    }
    api.on("GET", f"/failure_groups/{ID}", {"failure_group": group})
    text = run("group", "show", ID).stdout
    assert "some labs (hit: west; run: west, east)" in text
    assert "kernel: none → 6.2" in text
    assert json.loads(run("group", "show", ID, "-f", "json").stdout) == group


def test_downloads_land_below_the_folder(api: Any, run: Run, tmp_path: Path) -> None:
    files = [{"id": "1", "name": "a/junit.xml"}, {"id": "2", "name": "run.log"}]
    api.on("GET", f"/jobs/{ID}/files", {"files": files, "_meta": {"count": 2}})
    api.on("GET", "/files/1/content", b"<x/>")
    result = run("job", "download", ID, "--to", str(tmp_path), "--name", "*.xml")
    assert result.stdout == f"{tmp_path}/a/junit.xml\n"
    assert (tmp_path / "a" / "junit.xml").read_bytes() == b"<x/>"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_no_file_name_leads_out_of_the_folder(
    api: Any, run: Run, tmp_path: Path, name: str
) -> None:
    files = {"component_files": [{"id": "1", "name": name}], "_meta": {"count": 1}}
    api.on("GET", f"/components/{ID}/files", files)
    assert run("component", "download", ID, "--to", str(tmp_path / "in")).exit_code == 2
    assert len(api.requests) == 1


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "up"])
def test_every_command_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output
