"""Three real clients work against the stand-in: what they do is what Jenkins does."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import jenkins
import pytest
from api4jenkins import Jenkins
from api4jenkins.exceptions import BadRequestError

from tests.jenkins_server import JenkinsServer, Outcome, jenkins_server

PARAMETERS = """<project><properties><hudson.model.ParametersDefinitionProperty>
<parameterDefinitions><hudson.model.StringParameterDefinition><name>COLOUR</name>
<defaultValue>red</defaultValue></hudson.model.StringParameterDefinition></parameterDefinitions>
</hudson.model.ParametersDefinitionProperty></properties></project>"""


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with jenkins_server() as running:
        yield running


def python_jenkins(server: JenkinsServer, password: str = "password-of-admin") -> jenkins.Jenkins:
    return jenkins.Jenkins(server.url, "admin", password)


def jobs_builder(server: JenkinsServer, folder: Path, *arguments: str) -> str:
    """Run `jenkins-jobs` with a home of its own, whose cache is empty at first."""
    (folder / "jjb.ini").write_text(
        f"[jenkins]\nurl={server.url}\nuser=admin\npassword=password-of-admin\n"
    )
    program = Path(sys.executable).parent / "jenkins-jobs"
    done = subprocess.run(
        [program, "--conf", "jjb.ini", *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


JOBS = """
- project:
    name: greeter
    part: [one, two]
    jobs: ['greeter-{part}']
- job-template:
    name: 'greeter-{part}'
    builders: [{shell: 'make {part}'}]
- view:
    name: greeters
    view-type: list
    regex: greeter-.*
