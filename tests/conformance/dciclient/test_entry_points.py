"""The client's other commands, and that none of its commands is left out here."""

import hashlib
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from dciclient.v1.shell_commands.runner import command_function

from tests.conformance.dciclient.conftest import Ground
from tests.conformance.dciclient.forks import ENTRIES
from tests.conformance.dciclient.people import ADMIN, Server
from tests.conformance.dciclient.test_jobs import make_job


def test_newest_component_by_product_type_and_tag(server: Server, ground: Ground) -> None:
    words = ("--format", "json", "--tags", "build:nightly", "--topic", ground.topic["name"])
    done = server.run(
        "dci-find-latest-component", *words, ground.product["name"], "compose", who=ground.as_lab
    )
    assert done.code == 0, done.text
    assert done.json["id"] == ground.component["id"]
    done = server.run(
        "dci-find-latest-component", *words, ground.product["name"], "nothing", who=ground.as_lab
    )
    assert done.code != 0


def test_a_partners_component_is_made_once(server: Server, ground: Ground) -> None:
    words = ("dci-create-component", "--format", "json", "--tags", "mine", ground.topic["name"],
             "my app", "v1.2", "ga")  # fmt: skip
    first = server.run(*words, who=ground.as_lab).json["component"]
    component = server.one(f"/components/{first['id']}")
    assert (component["display_name"], component["type"]) == ("My App v1.2", "my-app")
    assert sorted(component["tags"]) == ["build:ga", "mine"]
    assert component["team_id"] == ground.team["id"]
    assert server.run(*words, who=ground.as_lab).json["component"]["id"] == first["id"]


def test_difference_of_two_jobs(server: Server, ground: Ground) -> None:
    one = make_job(server, ground, name=f"diff-{ground.tag}")
    other = make_job(server, ground, name=f"diff-{ground.tag}")
    server.dcictl("job-update", other["id"], "--tags", "daily,more", who=ground.as_lab)
    done = server.run("dci-diff-jobs", "--format", "json", "--tags", "--job_id_1", one["id"],
                      "--job_id_2", other["id"], who=ground.as_lab)  # fmt: skip
    assert done.code == 0, done.text
    assert done.json == [{"tag": "more", one["id"]: "Not found", other["id"]: "more"}]
    alone = server.run("dci-diff-jobs", "--format", "json", "--tags", "--job_id_1", one["id"],
                       who=ground.as_lab)  # fmt: skip
    assert f"getting another job using eq(name,diff-{ground.tag})," in alone.text
    assert other["id"] in alone.text


def test_kernel_of_the_newest_compose(server: Server, ground: Ground) -> None:
    done = server.run("dci-rhel-latest-kernel-version", "--topic", ground.topic["name"],
                      "--tags", "build:nightly", who=ground.as_lab)  # fmt: skip
    assert (done.code, done.text.strip()) == (0, "5.14.0")


def test_password_of_a_vault_comes_from_the_key(server: Server, ground: Ground) -> None:
    secret = ground.lab["api_secret"]
    done = server.run("dci-vault-client", "--vault-id", "x", who=ground.as_lab)
    assert done.text.strip() == hashlib.sha256(f"{secret}x".encode()).hexdigest()


def test_the_script_itself_does_the_same(server: Server, ground: Ground) -> None:
    script = Path(sys.executable).parent / "dcictl"
    done = subprocess.run(
        [str(script), "--format", "json", "topic-show", ground.topic["id"]],
        env={**ADMIN, "DCI_CS_URL": server.url, "PATH": ""}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert ground.topic["name"] in done.stdout


def test_no_command_of_the_client_is_left_out() -> None:
    here = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in command_function if f'"{name}"' not in here] == []
    scripts = {
        point.name for point in distribution("dciclient").entry_points
        if point.group == "console_scripts"
    }  # fmt: skip
    # dci-vault only starts ansible-vault, and asks the server nothing
    assert scripts - {"dci-vault"} == set(ENTRIES)
