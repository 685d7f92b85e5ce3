"""Each job has a virtual environment of its own, in which pip works as it always does."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Spec = Callable[..., dict[str, Any]]


def wheel() -> bytes:
    """The smallest package there is."""
    info = "tiny_thing-7.dist-info"
    files = {
        "tiny_thing.py": "VALUE = 42\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 7\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


async def test_pip_installs_into_the_jobs_own_environment(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    file = server.add_file("tiny_thing-7-py3-none-any.whl", wheel())
    component = {"id": "1", "type": "wheel", "version": "7", "files": [file]}
    install = {"run": "pip install -q --no-index $RINGTEST_COMPONENT_WHEEL"}
    use = "python -c 'import tiny_thing, sys; print(tiny_thing.VALUE, sys.prefix)'"
    again = "python -m pip list --format freeze | grep tiny"
    first = server.add_job(
        spec(use, again, isolation="venv", stages={"prepare": [install]}), components=[component]
    )
    await server.until(lambda: first.phase == "finished")
    venv = Path(settings.data) / "jobs" / f"{first.id}.1" / "venv"
    assert first.printed().decode().split() == ["42", str(venv), "tiny-thing==7"]

    second = server.add_job(spec(use, isolation="venv"))
    await server.until(lambda: second.phase == "finished")
    assert second.end()["result"] == "failed"  # the other job's package is not here
    assert b"No module named 'tiny_thing'" in second.printed()


async def test_a_python_that_cannot_make_environments_errs_the_job(
    server: Any, agent: Any, spec: Spec, monkeypatch: Any
) -> None:
    monkeypatch.setattr(agent._venvs, "_python", "/bin/false")
    job = server.add_job(spec("true", isolation="venv"))
    await server.until(lambda: job.phase == "finished")
    assert job.stages()[0] == ("prepare", "errored")
    assert job.kinds("stage")[1]["message"] == "/bin/false -m venv failed"
