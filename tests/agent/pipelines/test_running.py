"""Rules of dci-pipeline, against a real server: links, tags, inputs, fallback, exit codes."""

import asyncio
import json
import os
import shlex
import signal
from pathlib import Path

import yaml

from tests.agent.pipelines.conftest import Bench, Site, one_job
from tests.scenario.programs import until

TWO = """\
- name: install
  stage: ocp
  topic: ring-1
  components: [ring=1.0]
  ansible_playbook: install.yml
  ansible_inventory: hosts
  configuration: small
  outputs: {config: ring.conf}
- name: app
  stage: workload
  prev_stages: [ocp]
  components: ["ring?tags:build:nightly"]
  ansible_playbook: app.yml
  inputs: {config: ring_config}
"""


async def test_stages_are_linked_and_hand_on_their_files(site: Site, bench: Bench) -> None:
    install = "play running; cd data/install/*/outputs; echo kept > ring.conf; passed install"
    bench.write("install.yml", install)
    bench.write("app.yml", 'grep kept "$PWD"/data/app/*/inputs/config; passed app')
    assert await bench.run("linked", TWO) == 0, bench.said
    first, app = await site.jobs("linked")
    assert [job["status"] for job in (first, app)] == ["success", "success"]
    assert (first["name"], app["name"]) == ("install", "app")
    assert first["tags"] == ["stage:ocp", "inventory:hosts"]
    assert first["configuration"] == "small"
    assert app["previous_job_id"] == first["id"]
    assert app["topic_id"] == first["topic_id"] == site.topic_id
    assert app["pipeline_id"] == first["pipeline_id"]
    assert [one["version"] for one in first["components"]] == ["1.0"]
    assert [one["version"] for one in app["components"]] == ["1.1"]
    assert first["data"]["pipeline"]["outputs"] == {"config": "ring.conf"}
    (folder,) = (bench.folder / "data" / "app").iterdir()
    extra = yaml.safe_load((folder / "extravars.yaml").read_text())
    assert extra == {"ring_config": str(folder / "inputs" / "config")}
    info = yaml.safe_load((folder / "job_info.yaml").read_text())["job_info"]
    assert info["job"]["id"] == app["id"]


async def test_states_files_and_tests_reach_the_server(site: Site, bench: Bench) -> None:
    bench.write(
        "a.yml", "play pre-run; task prepared ok; play running; task test_ring ok; passed last"
    )
    assert await bench.run("told", one_job("a")) == 0, bench.said
    (job,) = await site.jobs("told")
    assert [one["status"] for one in job["jobstates"]] == ["new", "pre-run", "running", "success"]
    shown = await site.http.get(f"/jobs/{job['id']}/jobstates?sort=created_at")
    tasks = [[one["name"] for one in state["files"]] for state in shown.json()["jobstates"]]
    assert tasks == [[], ["TASK [prepared]"], ["TASK [test_ring]", "TASK [last]"], []]
    (result,) = job["results"]
    assert (result["name"], result["success"]) == ("ansible-tests.xml", 1)


async def test_a_failure_ends_the_pipeline_after_its_stage(site: Site, bench: Bench) -> None:
    bench.write("bad.yml", "play running; failed 'ring is open'")
    bench.write("good.yml", "passed fine")
    text = one_job("bad") + one_job("good") + one_job("never", stage="second", playbook="good.yml")
    assert await bench.run("failing", text) == 1
    jobs = await site.jobs("failing")
    assert [(job["name"], job["status"]) for job in jobs] == [
        ("bad", "failure"),
        ("good", "success"),
    ]


async def test_what_goes_wrong_before_the_product_runs_is_an_error(
    site: Site, bench: Bench
) -> None:
    bench.write("a.yml", "play pre-run; failed 'no machine'")
    assert await bench.run("early", one_job("a")) == 2
    (job,) = await site.jobs("early")
    assert job["status"] == "error"


async def test_a_run_of_nothing_is_no_success(site: Site, bench: Bench) -> None:
    bench.write("a.yml", "exit 0")
    assert await bench.run("empty", one_job("a")) == 2
    (job,) = await site.jobs("empty")
    assert job["jobstates"][-1]["comment"] == "no task was run"


async def test_errors_are_tried_again_and_time_is_limited(site: Site, bench: Bench) -> None:
    bench.write("a.yml", 'mkdir once && sleep 60; passed "second try"')
    text = one_job("a", timeout_seconds=1, retries=2)
    assert await bench.run("again", text) == 0, bench.said
    first, second = await site.jobs("again")
    assert first["jobstates"][-1]["comment"] == "not done after 1 s, killed"
    assert (first["status"], second["status"]) == ("error", "success")
    assert "retry:1" in second["tags"]


