"""Which handlers run, in which order, what they may ask for, and what is on record then."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.preparation.handlers import (
    Circle,
    Contain,
    Handlers,
    Record,
    Require,
    Said,
    Trigger,
)
from ringtest.agent.preparation.preparing import Memory, Preparation


class Machine:
    """Notes what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []


def noting(name: str) -> Any:
    async def work(machine: Machine, old: Any, new: Any) -> None:
        machine.done.append(f"{name} {old}>{new}")

    return work


class Lab:
    """Handlers, what is on record, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.handlers = Handlers()
        self.path = folder / "prepared.json"
        self.machine = Machine()
        self.at = 1000.0

    def add(self, name: str, key: str | None = None, **places: Any) -> None:
        self.handlers.add(key or name, name=name, **places)(noting(name))

    async def prepare(self, expire: Mapping[str, float] | None = None, **wanted: Any) -> list[str]:
        memory = Memory(self.path)
        memory.forget(expire or {}, self.at)
        preparation = Preparation(
            self.handlers, memory, wanted, self.machine, say=lambda _: None, now=lambda: self.at
        )
        return await preparation.run()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


async def test_what_is_unchanged_costs_no_step(lab: Lab) -> None:
    lab.add("packages")
    assert await lab.prepare(packages=["gcc"]) == ["packages"]
    assert await lab.prepare(packages=["gcc"]) == []
    assert await lab.prepare(packages=["gcc", "make"]) == ["packages"]
    assert lab.machine.done[-1] == "packages ['gcc']>['gcc', 'make']"


async def test_places_may_name_what_is_added_later(lab: Lab) -> None:
    lab.add("framework", after=["git"])
    lab.add("git", after=["packages"])
    lab.add("packages")
    lab.add("services", before=["framework"])
    assert await lab.prepare(framework=1, git=1, packages=1, services=1) == [
        "packages", "git", "services", "framework",
    ]  # fmt: skip


async def test_a_required_handler_comes_first_though_nothing_of_it_changed(lab: Lab) -> None:
    lab.add("build", requires=["tools"])
    lab.add("tools", requires=["mount"])
    lab.add("mount", trigger=Trigger.NEVER)
    assert await lab.prepare(tools=1) == ["mount", "tools"]
    assert await lab.prepare(build=1, tools=1) == ["mount", "tools", "build"]


async def test_what_is_contained_in_another_step_is_left_out(lab: Lab) -> None:
    lab.add("one")
    lab.add("all", contains=["one", "two"])
    lab.add("two")
    assert await lab.prepare(one=1, all=1, two=1) == ["all"]


async def test_always_is_done_each_time_and_a_predicate_when_it_says_so(lab: Lab) -> None:
    lab.add("clock", trigger=Trigger.ALWAYS)
    lab.add("grown", trigger=lambda old, new: (new or 0) > (old or 0))
    assert await lab.prepare(clock=1, grown=1) == ["clock", "grown"]
    assert await lab.prepare(clock=1, grown=0) == ["clock"]


async def test_a_step_may_require_and_contain_others_while_it_runs(lab: Lab) -> None:
    async def swap(machine: Machine, old: Any, new: Any) -> AsyncIterator[Said]:
        machine.done.append("stop")
        yield Require("install", immediately=True)
        machine.done.append("start")
        yield Contain("restart")
        yield Require("check")

    lab.handlers.add("swap")(swap)
    lab.add("check", trigger=Trigger.NEVER)
    lab.add("install", trigger=Trigger.NEVER)
    lab.add("restart")
    assert await lab.prepare(swap=1, restart=1) == ["install", "swap", "check"]
    assert [word.split()[0] for word in lab.machine.done] == ["stop", "install", "start", "check"]


async def test_what_has_run_is_run_again_only_when_asked_to(lab: Lab) -> None:
    async def late(machine: Machine, old: Any, new: Any) -> AsyncIterator[Said]:
        yield Require("first")
        yield Require("second", rerun=True)

    lab.add("first")
    lab.add("second")
    lab.handlers.add("late", after=["first", "second"])(late)
    assert await lab.prepare(first=1, second=1, late=1) == ["first", "second", "late", "second"]


async def test_a_failing_step_leaves_the_last_good_state_on_record(lab: Lab) -> None:
    async def breaks(machine: Machine, old: Any, new: Any) -> None:
        raise RuntimeError("no disk")

    lab.add("good")
    lab.handlers.add("bad", name="breaks")(breaks)
    lab.add("later")
    with pytest.raises(RuntimeError):
        await lab.prepare(good=2, bad=1, later=1)
    known = Memory(lab.path).known
    assert set(known) == {"good"}
    assert lab.handlers.due({"good": 2}, {"good": 2, "bad": 1, "later": 1}) == ["breaks", "later"]


async def test_a_step_says_itself_what_is_on_record(lab: Lab) -> None:
    async def install(machine: Machine, old: Any, new: Any) -> Record:
        return Record({"gcc": "12.2"})

    lab.handlers.add("packages")(install)
    await lab.prepare(packages=["gcc"])
    assert await lab.prepare(packages={"gcc": "12.2"}) == []


async def test_what_is_older_than_it_may_last_is_done_again(lab: Lab) -> None:
    lab.add("repositories")
    lab.add("patches")
    await lab.prepare(repositories={"a": 1}, patches=[1])
    lab.at += 100
    assert await lab.prepare(repositories={"a": 1, "b": 2}, patches=[1]) == ["repositories"]
    lab.at += 50
    assert await lab.prepare({"repositories": 120}, repositories={"a": 1, "b": 2}, patches=[1]) == [
        "repositories"
    ]
    assert lab.machine.done[-1] == "repositories {'b': 2}>{'a': 1, 'b': 2}"


async def test_a_circle_is_an_error_that_names_it(lab: Lab) -> None:
    lab.add("a", after=["b"])
    lab.add("b", after=["a"])
    with pytest.raises(Circle, match="a, b"):
        await lab.prepare(a=1, b=1)


async def test_handlers_that_require_each_other_while_they_run_are_stopped(lab: Lab) -> None:
    async def one(machine: Machine, old: Any, new: Any) -> AsyncIterator[Said]:
        yield Require("two", rerun=True, immediately=True)

    async def two(machine: Machine, old: Any, new: Any) -> AsyncIterator[Said]:
        yield Require("one", rerun=True, immediately=True)

    lab.handlers.add("one")(one)
    lab.handlers.add("two")(two)
    with pytest.raises(ValueError, match="one → two → one"):
        await lab.prepare(one=1)


async def test_a_torn_record_means_that_everything_is_done_anew(lab: Lab) -> None:
    lab.add("packages")
    await lab.prepare(packages=1)
    lab.path.write_text('{"packages": {"=')
    assert await lab.prepare(packages=1) == ["packages"]
