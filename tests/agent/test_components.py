"""Components: verified, resumed, kept once, and harmless whatever they are called."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringtest.agent.components import safe_path, storing
from ringtest.client import Backoff

Spec = Callable[..., dict[str, Any]]
WHEEL = b"wheel" * 50_000


class AtOnce(Backoff):
    def next(self) -> float:
        return super().next() / 1000


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "Backoff", AtOnce)


def component(kind: str, *files: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": kind, "version": "1.2", "files": list(files)}


async def test_files_are_placed_under_their_names_and_named_in_variables(
    server: Any, agent: Any, spec: Spec
) -> None:
    wheel = component("Wheel-x", server.add_file("pkg-1.2-py3-none-any.whl", WHEEL))
    tree = component("tree", server.add_file("repo/a.rpm", b"a"), server.add_file("repo/b", b"b"))
    show = "wc -c < $RINGTEST_COMPONENT_WHEEL_X; echo $RINGTEST_COMPONENT_WHEEL_X_VERSION"
    look = "cd $RINGTEST_COMPONENTS; find . -type f | sort"
    job = server.add_job(spec(show, look), components=[wheel, tree])
    await server.until(lambda: job.phase == "finished")
    assert job.printed().decode().split() == [
        str(len(WHEEL)),
        "1.2",
        "./Wheel-x/pkg-1.2-py3-none-any.whl",
        "./tree/repo/a.rpm",
        "./tree/repo/b",
    ]


async def test_a_file_is_downloaded_once_for_two_jobs(server: Any, agent: Any, spec: Spec) -> None:
    wheel = component("wheel", server.add_file("w.whl", WHEEL))
    jobs = [server.add_job(spec("true"), components=[wheel]) for _ in range(2)]
    await server.until(lambda: all(job.phase == "finished" for job in jobs))
    assert len(server.ranges) == 1


async def test_a_cached_file_that_a_job_has_spoiled_is_fetched_again(
    server: Any, agent: Any, spec: Spec
) -> None:
    wheel = component("wheel", server.add_file("w.whl", WHEEL))
    spoil = "chmod +w $RINGTEST_COMPONENT_WHEEL; echo >> $RINGTEST_COMPONENT_WHEEL"
    first = server.add_job(spec(spoil), components=[wheel])
    await server.until(lambda: first.phase == "finished")
    second = server.add_job(spec("wc -c < $RINGTEST_COMPONENT_WHEEL"), components=[wheel])
    await server.until(lambda: second.phase == "finished")
    assert second.printed() == b"%d\n" % len(WHEEL)


async def test_a_broken_download_goes_on_where_it_broke(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    file = server.add_file("w.whl", WHEEL)
    digest = file["sha256"]
    part = settings.data / "cache" / "files" / digest[:2] / f"{digest}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WHEEL[:1000])
    job = server.add_job(spec("true"), components=[component("wheel", file)])
    await server.until(lambda: job.phase == "finished")
    assert server.ranges == ["bytes=1000-"]
    assert job.end()["result"] == "passed"


async def test_downloads_wait_for_a_server_that_fails(
    server: Any, agent: Any, spec: Spec, faults: Any
) -> None:
    server.fault = faults(0.5, seed=5)
    job = server.add_job(
        spec("sha256sum < $RINGTEST_COMPONENT_WHEEL"),
        components=[component("wheel", server.add_file("w.whl", WHEEL))],
    )
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "passed"


async def test_a_file_that_is_not_what_was_announced_errs_the_job(
    server: Any, agent: Any, spec: Spec
) -> None:
    file = server.add_file("w.whl", WHEEL)
    server.content[file["id"]] = b"other" * 50_000
    job = server.add_job(spec("echo never"), components=[component("wheel", file)])
    await server.until(lambda: job.phase == "finished")
    assert job.stages()[0] == ("prepare", "errored")
    assert "SHA-256" in job.kinds("stage")[1]["message"]
    assert job.printed() == b""


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "a/../../b", "..", ".", "", "\0", "a\n/b", "x" * 999]
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / safe_path(name)
    assert path.resolve().is_relative_to(tmp_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