async def test_a_failure_falls_back_to_what_passed_before(site: Site, bench: Bench) -> None:
    await site.component("wheel", "1", tags=["good"])
    await site.component("wheel", "2")
    bench.write(
        "a.yml", 'grep -q "version: .1" "$PWD"/data/a/*/job_info.yaml && passed a; failed a'
    )
    text = one_job("a", components=["wheel"], fallback_last_success="good")
    assert await bench.run("falling", text) == 0, bench.said
    failed, fallback = await site.jobs("falling")
    assert [failed["components"][0]["version"], fallback["components"][0]["version"]] == ["2", "1"]
    assert "fallback" in fallback["tags"]
    assert fallback["previous_job_id"] == failed["id"]


async def test_what_a_team_owns_is_tagged_when_it_passes(site: Site, bench: Bench) -> None:
    team = site.labs["east"]["team_id"]
    own = await site.component("mine", "1", team_id=team)
    bench.write("a.yml", "passed a")
    text = one_job("a", components=["mine", "ring"], success_tag="a-passes")
    assert await bench.run("tagging", text) == 0, bench.said
    shown = (await site.http.get(f"/components/{own}")).json()["component"]
    assert shown["tags"] == ["a-passes"]
    assert any("ring 1.1 is not tagged" in line for line in bench.said)


async def test_jobs_have_the_keys_of_their_files(site: Site, bench: Bench) -> None:
    bench.write("west.yml", yaml.safe_dump(site.key("west")))
    bench.write("a.yml", "passed a")
    bench.write("dci_credentials.yml", yaml.safe_dump(site.key("east")))
    for name in site.key("east"):
        del bench.environment[name]
    text = one_job("a") + one_job("b", playbook="a.yml", dci_credentials="west.yml")
    assert await bench.run("keys", text) == 0, bench.said
    jobs = {job["name"]: job for job in await site.jobs("keys")}
    assert jobs["a"]["remoteci_id"] == site.labs["east"]["id"]
    assert jobs["b"]["remoteci_id"] == site.labs["west"]["id"]


async def test_jobs_of_a_stage_run_side_by_side(site: Site, bench: Bench) -> None:
    """Each waits for the other: one after the other they would never end."""
    wait = "until test -e {}; do sleep 0.05; done; passed x"
    bench.write("a.yml", "touch a-runs; " + wait.format("b-runs"))
    bench.write("b.yml", "touch b-runs; " + wait.format("a-runs"))
    text = one_job("a", timeout_seconds=30) + one_job("b", timeout_seconds=30)
    assert await bench.run("beside", text, parallel=2) == 0, bench.said


async def test_a_signal_kills_the_job_and_says_so(site: Site, bench: Bench) -> None:
    bench.write("a.yml", "play running; touch begun; sleep 60")
    task = asyncio.create_task(bench.run("signal", one_job("a")))

    async def has_begun() -> bool:
        return task.done() or (bench.folder / "begun").exists()

    await until(has_begun, "the playbook")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == 128 + signal.SIGTERM
    (job,) = await site.jobs("signal")
    assert job["status"] == "killed"


async def test_the_key_leaves_in_no_text(site: Site, bench: Bench) -> None:
    bench.write("a.yml", 'echo "key $DCI_API_SECRET"; task "$DCI_API_SECRET" ok; passed a')
    assert await bench.run("masked", one_job("a")) == 0, bench.said
    (job,) = await site.jobs("masked")
    secret = site.labs["east"]["api_secret"]
    files = await site.files(job)
    texts = [await site.text(file) for file in files]
    assert len(files) == 3
    assert secret not in json.dumps([files, texts])
    assert "key " in texts[-1] + texts[0] + texts[1]


async def test_temporary_folders_are_there_for_the_run_alone(site: Site, bench: Bench) -> None:
    bench.write("a.yml", 'test -d "$SCRATCH"; echo "$SCRATCH" > scratch; passed a')
    text = one_job("a", ansible_envvars={"SCRATCH": "/@tmpdir"})
    assert await bench.run("scratch", text) == 0, bench.said
    assert not Path((bench.folder / "scratch").read_text().strip()).exists()


async def test_a_playbook_knows_the_words_it_was_begun_with(site: Site, bench: Bench) -> None:
    bench.write("a.yml", 'echo "$DCI_JOB_ID $DCI_PLAYBOOK_ARGS" > words; passed a')
    text = one_job("a", ansible_tags=["one two", "b"], ansible_inventory="localhost,")
    assert await bench.run("begun with", text) == 0, bench.said
    job_id, *words = shlex.split((bench.folder / "words").read_text())
    (job,) = await site.jobs("begun with")
    assert job_id == job["id"]
    assert words[1:3] == ["-i", "localhost,"] and "one two,b" in words


