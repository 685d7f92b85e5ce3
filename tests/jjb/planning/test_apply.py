"""Applying: files of plans, what moved meanwhile, lost answers, kill -9, audit, two at once."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ringtest.jjb.planning import planfile
from ringtest.jjb.planning.applier import WorldMoved, apply, check
from ringtest.jjb.planning.audit import Audit
from ringtest.jjb.planning.planner import Plan
from tests.jenkins_server.messages import Call
from tests.jjb.planning.conftest import Desk, job, view


def kept(plan: Plan, folder: Path) -> Plan:
    """The plan as it comes back from its file."""
    planfile.write(plan, folder / "plan.json")
    return planfile.read(folder / "plan.json")


def test_plan_of_a_file_is_applied_as_it_was_made(desk: Desk, tmp_path: Path) -> None:
    desk.put(job("one"), job("gone"))
    desired = [job("one", "make -k"), job("two"), view("mine")]
    plan = kept(desk.plan(*desired, delete=True), tmp_path)
    assert (tmp_path / "plan.json").stat().st_mode & 0o077 == 0
    assert check(desk.controller, plan) == set()
    assert [outcome.result for outcome in desk.apply(plan)] == ["done"] * 4
    assert desk.plan(*desired, delete=True).writes == []


@pytest.mark.parametrize("how", ["edited", "disabled", "deleted", "created"])
def test_plan_is_refused_when_the_world_moved(desk: Desk, tmp_path: Path, how: str) -> None:
    desk.put(job("one"), job("two"))
    plan = kept(desk.plan(job("one", "make -k"), job("two", "make -k"), job("three")), tmp_path)
    server = desk.server.controller
    if how == "edited":
        server.item("one").configure(desk.config("one").replace("make", "rm").encode())
    elif how == "disabled":
        server.item("one").set_field("disabled", "true")
    elif how == "deleted":
        del server.top.children["one"]
    else:
        server.create(server.top, "three", b"<project/>")
    desk.server.requests.clear()
    with pytest.raises(WorldMoved) as told:
        check(desk.controller, plan)
    assert told.value.moved == ["three" if how == "created" else "one"]
    assert desk.server.writes() == []


def test_file_that_was_changed_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    planfile.write(desk.plan(job("one", "make all")), path)
    assert planfile.looks_like_plan(path)
    path.write_text(path.read_text().replace("make all", "rm -rf /"))
    with pytest.raises(planfile.BadPlan, match="not the one that was planned"):
        planfile.read(path)
    path.write_text("[]")
    assert not planfile.looks_like_plan(path)
    with pytest.raises(planfile.BadPlan, match="not a plan"):
        planfile.read(path)


@pytest.mark.parametrize("how", ["unheard", "unanswered", "503"])
def test_lost_answers_and_restarts_are_survived(desk: Desk, how: str) -> None:
    desk.put(job("old"), job("gone"))
    for part in ("createItem", "old/config.xml", "doDelete", "createView"):
        desk.server.fail("POST", part, how)
    plan = desk.plan(job("old", "make -k"), job("one"), job("two"), view("mine"), delete=True)
    assert {outcome.result for outcome in desk.apply(plan)} == {"done"}
    assert set(desk.server.controller.top.children) == {"old", "one", "two"}


def test_writes_go_out_together_but_not_more_than_may(desk: Desk) -> None:
    together = threading.Barrier(4)
    free: list[bool] = []
    places = threading.Semaphore(4)

    def before(call: Call) -> None:
        if call.method == "POST":
            free.append(places.acquire(blocking=False))
            together.wait(timeout=30)
            places.release()

    plan = desk.plan(*(job(f"job-{number}") for number in range(16)))
    desk.server.before = before
    with Audit(None) as audit:
        outcomes = apply(desk.controller, plan, audit=audit, workers=4)
    assert {outcome.result for outcome in outcomes} == {"done"}
    assert free == [True] * 16


def test_names_of_all_kinds_are_written_and_found(desk: Desk) -> None:
    names = ["größer als ☃", "a+b=c", "50% ~ (x)", "dotted.name-1_2"]
    bad = {"50% ~ (x)"}  # Jenkins takes no percent signs
    results = {each.action.name: each.result for each in desk.put(*map(job, names))}
    assert {name for name, result in results.items() if result == "failed"} == bad
    wanted = [job(name) for name in names if name not in bad]
    assert desk.plan(*wanted, verify=True).counts()["unchanged"] == 3


def test_failure_of_one_does_not_stop_the_others(desk: Desk) -> None:
    outcomes = desk.put(job("a*b"), job("one"))
    assert {outcome.action.name: outcome.result for outcome in outcomes} == {
        "a*b": "failed",
        "one": "done",
    }
    assert "unsafe" in next(outcome.message for outcome in outcomes if outcome.message)


def test_every_change_has_a_line_of_its_own(desk: Desk) -> None:
    desk.put(job("one"), job("a*b"))
    desk.put(job("one", "make -k"))
    lines = [json.loads(line) for line in desk.audit_file.read_text().splitlines()]
    told = sorted((line["name"], line["verb"], line["result"]) for line in lines)
    assert told == [
        ("a*b", "create", "failed"),
        ("one", "create", "done"),
        ("one", "update", "done"),
    ]
    update = lines[-1]
    assert update["before"] != update["desired"]
    assert len({line["run"] for line in lines}) == 2


_APPLY = """
import sys
from pathlib import Path
from ringtest.client.jenkins import Controller, Site
from ringtest.jjb.planning import applier, planfile
from ringtest.jjb.planning.audit import Audit
plan = planfile.read(Path(sys.argv[2]))
with Controller(Site(sys.argv[1], "admin", "token-of-admin")) as controller:
    done = applier.check(controller, plan)
    with Audit(Path(sys.argv[3])) as audit:
        for outcome in applier.apply(controller, plan, done_before=done, audit=audit, workers=2):
            print(outcome.result)
"""


def test_run_that_was_killed_goes_on_where_it_was(desk: Desk, tmp_path: Path) -> None:
    desired = [job(f"job-{number:02}") for number in range(40)]
    planfile.write(desk.plan(*desired), tmp_path / "plan.json")
    command = [sys.executable, "-c", _APPLY, desk.server.url]
    command += [str(tmp_path / "plan.json"), str(tmp_path / "killed.jsonl")]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    some = threading.Event()

    def created(item: object) -> None:
        if len(desk.server.controller.top.children) == 10:
            os.kill(killed.pid, signal.SIGKILL)
            some.set()

    desk.server.controller.on_create = created
    assert some.wait(60)
    killed.wait()
    before = len(desk.server.controller.top.children)
    assert 10 <= before < 40
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    results = again.stdout.split()
    assert (results.count("already"), results.count("done")) == (before, 40 - before)
    assert desk.plan(*desired).writes == []


def test_two_runs_at_once_neither_wait_nor_fail(desk: Desk) -> None:
    desired = [job(f"job-{number:02}") for number in range(30)]
    plans = [desk.plan(*desired), desk.plan(*desired)]
    results: list[str] = []

    def run(plan: Plan) -> None:
        results.extend(outcome.result for outcome in desk.apply(plan))

    threads = [threading.Thread(target=run, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["done"] * 60
    assert desk.plan(*desired).writes == []