"""


def test_jenkins_jobs_creates_updates_and_deletes(server: JenkinsServer, tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text(JOBS)
    jobs_builder(server, tmp_path, "update", "jobs.yaml")
    top = server.controller.top
    assert set(top.children) == {"greeter-one", "greeter-two"}
    assert "greeters" in top.views
    top.children["greeter-one"].set_field("disabled", "true")
    (tmp_path / "jobs.yaml").write_text(JOBS.replace("make", "make -k").replace(", two", ""))
    jobs_builder(server, tmp_path, "update", "--delete-old", "jobs.yaml")
    assert set(top.children) == {"greeter-one"}
    assert "make -k one" in top.children["greeter-one"].config
    assert top.children["greeter-one"].disabled
    jobs_builder(server, tmp_path, "get-plugins-info")
    assert "shortName: git" in (tmp_path / "plugins_info.yaml").read_text()


def test_python_jenkins_keeps_jobs_in_folders(server: JenkinsServer) -> None:
    client = python_jenkins(server)
    client.create_folder("team")
    client.create_job("team/smoke", jenkins.EMPTY_CONFIG_XML)
    client.reconfig_job("team/smoke", jenkins.RECONFIG_XML)
    assert "export FOO=bar" in client.get_job_config("team/smoke")
    assert [job["fullname"] for job in client.get_all_jobs()] == ["team", "team/smoke"]
    client.disable_job("team/smoke")
    assert client.get_job_info("team/smoke")["disabled"]
    client.enable_job("team/smoke")
    assert not client.get_job_info("team/smoke")["disabled"]
    client.delete_job("team/smoke")
    assert not client.job_exists("team/smoke")


def test_python_jenkins_creates_views_and_nodes(server: JenkinsServer) -> None:
    client = python_jenkins(server)
    client.create_view("mine", jenkins.EMPTY_VIEW_CONFIG_XML)
    assert [view["name"] for view in client.get_views()] == ["all", "mine"]
    client.delete_view("mine")
    client.create_node("lab-1", launcher=jenkins.LAUNCHER_JNLP, labels="small fast")
    assert server.controller.connect("lab-1", server.controller.secret_of("lab-1"))
    client.disable_node("lab-1", "for repair")
    assert client.get_node_info("lab-1")["offlineCauseReason"] == "for repair"
    client.delete_node("lab-1")
    assert not client.node_exists("lab-1")


def test_python_jenkins_builds_with_parameters(server: JenkinsServer) -> None:
    client = python_jenkins(server)
    client.create_job("paint", PARAMETERS)
    number = client.build_job("paint", {"COLOUR": "blue"})
    assert "executable" not in client.get_queue_item(number)
    assert client.get_queue_item(number)["executable"]["number"] == 1
    actions = client.get_build_info("paint", 1)["actions"]
    assert actions[0]["parameters"][0]["value"] == "blue"


def test_crumb_of_another_session_is_refused(server: JenkinsServer) -> None:
    auth = httpx.BasicAuth("admin", "password-of-admin")
    crumb = httpx.get(f"{server.url}crumbIssuer/api/json", auth=auth).json()
    headers = {crumb["crumbRequestField"]: crumb["crumb"], "Content-Type": "text/xml"}
    address = f"{server.url}createItem?name=one"
    answer = httpx.post(address, auth=auth, headers=headers, content="<project/>")
    assert answer.status_code == 403
    with_token = httpx.BasicAuth("admin", "token-of-admin")
    answer = httpx.post(address, auth=with_token, headers=headers, content="<project/>")
    assert answer.status_code == 200


def test_sessions_are_lost_by_a_restart(server: JenkinsServer) -> None:
    client = python_jenkins(server)
    client.create_job("one", jenkins.EMPTY_CONFIG_XML)
    server.restart()
    statuses = [httpx.get(server.url, auth=("admin", "token-of-admin")).status_code for _ in "1234"]
    assert statuses == [503, 503, 503, 200]
    with pytest.raises(jenkins.JenkinsException, match="crumb"):
        client.create_job("two", jenkins.EMPTY_CONFIG_XML)


def test_api4jenkins_follows_a_build(
    server: JenkinsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # it waits a second between looks
    server.controller.queue_polls = 2
    client = Jenkins(server.url, auth=("admin", "password-of-admin"))
    client.create_job("team/smoke", PARAMETERS, recursive=True)
    item = server.controller.item("team/smoke")
    item.outcome = Outcome(("first\n", "second\n"), artifacts={"out/a.txt": b"a"})
    queued = client.build_job("team/smoke", COLOUR="green")
    assert queued.get_build() is None
    build = queued.get_build()
    assert build.number == 1
    assert "".join(build.progressive_output()) == "firstsecondFinished: SUCCESS"
    assert build.result == "SUCCESS"
    assert build.get_parameters()[0].value == "green"


def test_api4jenkins_is_told_why_a_name_is_refused(server: JenkinsServer) -> None:
    client = Jenkins(server.url, auth=("admin", "password-of-admin"))
    client.create_job("one", "<project/>")
    with pytest.raises(BadRequestError, match="already exists"):
        client.create_job("one", "<project/>")
    with pytest.raises(BadRequestError, match="unsafe"):
        client.create_job("a*b", "<project/>")
    assert [plugin.short_name for plugin in client.plugins][:1] == ["git"]
    assert client.version == "2.528.1"


def test_configuration_is_rewritten_as_jenkins_does(server: JenkinsServer) -> None:
    client = python_jenkins(server)
    document = textwrap.dedent(
        """\
        <?xml version="1.0" encoding="utf-8"?>
        <project>
          <!-- mine -->
          <builders><hudson.tasks.Shell><command>echo "a"</command></hudson.tasks.Shell></builders>
          <scm class="hudson.plugins.git.GitSCM"/>
          <description>text</description>
          <logRotator><daysToKeep>3</daysToKeep></logRotator>
        </project>"""
    )
    client.create_job("one", document)
    kept = client.get_job_config("one")
    assert kept.startswith("<?xml version='1.1' encoding='UTF-8'?>\n<project>\n  <actions/>")
    assert '<scm class="hudson.plugins.git.GitSCM" plugin="git@5.2.0"/>' in kept
    assert "<command>echo &quot;a&quot;</command>" in kept
    assert "jenkins.model.BuildDiscarderProperty" in kept
    assert "mine" not in kept


def test_lists_are_cut_by_ranges(server: JenkinsServer) -> None:
    client = python_jenkins(server, "token-of-admin")
    for name in "abcd":
        client.create_job(name, jenkins.EMPTY_CONFIG_XML)
    shown = client.get_info(query="?tree=jobs[name]{1,3}")
    assert [job["name"] for job in shown["jobs"]] == ["b", "c"]
    assert json.dumps(client.get_info(query="?tree=jobs{0,1}")["jobs"]) == (
        '[{"_class": "hudson.model.FreeStyleProject"}]'
    )