async def test_modules_of_dci_are_found_where_the_lab_has_them(site: Site, bench: Bench) -> None:
    (bench.folder / "dci" / "modules").mkdir(parents=True)
    (bench.folder / "other").mkdir()
    bench.environment["DCI_ANSIBLE_DIR"] = str(bench.folder / "dci")
    bench.write("a.yml", 'echo "$ANSIBLE_LIBRARY" > library; passed a')
    assert await bench.run("libraries", one_job("a")) == 0, bench.said
    assert f"{bench.folder}/dci/modules:" in (bench.folder / "library").read_text()
    assert await bench.run("own libraries", one_job("a", dci_ansible_dir="other")) == 0, bench.said
    assert f"{bench.folder}/other/modules:" in (bench.folder / "library").read_text()


async def test_an_input_that_nobody_left_is_an_error_without_a_job(
    site: Site, bench: Bench
) -> None:
    bench.write("install.yml", "passed install")
    bench.write("app.yml", "passed app")
    assert await bench.run("lacking", TWO) == 2
    assert bench.said[-1] == "app: input config: install left no file"
    assert [job["name"] for job in await site.jobs("lacking")] == ["install"]


async def test_topics_components_and_keys_that_are_not_there_are_named(
    site: Site, bench: Bench
) -> None:
    for more, words in (
        ({"topic": "ring-7"}, "there is no topic ring-7"),
        ({"components": ["ring=9"]}, "no component for ring=9"),
        ({"dci_credentials": "none.yml"}, "none.yml: No such file"),
    ):
        assert await bench.run("absent", one_job("a", **more)) == 2
        assert words in bench.said[-1]
    assert await site.jobs("absent") == []


async def test_a_data_folder_that_cannot_be_is_told_by_its_exit_code(bench: Bench) -> None:
    bench.write("data", "a file")
    assert await bench.run("nowhere", one_job("a")) == 4


async def test_words_of_the_command_line_change_jobs(site: Site, bench: Bench) -> None:
    bench.write("a.yml", "passed a")
    words = ("a:components=ring=1.1,", "@pipeline:name=other", "a:comment=by hand")
    assert await bench.run("changed", one_job("a", components=["ring=1.0"]), *words) == 0
    (job,) = await site.jobs("other")
    assert ([one["version"] for one in job["components"]], job["comment"]) == (["1.1"], "by hand")


async def test_hooks_run_around_the_playbook_under_their_names(site: Site, bench: Bench) -> None:
    """In the order of the agent, with the states of the job; what follows a failure is other."""
    for name in ("pre-run", "tests", "post-run", "success", "failure", "teardown"):
        bench.write(f"one/hooks/{name}.yml", f"[{{hosts: all, say: {name}}}]\n")
    bench.write(
        "bin/ansible-playbook",
        SAYING.replace("OPEN", "tests"),
    )
    text = one_job("a", playbook="main.yml", hooks="one", hooks_of="openshift-app")
    bench.write("main.yml", "[{hosts: all}]\n")
    assert await bench.run("hooked", text) == 1
    order = (bench.folder / "order").read_text().split()
    assert order == ["pre-run.yml", "main.yml", "tests.yml", "failure.yml"]
    (job,) = await site.jobs("hooked")
    assert [one["status"] for one in job["jobstates"]] == ["new", "pre-run", "running", "failure"]
    bench.write("bin/ansible-playbook", SAYING)
    (bench.folder / "order").unlink()
    assert await bench.run("hooked-well", text) == 0
    order = (bench.folder / "order").read_text().split()
    assert order[2:] == ["tests.yml", "post-run.yml", "success.yml", "teardown.yml"]


SAYING = """\
#!/bin/sh
for word; do book=$word; done
basename "$book" >> order
case "$book" in
*OPEN*) status=failed; code=2;;
*) status=ok; code=0;;
esac
echo '{"kind":"task","name":"TASK [x]","title":"x","at":1,"hosts":[{"host":"h","status":"'$status'",
"text":""}]}' | tr -d '\\n' >> "$RINGTEST_ANSIBLE_TOLD"
echo >> "$RINGTEST_ANSIBLE_TOLD"
echo '{"kind":"end","at":1,"ok":1}' >> "$RINGTEST_ANSIBLE_TOLD"
exit $code
"""
