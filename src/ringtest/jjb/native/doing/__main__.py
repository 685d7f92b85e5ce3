"""`python -m ringtest.jjb.native.doing FOLDER PART [NUMBER]`: one action of a build, or its end."""

import shutil
import sys
import time
from pathlib import Path

import msgspec

from ringtest.jjb.native.doing.build import Build, Failed
from ringtest.jjb.native.doing.kinds import KINDS
from ringtest.jjb.native.doing.processes import end_process
from ringtest.jjb.native.doing.registry import do, know
from ringtest.jjb.native.program import Action
from ringtest.jjb.problems import Failure

_LIMITED = ("wrappers", "builders")
"""What `timeout` counts: from its first action on."""
_GOOD = ("SUCCESS", "UNSTABLE")


def main(folder: str, part: str, number: str = "0") -> int:
    """The exit code: 1 when the build goes no further."""
    know(KINDS)
    build = Build(Path(folder))
    build.state.began = build.state.began or time.time()
    if part == "end":
        return _end(build)
    if part == "result":
        build.state.concluded = True
        build.save()
        build.say(f"build result: {build.state.result}")
        return int(build.state.result != "SUCCESS")
    if part in _LIMITED:
        build.state.builders_began = build.state.builders_began or time.time()
        build.limits = build.plan.program.timeouts if part == "builders" else []
    actions: list[Action] = getattr(build.plan.program, part)
    good = _one(actions[int(number)], build)
    if part == "publishers":
        build.state.done.append(int(number))
        good = True
    build.save()
    return 0 if good else 1


def _one(action: Action, build: Build) -> bool:
    """Does it, with the state on the disk telling so while it lasts."""
    build.state.running = action.title or action.kind
    build.save()
    try:
        do(action, build)
    except Failed as error:
        build.state.worsen(error.result)
        build.say(f"{error}: {error.result}")
        return False
    except (Failure, OSError) as error:
        build.state.worsen("FAILURE")
        build.say(f"{error}: FAILURE")
        return False
    except Exception as error:
        # Whatever it was, the build is no success.
        build.state.worsen("FAILURE")
        build.say(f"{type(error).__name__}: {error}: FAILURE")
        return False
    finally:
        build.state.running = ""
        build.save()
    return True


def _end(build: Build) -> int:
    """What was not done yet, and nothing secret left. A process that was killed left `running`."""
    state = build.state
    if not state.concluded and (state.running or state.result in _GOOD):
        build.say(f"broken off at {state.running or 'the next step'}: ABORTED")
        state.worsen("ABORTED")
        state.running = ""
    for number, action in enumerate(build.plan.program.publishers):
        if number not in build.state.done:
            build.say(f"$ {action.title or action.kind}")
            _one(action, build)
    for agent in state.agents:
        end_process(agent)
    state.agents.clear()
    shutil.rmtree(build.scratch, ignore_errors=True)
    (build.folder / "secrets.json").unlink(missing_ok=True)
    for secret in (state.bound, state.used, state.hidden):
        secret.clear()
    build.state.ended = True
    _tell(build)
    build.save()
    return 0


def _tell(build: Build) -> None:
    """Notes for the report: Jenkins' result first, then what was not covered."""
    state = build.state
    said = f"{build.plan.job} {state.display_name}: {state.result}"
    counts = (
        "{total} tests, {failed} failed, {skipped} skipped".format(**state.tests)
        if state.tests
        else ""
    )
    notes = [said, state.description, counts, *build.plan.notes]
    notes_of_run = [build.output.masks.text(one) for one in notes if one]
    (build.out / "notes.json").write_bytes(msgspec.json.format(msgspec.json.encode(notes_of_run)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
