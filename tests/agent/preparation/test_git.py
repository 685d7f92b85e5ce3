"""Repositories with pull requests, patches, changes and replaced texts, by real git."""

from tests.agent.preparation.machines import Lab
from tests.agent.preparation.origin import Origin


async def test_requests_changes_and_patches_come_on_top(machine: Lab, origin: Origin) -> None:
    origin.commit("patched", "yes\n")
    (machine.work / "p.patch").write_text(origin.git("format-patch", "-1", "--stdout"))
    wanted = {
        "url": str(origin.folder), "ref": "main", "pull_requests": [7], "merge_requests": [8],
        "changes": ["refs/changes/34/1234/5"], "patches": ["p.patch"],
        "replace": ['a: "o(n)e" --> "\\1{{LEVEL}}"'],
    }  # fmt: skip
    machine.variables["LEVEL"] = "-3"
    await machine.prepare(git={"src": wanted})
    found = {path.name: path.read_text() for path in (machine.work / "src").iterdir()
             if path.is_file()}  # fmt: skip
    assert found == {"a": "n-3\n", "pull": "7\n", "merge": "8\n", "change": "5\n",
                     "patched": "yes\n"}  # fmt: skip


async def test_a_request_that_cannot_be_merged_is_an_error_and_the_record_stays(
    machine: Lab, origin: Origin
) -> None:
    await machine.prepare(git={"src": str(origin.folder)})
    origin.commit("a", "two\n")
    origin.push("refs/heads/main")
    conflict = {"url": str(origin.folder), "pull_requests": [9]}
    assert await machine.failing(git={"src": conflict}) == "git: pull request 9 cannot be merged"
    assert await machine.failing(git={"src": conflict}) == "git: pull request 9 cannot be merged"
    await machine.prepare(git={"src": {"url": str(origin.folder), "ref": "main"}})
    assert (machine.work / "src/a").read_text() == "two\n"


async def test_requests_that_are_not_there_are_named(machine: Lab, origin: Origin) -> None:
    for key, value, message in (
        ("pull_requests", [1], "git: there is no pull request 1"),
        ("merge_requests", [1], "git: there is no merge request 1"),
        ("changes", ["refs/changes/1"], "git: there is no refs/changes/1"),
    ):
        wanted = {"url": str(origin.folder), key: value}
        assert await machine.failing(git={"src": wanted}) == message


async def test_a_local_patch_that_was_changed_is_applied_anew(machine: Lab, origin: Origin) -> None:
    patch = machine.work / "p.patch"
    wanted = {"src": {"url": str(origin.folder), "ref": "main", "patches": ["p.patch"]}}
    for text in ("first\n", "second\n"):
        origin.commit("patched", text)
        patch.write_text(origin.git("format-patch", "-1", "--stdout"))
        origin.git("reset", "-q", "--hard", "HEAD~1")
        assert await machine.prepare(git=wanted) == "environment: 1 steps"
        assert (machine.work / "src/patched").read_text() == text
        assert await machine.prepare(git=wanted) == "environment: nothing has changed"


async def test_of_two_repositories_only_the_one_that_differs_is_fetched(
    machine: Lab, origin: Origin
) -> None:
    await machine.prepare(git={"one": str(origin.folder), "two": str(origin.folder)})
    machine.commands.clear()
    await machine.prepare(
        git={"one": str(origin.folder), "two": {"url": str(origin.folder), "pull_requests": [7]}}
    )
    assert machine.commands and not any("/one" in command for command in machine.commands)


async def test_a_variable_that_is_not_there_is_named(machine: Lab) -> None:
    why = await machine.failing(git={"src": "{{NOWHERE}}/x.git"})
    assert why == "environment: there is no variable {{NOWHERE}}"
