"""What a plan says: what is new, what is too old, what was brought about elsewhere."""

from pathlib import Path
from typing import Any

from ringtest.agent.preparation.planning import plan_of
from ringtest.agent.preparation.preparing import Memory
from ringtest.agent.preparation.recorded import record
from ringtest.agent.preparation.registry import make_handlers
from ringtest.agent.preparation.wishes import resolve


def plan(memory: Memory, now: float = 1000.0, **wanted: Any) -> list[tuple[str, str]]:
    wishes = resolve(wanted, {"VIRTUAL_ENV": "/venv"}, Path("/lab"))
    return [(one.step, one.why) for one in plan_of(make_handlers(), memory, wishes, now=now)]


def on_record(folder: Path, **known: Any) -> Memory:
    memory = Memory(folder / "prepared.json")
    memory.known = {key: record(value, 500.0) for key, value in known.items()}
    return memory


def test_steps_come_in_the_order_in_which_they_need_each_other(tmp_path: Path) -> None:
    wanted: dict[str, Any] = {
        "services": ["libvirtd"], "files": {"a": "b"}, "framework": "avocado", "git": {"s": "u"},
        "images": {"i": "u"}, "packages": ["gcc"], "repositories": {"r": "u"},
    }  # fmt: skip
    assert [step for step, _ in plan(on_record(tmp_path), **wanted)] == [
        "place_repositories", "install_packages", "check_out", "install_framework",
        "place_images", "place_files", "run_services",
    ]  # fmt: skip


def test_what_is_too_old_is_told_by_its_parts(tmp_path: Path) -> None:
    memory = on_record(tmp_path, images={"a.img": "u"})
    wanted: dict[str, Any] = {"images": {"a.img": "u"}, "expire_seconds": {"images": 300}}
    assert plan(memory, 700.0, **wanted) == []
    assert plan(memory, 900.0, **wanted) == [("place_images", "too old: +a.img")]


def test_packages_of_another_virtual_environment_are_told(tmp_path: Path) -> None:
    known: dict[str, Any] = {
        "packages": {"system": ["gcc"], "pip": ["tmt"]},
        "places": {"root": "/", "python": ""},
    }
    memory = on_record(tmp_path, **known)
    assert plan(memory, packages=known["packages"]) == [("install_packages", "elsewhere: +tmt")]
